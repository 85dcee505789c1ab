from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.data.make import colour_png, write, write_folder
from tests.data.sources.conformance import check_source
from wattnas.data.sources import Bad, Part
from wattnas.data.sources.folder import FOLDER
from wattnas.errors import DataError


def bad(part: Part) -> dict[str, str]:
    """Name and reason of each bad entry."""
    contents = enumerate(part.contents())
    return {Path(part.name(i)).name: content.reason for i, content in contents if isinstance(content, Bad)}


def test_class_folders_without_parts(tmp_path: Path) -> None:
    write_folder(tmp_path, {"dog": 3, "cat": 2})
    source = FOLDER.open(str(tmp_path))
    check_source(source)
    assert source.classes == ("cat", "dog")
    assert source.test is None
    assert source.flip
    assert list(source.train.labels) == ["cat"] * 2 + ["dog"] * 3
    assert source.train.name(2) == str(tmp_path / "dog" / "000.png")


@pytest.mark.parametrize("name", ["test", "val", "valid", "Validation"])
def test_train_and_one_other_part(tmp_path: Path, name: str) -> None:
    write_folder(tmp_path / "train", {"cat": 3, "dog": 2})
    write_folder(tmp_path / name, {"cat": 1, "dog": 1})
    source = FOLDER.open(str(tmp_path))
    check_source(source)
    assert source.test is not None
    assert Counter(source.train.labels) == {"cat": 3, "dog": 2}
    assert Counter(source.test.labels) == {"cat": 1, "dog": 1}


def test_beside_a_test_part_validation_joins_training(tmp_path: Path) -> None:
    for part, count in (("train", 3), ("val", 2), ("test", 1)):
        write_folder(tmp_path / part, {"cat": count, "dog": count})
    source = FOLDER.open(str(tmp_path))
    assert source.test is not None
    assert Counter(source.train.labels) == {"cat": 5, "dog": 5}
    assert Counter(source.test.labels) == {"cat": 1, "dog": 1}


def test_images_count_at_any_depth_below_their_class(tmp_path: Path) -> None:
    write_folder(tmp_path / "cat", {"indoors": 2, "outdoors/night": 1})
    write_folder(tmp_path, {"dog": 1})
    assert Counter(FOLDER.open(str(tmp_path)).train.labels) == {"cat": 3, "dog": 1}


def test_hidden_files_and_litter_are_ignored(tmp_path: Path) -> None:
    write_folder(tmp_path, {"cat": 1, "dog": 1, ".hidden": 2, "__MACOSX": 1})
    for name in (".DS_Store", "cat/.DS_Store", "cat/Thumbs.db", "dog/._000.png", "desktop.ini"):
        write(tmp_path / name, b"x")
    source = FOLDER.open(str(tmp_path))
    assert source.classes == ("cat", "dog")
    assert len(source.train.labels) == 2
    assert source.beside == ()


def test_files_beside_the_class_folders_are_told_and_do_no_harm(tmp_path: Path) -> None:
    write_folder(tmp_path, {"cat": 1, "dog": 1})
    write(tmp_path / "LICENSE.txt", b"x")
    source = FOLDER.open(str(tmp_path))
    assert source.beside == (f"{tmp_path / 'LICENSE.txt'}: is a file beside the class folders",)
    assert bad(source.train) == {}


