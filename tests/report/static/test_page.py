"""Every page in a browser: silent, alone, drawn, reachable, readable, on paper and on a telephone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.report.static.conftest import EVIL, NARROW, WIDE, Opened, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_the_page_complains_about_nothing_and_asks_for_nothing(opened: Opened) -> None:
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith("file:")] == []
    assert len(opened.requests) == 1  # the page itself


def test_every_figure_is_drawn(opened: Opened, kind: str) -> None:
    empty = opened.run("""() => [...document.querySelectorAll(".plot")]
        .filter((plot) => !plot.querySelector(".main-svg, .gl-container")).map((plot) => plot.id)""")
    assert empty == []
    count = opened.run('() => document.querySelectorAll(".plot .main-svg").length')
    assert count >= {"run": 12, "sweep": 2, "analysis": 7}[kind]


def test_hostile_names_show_as_text(opened: Opened) -> None:
    assert EVIL in opened.page.inner_text("body") or EVIL.replace("/", "_") in opened.page.inner_text("body")
    assert opened.run("() => document.scripts.length") == 4  # data, Plotly's text, ours, Plotly started


def test_drawn_names_are_text_too(opened: Opened, kind: str) -> None:
    texts = opened.run('() => [...document.querySelectorAll(".plot text")].map((text) => text.textContent)')
    shown = {"run": EVIL.replace("/", "_"), "analysis": EVIL}
    assert kind == "sweep" or any(shown[kind] in text for text in texts)


def test_the_policy_refuses_other_scripts(browser: Browser, pages: dict[str, Path], kind: str) -> None:
    found = open_page(browser, pages[kind])
    found.run("""() => {
        const script = document.createElement("script");
        script.textContent = "window.wasRun = true";
        document.body.append(script);
    }""")
    assert found.run("() => window.wasRun") is None
    assert any("Content Security Policy" in text for text in found.complaints)
    found.page.context.close()


def serious(found: Opened, rules: str = "") -> set[tuple[str, str]]:
    """(rule, element) of what axe-core finds serious or worse."""
    axe = pytest.importorskip("axe_playwright_python.base", reason="needs the package axe-playwright-python")
    found.run(axe.AXE_SCRIPT + "; 0")
    options = f"{{ runOnly: [{rules}] }}" if rules else "{}"
    violations = json.loads(found.run(f"async () => JSON.stringify((await axe.run({options})).violations)"))
    return {
        (rule["id"], node["html"][:120])
        for rule in violations
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    }


def test_axe_finds_nothing_serious(opened: Opened) -> None:
    assert serious(opened) == set()


def test_axe_finds_nothing_serious_in_the_dark(
    browser: Browser, pages: dict[str, Path], kind: str, screenshots: Path
) -> None:
    found = open_page(browser, pages[kind], scheme="dark")
    found.page.screenshot(path=screenshots / f"{kind}-dark.png", full_page=True)
    assert serious(found, "'color-contrast'") == set()
    found.page.pdf(path=screenshots / f"{kind}.pdf", format="A4", print_background=True)
    assert found.complaints == []
    found.page.context.close()


def test_the_keyboard_reaches_everything(opened: Opened) -> None:
    wanted = opened.run("""() => {
        const names = "a[href], button:not(:disabled), input, select, summary, [tabindex='0']";
        const all = [...document.querySelectorAll(names)];
        const seen = all.filter((element) => element.checkVisibility({ contentVisibilityAuto: true }));
        seen.forEach((element, index) => { element.dataset.order = index; });
        return seen.length;
    }""")
    opened.run("() => { document.activeElement.blur(); window.scrollTo(0, 0); }")
    reached = set()
    for _ in range(wanted + 5):
        opened.page.keyboard.press("Tab")
        reached.add(opened.run("() => document.activeElement.dataset.order ?? null"))
    assert {str(index) for index in range(wanted)} <= reached


WIDTH = "() => document.documentElement.scrollWidth"


def test_the_page_fits_a_screen(opened: Opened, kind: str, screenshots: Path) -> None:
    opened.page.screenshot(path=screenshots / f"{kind}-{WIDE[0]}.png", full_page=True)
    assert opened.run(WIDTH) <= WIDE[0]


def test_the_page_fits_a_telephone(
    browser: Browser, pages: dict[str, Path], kind: str, screenshots: Path
) -> None:
    found = open_page(browser, pages[kind], NARROW)
    found.page.screenshot(path=screenshots / f"{kind}-{NARROW[0]}.png", full_page=True)
    assert found.run(WIDTH) <= NARROW[0]
    assert found.complaints == []
    found.page.context.close()


@pytest.fixture(scope="module")
def run(browser: Browser, pages: dict[str, Path]) -> Iterator[Opened]:
    """The page of the run, to be played with."""
    found = open_page(browser, pages["run"])
    yield found
    found.page.context.close()


@pytest.fixture
def log(pages: dict[str, Path]) -> list[dict[str, Any]]:
    """Its log."""
    return [json.loads(line) for line in (pages["run"].parent / "metrics.jsonl").read_text().splitlines()]


INK = """() => getComputedStyle(document.querySelector("#plot-search-0 .xtick text")).fill"""


def test_colours_follow_the_theme(run: Opened) -> None:
    light, dark = "rgb(27, 31, 36)", "rgb(232, 234, 237)"  # --ink of the palette
    assert run.run(INK) == light
    run.page.emulate_media(color_scheme="dark")
    for _ in range(100):  # Playwright's own waiting evaluates a string, which the page's policy forbids
        if run.run(INK) == dark:
            break
        run.page.wait_for_timeout(50)
    assert run.run(INK) == dark


def test_who_prints_at_once_gets_figures(browser: Browser, pages: dict[str, Path]) -> None:
    """Plotly starts after the first frame, unless paper is waiting for it."""
    page = browser.new_context(offline=True).new_page()
    page.add_init_script("window.requestAnimationFrame = () => 0;")
    page.goto(pages["sweep"].as_uri())
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("() => typeof Plotly") == "object"
    page.context.close()


def test_paper_is_light(run: Opened) -> None:
    run.page.emulate_media(color_scheme="dark")
    run.run('() => dispatchEvent(new Event("beforeprint"))')
    assert run.run(INK) == "rgb(27, 31, 36)"
    run.run('() => dispatchEvent(new Event("afterprint"))')
    assert run.run(INK) == "rgb(232, 234, 237)"


def test_figures_hold_the_numbers_of_the_files(
    run: Opened, pages: dict[str, Path], log: list[dict[str, Any]]
) -> None:
    accuracies = [line["weight_accuracy"] for line in log if line["stage"] == "search"]
    drawn = run.run('() => document.getElementById("plot-search-0").data[0].y')
    assert drawn == pytest.approx(accuracies, rel=1e-5)
    costs = json.loads((pages["run"].parent / "costs.json").read_text())
    bars = run.run('() => document.getElementById("plot-layer-energy").data[0].x')
    assert bars == [layer["energy_j"] for layer in costs["layers"]]


def test_the_slider_of_the_gates_shows_each_epoch(run: Opened, log: list[dict[str, Any]]) -> None:
    gates = [line["probabilities"] for line in log if "probabilities" in line]
    slider = run.page.locator("#gates-epoch")
    read = '() => document.getElementById("plot-gates").data[0].z'
    assert run.run(read) == gates[-1]
    slider.focus()
    run.page.keyboard.press("Home")
    assert run.run(read) == gates[0]
    run.page.keyboard.press("ArrowRight")
    assert run.run(read) == gates[1]
    assert run.page.inner_text("#gates-epoch-text") == "epoch 2" == slider.get_attribute("aria-valuetext")
