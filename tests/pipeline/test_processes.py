"""A build by two processes, through the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builds import Built, options
from wattnas.rundir import read_metrics

pytest.importorskip("accelerate", reason="several processes need the extra `processes`")


def test_two_processes_build_what_one_builds(built: Built, inputs: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*launcher, "-m", "wattnas", "build", *options(inputs), "--quiet", "--json", "--out", str(run)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(done.stdout.splitlines()) == 1  # the first process alone speaks
    assert json.loads(done.stdout)["run_dir"] == str(run)
    assert json.loads((run / "run.json").read_text())["machine"]["processes"] == 2
    assert {path.name for path in run.iterdir()} == {path.name for path in built.path.iterdir()}
    ours, theirs = read_metrics(run / "metrics.jsonl"), read_metrics(built.path / "metrics.jsonl")
    assert [(line["stage"], line["step"]) for line in ours] == [
        (line["stage"], line["step"]) for line in theirs
    ]
    # Before theta moves, both compute the same up to rounding.
    for line, other in zip(ours, theirs, strict=True):
        if line["stage"] == "search" and line["epoch"] == 0:
            assert line["weight_cross_entropy"] == pytest.approx(other["weight_cross_entropy"], rel=1e-4)
