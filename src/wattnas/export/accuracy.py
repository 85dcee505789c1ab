"""Accuracy as the user will meet it: measured through the exported file, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from wattnas.errors import DataError, ExportError
from wattnas.export.runtime import OnnxModel
from wattnas.units import Z_95


class Accuracy(BaseModel):
    """Share of images classified right.

    Attributes:
        accuracy: `correct` / `n`.
        low, high: 95 % Wilson score interval.
        n, correct: images, and those whose largest logit is their label's.
        per_class: accuracy of each class by name; None where there was no image of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    accuracy: float = Field(ge=0, le=1)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)
    n: int = Field(ge=1)
    correct: int = Field(ge=0)
    per_class: dict[str, float | None] = {}


def wilson(correct: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson score interval (low, high) of a proportion, without continuity correction.

    Wilson (1927); method 3 of Newcombe, Statistics in Medicine 17 (1998). The shares p0 whose own standard
    error sqrt(p0 (1 - p0) / n), taken `z` times, reaches the observed share.
    """
    if n < 1 or not 0 <= correct <= n:
        raise DataError(
            f"{correct} of {n} images is not a share of anything.", "Give at least one test image."
        )
    share, z2 = correct / n, z * z
    centre = share + z2 / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low, high = (centre - spread) / (1 + z2 / n), (centre + spread) / (1 + z2 / n)
    # At the ends the bound is the end itself, which rounding misses.
    return (0.0 if correct == 0 else max(low, 0.0)), (1.0 if correct == n else min(high, 1.0))


def evaluate_onnx(model: OnnxModel, images: Tensor, labels: Tensor, *, batch: int = 256) -> Accuracy:
    """Accuracy of `model` on images (N, C, H, W), uint8, and labels (N,), int, numbered as its classes.

    Raises:
        DataError: labels that do not fit the images or the classes.
        ExportError: images that do not fit the network.
    """
    classes = model.classes
    _check_labels(labels, len(images), len(classes))
    logits = model.predict(images, batch)
    if logits.shape != (len(images), len(classes)):
        raise ExportError(
            f"{model.name} names {len(classes)} classes but gives logits {logits.shape}.",
            "Run `wattnas export` to write it again.",
        )
    return accuracy_of(logits.argmax(axis=1), labels, classes)


def accuracy_of(said: NDArray[np.int64], labels: Tensor, classes: Sequence[str]) -> Accuracy:
    """Accuracy of the class numbers `said` (N,) against labels (N,), both numbered as `classes`.

    Raises:
        DataError: labels that do not fit the answers or the classes.
    """
    _check_labels(labels, len(said), len(classes))
    truth = labels.cpu().numpy()
    right = said == truth
    correct = int(right.sum())
    low, high = wilson(correct, len(right))
    shares = {name: _share(right[truth == index]) for index, name in enumerate(classes)}
    return Accuracy(
        accuracy=correct / len(right), low=low, high=high, n=len(right), correct=correct, per_class=shares
    )


def _share(right: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float | None:
    return float(right.mean()) if len(right) else None


def _check_labels(labels: Tensor, images: int, classes: int) -> None:
    if labels.dim() != 1 or len(labels) != images or labels.is_floating_point():
        raise DataError(
            f"{images} images need {images} whole-number labels, not {tuple(labels.shape)} {labels.dtype}.",
            "Give one label per image.",
        )
    low, high = (int(labels.min()), int(labels.max())) if images else (0, 0)
    if not 0 <= low <= high < classes:
        raise DataError(
            f"Labels run from {low} to {high}, the network knows {classes} classes.",
            "Evaluate on the classes that the network was trained for.",
        )
