from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits

from tests.data.make import (
    SHARED,
    colour_png,
    encoded,
    grey_png,
    pixels,
    png_of_size,
    same,
    write,
    write_folder,
    write_parquet,
)
from wattnas.data import load_data, make_splits
from wattnas.errors import DataError


def pets(root: Path) -> Path:
    """Five cats and five dogs, 8x8, in colour."""
    return write_folder(root / "pets", {"cat": 5, "dog": 5})


def refusal(source: Path | str, *, skip_bad: bool = False) -> str:
    """The one line that a source is refused with."""
    with pytest.raises(DataError) as caught:
        load_data(str(source), same, skip_bad=skip_bad)
    assert str(caught.value).isprintable()
    assert caught.value.hint
    return caught.value.message


def test_digits_come_grey_at_8_pixels_from_0_to_255() -> None:
    data = load_data("digits", same)
    bunch = load_digits()
    assert data.train.images.shape == (1797, 1, 8, 8)
    assert data.train.images.dtype == torch.uint8
    expected = np.floor(bunch.images * 255 / 16 + 0.5)
    assert np.array_equal(data.train.images[:, 0].numpy(), expected)
    assert np.array_equal(data.train.labels.numpy(), bunch.target)
    assert (data.native, data.classes, data.test, data.flip) == ((1, 8), tuple("0123456789"), None, False)
    assert data.skipped == ()


def test_digits_can_be_brought_to_other_shapes() -> None:
    data = load_data("digits", lambda channels, side: (3 * channels, 2 * side))
    assert data.train.images.shape == (1797, 3, 16, 16)
    assert torch.equal(data.train.images[:, 0], data.train.images[:, 2])
    assert data.native == (1, 8)


def test_a_folder_of_classes(tmp_path: Path) -> None:
    data = load_data(str(pets(tmp_path)), same)
    assert data.source == str(tmp_path / "pets")
    assert data.classes == ("cat", "dog")
    assert data.train.labels.tolist() == [0] * 5 + [1] * 5
    expected = np.stack([pixels(i, 8, 8, 3) for i in range(10)]).transpose(0, 3, 1, 2)
    assert np.array_equal(data.train.images.numpy(), expected)
    assert (data.native, data.test, data.flip, data.skipped) == ((3, 8), None, True, ())


def test_the_same_content_has_the_same_hash_wherever_it_lies(tmp_path: Path) -> None:
    folder = load_data(str(pets(tmp_path)), same)
    images = [colour_png(i) for i in range(10)]
    parquet = write_parquet(tmp_path / "x.parquet", images, [0] * 5 + [1] * 5, names=["cat", "dog"])
    assert load_data(str(parquet), same).hash == folder.hash
    assert load_data(str(parquet), lambda c, s: (c, s - 1)).hash != folder.hash


def test_choose_is_told_the_stored_channels_and_the_median_side(tmp_path: Path) -> None:
    asked: list[tuple[int, int]] = []

    def choose(channels: int, side: int) -> tuple[int, int]:
        asked.append((channels, side))
        return 1, 6

    for seed, shape in enumerate([(10, 20), (14, 12), (16, 16), (40, 30)]):
        write(tmp_path / f"grey/{'ab'[seed % 2]}/{seed}.png", encoded(pixels(seed, *shape)))
    data = load_data(str(tmp_path / "grey"), choose)
    # Shorter sides 10, 12, 16, 30: the lower of the two in the middle.
    assert asked[0] == (1, 12)
    assert set(asked) == {(1, 12)}
    assert data.native == (1, 12)
    assert data.train.images.shape == (4, 1, 6, 6)
    write(tmp_path / "grey/a/colour.png", colour_png(9, side=12))
    assert load_data(str(tmp_path / "grey"), choose).native == (3, 12)


def test_grey_images_among_colour_ones_become_colour(tmp_path: Path) -> None:
    write(pets(tmp_path) / "cat" / "grey.png", grey_png(99))
    data = load_data(str(tmp_path / "pets"), same)
    assert data.train.images.shape == (11, 3, 8, 8)
    assert np.array_equal(data.train.images[5].numpy(), np.stack([pixels(99, 8, 8)] * 3))


