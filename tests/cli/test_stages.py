"""The stages of a build, each as a command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builds import Built, options, wattnas
from tests.pipeline.images import digits, share_right, write_digits
from wattnas.pipeline import Context
from wattnas.pipeline.stages import STAGE_FUNCTIONS


def test_evaluate_gives_accuracy_with_its_interval(built: Built) -> None:
    code, out, err = wattnas("evaluate", built.path, "--data", "digits", "--split", "test", "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    found, record = json.loads(out), json.loads((built.path / "verification.json").read_text())["accuracy"]
    assert {key: found[key] for key in record} == record
    assert {"accuracy", "low", "high", "n"} <= set(found)
    code, text, _ = wattnas("evaluate", built.path, "--quiet")
    assert code == 0
    percent = [f"{100 * record[key]:.2f}%" for key in ("accuracy", "low", "high")]
    assert text == f"{percent[0]} ({percent[1]} to {percent[2]}) of 359 test images of digits\n"


def test_evaluate_takes_other_images(built: Built, tmp_path: Path) -> None:
    images = digits(2, 8, each=15)
    folder = write_digits(tmp_path / "new", images)
    code, out, _ = wattnas("evaluate", built.path, "--data", folder, "--json")
    found = json.loads(out)
    assert code == 0 and found["n"] == 30
    assert found["accuracy"] == pytest.approx(share_right(built.path / "model.onnx", images))
    write_digits(tmp_path / "new", digits(1), name="letter_{}")
    code, out, err = wattnas("evaluate", built.path, "--data", folder, "--json")
    assert (code, out) == (2, "") and "letter_1" in err


def test_evaluate_writes_the_verification_where_it_is_missing(
    built: Built, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wattnas.pipeline.stages.measure_latency", lambda _: None)  # it takes seconds
    stored = json.loads((copied / "run.json").read_text())
    del stored["stages"]["verify"]
    (copied / "run.json").write_text(json.dumps(stored))
    (copied / "verification.json").unlink()
    assert wattnas("evaluate", copied, "--split", "validation", "--json").code == 0
    assert not (copied / "verification.json").exists()
    assert wattnas("evaluate", copied, "--json").code == 0
    found, before = (json.loads((path / "verification.json").read_text()) for path in (copied, built.path))
    for key in ("accuracy", "goal_met", "parity", "model_sha256", "predicted_energy"):
        assert found[key] == before[key], key


@pytest.mark.parametrize("stage", ["search", "train", "export"])
def test_a_stage_that_is_done_says_so(built: Built, stage: str) -> None:
    code, out, err = wattnas(stage, built.path, "--quiet")
    assert code == 0
    assert err == f"{stage} is done already; --again runs it anew.\n"
    assert out == (json.loads(built.ended.out)["architecture"] + "\n" if stage == "search" else "")


def test_the_stages_one_by_one_make_what_build_makes(built: Built, inputs: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    code, out, err = wattnas("search", run, *options(inputs))
    assert (code, out) == (0, json.loads(built.ended.out)["architecture"] + "\n"), err
    code, _, err = wattnas("export", run, "--quiet")
    assert code == 2 and "train is not done" in err and f"wattnas train {run}" in err
    assert wattnas("train", run, "--quiet").code == 0
    for name in ("architecture.json", "costs.json", "metrics.jsonl", "weights.safetensors"):
        assert (run / name).read_bytes() == (built.path / name).read_bytes(), name


def test_again_makes_later_stages_run_anew(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Path] = []

    def export(context: Context) -> None:
        ran.append(context.run.path)
        context.run.finish("export", 0.0)

    monkeypatch.setitem(STAGE_FUNCTIONS, "export", export)
    assert wattnas("export", copied, "--again", "--quiet") == (0, "", "")
    assert ran == [copied]
    stages = json.loads((copied / "run.json").read_text())["stages"]
    assert list(stages) == ["search", "train", "export"]


def test_search_refuses_other_options_for_a_run_that_is_there(built: Built, inputs: Path) -> None:
    code, out, err = wattnas("search", built.path, *options(inputs, seed="5"))
    assert (code, out) == (2, "") and "built with seed = 0, not 5" in err


def test_report_prints_where_it_is(copied: Path) -> None:
    (copied / "report.html").unlink()
    assert wattnas("report", copied, "--quiet") == (0, f"{copied / 'report.html'}\n", "")
    assert (copied / "report.html").is_file()
