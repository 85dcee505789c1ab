"""The front explorer in a browser: it picks what an enumeration picks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.report.fake_sweep import make_sweep
from tests.report.static.conftest import EVIL, Opened, open_page
from tests.report.test_sweep_file import LEAST
from wattnas.report import write_report
from wattnas.report.explorer import Explorer, build_explorer, cheapest
from wattnas.report.sweep_file import Point, SweepFile, read_sweep
from wattnas.units import format_joules

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SET = """(stops) => {
    for (const [bound, stop] of Object.entries(stops)) document.getElementById(`bound-${bound}`).value = stop;
    document.getElementById("bound-accuracy").dispatchEvent(new Event("input", { bubbles: true }));
}"""


RESET = """() => {
    for (const slider of document.querySelectorAll("input[type=range]")) slider.value = slider.defaultValue;
    for (const box of document.querySelectorAll("#sure, #log")) box.checked = box.defaultChecked;
    for (const select of document.querySelectorAll("select")) select.selectedIndex = 0;
    document.querySelector("input[type=range]").dispatchEvent(new Event("input"));
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Opened, Explorer]]:
    """The page of a sweep of 200 networks, and what it was made from."""
    folder = tmp_path_factory.mktemp("sweep")
    make_sweep(200, names={3: EVIL}).save(folder / "sweep.json")
    found = open_page(browser, write_report(folder))
    yield found, build_explorer(read_sweep(folder))
    assert found.complaints == []
    found.page.context.close()


@pytest.fixture
def explorer(page: tuple[Opened, Explorer]) -> Explorer:
    """What the page was made from."""
    return page[1]


@pytest.fixture
def sweep(page: tuple[Opened, Explorer]) -> Opened:
    """The page, all controls as they were at first."""
    page[0].run(RESET)
    return page[0]


