"""Accuracy of a run's exported network on any images, its own or others."""

from __future__ import annotations

from typing import Any, Literal

import torch

from wattnas.data import Dataset, ImageSet, count_in, load_data
from wattnas.errors import DataError, RunError
from wattnas.export import Accuracy, OnnxModel, evaluate_onnx
from wattnas.pipeline.context import Context

SplitName = Literal["test", "validation", "train", "all"]


def evaluate_run(
    context: Context, data: str | None, split: SplitName, *, skip_bad: bool = False
) -> dict[str, Any]:
    """Accuracy through `model.onnx` with a 95 % Wilson interval, as one JSON-able object.

    The run's own images, by whatever name `data` gives them, are split as the run split them: what the
    network learned from is never taken for a test. Other images have to have class names that the network
    knows; their test part is theirs if they have one, else `test` means all of them, and `in_training`
    counts those whose pixels the network learned from.
    """
    path = context.run.file("model.onnx")
    if not path.is_file():
        raise RunError(
            f"{context.run.path} has no exported network yet.",
            f"Run `wattnas export {context.run.path}` first.",
        )
    model = OnnxModel.load(path)
    source = data or context.settings.data
    other = None if source == context.settings.data else _other(context, source, skip_bad)
    images = _own(context, split) if other is None else _foreign(context, other, split)
    accuracy: Accuracy = evaluate_onnx(model, images.images, images.labels)
    found = {"data": source, "split": split, "model": str(path), **accuracy.model_dump(mode="json")}
    return found if other is None else {**found, "in_training": count_in(images, context.splits.train)}


def _own(context: Context, split: SplitName) -> ImageSet:
    splits = context.splits
    if split == "all":
        return _joined([splits.train, splits.validation, splits.test])
    return {"test": splits.test, "validation": splits.validation, "train": splits.train}[split]


def _other(context: Context, data: str, skip_bad: bool) -> Dataset | None:
    """The images of `data`; None where they are the run's own under another name."""
    layout = context.layout
    dataset = load_data(data, lambda channels, size: (layout.channels, layout.size), skip_bad=skip_bad)
    return None if dataset.hash == context.run.manifest["data"]["hash"] else dataset


def _foreign(context: Context, dataset: Dataset, split: SplitName) -> ImageSet:
    if split == "validation":
        raise DataError(
            f"{dataset.source} was not split by this run, so it has no validation part.",
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
