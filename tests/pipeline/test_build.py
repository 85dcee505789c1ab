"""The order of the stages, and running them again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builds import Built, opened, settings
from wattnas.errors import RunError
from wattnas.pipeline import STAGES, Context, build_run, redo, run_stage, start_run
from wattnas.pipeline import build as module
from wattnas.progress import Silent


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stages that only end; returns the list of those that ran."""
    ran: list[str] = []

    def fake(name: str) -> Callable[[Context], None]:
        def stage(context: Context) -> None:
            ran.append(name)
            context.run.finish(name, 0.0)

        return stage

    monkeypatch.setattr(module, "STAGE_FUNCTIONS", {name: fake(name) for name in STAGES})
    monkeypatch.setattr(module, "run_report", lambda context: ran.append("report"))
    return ran


def test_the_stages_stand_in_order() -> None:
    assert STAGES == ("search", "train", "export", "verify")


@pytest.mark.parametrize(
    ("stage", "first", "command"),
    [("train", "search", "search"), ("export", "search", "search"), ("verify", "search", "search")],
)
def test_a_stage_waits_for_those_before_it(
    tmp_path: Path, inputs: Path, stage: str, first: str, command: str
) -> None:
    context = start_run(tmp_path / "run", settings(inputs), Silent())
    with pytest.raises(RunError, match=f"not ready for {stage}: {first} is not done.*wattnas {command} "):
        run_stage(context, stage)


def test_the_first_stage_that_is_missing_is_named(copied: Path) -> None:
    context = opened(copied)
    context.run.forget(("train", "export"))
    with pytest.raises(RunError, match="not ready for verify: train is not done"):
        context.run.forget(("verify",))
        run_stage(context, "verify")


def test_a_stage_that_is_done_is_left_alone(built: Built, fakes: list[str]) -> None:
    context = opened(built.path)
    assert [run_stage(context, stage) for stage in STAGES] == [False] * 4
    assert fakes == []


def test_a_build_goes_on_with_the_first_stage_that_is_not_done(copied: Path, fakes: list[str]) -> None:
    context = opened(copied)
    redo(context, "export")
    found = build_run(context)
    assert fakes == ["export", "verify", "report"]
    assert found.verification.goal_accuracy == 0.4


@pytest.mark.parametrize(("stage", "left"), [("search", 0), ("train", 1), ("export", 2), ("verify", 3)])
def test_redo_forgets_a_stage_and_all_after_it_and_keeps_the_files(
    copied: Path, stage: str, left: int
) -> None:
    before = {path.name for path in copied.iterdir()}
    redo(opened(copied), stage)
    run = opened(copied).run
    assert [name for name in STAGES if run.is_done(name)] == list(STAGES[:left])
    assert {path.name for path in copied.iterdir()} == before


def test_searching_again_finds_the_same(built: Built, copied: Path) -> None:
    context = opened(copied)
    redo(context, "search")
    assert run_stage(context, "search")
    for name in ("architecture.json", "costs.json", "profile.json"):
        assert (copied / name).read_bytes() == (built.path / name).read_bytes(), name
    # What training had logged is gone with it: it will be logged again.
    log = (copied / "metrics.jsonl").read_bytes()
    assert (built.path / "metrics.jsonl").read_bytes().startswith(log)
    assert b'"stage": "train"' not in log


@pytest.mark.parametrize(
    ("name", "hint"),
    [("costs.json", "wattnas search .* --again"), ("verification.json", "wattnas evaluate")],
)
def test_a_damaged_result_is_named_with_what_makes_it_again(copied: Path, name: str, hint: str) -> None:
    (copied / name).write_text("{}")
    with pytest.raises(RunError, match=rf"{name} is .*{hint}"):
        module.outcome(opened(copied))
