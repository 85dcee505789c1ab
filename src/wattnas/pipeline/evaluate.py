"""Accuracy of a run's exported network on any images, its own or others."""

from __future__ import annotations

from typing import Any, Literal

import torch

from wattnas.data import Dataset, ImageSet, load_data
from wattnas.errors import DataError, RunError
from wattnas.export import Accuracy, OnnxModel, evaluate_onnx
from wattnas.pipeline.context import Context

SplitName = Literal["test", "validation", "train", "all"]


def evaluate_run(
    context: Context, data: str | None, split: SplitName, *, skip_bad: bool = False
) -> dict[str, Any]:
    """Accuracy through `model.onnx` with a 95 % Wilson interval, as one JSON-able object.

    The run's own images are split as the run split them. Other images (`data`) have to have class names that
    the network knows; their test part is theirs if they have one, else `test` means all of them.
    """
    path = context.run.file("model.onnx")
    if not path.is_file():
        raise RunError(
            f"{context.run.path} has no exported network yet.",
            f"Run `wattnas export {context.run.path}` first.",
        )
    model = OnnxModel.load(path)
    if data is None or data == context.settings.data:
        source, images = context.settings.data, _own(context, split)
    else:
        source, images = data, _foreign(context, data, split, skip_bad)
    accuracy: Accuracy = evaluate_onnx(model, images.images, images.labels)
    return {"data": source, "split": split, "model": str(path), **accuracy.model_dump(mode="json")}


def _own(context: Context, split: SplitName) -> ImageSet:
    splits = context.splits
    if split == "all":
        return _joined([splits.train, splits.validation, splits.test])
    return {"test": splits.test, "validation": splits.validation, "train": splits.train}[split]


def _foreign(context: Context, data: str, split: SplitName, skip_bad: bool) -> ImageSet:
    layout = context.layout
    dataset = load_data(data, lambda channels, size: (layout.channels, layout.size), skip_bad=skip_bad)
    if split == "validation":
        raise DataError(
            f"{data} was not split by this run, so it has no validation part.",
            "Use --split test, train or all.",
        )
    if split == "train":
        chosen = dataset.train
    elif split == "test" and dataset.test is not None:
        chosen = dataset.test
    else:
        chosen = _joined([dataset.train] + ([dataset.test] if dataset.test is not None else []))
    return ImageSet(chosen.images, _translated(context, dataset, chosen))


def _translated(context: Context, dataset: Dataset, images: ImageSet) -> torch.Tensor:
    """Labels of other images in the run's own numbering, by class name."""
    known = list(context.run.manifest["data"]["classes"])
    strange = [name for name in dataset.classes if name not in known]
    if strange:
        raise DataError(
            f"{dataset.source} has a class {strange[0]!r} that the network was not trained for.",
            f"It knows {', '.join(known[:12])}{' …' if len(known) > 12 else ''}.",
        )
    numbers = torch.tensor([known.index(name) for name in dataset.classes])
    return numbers[images.labels]


def _joined(parts: list[ImageSet]) -> ImageSet:
    return ImageSet(torch.cat([part.images for part in parts]), torch.cat([part.labels for part in parts]))
