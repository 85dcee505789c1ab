"""What every source owes the reader, whatever its kind: each kind's tests run this on one of theirs."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from wattnas.data.sources import Bad, Part, Source


def check_source(source: Source) -> None:
    """Assert the contract of `wattnas.data.sources.base`."""
    for part in (source.train, source.test):
        if part is not None:
            check_part(part)
    if source.classes is not None:
        assert all(isinstance(name, str) and name.isprintable() for name in source.classes)
    assert all(": " in line and line.isprintable() for line in source.beside)


def check_part(part: Part) -> None:
    """Entries in step with labels, readable more than once, named one by one."""
    labels = list(part.labels)
    assert all(label is None or type(label) in (int, str, bool) for label in labels)
    first, second = list(part.contents()), list(part.contents())
    assert len(first) == len(second) == len(labels)
    assert all(isinstance(content, bytes | Path | Image.Image | Bad) for content in first)
    assert [c for c in first if not isinstance(c, Image.Image)] == [
        c for c in second if not isinstance(c, Image.Image)
    ]
    names = [part.name(index) for index in range(len(labels))]
    assert len(set(names)) == len(names)
    assert all(name.isprintable() for name in names)
