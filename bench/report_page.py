"""How long a browser takes to open the page of a sweep, and to react to a slider.

    python bench/report_page.py [--networks 200]

Needs Debian's package chromium and the Python package playwright. Opening: from the start of the navigation
until the answer is painted and its controls work, and until the front is drawn. Reacting: from an input event
of a slider until the browser has painted the change.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.report.fake_sweep import make_sweep

from wattnas.report import write_report

if TYPE_CHECKING:
    from playwright.sync_api import Page

REACT = """async (stop) => {
    const slider = document.getElementById("bound-accuracy");
    const began = performance.now();
    slider.value = stop;
    slider.dispatchEvent(new Event("input"));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - began;
}"""


ANSWERED = """new MutationObserver((_, observer) => {
    if (!document.getElementById("found-name")?.textContent) return;
    observer.disconnect();
    requestAnimationFrame(() => { window.answered = performance.now(); });
}).observe(document, { subtree: true, childList: true, characterData: true });"""


def main() -> None:
    """Print both times, milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=200)
    networks = parser.parse_args().networks
    with tempfile.TemporaryDirectory() as folder:
        make_sweep(networks).save(Path(folder) / "sweep.json")
        path = write_report(Path(folder))
        print(f"{networks} networks, {path.stat().st_size / 1e6:.2f} MB")
        measure(path)


def measure(path: Path) -> None:
    """Five openings, and a slider moved over its whole range."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        opened = []
        for _ in range(5):
            page = browser.new_page()
            page.add_init_script(ANSWERED)
            opened.append(open_page(page, path))
        reactions = [page.evaluate(REACT, stop) for stop in range(0, 60, 3)]
        browser.close()
    for what, times in zip(("answers", "has drawn the front"), zip(*opened, strict=True), strict=True):
        print(f"{what} in {median(times):.0f} ms (median of {len(times)}, longest {max(times):.0f} ms)")
    print(
        f"reacts in {median(reactions):.0f} ms (median of {len(reactions)}, longest {max(reactions):.0f} ms)"
    )


def open_page(page: Page, path: Path) -> tuple[float, float]:
    """Milliseconds until the answer stands there, and until the front is drawn."""
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_selector("#plot-front .main-svg")
    return tuple(page.evaluate("() => [window.answered, performance.now()]"))


if __name__ == "__main__":
    main()
