"""The findings on networks that follow a known law, and on networks that do not."""

from __future__ import annotations

import numpy as np

from tests.analysis.models import quantity, row
from wattnas.analysis.fits import LEAST, energy_bound, findings, hyperbola, operations, power
from wattnas.analysis.row import Row

N = 12


def lawful() -> list[Row]:
    """time = 2 ms + 20 ms per G MACs, accuracy = 0.8 - 2 ms / time, both with a little noise."""
    rows, draw = [], np.random.default_rng(0)
    for index, macs in enumerate(np.geomspace(1e8, 1.2e10, N)):
        seconds = (2e-3 + 2e-11 * macs) * draw.uniform(0.98, 1.02)
        rows.append(row(f"n{index}", macs=macs, seconds=seconds, top1=0.8 - 2e-3 / seconds * 0.4))
    return rows


def lawless() -> list[Row]:
    """Neither operations nor accuracy say anything about time."""
    draw = np.random.default_rng(0)
    seconds = draw.permutation(np.geomspace(1e-3, 1e-1, N))
    top1 = draw.permutation(np.linspace(0.5, 0.8, N))
    macs = np.geomspace(1e8, 1e10, N)
    return [row(f"n{i}", macs=macs[i], seconds=seconds[i], top1=float(top1[i])) for i in range(N)]


def test_operations_that_predict_time() -> None:
    found = operations(lawful())
    assert found.verdict == "holds" and found.n == N
    assert found.estimates["r"].low > 0.99
    slope = float(found.fit.split("+ ")[1].split(" ms per G MACs")[0])
    assert abs(slope - 20) < 0.5


def test_operations_that_do_not() -> None:
    assert operations(lawless()).verdict == "contradicted"


def test_a_hyperbola_is_recognised() -> None:
    found = hyperbola(lawful())
    assert found.verdict == "holds"
    assert found.estimates["R2 of the bound"].value > 0.99
    assert abs(found.estimates["b [s]"].value - 0.8e-3) < 0.05e-3


def test_no_hyperbola() -> None:
    assert hyperbola(lawless()).verdict != "holds"
    assert hyperbola(lawless()).estimates["R2 of all"].value < 0.3
    straight = [row(f"n{i}", seconds=0.01 * (i + 1), top1=0.5 + 0.02 * i) for i in range(N)]
    assert hyperbola(straight).verdict == "holds in part"  # rises, but a line does better


def test_an_energy_budget_bounds() -> None:
    found = energy_bound(lawful())
    assert found.verdict == "holds"
    assert "modelled" in found.words and "n11" in found.words


def test_power_without_a_meter_is_not_tested() -> None:
    found = power(lawful())
    assert (found.verdict, found.n) == ("not tested", 0)


def test_power_that_is_steady_and_power_that_is_not() -> None:
    steady = [row(f"n{i}", watts={1: 5.0 + 0.01 * i, 4: 5.0}) for i in range(N)]
    assert power(steady).verdict == "holds"
    growing = [row(f"n{i}", watts={1: 2.0 + i, 4: 2 * (2.0 + i)}) for i in range(N)]
    found = power(growing)
    assert found.verdict == "contradicted"
    assert abs(found.estimates["slope"].value - 0.5) < 1e-9  # twice the power at four times the batch


def test_accuracies_on_other_images_stay_apart() -> None:
    own = row("mine", seconds=1e-4, top1=None).model_copy(update={"accuracy": quantity(0.99)})
    alone = hyperbola(lawful())
    assert hyperbola([*lawful(), own]).n == alone.n == N
    assert operations([*lawful(), own]).n == N + 1


def test_few_networks_conclude_nothing() -> None:
    assert {f.verdict for f in findings(lawful()[: LEAST - 1])} == {"not tested"}
    assert all(finding.words and finding.claim for finding in findings([]))
