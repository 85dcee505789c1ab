"""Accuracy of exported networks on given data, each at its own input size."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from wattnas.data import Dataset, load_data
from wattnas.errors import ExportError, WattnasError
from wattnas.export import OnnxModel, evaluate_onnx
from wattnas.export.accuracy import wilson
from wattnas.files import content_hash
from wattnas.units import Quantity


def fingerprint(name: str) -> str:
    """Changes when the images that `name` stands for do, as far as names, sizes and times of files tell."""
    path = Path(name)
    files = sorted(path.rglob("*")) if path.is_dir() else [path] if path.is_file() else []
    facts = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return content_hash([name, facts])


class DataSource:
    """Images that networks are evaluated on; read once per input size.

    Args:
        name: as `load_data` takes it. Its test part counts where it has one, else all of it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._read = lru_cache(maxsize=2)(self._load)

    def accuracy(self, model: OnnxModel) -> tuple[Quantity | None, tuple[str, ...]]:
        """(accuracy with its 95 % Wilson interval, remarks); None where the classes do not fit."""
        channels, height, width = model.input_shape
        if height != width:
            return None, (f"No accuracy: the input {height}x{width} is not square.",)
        dataset = self._read(channels, height)
        part = dataset.test or dataset.train
        try:
            if tuple(model.classes) != dataset.classes:
                return None, (f"No accuracy: its classes are not those of {self.name}.",)
            found = evaluate_onnx(model, part.images, part.labels)
            return self._quantity(found.correct, found.n), ()
        except ExportError:
            return self._by_position(model, dataset)
        except WattnasError as error:
            return None, (f"No accuracy: {error.message}",)

    def _by_position(self, model: OnnxModel, dataset: Dataset) -> tuple[Quantity | None, tuple[str, ...]]:
        """For a file that does not name its classes: logits are taken to be in the order of the data's."""
        part = dataset.test or dataset.train
        try:
            logits = model.predict(part.images)
        except ExportError as error:
            return None, (f"No accuracy: {error.message}",)
        if logits.ndim != 2 or logits.shape[1] != len(dataset.classes):
            return None, (f"No accuracy: {self.name} has {len(dataset.classes)} classes.",)
        correct = int((logits.argmax(axis=1) == part.labels.numpy()).sum())
        remark = "The file names no classes: its logits were taken to be in the order of the data's classes."
        return self._quantity(correct, len(part)), (remark,)

    def _quantity(self, correct: int, n: int) -> Quantity:
        low, high = wilson(correct, n)
        return Quantity(
            value=correct / n,
            unit="1",
            origin="measured",
            low=low,
            high=high,
            n=n,
            source=f"images {self.name}",
        )

    def _load(self, channels: int, side: int) -> Dataset:
        return load_data(self.name, lambda _channels, _side: (channels, side))
