"""What makes a source unusable as a whole, in words."""

from __future__ import annotations

from collections.abc import Sequence

from wattnas.data.labels import Classes
from wattnas.errors import DataError


def refuse_bad(complaints: Sequence[str]) -> None:
    """DataError that names the first complaint and counts the others, if there is one."""
    if complaints:
        more = f" ({len(complaints) - 1} more are bad)" if len(complaints) > 1 else ""
        hint = "Mend or remove what is bad, or leave it out with --skip-bad."
        raise DataError(f"{complaints[0]}{more}.", hint)


def empty_classes(classes: Classes, train: Sequence[int]) -> list[str]:
    """One complaint per class that has no usable training image."""
    missing = sorted(set(range(len(classes.names))) - set(train))
    return [f"class {classes.names[index]!r}: has no usable training image" for index in missing]


def check_classes(
    source: str,
    names: Sequence[str],
    train: Sequence[int],
    test: Sequence[int] | None,
    complaints: Sequence[str],
) -> None:
    """Refuse what no leaving out mends: no images, one class, a test class that training lacks.

    Args:
        names: of all classes.
        train, test: class of each usable image.
        complaints: of what was left out; the first is told, as it may be the cause.
    """
    why = f" {len(complaints)} left out, the first: {complaints[0]}." if complaints else ""
    if not train:
        raise DataError(
            f"{source!r} has no usable training image.{why}", "Give at least two classes of images."
        )
    if test is not None and not test:
        raise DataError(
            f"{source!r} has a test part without a usable image.{why}", "Mend or remove that part."
        )
    present = sorted(set(train))
    refuse_foreign(source, [names[index] for index in sorted(set(test or ()) - set(present))])
    if len(present) < 2:
        raise DataError(
            f"{source!r} has one class alone, {names[present[0]]!r}: there is nothing to tell apart.{why}",
            "Give images of at least two classes; a folder needs one sub-folder per class.",
        )


def refuse_foreign(source: str, names: Sequence[str]) -> None:
    """DataError that names the first of the test classes that training lacks, if there is one."""
    if names:
        more = f" (nor have {len(names) - 1} other classes)" if len(names) > 1 else ""
        raise DataError(
            f"{source!r}: class {names[0]!r} has test images but no usable training image{more}.",
            "Add training images of it, or remove it from the test part.",
        )
