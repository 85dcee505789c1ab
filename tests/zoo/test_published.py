"""The paper's tables as they lie in the package, against the source they were taken from."""

from __future__ import annotations

from pathlib import Path

import pytest

from wattnas.errors import ConfigError
from wattnas.zoo import (
    TABLES,
    published_architecture,
    published_operations,
    published_rows,
    table_rows,
)

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "paper"


@pytest.mark.parametrize("name", ["results", "architectures"])
def test_the_tables_are_the_published_ones(name: str) -> None:
    source = SHARED / f"published_{name}.csv"
    if not source.is_file():
        pytest.skip("the paper's tables are not beside this checkout")
    packaged = Path(__file__).parents[2] / f"src/wattnas/zoo/tables/ozawa_{name}.csv"
    assert packaged.read_text(encoding="utf-8") == source.read_text(encoding="utf-8")


def test_a_row() -> None:
    row = published_rows()["S1-L35"]
    assert row.accuracy == pytest.approx(0.7)
    assert (row.seconds, row.energy_j, row.params_m) == (1.03, 0.45, "0.19")
    assert published_rows()["DARTS"].energy_j is None


def test_an_architecture() -> None:
    architecture, space = published_architecture("S1-L35")
    assert space.name == "cifar" and architecture.operations.count("skip") == 21
    assert len(published_operations()) == 6
    with pytest.raises(ConfigError, match="'FBNet1' was not published"):
        published_architecture("FBNet1")


def test_rows_of_the_tables() -> None:
    every = [table_rows(table) for table in TABLES]
    assert set().union(*every) == set(published_rows())
    assert "MobileNetV2" in every[0] and "S2-L35" in every[1]
    with pytest.raises(ConfigError, match="no 'table4'"):
        table_rows("table4")
