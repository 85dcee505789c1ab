"""The document: safe, complete, true to the files."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

import wattnas.report.render
from tests.report.conftest import WARNINGS
from tests.report.fake_run import CLASSES, COLOURFUL, make_run
from tests.report.reading import Document
from wattnas.report.page import build_page
from wattnas.report.read import read_run
from wattnas.report.render import BASIC, CARTESIAN, embedded, render, static
from wattnas.units import format_joules, format_seconds

SECTIONS = ["answer", "use", "architecture", "search", "training", "data", "provenance"]
EVIL = "<script>alert(1)</script>"


def test_sections_stand_in_order(document: Document) -> None:
    ids = [tag.attributes["id"] for tag in document.tags if tag.name == "section" and "id" in tag.attributes]
    assert ids == SECTIONS


def test_the_page_is_well_formed(document: Document) -> None:
    assert document.unclosed == []
    ids = [tag.attributes["id"] for tag in document.tags if "id" in tag.attributes]
    assert len(ids) == len(set(ids))


def test_the_page_asks_for_nothing(document: Document) -> None:
    policy = next(
        tag for tag in document.tags if tag.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy.attributes["content"]
    assert not {"link", "iframe", "object", "embed", "form", "base"} & {tag.name for tag in document.tags}
    for tag in document.tags:
        for name, value in tag.attributes.items():
            assert not name.startswith("on"), tag
            if name in ("src", "srcset", "href", "xlink:href", "action", "data", "poster"):
                assert value.startswith("#"), tag
    scripts = r"<script(?! type=.application)[^>]*>.*?</script>"  # a browser tests those
    written = re.sub(scripts, "", document.html, flags=re.DOTALL)
    assert not re.search(r"https?://|@import|url\(", written)


def test_the_policy_names_each_script_and_style_by_its_hash(document: Document) -> None:
    policy = next(tag.attributes["content"] for tag in document.tags if tag.attributes.get("http-equiv"))
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for name, pattern in (
        ("script-src", r"<script(?: type=.text/plain. id=.plotly.)?>(.*?)</script>"),
        ("style-src-elem", r"<style[^>]*>(.*?)</style>"),
    ):
        found = {hashed(text) for text in re.findall(pattern, document.html, re.DOTALL)}
        assert set(rules[name].split()) == found and len(found) == 2
    assert "unsafe" not in rules["default-src"] + rules["script-src"] + rules["style-src-elem"]


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_page_is_small(finished: Path) -> None:
    assert (finished / "report.html").stat().st_size < 2e6


@pytest.mark.parametrize("bundle", [BASIC, CARTESIAN])
def test_the_library_is_the_one_that_was_published(bundle: str) -> None:
    digest = hashlib.sha256(static(bundle).encode("utf-8")).hexdigest()
    text = (Path(wattnas.report.render.__file__).parent / "static" / "README.md").read_text()
    assert f"{digest}  {bundle}" in text


def test_json_cannot_leave_its_element() -> None:
    text = embedded({"name": "</script><!--<script>&"})
    assert not set("<>&") & set(text) and json.loads(text) == {"name": "</script><!--<script>&"}


def test_links_lead_somewhere(document: Document) -> None:
    ids = {tag.attributes.get("id") for tag in document.tags}
    targets = {tag.attributes["href"][1:] for tag in document.tags if tag.name == "a"}
    assert targets and targets <= ids


def test_screen_readers_find_their_way(document: Document) -> None:
    assert document.tags[0].attributes == {"lang": "en"}
    levels = [int(tag.name[1]) for tag in document.tags if re.fullmatch("h[1-6]", tag.name)]
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    for tag in document.tags:
        if tag.name == "th":
            assert tag.attributes["scope"] in ("col", "row")
        if tag.attributes.get("class") == "plot":
            assert tag.attributes["role"] == "img" and tag.attributes["aria-label"]
        if "tabindex" in tag.attributes:
            assert tag.attributes["role"] == "region" and tag.attributes["aria-label"]
    regions = [
        tag.attributes["aria-label"] for tag in document.tags if tag.attributes.get("role") == "region"
    ]
    assert len(regions) == len(set(regions))


def test_key_figures_are_those_of_the_files(document: Document, finished: Path) -> None:
    costs = json.loads((finished / "costs.json").read_text())
    energy = document.row("answer", "Energy, ozawa-2021")
    assert energy[1] == format_joules(costs["energy_j"]) and energy[3] == "predicted"
    assert energy[4] == costs["sources"]["energy_j"]["source"]
    accuracy = document.row("answer", "Accuracy")
    assert accuracy[1:4] == ["66.42 %", "65.10 % to 67.72 %", "measured"]  # Wilson, 3321 of 5000


def test_the_answer_comes_in_words(document: Document) -> None:
    text = document.text("answer")
    assert text.startswith(
        "Goal met The goal: at least 65 % of the images classified right. Reached: 66.42 %."
    )


def test_every_exact_value_is_in_a_file(document: Document, finished: Path) -> None:
    numbers: set[float] = {float((finished / "model.onnx").stat().st_size)}

    def collect(content: object) -> None:
        if isinstance(content, dict):
            content = list(content.values())
        if isinstance(content, list):
            for entry in content:
                collect(entry)
        elif isinstance(content, int | float):
            numbers.add(float(content))

    for name in ("costs.json", "verification.json"):
        collect(json.loads((finished / name).read_text()))
    for line in (finished / "metrics.jsonl").read_text().splitlines():
        collect(json.loads(line))
    assert len(document.data) > 400
    assert [entry for entry in document.data if entry[2] not in numbers] == []


def test_layers_are_in_the_table(document: Document, finished: Path) -> None:
    for layer in json.loads((finished / "costs.json").read_text())["layers"]:
        row = document.row("architecture", str(layer["layer"]), width=7)
        assert row[1] == layer["operation"]
        assert row[2] == f"{format_seconds(layer['latency_s'])} measured"
        assert row[3] == f"{format_joules(layer['energy_j'])} measured"


def test_candidates_can_be_copied(document: Document) -> None:
    assert document.inside("pre", "architecture") == [COLOURFUL]


def test_settings_can_be_copied(document: Document, finished: Path) -> None:
    saved = json.loads((finished / "run.json").read_text())["settings"]
    (text,) = document.inside("pre", "provenance")
    assert json.loads(text) == saved


def test_warnings_and_classes_are_listed(document: Document) -> None:
    provenance, data = document.text("provenance"), document.text("data")
    assert all(warning in provenance for warning in WARNINGS)
    assert all(name in data for name in CLASSES)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The page of a run in which all text of users is hostile; without curves, which are slow."""
    path = tmp_path_factory.mktemp("report") / "<b>run"
    quotes = "\"'>{{ 7 * 7 }}&amp;"
    make_run(path, classes=(EVIL, quotes, "名前", *CLASSES[3:]), warnings=(EVIL,), source=f"data/{EVIL}")
    (path / "metrics.jsonl").unlink()
    for name in ("architecture.json", "costs.json"):
        content = (path / name).read_text(encoding="utf-8").replace('"k3_e1"', '"<i>$k"')
        (path / name).write_text(content.replace('"ozawa-2021"', '"<u>device"'), encoding="utf-8")
    return Document(render(build_page(read_run(path))))


