"""What a closed loop is asked, what it needs done, and what it says: the contract around `goals.loop`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

from wattnas.goals.records import Predicted, TrainedRecord
from wattnas.goals.survey import Surveyed
from wattnas.sections import SelectSettings

Kind = Literal["pilot", "round", "best"]


class Bench(Protocol):
    """What the loop needs done; `goals.workshop.Workshop` does it."""

    def survey(self) -> list[Surveyed]:
        """Inherited accuracies measured so far."""

    def look(self, path: Tensor) -> Surveyed:
        """The inherited accuracy of a path (layers,)."""

    def trained(self) -> list[TrainedRecord]:
        """Every network that was trained so far."""

    @property
    def members(self) -> int:
        """Networks that are trained side by side."""

    def train_all(
        self, jobs: Sequence[tuple[Tensor, Predicted | None]], times: int = 1
    ) -> list[TrainedRecord]:
        """Train paths (layers,) for `times` the usual epochs, each with what is expected of it; or take
        them from the cache."""


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    Attributes:
        goal: least accuracy on new images, 0 to 1; None: the most that the bounds allow.
        minimize: cost to make as low as can be.
        bounds: cost -> most.
        images: validation images.
        settings: how picks are made.
        seed: of the selectors.
    """

    goal: float | None
    minimize: str
    bounds: Mapping[str, float]
    images: int
    settings: SelectSettings
    seed: int

    @property
    def aim(self) -> tuple[float, float]:
        """(least, most) validation accuracy to be content with.

        The least is the goal and a margin of one standard deviation of the difference of two accuracies, that
        on validation and that on test images, were both equally many: the goal has to hold on the latter. The
        margin is at most a third of the tolerance, and half of what there is above the goal.
        """
        if self.goal is None:
            return 0.0, 1.0
        deviation = math.sqrt(2.0 * self.goal * (1.0 - self.goal) / self.images)
        margin = min(deviation, self.settings.tolerance / 3.0, (1.0 - self.goal) / 2.0)
        return self.goal + margin, self.goal + self.settings.tolerance - margin / 2.0


@dataclass(frozen=True)
class Round:
    """One network of the loop: picked, perhaps trained.

    Attributes:
        kind: "pilot", trained to learn from; "round"; "best", the most accurate within the bounds, trained
            where the goal is out of reach.
        operations: one candidate per layer.
        predicted: before the training.
        correct, n: of the validation images after it; None while it is not trained.
        decision: what was concluded, in words.
        times: of the usual epochs, how many its training takes.
    """

    kind: Kind
    operations: tuple[str, ...]
    predicted: Predicted | None
    correct: int | None = None
    n: int | None = None
    decision: str = ""
    times: int = 1


@dataclass(frozen=True)
class Outcome:
    """How a loop ended.

    Attributes:
        record: the network to return, trained; the best there is where the goal was not reached.
        reached: whether its validation accuracy reaches the goal (its margin left out) and bounds hold.
        rounds: in order.
        reason: why the loop ended, in words.
    """

    record: TrainedRecord
    reached: bool
    rounds: tuple[Round, ...]
    reason: str
