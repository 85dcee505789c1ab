from __future__ import annotations

import pytest
import torch

from wattnas.search import Costs

TABLE = torch.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=torch.float64)


def test_expected_costs_are_the_gated_sum_and_what_every_architecture_has() -> None:
    costs = Costs(TABLE, 10 * TABLE, fixed_latency_s=0.5, fixed_energy_j=7.0)
    latency_s, energy_j = costs.expected(torch.tensor([[0.25, 0.75], [1.0, 0.0]]))
    assert float(latency_s) == 0.25 + 1.5 + 3 + 0.5
    assert float(energy_j) == 2.5 + 15 + 30 + 7
    assert latency_s.shape == energy_j.shape == ()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_costs_count_in_the_type_of_the_gates(dtype: torch.dtype) -> None:
    gates = torch.full((2, 2), 0.5, dtype=dtype, requires_grad=True)
    latency_s, energy_j = Costs(TABLE, TABLE, 0.0, 0.0).expected(gates)
    assert latency_s.dtype == energy_j.dtype == dtype
    (slope,) = torch.autograd.grad(latency_s, [gates])
    assert torch.equal(slope, TABLE.to(dtype))
