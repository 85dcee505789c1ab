from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tests.data.make import colour_png, encoded, pixels, png_of_size
from wattnas.data import pixels as module
from wattnas.data.pixels import Header, decode, read_header
from wattnas.data.sources import Bad, Content

pytestmark = pytest.mark.filterwarnings("ignore:::PIL")  # of damaged files; `load_data` silences them
Array = NDArray[Any]


def good(content: Content, channels: int = 3, side: int = 4) -> Array:
    image = decode(content, channels, side)
    assert not isinstance(image, Bad), image.reason
    assert image.shape == (channels, side, side)
    assert image.dtype == np.uint8
    return image


def reason(content: Content) -> str:
    """Why an image is refused."""
    image = decode(content, 3, 4)
    assert isinstance(image, Bad)
    return image.reason


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_pixels_of_lossless_files_come_back_exactly(kind: str) -> None:
    original = pixels(0, 4, 4, 3)
    assert np.array_equal(good(encoded(original, kind)), original.transpose(2, 0, 1))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF", "JPEG2000"])
def test_other_formats_come_back_about_right(kind: str) -> None:
    original = np.full((4, 4, 3), (200, 100, 50), np.uint8)
    assert np.abs(good(encoded(original, kind)).astype(int) - [[[200]], [[100]], [[50]]]).max() <= 6


def test_a_file_and_an_open_image_give_what_their_bytes_give(tmp_path: Path) -> None:
    content = colour_png(1)
    path = tmp_path / "image"
    path.write_bytes(content)
    assert np.array_equal(good(path), good(content))
    with Image.open(path) as image:
        assert np.array_equal(good(image), good(content))


def test_grey_becomes_colour_by_repetition_and_colour_grey_by_luma() -> None:
    grey = pixels(2, 4, 4)
    assert np.array_equal(good(encoded(grey)), np.stack([grey] * 3))
    colour = pixels(3, 4, 4, 3)
    luma = colour @ np.array([0.299, 0.587, 0.114])
    assert np.abs(good(encoded(colour), channels=1)[0] - luma).max() <= 0.5 + 1e-3


def test_the_shorter_side_is_resized_and_the_centre_cut_out() -> None:
    wide = np.zeros((8, 24, 3), np.uint8)
    wide[:, 8:16] = pixels(4, 8, 8, 3)
    assert np.array_equal(good(encoded(wide), side=8), wide[:, 8:16].transpose(2, 0, 1))
    tall = wide.transpose(1, 0, 2)
    assert np.array_equal(good(encoded(tall), side=8), tall[8:16].transpose(2, 0, 1))


