"""Two processes compute what one computes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from wattnas.rundir import read_metrics

pytest.importorskip("accelerate", reason="several processes need the extra `processes`")
SCRIPT = Path(__file__).parents[1] / "two_processes.py"


def search(out: Path, processes: int, mode: str, weight_loss: str) -> list[dict[str, float]]:
    """The log of a search that so many processes ran."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, *(launcher if processes > 1 else []), str(SCRIPT), str(out), mode, weight_loss]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return read_metrics(out / "metrics.jsonl")


@pytest.mark.parametrize(("mode", "weight_loss"), [("sampled", "ce"), ("mixture", "total")])
def test_two_processes_have_the_losses_of_one(tmp_path: Path, mode: str, weight_loss: str) -> None:
    one = search(tmp_path / "one", 1, mode, weight_loss)
    two = search(tmp_path / "two", 2, mode, weight_loss)
    assert len(one) == len(two) >= 20  # every step is a line
    for ours, theirs in zip(two, one, strict=True):
        assert ours.keys() == theirs.keys()
        for name in {"weight_cross_entropy", "weight_accuracy", "loss", "cross_entropy"} & ours.keys():
            assert ours[name] == pytest.approx(theirs[name], rel=1e-4, abs=1e-4), (name, theirs["step"])
    assert any("loss" in line for line in one)
    first, second, alone = (
        torch.load(tmp_path / name, weights_only=True)
        for name in ("two/theta-0.pt", "two/theta-1.pt", "one/theta-0.pt")
    )
    assert torch.equal(first, second)
    if mode == "mixture":
        # Two sampled paths that hardly differ yet give a gradient of rounding size, whose sign Adam follows.
        torch.testing.assert_close(first, alone, rtol=1e-3, atol=1e-3)
    ranks = [torch.load(tmp_path / f"two/weights-{rank}.pt", weights_only=True) for rank in (0, 1)]
    for name, tensor in ranks[0].items():
        assert torch.equal(tensor, ranks[1][name]), name
