"""A build that is killed and resumed ends as one that was left alone, bit for bit."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builds import Built, options, program

FILES = ("architecture.json", "costs.json", "metrics.jsonl", "weights.safetensors")


def lines(path: Path) -> int:
    """Lines logged so far."""
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def kill_when(run: Path, inputs: Path, reached: Callable[[], bool], delay_s: float) -> None:
    """Go on with the build in `run`, and SIGKILL it `delay_s` after `reached` became true."""
    with program("build", *options(inputs), "--quiet", "--json", "--out", run) as process:
        while not reached():
            assert process.poll() is None, "the build ended before it could be killed"
            time.sleep(0.001)
        time.sleep(delay_s)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


@pytest.mark.slow
def test_a_build_killed_in_search_training_and_export_ends_as_an_undisturbed_one(
    built: Built, inputs: Path, tmp_path: Path
) -> None:
    run, log = tmp_path / "run", tmp_path / "run" / "metrics.jsonl"
    searched = sum(b'"search"' in line for line in (built.path / "metrics.jsonl").read_bytes().splitlines())
    moments = random.Random(20260504)
    in_search, in_training = moments.randrange(2, searched - 2), searched + moments.randrange(2, 8)
    kill_when(run, inputs, lambda: lines(log) >= in_search, moments.uniform(0, 0.05))
    kill_when(run, inputs, lambda: lines(log) >= in_training, moments.uniform(0, 0.05))
    kill_when(run, inputs, (run / "weights.safetensors").is_file, moments.uniform(0, 0.5))
    assert not (run / "report.html").exists()
    with program("build", *options(inputs), "--quiet", "--json", "--out", run) as process:
        process.communicate()
        assert process.returncode == 0
    for name in FILES:
        assert (run / name).read_bytes() == (built.path / name).read_bytes(), name
    assert not list(run.glob("*.checkpoint")) and not list(run.glob(".*.part"))
