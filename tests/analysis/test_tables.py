"""Published figures beside those of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.models import quantity
from tests.builds import Built
from wattnas.analysis.tables import Ours, for_images, lines_of, markdown, published_name, read_ours
from wattnas.errors import RunError
from wattnas.zoo import published_architecture


def test_a_line_without_and_with_ours() -> None:
    ours = Ours(quantity(0.712), quantity(2.5, "s"), quantity(0.451, "J"), quantity(195_242))
    text = markdown(lines_of(["DARTS", "S1-L35"], {"S1-L35": ours})).splitlines()
    assert text[2] == "| DARTS | 97.4% | - | 266 s | - | - | - | 3.3 M | - |"
    assert text[3] == "| S1-L35 | 70.0% | 71.2% | 1.03 s | 2.5 s | 0.45 J | 451 mJ | 0.19 M | 195.2 k |"


def test_time_is_that_of_ten_thousand_images() -> None:
    assert for_images(quantity(2e-4, "s")).value == pytest.approx(2.0)


def test_a_run_is_read(built: Built) -> None:
    ours = read_ours(built.path)
    assert ours.accuracy is not None and ours.energy is not None and ours.params is not None
    assert published_name(built.path) is None


def test_a_run_of_a_published_architecture_is_recognised(tmp_path: Path) -> None:
    architecture, _ = published_architecture("S1-L50")
    (tmp_path / "architecture.json").write_text(architecture.model_dump_json(), encoding="utf-8")
    assert published_name(tmp_path) == "S1-L50"
    (tmp_path / "MobileNetV2").mkdir()
    assert published_name(tmp_path / "MobileNetV2") == "MobileNetV2"


def test_what_was_not_verified(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a run directory"):
        read_ours(tmp_path)
