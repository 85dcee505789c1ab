"""Whether longer training or more images is the way to a goal that was missed."""

from __future__ import annotations

import pytest

from wattnas.learned import Learned, learned


def test_the_last_epoch_counts() -> None:
    lines = [(0, 0.3, None), (0, 0.5, 0.5), (1, 0.6, None), (1, 0.8, 0.65)]
    found = learned(lines)
    assert found is not None and (found.epochs, found.validation) == (2, 0.65)
    assert found.training == pytest.approx(0.7)


@pytest.mark.parametrize("lines", [[], [(0, 0.5, None)], [(0, None, 0.5)], [(0, 0.5, 0.5), (1, 0.6, None)]])
def test_nothing_is_said_of_a_log_without_its_end(
    lines: list[tuple[int, float | None, float | None]],
) -> None:
    assert learned(lines) is None


@pytest.mark.parametrize(
    ("training", "told", "not_told"),
    [
        (0.84, "--set train.epochs=16 instead of 8", "More images"),
        (0.905, "--set train.epochs=16 instead of 8", "More images"),
        (0.92, "More images", "train.epochs"),
        (1.0, "More images", "train.epochs"),
    ],
)
def test_a_network_that_errs_on_training_images_too_can_still_learn(
    training: float, told: str, not_told: str
) -> None:
    said = Learned(epochs=8, training=training, validation=0.81).remedy("{:.1%}".format)
    assert told in said and not_told not in said
    assert f"{training:.1%}" in said and "81.0%" in said


def test_a_network_that_was_trained_longer_asks_for_longer_still_and_of_no_other_network() -> None:
    said = Learned(epochs=32, training=0.84, validation=0.81, usual=8).remedy("{:.1%}".format)
    assert "--set select.longer=8 instead of 4" in said and "train.epochs" not in said
