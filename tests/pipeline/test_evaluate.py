"""Accuracy on a run's own splits and on other images, held against ONNX Runtime alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.builds import Built, opened
from tests.data.make import encoded, write, write_parquet
from tests.pipeline.images import Digit, answers, digits, share_right, write_digits
from wattnas.errors import DataError, RunError
from wattnas.pipeline import evaluate_run
from wattnas.pipeline.evaluate import SplitName

PARTS: dict[SplitName, tuple[str, ...]] = {
    "test": ("test",),
    "validation": ("validation",),
    "train": ("weights", "theta"),
    "all": ("weights", "theta", "validation", "test"),
}


@pytest.mark.parametrize("split", PARTS)
def test_own_splits_are_those_of_the_run(built: Built, split: SplitName) -> None:
    context = opened(built.path)
    found = evaluate_run(context, None, split)
    stored = json.loads((built.path / "run.json").read_text())["data"]["splits"]["images"]
    assert found["n"] == sum(sum(stored[part].values()) for part in PARTS[split])
    right = [
        answers(built.path / "model.onnx", images.images.numpy()) == images.labels.numpy()
        for images in (getattr(context.splits, part) for part in PARTS[split])
    ]
    assert found["correct"] == int(np.concatenate(right).sum())
    assert found["accuracy"] == found["correct"] / found["n"]
    assert 0 <= found["low"] < found["accuracy"] < found["high"] <= 1
    assert (found["data"], found["split"]) == ("digits", split)


def test_the_name_of_its_own_images_means_its_own_split(built: Built) -> None:
    context = opened(built.path)
    assert evaluate_run(context, "digits", "test") == evaluate_run(context, None, "test")


def test_its_own_images_under_another_name_are_split_as_its_own(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = opened(built.path)
    monkeypatch.setattr("wattnas.pipeline.evaluate.load_data", lambda *_, **__: context.dataset)
    found = evaluate_run(context, "copies/of/digits", "test")
    assert found == evaluate_run(context, None, "test") | {"data": "copies/of/digits"}


def test_images_that_the_network_learned_from_are_counted(built: Built, tmp_path: Path) -> None:
    images = digits(4, 6, each=50)
    context = opened(built.path)
    train = {image.tobytes() for image in context.splits.train.images.numpy()}
    expected = sum(pixels.tobytes() in train for pixels, _ in images)
    found = evaluate_run(context, str(write_digits(tmp_path / "all", images)), "test")["in_training"]
    assert found == expected and 50 < found < 90  # training has 0.8 * 0.9 of all digits


def test_a_folder_with_some_of_the_classes_is_mapped_by_name(built: Built, tmp_path: Path) -> None:
    # Folders 3 and 7 are classes 0 and 1 of the folder, 3 and 7 of the network.
    images = digits(3, 7, each=20)
    folder = write_digits(tmp_path / "new", images)
    expected = share_right(built.path / "model.onnx", images)
    assert expected > 0.2
    splits: tuple[SplitName, ...] = ("test", "all", "train")
    for split in splits:
        found = evaluate_run(opened(built.path), str(folder), split)
        assert found["accuracy"] == pytest.approx(expected) and found["n"] == 40
        assert found["data"] == str(folder)
    assert found["per_class"]["3"] is not None and found["per_class"]["4"] is None


def test_classes_in_another_order_are_mapped_by_name(built: Built, tmp_path: Path) -> None:
    images = digits(*range(10), each=4)
    names = [str(number) for number in reversed(range(10))]
    path = write_parquet(
        tmp_path / "new.parquet",
        [encoded(pixels) for pixels, _ in images],
        [9 - number for _, number in images],
        names=names,
    )
    found = evaluate_run(opened(built.path), str(path), "test")
    assert found["accuracy"] == pytest.approx(share_right(built.path / "model.onnx", images))
    wrong = share_right(built.path / "model.onnx", [(pixels, 9 - number) for pixels, number in images])
    assert found["accuracy"] > 2 * wrong


def test_a_test_part_of_their_own_is_used_as_such(built: Built, tmp_path: Path) -> None:
    images = digits(1, 2, 5, each=8)
    train, test = images[::2], images[1::2]
    write_digits(tmp_path / "new" / "train", train)
    write_digits(tmp_path / "new" / "test", test)
    context = opened(built.path)
    parts: dict[SplitName, list[Digit]] = {"test": test, "train": train, "all": images}
    for split, part in parts.items():
        found = evaluate_run(context, str(tmp_path / "new"), split)
        assert found["n"] == len(part)
        assert found["accuracy"] == pytest.approx(share_right(built.path / "model.onnx", part))


def test_a_class_that_the_network_does_not_know_is_refused(built: Built, tmp_path: Path) -> None:
    write_digits(tmp_path / "new", digits(3, 7))
    write_digits(tmp_path / "new", digits(1), name="letter_{}")
    with pytest.raises(DataError, match=r"class 'letter_1' that the network was not trained for.*0, 1, 2"):
        evaluate_run(opened(built.path), str(tmp_path / "new"), "test")


def test_others_have_no_validation_part(built: Built, tmp_path: Path) -> None:
    folder = write_digits(tmp_path / "new", digits(3, 7))
    with pytest.raises(DataError, match=r"no validation part.*--split test"):
        evaluate_run(opened(built.path), str(folder), "validation")


def test_bad_images_are_refused_or_left_out(built: Built, tmp_path: Path) -> None:
    folder = write_digits(tmp_path / "new", digits(3, 7))
    write(folder / "3" / "broken.png", b"no image")
    with pytest.raises(DataError, match=r"broken\.png"):
        evaluate_run(opened(built.path), str(folder), "test")
    assert evaluate_run(opened(built.path), str(folder), "test", skip_bad=True)["n"] == 12


def test_a_run_without_an_exported_network_says_how_to_make_one(copied: Path) -> None:
    (copied / "model.onnx").unlink()
    with pytest.raises(RunError, match=r"no exported network yet.*wattnas export"):
        evaluate_run(opened(copied), None, "test")