def drawn(found: Opened, what: str) -> Any:
    """Something of a drawing, once it is up to date."""
    found.run("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return found.run(f"() => document.getElementById({what}")


def shown(found: Opened) -> str:
    return found.page.inner_text("#found-name")


def stops(explorer: Explorer, key: str) -> tuple[float | None, ...]:
    return next(tuple(value for value, _ in bound.stops) for bound in explorer.bounds if bound.key == key)


def energies_of(explorer: Explorer) -> list[float]:
    """Sorted."""
    return sorted(point.energy_j.value for point in explorer.sweep.points if point.energy_j)


def by_hand(
    sweep: SweepFile, goal: float | None, latency: float | None, energy: float | None
) -> Point | None:
    """The plainest way to find the cheapest."""
    best: Point | None = None
    for point in sweep.points:
        assert point.energy_j is not None and point.latency_s is not None
        if goal is not None and point.accuracy.value < goal:
            continue
        if latency is not None and point.latency_s.value > latency:
            continue
        if energy is not None and point.energy_j.value > energy:
            continue
        key = (point.energy_j.value, -point.accuracy.value)
        if best is None or best.energy_j is None or key < (best.energy_j.value, -best.accuracy.value):
            best = point
    return best


def test_sliders_pick_what_an_enumeration_picks(sweep: Opened, explorer: Explorer) -> None:
    goals, latencies, energies = (stops(explorer, key) for key in ("accuracy", "latency_s", "energy_j"))
    tried = 0
    for i, j, k in product(
        range(0, len(goals), 17), range(0, len(latencies), 67), range(3, len(energies), 65)
    ):
        sweep.run(SET, {"accuracy": i, "latency_s": j, "energy_j": k})
        wanted = by_hand(explorer.sweep, goals[i], latencies[j], energies[k])
        assert wanted == cheapest(
            explorer.sweep.points, "energy_j", goals[i], {"latency_s": latencies[j], "energy_j": energies[k]}
        )
        assert shown(sweep) == ("No network here meets that" if wanted is None else wanted.name)
        assert sweep.page.inner_text("#command") == ("–" if wanted is None else wanted.command)
        tried += 1
    assert tried > 40


def test_another_cost_and_the_sure_side_pick_others(sweep: Opened, explorer: Explorer) -> None:
    goals = stops(explorer, "accuracy")
    stop = goals.index(0.8)
    sweep.run(SET, {"accuracy": stop})
    sweep.page.select_option("#minimize", "latency_s")
    wanted = cheapest(explorer.sweep.points, "latency_s", 0.8, {})
    assert wanted is not None and shown(sweep) == wanted.name
    sweep.page.check("#sure")
    surer = cheapest(explorer.sweep.points, "latency_s", 0.8, {}, is_sure=True)
    assert surer is not None and shown(sweep) == surer.name
    assert surer.accuracy.low is not None and surer.accuracy.low >= 0.8


def test_figures_drawing_and_command_follow(sweep: Opened, explorer: Explorer) -> None:
    sweep.run(SET, {"accuracy": stops(explorer, "accuracy").index(0.7)})
    point = next(point for point in explorer.sweep.points if point.name == shown(sweep))
    values = sweep.run(
        '() => [...document.querySelectorAll("#figures data")].map((entry) => Number(entry.value))'
    )
    numbers = (point.accuracy, point.energy_j, point.latency_s, point.params, point.macs)
    assert values == [number.value for number in numbers if number is not None]
    assert drawn(sweep, '"plot-networks").layout.xaxis.ticktext[0]') == point.name
    layers = sweep.run(
        '() => [...document.querySelectorAll("#layers td:nth-child(2)")].map((cell) => cell.textContent)'
    )
    assert [text.split(",")[0] for text in layers] == list(point.architecture)
    assert drawn(sweep, '"plot-front").data.at(-1).y') == [point.accuracy.value]


def test_the_keyboard_moves_the_sliders(sweep: Opened, explorer: Explorer) -> None:
    sweep.page.locator("#bound-accuracy").focus()
    sweep.page.keyboard.press("End")
    goal = stops(explorer, "accuracy")[-1]
    wanted = cheapest(explorer.sweep.points, "energy_j", goal, {})
    assert shown(sweep) == (wanted.name if wanted else "No network here meets that")
    sweep.page.keyboard.press("Home")
    least = cheapest(explorer.sweep.points, "energy_j", None, {})
    assert least is not None and shown(sweep) == least.name
    assert sweep.page.inner_text("#text-accuracy") == "any"


def test_what_cannot_be_met_says_what_to_relax(sweep: Opened, explorer: Explorer) -> None:
    sweep.run(SET, {"accuracy": stops(explorer, "accuracy").index(0.85)})
    sweep.run(SET, {"energy_j": 0})
    assert shown(sweep) == "No network here meets that"
    energies = [p.energy_j for p in explorer.sweep.points if p.accuracy.value >= 0.85]
    least = min(found.value for found in energies if found is not None)
    at_least = [
        p for p in explorer.sweep.points if p.energy_j and p.energy_j.value <= (energies_of(explorer)[0])
    ]
    best = max(point.accuracy.value for point in at_least)
    words = sweep.page.inner_text("#found-words")
    assert f"accuracy to {100 * best:.2f} %" in words and f"energy to {format_joules(least)}" in words
    assert sweep.page.locator("#copy").is_disabled()


def test_a_button_of_the_table_shows_its_network(sweep: Opened) -> None:
    sweep.page.get_by_role("button", name=f"Show {EVIL}").click()
    assert shown(sweep) == EVIL
    sweep.page.get_by_role("button", name="Show S1-L65").click()
    assert shown(sweep) == "S1-L65" and "no command" in sweep.page.inner_text("#command")


def test_the_next_networks_are_the_nearest(sweep: Opened, explorer: Explorer) -> None:
    sweep.run(SET, {"accuracy": stops(explorer, "accuracy").index(0.7)})
    here = next(point for point in explorer.sweep.points if point.name == shown(sweep))
    better = [p for p in explorer.sweep.points if p.accuracy.value > here.accuracy.value]
    wanted = min(better, key=lambda p: p.energy_j.value if p.energy_j else 0)
    sweep.page.get_by_role("button", name="Next better").click()
    assert shown(sweep) == wanted.name


def test_the_least_that_a_file_holds_gives_a_page(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "sweep.json").write_text(json.dumps(LEAST))
    found = open_page(browser, write_report(tmp_path))
    assert shown(found) == "a" and found.complaints == []
    found.page.context.close()


def test_axes_can_be_switched(sweep: Opened, explorer: Explorer) -> None:
    sweep.page.select_option("#axis-x", "params")
    sweep.page.select_option("#axis-y", "latency_s")
    dots = drawn(sweep, '"plot-front").data.find((trace) => trace.name === "sweep")')
    assert dots["x"] == [point.params.value for point in explorer.sweep.points if point.params]
    assert dots["y"] == [point.latency_s.value for point in explorer.sweep.points if point.latency_s]
