"""What a final training left to learn: whether longer training or more images would help a missed goal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

_HALF = 0.5
"""Share of the errors on validation images that the network makes on its training images too, from which on
it has not learned these yet."""


@dataclass(frozen=True)
class Learned:
    """The end of a final training.

    Attributes:
        epochs: that it took.
        training: accuracy on the training images as augmented, over the last epoch, 0 to 1. It is taken
            before each step and with dropout, so it reads a little low.
        validation: accuracy on the validation images after it, 0 to 1.
        usual: epochs of the settings, where they are known; method `goal` may have trained for more.
    """

    epochs: int
    training: float
    validation: float
    usual: int | None = None

    def remedy(self, show: Callable[[float], str]) -> str:
        """What should help where the goal was missed, and the figures that say so; `show` prints a share."""
        facts = f"In its last epoch the network got {show(self.training)} of the training images right, "
        if is_unfinished(self.training, self.validation):
            return (
                f"{facts}of the validation images {show(self.validation)}: it can still learn. Longer "
                f"training should help: {self._longer()}, with another --out."
            )
        return (
            f"{facts}but of the validation images {show(self.validation)}: it has learned what it was shown. "
            "More images, and more varied ones, should help more than longer training."
        )

    def _longer(self) -> str:
        """The setting that doubles the epochs of this network, and no others' where it was trained longer."""
        if self.usual and self.epochs > self.usual:
            times = self.epochs // self.usual
            return f"--set select.longer={2 * times} instead of {times}"
        return f"--set train.epochs={2 * self.epochs} instead of {self.epochs}"


def is_unfinished(training: float, validation: float) -> bool:
    """Whether a network still errs on what it is shown in training, about as it does on other images.

    Args:
        training, validation: its accuracies there, 0 to 1.
    """
    return 1.0 - training >= _HALF * (1.0 - validation)


def learned(
    lines: Iterable[tuple[int, float | None, float | None]], usual: int | None = None
) -> Learned | None:
    """From the log of a final training: (epoch from 0, training accuracy, validation accuracy) of each line.

    None where the last epoch has not both. `usual` are the epochs of the settings.
    """
    last, training, validation = -1, list[float](), list[float]()
    for epoch, right, held_out in lines:
        if epoch != last:
            last, training, validation = epoch, [], []
        training += [] if right is None else [right]
        validation += [] if held_out is None else [held_out]
    if not training or not validation:
        return None
    return Learned(last + 1, sum(training) / len(training), validation[-1], usual)
