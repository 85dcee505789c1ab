"""A search as each of several processes runs it; started by tests through torchrun.

torchrun --nproc-per-node 2 tests/two_processes.py OUT MODE WEIGHT_LOSS
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.search.problems import DROPOUT_LAYOUT, problem
from wattnas.compute import choose_compute
from wattnas.objective import make_objective
from wattnas.rundir import RunDir
from wattnas.search import search_differentiable
from wattnas.sections import AugmentSettings
from wattnas.stage import Stage


def main(out: Path, mode: str, weight_loss: str) -> None:
    """24 steps of weights and 3 x 1 of theta, every step logged by the first process."""
    torch.set_num_threads(1)
    compute = choose_compute(processor="cpu")
    stated = problem(
        make_objective("s2", 0.9),
        layout=DROPOUT_LAYOUT,
        augment=AugmentSettings(padding=1, flip="on"),
        mode=mode,
        weight_loss=weight_loss,
        epochs=4,
        batch=8,
        theta_lr=0.3,
        compute=compute,
    )
    run = RunDir(out)
    if compute.is_first:
        run.start({}, {})
    compute.wait()
    run.load()
    stage = Stage(run, "search", log_start=0, checkpoint_s=1e9, writes=compute.is_first)
    found = search_differentiable(stated, stage)
    stage.finish()
    torch.save(found.theta, out / f"theta-{compute.rank}.pt")
    torch.save(found.weights, out / f"weights-{compute.rank}.pt")
    compute.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