@pytest.mark.parametrize(("height", "width", "side"), [(20, 40, 10), (60, 30, 10), (12, 12, 5), (6, 18, 12)])
def test_cutting_while_resizing_equals_resizing_then_cutting(height: int, width: int, side: int) -> None:
    image = Image.fromarray(pixels(5, height, width, 3))
    short = min(height, width)
    whole = image.resize((width * side // short, height * side // short), Image.Resampling.BILINEAR)
    left, top = (whole.width - side) // 2, (whole.height - side) // 2
    naive = np.asarray(whole.crop((left, top, left + side, top + side))).transpose(2, 0, 1)
    # Pillow keeps the cut's corners in single precision, which may move a value across a rounding border.
    assert np.abs(good(encoded(image), side=side).astype(int) - naive).max() <= 1


def test_shrinking_averages_instead_of_picking() -> None:
    board = np.indices((32, 32)).sum(axis=0) % 2 * 255
    shrunk = good(encoded(board.astype(np.uint8)), channels=1, side=4)
    assert 120 <= shrunk.min() <= shrunk.max() <= 136


def test_large_jpegs_shrink_to_what_full_decoding_gives() -> None:
    ramp = np.linspace(0, 255, 512).astype(np.uint8)
    photo = np.stack(
        [np.tile(ramp, (512, 1)), np.tile(ramp[:, None], (1, 512)), np.full((512, 512), 90, np.uint8)], 2
    )
    content = encoded(photo, "JPEG", quality=95)
    full = np.asarray(Image.fromarray(photo).resize((16, 16), Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    assert np.abs(good(content, side=16).astype(int) - full).max() <= 4


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    values = np.array([[0, 257, 300, 65535], [128 * 257, 256, 128, 129]] * 2, np.uint16)
    # 65535 / 255 = 257 steps to one of eight bits; 128 is just below half of one, 129 just above.
    expected = [[0, 1, 1, 255], [128, 1, 0, 1]] * 2
    for kind in ("PNG", "TIFF"):
        assert good(encoded(values, kind), channels=1)[0].tolist() == expected
    pgm = b"P5 4 4 65535\n" + values.astype(">u2").tobytes()
    assert good(pgm, channels=1)[0].tolist() == expected


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_pixels_without_a_stated_range_are_refused(kind: Any) -> None:
    assert "range is not stated" in reason(encoded(np.ones((4, 4), kind), "TIFF"))


def test_transparent_parts_show_white() -> None:
    rgba = np.zeros((4, 4, 4), np.uint8)
    rgba[..., 3] = [0, 255, 51, 204]  # black at 0, 100, 20 and 80 percent
    assert good(encoded(rgba))[:, 0].tolist() == [[255, 0, 204, 51]] * 3
    grey = rgba[..., 2:].copy()
    assert good(encoded(Image.fromarray(grey, "LA")), channels=1)[0, 0].tolist() == [255, 0, 204, 51]


def test_a_transparent_colour_shows_white() -> None:
    grey = np.array([[10, 20, 30, 40]] * 4, np.uint8)
    assert good(encoded(grey, transparency=20), channels=1)[0, 0].tolist() == [10, 255, 30, 40]
    deep = (grey.astype(np.uint16)) * 257
    assert good(encoded(deep, transparency=20 * 257), channels=1)[0, 0].tolist() == [10, 255, 30, 40]
    palette = Image.fromarray(np.array([[0, 1, 1, 0]] * 4, np.uint8), "P")
    palette.putpalette([9, 8, 7, 200, 100, 50])
    assert good(encoded(palette))[:, 0, :2].tolist() == [[9, 200], [8, 100], [7, 50]]
    assert good(encoded(palette, transparency=1))[:, 0, :2].tolist() == [[9, 255], [8, 255], [7, 255]]


def test_cmyk_becomes_rgb() -> None:
    cyan = Image.new("CMYK", (4, 4), (255, 0, 0, 0))
    assert good(encoded(cyan, "TIFF"))[:, 0, 0].tolist() == [0, 255, 255]
    jpeg = good(encoded(cyan, "JPEG", quality=100))[:, 0, 0]
    assert np.abs(jpeg.astype(int) - [0, 255, 255]).max() <= 4


def test_black_and_white_becomes_0_and_255() -> None:
    image = Image.fromarray(np.array([[0, 255, 255, 0]] * 4, np.uint8)).convert("1")
    assert good(encoded(image), channels=1)[0, 0].tolist() == [0, 255, 255, 0]


TURNED: dict[int, Callable[[Array], Array]] = {
    # How the EXIF standard says the stored rows and columns lie: the inverse of what shows them upright.
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", TURNED)
def test_images_are_turned_as_exif_says(orientation: int, kind: str) -> None:
    upright = pixels(6, 4, 4, 3)
    stored = np.ascontiguousarray(TURNED[orientation](upright))
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(good(encoded(stored, kind, exif=exif)), upright.transpose(2, 0, 1))


def test_exif_that_cannot_be_read_turns_nothing() -> None:
    original = pixels(7, 4, 4, 3)
    content = encoded(original, exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xffgarbage")
    assert np.array_equal(good(content), original.transpose(2, 0, 1))


def test_of_an_animation_the_first_frame_counts() -> None:
    frames = [Image.new("L", (4, 4), value) for value in (10, 200, 90)]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert good(content, channels=1)[0, 0].tolist() == [10] * 4


@pytest.mark.parametrize(
    ("image", "grey"),
    [
        (np.zeros((3, 5), np.uint8), True),
        (np.zeros((3, 5), np.uint16), True),
        (np.zeros((3, 5, 3), np.uint8), False),
        (np.zeros((5, 3, 4), np.uint8), False),
    ],
)
def test_headers_tell_grey_and_the_shorter_side(image: Array, grey: bool) -> None:
    assert read_header(encoded(image)) == Header(grey, 3)


def test_reasons_say_what_is_wrong() -> None:
    whole = encoded(pixels(8, 64, 64, 3), "JPEG")
    assert reason(b"") == "is empty"
    assert reason(b"hello") == "is no image of a known format"
    assert reason(whole[: len(whole) // 2]).startswith("is damaged (image file is truncated")
    assert reason(Path("no/such/file")) == "cannot be opened (No such file or directory)"
    assert reason(Bad("was never there")) == "was never there"


def test_bombs_and_sizes_of_nothing_are_refused_by_their_header() -> None:
    for width, height in ((10_001, 10_000), (60_000, 60_000)):
        for result in (read_header(png_of_size(width, height)), decode(png_of_size(width, height), 3, 4)):
            assert result == Bad("states more than 100 million pixels")
    assert isinstance(read_header(png_of_size(0, 4)), Bad)
    bmp = bytearray(encoded(pixels(0, 4, 4, 3), "BMP"))
    bmp[18:22] = bytes(4)
    assert isinstance(decode(bytes(bmp), 3, 4), Bad)


def test_formats_that_start_other_programs_are_not_opened() -> None:
    assert reason(encoded(pixels(0, 4, 4, 3), "EPS")) == "is no image of a known format"
    assert not {"EPS", "WMF"} & set(module.FORMATS)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_garbage_is_refused_and_never_raises(garbage: bytes) -> None:
    assert isinstance(decode(garbage, 3, 4), Bad)
    assert isinstance(read_header(garbage), Bad)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000", "AVIF"]), st.data())
def test_damaged_files_never_raise(kind: str, data: st.DataObject) -> None:
    if kind not in Image.SAVE:
        return
    content = bytearray(encoded(pixels(9, 12, 9, 3), kind))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(content)))
    result = decode(bytes(content[:cut]), 3, 4)
    assert isinstance(result, Bad) or result.shape == (3, 4, 4)
    if isinstance(result, Bad):
        assert result.reason.isprintable()
