"""From an encoded image to uint8 pixels: depth, colour, alpha, orientation and size brought to one form."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from wattnas.data.sources import Bad, Content
from wattnas.data.wording import one_line

# Formats that are decoded in this process from data alone (EPS, for one, would start Ghostscript).
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF")
MAX_PIXELS = 100_000_000
T = TypeVar("T")

_GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N"})
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class _UnusableError(Exception):
    """An image that we refuse; the text is the reason."""


@dataclass(frozen=True)
class Header:
    """What an image says of itself before it is decoded: whether it is grey, its shorter side in pixels."""

    grey: bool
    side: int


def read_header(content: Content) -> Header | Bad:
    """The header of an image, or why it cannot be used."""
    return _attempt(_header, content)


def decode(content: Content, channels: int, side: int) -> NDArray[np.uint8] | Bad:
    """Pixels (channels, side, side), or why there are none.

    The first frame, upright (EXIF), transparent parts on white, 16 bits scaled to 8; the shorter side is
    resized to `side` with antialiasing and the centre cut out. Grey becomes colour by repetition, colour
    becomes grey by ITU-R 601 luma.

    Args:
        channels: 1 or 3.
        side: in pixels.
    """
    return _attempt(lambda image: _pixels(image, channels, side), content)


def _header(image: Image.Image) -> Header:
    return Header(image.mode in _GREY_MODES, min(image.size))


def _pixels(image: Image.Image, channels: int, side: int) -> NDArray[np.uint8]:
    if min(image.size) >= 4 * side:
        # A JPEG decoder skips what a smaller image does not need; twice the side is left for our own filter.
        image.draft(None, (2 * side, 2 * side))
    image.load()
    image = _square(_plain(_upright(image)), side).convert("L" if channels == 1 else "RGB")
    pixels = np.asarray(image)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def _attempt(work: Callable[[Image.Image], T], content: Content) -> T | Bad:
    """`work` on the opened image; what goes wrong becomes a reason."""
    if isinstance(content, Bad):
        return content
    try:
        with _opened(content) as image:
            _check_size(image)
            return work(image)
    except _UnusableError as error:
        return Bad(str(error))
    except UnidentifiedImageError:
        return Bad("is no image of a known format" if _size(content) else "is empty")
    except Image.DecompressionBombError:
        return Bad(_too_large())
    except Exception as error:  # decoders raise whatever damaged bytes lead them to
        return Bad(_damage(error))


@contextmanager
def _opened(content: bytes | Path | Image.Image) -> Iterator[Image.Image]:
    if isinstance(content, Image.Image):
        yield content
        return
    stream = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
    with stream, Image.open(stream, formats=_formats()) as image:
        yield image


@cache
def _formats() -> list[str]:
    """Those of `FORMATS` that this build of Pillow has."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _size(content: Content) -> int:
    if isinstance(content, bytes):
        return len(content)
    return content.stat().st_size if isinstance(content, Path) else 1


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if min(width, height) < 1:
        raise _UnusableError("has no pixels")
    if width * height > MAX_PIXELS:
        raise _UnusableError(_too_large())


def _too_large() -> str:
    return f"states more than {MAX_PIXELS // 10**6} million pixels"


def _damage(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be opened ({error.strerror})"
    return f"is damaged ({one_line(error)})"


def _upright(image: Image.Image) -> Image.Image:
    """The image turned as its EXIF orientation says; one that cannot be read turns nothing, as in viewers."""
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # EXIF is a file format of its own, with its own ways to be damaged
        return image
    return image if turn is None else image.transpose(turn)


def _plain(image: Image.Image) -> Image.Image:
    """The image in mode L or RGB."""
    if image.mode == "F" or image.mode.startswith("I"):
        return _from_deep(image)
    if image.has_transparency_data:
        return _on_white(image)
    return image.convert("L" if image.mode in _GREY_MODES else "RGB")


def _from_deep(image: Image.Image) -> Image.Image:
    """16-bit grey by the range of its format, 0..65535 to 0..255."""
    # Pillow holds 16-bit PPM in 32 bits, scaled to 0..65535; elsewhere 32 bits have no stated range.
    if not image.mode.startswith("I;16") and image.format not in ("PNG", "PPM"):
        raise _UnusableError("has 32-bit pixels, whose range is not stated; save it with 8 or 16 bits")
    deep: NDArray[Any] = np.asarray(image).astype(np.int64)
    shallow = (deep * 255 + 32767) // 65535
    shallow[deep == image.info.get("transparency", -1)] = 255
    return Image.fromarray(shallow.astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    canvas = Image.new("RGBA", image.size, "white")
    canvas.alpha_composite(image.convert("RGBA"))
    return canvas.convert("L" if image.mode in _GREY_MODES else "RGB")


def _square(image: Image.Image, side: int) -> Image.Image:
    """Resize the shorter side to `side` and cut out the centre: in one go, which spares the parts cut off."""
    width, height = image.size
    if (width, height) == (side, side):
        return image
    short = min(width, height)
    left, top = (width - short) / 2, (height - short) / 2
    return image.resize((side, side), Image.Resampling.BILINEAR, box=(left, top, left + short, top + short))
