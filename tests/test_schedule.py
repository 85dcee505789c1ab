"""Learning rates against torch's own schedulers."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from wattnas.schedule import cosine, one_cycle, step_decay, warm_cosine


def torch_rates(make: type[torch.optim.lr_scheduler.LRScheduler], steps: int, **settings: Any) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer, **settings)
    rates = []
    for _ in range(steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return rates


def test_cosine_is_torchs() -> None:
    expected = torch_rates(torch.optim.lr_scheduler.CosineAnnealingLR, 50, T_max=50)
    assert [cosine(step / 50) for step in range(50)] == pytest.approx(expected, abs=1e-9)


def test_one_cycle_is_torchs_up_to_its_grid() -> None:
    # torch puts the peak on step 0.25 * 1000 - 1 and ends on the last step; ours end one step later.
    expected = torch_rates(
        torch.optim.lr_scheduler.OneCycleLR,
        1000,
        max_lr=1.0,
        total_steps=1000,
        pct_start=0.25,
        cycle_momentum=False,
    )
    assert [one_cycle(step / 1000, 0.25) for step in range(1000)] == pytest.approx(expected, abs=0.01)


def test_warm_cosine_rises_in_a_line_then_falls() -> None:
    assert warm_cosine(0.05, 0.1) == pytest.approx(0.5)
    assert warm_cosine(0.1, 0.1) == pytest.approx(1.0)
    assert warm_cosine(0.55, 0.1) == pytest.approx(0.5)
    assert warm_cosine(0.3, 0.0) == cosine(0.3)


def test_step_decay_is_that_of_the_paper() -> None:
    rates = [step_decay(epoch, (90, 110), 0.1) for epoch in (0, 89, 90, 109, 110, 139)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
