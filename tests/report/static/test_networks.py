"""The drawing of networks in a browser, against the space and the published networks."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.report.fake_run import COLOURFUL
from tests.report.static.conftest import NARROW, Opened, open_page
from wattnas.report.references import published

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BLOCKS = """() => document.getElementById("plot-networks").data.flatMap((trace) => trace.x.map(
    (x, index) => ({
    x, name: trace.text[index], base: trace.base[index], width: trace.width[index], height: trace.y[index],
    colour: trace.marker.color, hover: trace.hovertext[index] })))"""


@pytest.fixture(scope="module")
def run(browser: Browser, pages: dict[str, Path]) -> Iterator[Opened]:
    """The page of the run on a wide screen."""
    found = open_page(browser, pages["run"])
    yield found
    found.page.context.close()


def blocks(found: Opened, column: int) -> list[dict[str, Any]]:
    """The blocks of one network, input first."""
    drawn = [block for block in found.run(BLOCKS) if block["x"] == column]
    return sorted(drawn, key=lambda block: float(block["base"]))


def test_networks_stand_side_by_side(run: Opened) -> None:
    own = blocks(run, 0)
    assert [block["name"] for block in own] == ["stem", *COLOURFUL.split(), "head"]
    for column, entry in enumerate(published("cifar"), start=1):
        assert [block["name"] for block in blocks(run, column)][1:-1] == list(entry.operations)
    widest, first = own[-1], own[1]
    assert first["width"] / widest["width"] == pytest.approx(sqrt(16 / 320))
    assert first["height"] > widest["height"]  # 32 × 32 against 2 × 2
    assert "1.732 ms measured, 674.5 mJ measured" in first["hover"]  # the published table


def test_a_candidate_has_one_colour_in_all_networks(run: Opened) -> None:
    colours: dict[str, set[str]] = {}
    for block in run.run(BLOCKS):
        colours.setdefault(block["name"], set()).add(block["colour"])
    assert all(len(found) == 1 for found in colours.values())
    assert colours["k3_e6"] != colours["k5_e6"] != colours["skip"]


def test_boxes_put_networks_beside_it(browser: Browser, pages: dict[str, Path]) -> None:
    found = open_page(browser, pages["run"], NARROW)
    count = '() => document.getElementById("plot-networks").layout.xaxis.ticktext'
    assert len(found.run(count)) == 1  # a telephone has room for one
    found.page.locator("#beside input").nth(2).check()
    assert found.run(count)[1] == "S1-L65"
    found.page.locator("#beside input").nth(2).uncheck()
    assert len(found.run(count)) == 1
    found.page.context.close()


def test_an_empty_box_is_not_seen(browser: Browser, pages: dict[str, Path]) -> None:
    found = open_page(browser, pages["run"])
    box = found.page.locator("#beside")
    assert box.is_visible()
    box.evaluate("(box) => { box.hidden = true }")  # as where there is nothing to stand beside a network
    assert not box.is_visible()
    found.page.context.close()