def test_images_of_every_mode_are_taken(tmp_path: Path) -> None:
    colour = pixels(0, 8, 8, 3)
    exif = Image.Exif()
    exif[0x0112] = 6
    files = {
        "cmyk.jpg": encoded(Image.fromarray(colour).convert("CMYK"), "JPEG"),
        "deep.png": encoded(pixels(1, 8, 8).astype(np.uint16) * 200),
        "alpha.png": encoded(pixels(2, 8, 8, 4)),
        "palette.png": encoded(Image.fromarray(colour).quantize(8)),
        "turned.jpg": encoded(colour, "JPEG", exif=exif),
        "moving.gif": encoded(
            Image.new("L", (8, 8)), "GIF", save_all=True, append_images=[Image.new("L", (8, 8), 9)]
        ),
        "bits.png": encoded(Image.new("1", (8, 8))),
        "no_suffix": colour_png(3),
    }
    for name, content in files.items():
        write(pets(tmp_path) / "cat" / name, content)
    data = load_data(str(tmp_path / "pets"), same)
    assert len(data.train) == 10 + len(files)
    assert data.skipped == ()


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.png": (lambda: b"", "is empty"),
    "notes.txt": (lambda: b"cats like milk", "is no image of a known format"),
    "short.jpg": (
        lambda: encoded(pixels(0, 64, 64, 3), "JPEG")[:1500],
        "is damaged (image file is truncated",
    ),
    "bomb.png": (lambda: png_of_size(50_000, 50_000), "states more than 100 million pixels"),
    "float.tif": (lambda: encoded(np.ones((8, 8), np.float32), "TIFF"), "has 32-bit pixels"),
    "a <b>\n.png": (lambda: b"", "is empty"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_or_skipped(tmp_path: Path, name: str) -> None:
    make, reason = BAD[name]
    write(pets(tmp_path) / "cat" / name, make())
    shown = str(tmp_path / "pets" / "cat" / name).replace("\n", "\\n")
    assert refusal(tmp_path / "pets").startswith(f"{shown}: {reason}")
    data = load_data(str(tmp_path / "pets"), same, skip_bad=True)
    assert len(data.train) == 10
    assert len(data.skipped) == 1
    assert data.skipped[0].startswith(f"{shown}: {reason}")


def test_of_several_bad_files_the_first_is_named_and_the_others_counted(tmp_path: Path) -> None:
    for name in ("dog/b.png", "cat/z.png", "dog/a.png"):
        write(pets(tmp_path) / name, b"junk")
    message = refusal(tmp_path / "pets")
    assert message == f"{tmp_path}/pets/cat/z.png: is no image of a known format (2 more are bad)."
    skipped = load_data(str(tmp_path / "pets"), same, skip_bad=True).skipped
    assert [line.split(":")[0][-9:] for line in skipped] == ["cat/z.png", "dog/a.png", "dog/b.png"]


def test_bad_test_images_count_too(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", {"cat": 4, "dog": 4})
    write_folder(tmp_path / "test", {"cat": 2, "dog": 2}, first_seed=50)
    write(tmp_path / "test" / "dog" / "x.png", b"junk")
    assert refusal(tmp_path).startswith(f"{tmp_path}/test/dog/x.png: is no image")
    data = load_data(str(tmp_path), same, skip_bad=True)
    assert data.test is not None
    assert (len(data.train), len(data.test), len(data.skipped)) == (8, 4, 1)


def test_unreadable_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, opened = pets(tmp_path), Path.open

    def refuse(path: Path, *args: object, **kwargs: object) -> object:
        if path.name == "003.png":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    message = refusal(source)
    assert message.endswith("cat/003.png: cannot be opened (Permission denied) (1 more are bad).")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_files_without_permission_are_named(tmp_path: Path) -> None:
    (pets(tmp_path) / "cat" / "000.png").chmod(0)
    assert "cat/000.png: cannot be opened (Permission denied)" in refusal(tmp_path / "pets")


ROWS = [colour_png(i) for i in range(8)]


@pytest.mark.parametrize("label", [-1, 2, None])
def test_a_row_with_an_impossible_label_is_named_or_skipped(tmp_path: Path, label: int | None) -> None:
    path = write_parquet(tmp_path / "x.parquet", ROWS, [0, 1, label, 0, 1, 0, 1, 0], names=["cat", "dog"])
    reason = "has no label" if label is None else f"has label {label}, outside 0 to 1"
    assert refusal(path) == f"{path} row 2: {reason}."
    data = load_data(str(path), same, skip_bad=True)
    assert data.skipped == (f"{path} row 2: {reason}",)
    assert data.train.labels.tolist() == [0, 1, 0, 1, 0, 1, 0]
    assert np.array_equal(data.train.images[2].numpy(), pixels(3, 8, 8, 3).transpose(2, 0, 1))


def test_a_truncated_parquet_file_is_named_even_when_skipped(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "x.parquet", ROWS, [0, 1] * 4)
    path.write_bytes(path.read_bytes()[:-200])
    assert refusal(path).startswith(f"{path}: is damaged or no Parquet file (")
    assert refusal(path, skip_bad=True).startswith(
        f"'{path}' has no usable training image. 1 left out, the first: {path}: is damaged"
    )


def test_a_truncated_shard_is_skipped_as_one(tmp_path: Path) -> None:
    for index in (0, 1):
        write_parquet(tmp_path / f"train-0000{index}-of-00002.parquet", ROWS, [0, 1] * 4)
    (tmp_path / "train-00001-of-00002.parquet").write_bytes(b"PAR1")
    data = load_data(str(tmp_path), same, skip_bad=True)
    assert len(data.train) == 8
    assert len(data.skipped) == 1


def test_no_images(tmp_path: Path) -> None:
    write_folder(tmp_path / "none", {"cat": 0, "dog": 0})
    for skip_bad in (False, True):
        assert "has no usable training image" in refusal(tmp_path / "none", skip_bad=skip_bad)
    empty = write_parquet(tmp_path / "x.parquet", [], [], names=["cat", "dog"])
    assert "has no usable training image" in refusal(empty)
    for name in ("cat", "dog"):
        write(tmp_path / "bad" / name / "x.png", b"junk")
    first = f"{tmp_path}/bad/cat/x.png: is no image of a known format"
    assert refusal(tmp_path / "bad") == f"{first} (3 more are bad)."
    assert refusal(tmp_path / "bad", skip_bad=True) == (
        f"'{tmp_path}/bad' has no usable training image. 4 left out, the first: {first}."
    )


def test_one_class(tmp_path: Path) -> None:
    write_folder(tmp_path / "one", {"cat": 3})
    for skip_bad in (False, True):
        assert "has one class alone, 'cat'" in refusal(tmp_path / "one", skip_bad=skip_bad)
    write(tmp_path / "one" / "dog" / "x.png", b"junk")
    assert "has one class alone, 'cat'" in refusal(tmp_path / "one", skip_bad=True)


@pytest.mark.parametrize("kind", ["folder", "parquet", "names"])
@pytest.mark.parametrize("skip_bad", [False, True])
def test_a_test_class_that_training_lacks(tmp_path: Path, kind: str, skip_bad: bool) -> None:
    if kind == "folder":
        write_folder(tmp_path / "train", {"cat": 2, "dog": 2})
        write_folder(tmp_path / "test", {"cat": 1, "zebra": 1})
    else:
        names = ["cat", "dog", "zebra"] if kind == "names" else None
        labels = [0, 1, 2] if names else ["cat", "dog", "zebra"]
        write_parquet(tmp_path / "train.parquet", ROWS[:2], labels[:2], names=names)
        write_parquet(tmp_path / "test.parquet", ROWS[2:4], [labels[0], labels[2]], names=names)
    assert "class 'zebra' has test images but no usable training image" in refusal(
        tmp_path, skip_bad=skip_bad
    )


def test_a_test_part_without_a_usable_image(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", {"cat": 2, "dog": 2})
    write(tmp_path / "test" / "cat" / "x.png", b"junk")
    assert "has a test part without a usable image" in refusal(tmp_path, skip_bad=True)


def test_a_class_without_images_is_named_or_left_out(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "x.parquet", ROWS, [2, 0] * 4, names=["cat", "bird", "dog", "emu"])
    assert refusal(path) == "class 'bird': has no usable training image (1 more are bad)."
    data = load_data(str(path), same, skip_bad=True)
    assert data.classes == ("cat", "dog")
    assert data.train.labels.tolist() == [1, 0] * 4
    assert len(data.skipped) == 2


def test_what_lies_beside_is_told_without_skipping(tmp_path: Path) -> None:
    write(pets(tmp_path) / "LICENSE", b"x")
    assert load_data(str(tmp_path / "pets"), same).skipped == (
        f"{tmp_path}/pets/LICENSE: is a file beside the class folders",
    )


def test_other_libraries_do_not_warn(tmp_path: Path) -> None:
    write(
        pets(tmp_path) / "cat" / "x.png",
        encoded(pixels(0, 8, 8, 3), exif=b"Exif\0\0MM\0\x2a\xff\xff\xff\xffx"),
    )
    write(tmp_path / "pets" / "dog" / "large.png", png_of_size(10_000, 9_000))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(load_data(str(tmp_path / "pets"), same, skip_bad=True).train) == 11


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=300), st.sampled_from(["x.parquet", "x.png", "x", "train.parquet"]))
def test_garbage_files_end_in_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes, name: str
) -> None:
    root = tmp_path_factory.mktemp("g")
    assert refusal(write(root / name, garbage)).startswith(f"{root / name}: is damaged or no Parquet file")
    bad = write(pets(root) / "cat" / f"{name}.png", garbage)
    assert refusal(root / "pets").startswith(f"{bad}: is ")


def test_cifar10_in_parquet_with_its_own_test_part() -> None:
    folder = SHARED / "data" / "cifar10"
    if not folder.is_dir():
        pytest.skip("the folder shared/ with CIFAR-10 is not beside this checkout")
    data = load_data(str(folder / "test.parquet"), same)
    # 5,000 of the test images; airplane to truck, about 500 each.
    assert data.train.images.shape == (5000, 3, 32, 32)
    assert data.classes[0] == "airplane"
    assert data.classes[9] == "truck"
    counts = torch.bincount(data.train.labels)
    assert (int(counts.min()) > 400, int(counts.max()) < 600) == (True, True)
    splits = make_splits(data, seed=0)
    # CIFAR-10's published channel means are 0.491, 0.482, 0.447.
    assert splits.mean.tolist() == pytest.approx([0.491, 0.482, 0.447], abs=0.01)