def test_folders_beside_training_and_test_are_told(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", {"cat": 1, "dog": 1})
    write_folder(tmp_path / "unlabelled", {"x": 1})
    source = FOLDER.open(str(tmp_path))
    assert source.beside == (f"{tmp_path / 'unlabelled'}: is a folder beside the training and test folders",)


def test_images_outside_the_class_folders_are_bad(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", {"cat": 1, "dog": 1})
    write(tmp_path / "stray.JPG", b"x")
    write(tmp_path / "train" / "lost.png", b"x")
    assert bad(FOLDER.open(str(tmp_path)).train) == dict.fromkeys(
        ("stray.JPG", "lost.png"), "lies in no class folder"
    )


def test_an_empty_class_folder_is_still_a_class(tmp_path: Path) -> None:
    write_folder(tmp_path, {"cat": 1, "dog": 1, "emu": 0})
    assert FOLDER.open(str(tmp_path)).classes == ("cat", "dog", "emu")


def test_what_is_no_file_is_told_apart(tmp_path: Path) -> None:
    write_folder(tmp_path, {"cat": 1, "dog": 1})
    (tmp_path / "cat" / "holiday.jpg").mkdir()
    (tmp_path / "cat" / "gone.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "cat" / "self").symlink_to("self")
    (tmp_path / "dog" / "up").symlink_to(tmp_path)
    (tmp_path / "dog" / "here").symlink_to(".")
    os.mkfifo(tmp_path / "dog" / "pipe.png")
    source = FOLDER.open(str(tmp_path))
    check_source(source)
    assert bad(source.train) == {
        "holiday.jpg": "is a folder, not an image",
        "gone.png": "is a link that leads nowhere",
        "self": "is a link that leads nowhere",
        "up": "is a link that leads back to a folder above it",
        "here": "is a link that leads back to a folder above it",
        "pipe.png": "is no regular file",
    }


def test_links_to_images_and_folders_elsewhere_are_followed(tmp_path: Path) -> None:
    store = write_folder(tmp_path / "store", {"more": 2})
    write_folder(tmp_path / "data", {"cat": 1, "dog": 1})
    (tmp_path / "data" / "cat" / "link.png").symlink_to(store / "more" / "000.png")
    (tmp_path / "data" / "dog" / "more").symlink_to(store / "more")
    (tmp_path / "data" / "emu").symlink_to(store / "more")
    source = FOLDER.open(str(tmp_path / "data"))
    assert Counter(source.train.labels) == {"cat": 2, "dog": 3, "emu": 2}
    assert bad(source.train) == {}


@pytest.mark.parametrize("name", ["<script>", "with space", "Käfer 猫 🐈", "a'b\"c"])
def test_odd_names_are_classes_like_any_other(tmp_path: Path, name: str) -> None:
    write_folder(tmp_path, {name: 2, "dog": 1})
    source = FOLDER.open(str(tmp_path))
    check_source(source)
    assert set(source.classes or ()) == {name, "dog"}


def test_names_that_are_no_utf8_are_escaped(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    write(folder / os.fsdecode(b"\xff\n.png"), colour_png(0))
    write_folder(tmp_path, {"dog": 1})
    source = FOLDER.open(str(tmp_path))
    check_source(source)
    assert source.classes == ("caf\\xe9", "dog")
    assert source.train.name(0).endswith("caf\\xe9/\\xff\\n.png")
    assert bad(source.train) == {}


def test_unlistable_folders_are_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path, {"cat": 1, "dog": 1})
    listed = Path.iterdir

    def refuse(path: Path) -> object:
        if path.name == "cat":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert bad(FOLDER.open(str(tmp_path)).train) == {"cat": "cannot be listed (Permission denied)"}
    write_folder(tmp_path / "cat", {"x": 1})
    with pytest.raises(DataError, match=r"cat cannot be listed: Permission denied\. Check its permissions\."):
        FOLDER.open(str(tmp_path / "cat"))


def test_no_class_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no class folders\. Put the images into FOLDER/CLASS/"):
        FOLDER.open(str(tmp_path))


def test_parts_without_training_are_not_taken_for_classes(tmp_path: Path) -> None:
    write_folder(tmp_path / "test", {"cat": 1, "dog": 1})
    write_folder(tmp_path / "val", {"cat": 1, "dog": 1})
    with pytest.raises(DataError, match=r"holds class folders, but no train/ does"):
        FOLDER.open(str(tmp_path))


def test_classes_may_be_called_test_or_train(tmp_path: Path) -> None:
    write_folder(tmp_path, {"bus": 1, "test": 1, "train": 2})
    source = FOLDER.open(str(tmp_path))
    assert source.classes == ("bus", "test", "train")
    assert source.test is None


def test_a_test_part_without_class_folders_is_bad(tmp_path: Path) -> None:
    write_folder(tmp_path / "train", {"cat": 1, "dog": 1})
    write(tmp_path / "test" / "1.png", colour_png(5))
    assert bad(FOLDER.open(str(tmp_path)).train) == {"1.png": "lies in no class folder"}