def test_hostile_text_shows_as_text(attacked: Document) -> None:
    assert attacked.unclosed == []
    assert not {"b", "i", "u"} & {tag.name for tag in attacked.tags}
    assert [tag.name for tag in attacked.tags].count("script") == 3  # data, Plotly, ours
    assert EVIL in attacked.text("data") and EVIL in attacked.text("provenance")
    assert "{{ 7 * 7 }}&amp;" in attacked.text("data")
    assert "<b>run" in attacked.text() and "<i>$k" in attacked.text("architecture")
    assert "<u>device" in attacked.text("answer")
    assert EVIL not in attacked.html


@pytest.mark.parametrize("count", [0, 2])
def test_an_unfinished_run_says_what_is_missing(tmp_path: Path, count: int) -> None:
    path = make_run(tmp_path / "part", done=("search", "train")[:count])
    (path / "metrics.jsonl").unlink()
    found = Document(render(build_page(read_run(path))))
    assert found.unclosed == []
    assert "Not finished" in found.text("answer") and "Missing:" in found.text("answer")
    assert ("There is no architecture yet" in found.text("architecture")) == (count == 0)
    assert "The search has logged nothing yet" in found.text("search")
    assert "The final training has logged nothing yet" in found.text("training")
    assert "Accuracy by class is not measured yet" in found.text("data")
    assert "There is no model.onnx yet" in found.text("use")
