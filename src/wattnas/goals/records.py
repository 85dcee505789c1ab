"""What the cache keeps of networks that were trained, and how its files are read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from wattnas.errors import RunError
from wattnas.learned import is_unfinished

M = TypeVar("M", bound=BaseModel)
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Predicted(_Part):
    """The accuracy that was expected before a training.

    Attributes:
        accuracy: the median of what the model expects, 0 to 1.
        low, high: 95 % interval of what a training will reach on as many images as it is measured on.
        known: trained networks that the model knew.
    """

    accuracy: Share
    low: Share
    high: Share
    known: Count


class TrainedRecord(_Part):
    """`trained.json`: a network after final training, measured on validation images.

    Attributes:
        operations: one candidate per layer.
        correct, n: validation images classified right, of how many.
        inherited_correct, inherited_n: the same with the supernet's weights, before the training.
        supernet: key of that supernet in the cache.
        predicted: what was expected of it; None where nobody asked.
        times: of the epochs of the settings that it is read with, how many its training took.
        learned: accuracy on the training images over the last epoch, as augmented; None where nobody kept it.
        seconds: of the training.
        date: when it ended, UTC, ISO 8601.
    """

    operations: tuple[str, ...]
    correct: Count
    n: Annotated[int, Field(ge=1)]
    inherited_correct: Count
    inherited_n: Annotated[int, Field(ge=1)]
    supernet: str = ""
    predicted: Predicted | None = None
    times: Annotated[int, Field(ge=1)] = 1
    learned: Share | None = None
    seconds: Seconds
    date: str

    @model_validator(mode="after")
    def _possible(self) -> TrainedRecord:
        if self.correct > self.n or self.inherited_correct > self.inherited_n:
            raise ValueError("more images are right than there are")
        return self

    @property
    def accuracy(self) -> float:
        """Share of the validation images classified right."""
        return self.correct / self.n

    @property
    def is_unfinished(self) -> bool:
        """Whether longer training should help: by what it has learned, and where that is not known."""
        return self.learned is None or is_unfinished(self.learned, self.accuracy)


def read_record(model: type[M], path: Path) -> M:
    """A file of the cache; RunError where it is damaged."""
    try:
        return model.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error.strerror
        raise RunError(f"{path} is damaged: {reason}.", remedy(path)) from error


def remedy(path: Path) -> str:
    """What to do about a damaged file of the cache."""
    return f"Delete the folder {path.parent}; what it held is made again."
