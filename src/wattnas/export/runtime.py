"""A network as it is deployed: an ONNX file in ONNX Runtime, on the CPU."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wattnas.agent import runtime
from wattnas.agent.runtime import cpu_session
from wattnas.errors import ConfigError, DeviceError, ExportError
from wattnas.export.onnx import INPUT, OUTPUT

Array = NDArray[np.float32]


def onnxruntime() -> ModuleType:
    """The onnxruntime module, imported at the first use and with its telemetry off."""
    try:
        return runtime.onnxruntime()
    except DeviceError as error:
        raise ExportError(error.message, "Install wattnas again.") from error


def unit_pixels(images: Tensor) -> Tensor:
    """Pixel values 0..1 as float32: uint8 is divided by 255, floats are taken to be there already."""
    if images.dtype == torch.uint8:
        return images.to(torch.float32) / 255
    if images.is_floating_point():
        return images.to(torch.float32)
    raise ExportError(
        f"Images of type {images.dtype} have no agreed range.", "Give uint8 0..255 or floats 0..1."
    )


def chunks(images: Tensor, batch: int) -> Iterator[Tensor]:
    """`images` in order, `batch` at a time."""
    return (images[start : start + batch] for start in range(0, len(images), batch))


class OnnxModel:
    """One exported network, loaded.

    Attributes:
        name: how errors refer to it, as a rule its path.
        threads: threads inside one operation; operations run one after the other.
        size_bytes, sha256: of the file it was loaded from.
        metadata: the texts stored in the file.
    """

    def __init__(self, content: bytes, name: str, *, threads: int = 1) -> None:
        if threads < 1:
            raise ConfigError(f"{threads} threads cannot run a network.", "Give 1 or more.")
        self.name, self.threads = name, threads
        self.size_bytes, self.sha256 = len(content), hashlib.sha256(content).hexdigest()
        file = _open(content, name, threads)
        self._session, self.metadata = file.session, file.metadata
        self._shape = _image_shape(file, name)

    @classmethod
    def load(cls, path: Path, *, threads: int = 1) -> OnnxModel:
        """The network in `path`; ExportError where the file is missing, damaged or no image classifier."""
        try:
            content = path.read_bytes()
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            raise ExportError(
                f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.",
                "Run `wattnas export` to write it.",
            ) from error
        return cls(content, str(path), threads=threads)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of one image."""
        return self._shape

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of the logits; ExportError where the file does not say."""
        try:
            names = json.loads(self._text("classes"))
        except (ValueError, RecursionError) as error:
            raise self._foreign("its list of classes is not JSON") from error
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise self._foreign("its classes are not a list of names")
        return tuple(names)

    @property
    def architecture(self) -> str:
        """The architecture as candidate names; ExportError where the file does not say."""
        return self._text("architecture")

    def _text(self, key: str) -> str:
        if key not in self.metadata:
            raise self._foreign(f"its metadata have no {key!r}")
        return self.metadata[key]

    def _foreign(self, why: str) -> ExportError:
        return ExportError(
            f"{self.name} was not written by wattnas, or was changed since: {why}.",
            "Run `wattnas export` to write it again.",
        )

    def predict(self, images: Tensor, batch: int = 256) -> Array:
        """Logits (N, classes) float32 of images (N, C, H, W), uint8 0..255 or float 0..1, `batch` at a time.

        Raises:
            ExportError: images of another shape or type, or logits that are not finite.
        """
        if images.dim() != 4 or tuple(images.shape[1:]) != self._shape:
            found = _times(tuple(images.shape[1:]))
            raise ExportError(
                f"{self.name} takes images {_times(self._shape)}, these are {found}.",
                "Bring them to that size and those channels first.",
            )
        if len(images) == 0:
            raise ExportError(f"There are no images for {self.name} to classify.", "Give at least one.")
        logits = np.concatenate([self._logits(part) for part in chunks(images, batch)])
        if not np.isfinite(logits).all():
            raise ExportError(
                f"{self.name} answers with logits that are not finite.",
                "Train it again; its weights are unusable.",
            )
        return logits

    def _logits(self, images: Tensor) -> Array:
        return self.runner(unit_pixels(images).cpu().contiguous().numpy())()

    def runner(self, images: Array) -> Callable[[], Array]:
        """A call that runs the network once on `images` (N, C, H, W) float32 0..1, for timing."""
        session, feed = self._session, {INPUT: images}

        def run() -> Array:
            try:
                logits: Array = session.run([OUTPUT], feed)[0]
            except Exception as error:  # its exception classes share no public base
                raise ExportError(
                    f"{self.name} cannot be run: {_one_line(error)}.",
                    "Run `wattnas export` to write it again.",
                ) from error
            return logits

        return run


class _Port(NamedTuple):
    """An input or output: its name, element type, and sides (a text where a side is open)."""

    name: str
    type: str
    shape: tuple[int | str | None, ...]


class _File(NamedTuple):
    session: Any
    inputs: list[_Port]
    outputs: list[_Port]
    metadata: dict[str, str]


def _open(content: bytes, name: str, threads: int) -> _File:
    ort: Any = onnxruntime()
    try:
        session = cpu_session(ort, content, threads)
        # Texts are decoded as they are read, and fail where the file is damaged.
        return _File(
            session,
            [_Port(port.name, port.type, tuple(port.shape)) for port in session.get_inputs()],
            [_Port(port.name, port.type, tuple(port.shape)) for port in session.get_outputs()],
            dict(session.get_modelmeta().custom_metadata_map),
        )
    except Exception as error:  # its exception classes share no public base
        raise ExportError(
            f"{name} is not an ONNX file that ONNX Runtime {ort.__version__} can load: {_one_line(error)}.",
            "Run `wattnas export` to write it again.",
        ) from error


def _image_shape(file: _File, name: str) -> tuple[int, int, int]:
    """(C, H, W) of the one input; ExportError for a network that does not take batches of images."""
    ports = [port[:2] for port in (*file.inputs, *file.outputs)]
    if ports == [(INPUT, "tensor(float)"), (OUTPUT, "tensor(float)")]:
        shape = file.inputs[0].shape
        sides = [side for side in shape[1:] if isinstance(side, int) and side > 0]
        if len(shape) == 4 and len(sides) == 3 and not isinstance(shape[0], int):
            return sides[0], sides[1], sides[2]
    found = ", ".join(f"{port.name} {port.type} {list(port.shape)}" for port in (*file.inputs, *file.outputs))
    raise ExportError(
        f"{name} is an ONNX file, but not from {INPUT!r} (batch, C, H, W) to {OUTPUT!r}: {found}.",
        "Give the model.onnx of a run.",
    )


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "no images"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".")
