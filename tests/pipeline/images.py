"""Digits as files, and what ONNX Runtime alone makes of a run's images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

from tests.data.make import encoded, write

Pixels = NDArray[np.uint8]
Digit = tuple[Pixels, int]


def digits(*classes: int, each: int = 6) -> list[Digit]:
    """`each` handwritten digits (8, 8) of every class, with their class."""
    bunch = load_digits()
    found = []
    for number in classes:
        rows = bunch.images[bunch.target == number][:each]
        found += [(np.rint(row * 255 / 16).astype(np.uint8), number) for row in rows]
    return found


def write_digits(root: Path, images: list[Digit], name: str = "{}") -> Path:
    """One PNG per image in the folder of its class, called `name` with the number put in."""
    for index, (pixels, number) in enumerate(images):
        write(root / name.format(number) / f"{index:03d}.png", encoded(Image.fromarray(pixels)))
    return root


def answers(model: Path, pixels: Pixels) -> NDArray[np.intp]:
    """The class (N,) that the exported network names for images (N, C, H, W), one image at a time."""
    session: Any = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    logits = [
        session.run(["logits"], {"images": image[None].astype(np.float32) / 255})[0] for image in pixels
    ]
    named: NDArray[np.intp] = np.concatenate(logits).argmax(axis=1)
    return named


def share_right(model: Path, images: list[Digit]) -> float:
    """Share of these digits that the network of a build on all ten classes names right."""
    found = answers(model, np.stack([pixels[None] for pixels, _ in images]))
    return float(np.mean(found == np.array([number for _, number in images])))
