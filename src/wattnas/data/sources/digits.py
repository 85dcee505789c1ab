"""The bundled data set: scikit-learn's 1,797 handwritten digits, grey, 8x8."""

from __future__ import annotations

import numpy as np
from PIL import Image

from wattnas.data.sources.base import Entry, ListPart, Source, SourceKind

_WHITE = 16  # the digits' pixels are counts from 0 to 16


def _open(name: str) -> Source:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pixels = np.rint(bunch.images * 255 / _WHITE).astype(np.uint8)
    entries = [
        Entry(f"{name} image {row}", int(label), Image.fromarray(image))
        for row, (image, label) in enumerate(zip(pixels, bunch.target, strict=True))
    ]
    # A mirrored digit is no digit, or another one.
    return Source(ListPart(entries), None, tuple(map(str, bunch.target_names)), flip=False)


DIGITS = SourceKind("`digits` (bundled)", lambda name: name == "digits", _open)
