"""From a fit to entries, and two profiles made one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.device.cases import campaign_profile, entry, profile, toy
from wattnas.device import Profile, cost_table
from wattnas.device.assemble import RESOLUTION_S, join_profiles, with_identities
from wattnas.device.fitted import Covariance, EnergyFit

STEM, BLOCK, HEAD = "stem_k3 1x8x8 -> 8 s1", "k3_e1 8x8x8 -> 8 s1", "head_average 8x8x8 -> 8 -> 2"
SKIP = "skip 8x8x8 -> 8 s1"


def test_a_campaigns_profile_covers_its_space() -> None:
    table = cost_table(campaign_profile(toy(), watts=5.0), toy())
    assert table.latency_s.tolist() == [[2e-3, 0.0], [2e-3, 0.0]]
    assert table.energy_j.tolist() == [[0.01, 0.0], [0.01, 0.0]]
    assert table.fixed_latency_s == pytest.approx(4e-3)
    assert table.fixed_energy_j == pytest.approx(0.02)


def test_entries_say_where_their_numbers_come_from() -> None:
    made = campaign_profile(toy(), watts=5.0, threads=2)
    assert (made.runtime, made.threads, made.scope) == ("onnxruntime 9.9", 2, "network")
    block = cost_table(made, toy()).cells[0][0]
    assert (block.latency.origin, block.latency.n) == ("predicted", 41)
    assert (block.latency.low, block.latency.high) == pytest.approx((2e-3 * 0.804, 2e-3 * 1.196), rel=1e-4)
    for fact in ("Example CPU", "onnxruntime 9.9", "2 thread", "2026-01-31", "40 whole networks"):
        assert fact in block.latency.source
    assert (block.energy.origin, block.energy.n) == ("modelled", None)
    assert "5 W (stated, not measured)" in block.energy.source
    assert (block.energy.low, block.energy.high) == pytest.approx((0.01 * 0.804, 0.01 * 1.196), rel=1e-4)


def test_an_identity_costs_nothing_and_is_said_to_be_modelled() -> None:
    skip = cost_table(campaign_profile(toy()), toy()).cells[1][1]
    assert (skip.latency.value, skip.energy.value) == (0.0, 0.0)
    assert skip.latency.origin == skip.energy.origin == "modelled"
    assert "identity is removed by the runtime" in skip.latency.source


def test_nothing_that_runs_costs_less_than_a_clock_resolves() -> None:
    made = campaign_profile(toy(), {STEM: 1e-3, BLOCK: -2e-5, HEAD: 1e-3}, matrix=np.eye(3) * 1e-10)
    latency = next(e.latency for e in made.entries if e.key == BLOCK)
    assert (latency.value, latency.low) == (RESOLUTION_S, 0.0)


def test_entries_keep_six_digits() -> None:
    made = campaign_profile(toy(), {STEM: 1 / 3, BLOCK: 2 / 3, HEAD: 1 / 7}, watts=3.0)
    latency, energy = made.entries[0].latency, made.entries[0].energy
    assert (latency.value, energy.value) == (0.333333, 1.0)
    assert all(
        float(f"{number:.6g}") == number for number in (latency.low, latency.high, energy.low, energy.high)
    )


def measured_energy() -> EnergyFit:
    """Stems at 2 W, blocks at 3 W, heads at 5 W, 0.5 J a call; known to 0.1 W and 0.2 J."""
    kinds = ("head_average", "k3_e1", "stem_k3", "constant")
    spread = Covariance.of(kinds, np.diag([0.01, 0.01, 0.01, 0.04]), 0.02)
    watts = dict(zip(kinds, (5.0, 3.0, 2.0, 0.5), strict=True))
    return EnergyFit(meter="rapl (package)", watts=watts, covariance=spread, networks=40)


def test_measured_energies_are_watts_times_seconds_and_the_stem_has_the_constant() -> None:
    made = campaign_profile(toy(), {STEM: 1.0, BLOCK: 2.0, HEAD: 0.5}, energy=measured_energy())
    found = {e.key: e.energy for e in made.entries}
    assert [found[key].value for key in (STEM, BLOCK, HEAD, SKIP)] == [2 * 1 + 0.5, 3 * 2, 5 * 0.5, 0]
    assert (found[STEM].origin, found[STEM].n) == ("predicted", 40)
    assert "rapl (package)" in found[STEM].source
    # The stem: 0.1 W for 1 s, 0.2 J, and 2 W for the 0.1 s that its time is uncertain by.
    sigma = (0.1**2 + 0.2**2 + (2 * 0.1) ** 2) ** 0.5
    assert found[STEM].high == pytest.approx(2.5 + 1.96 * sigma, rel=1e-4)


def test_joining_keeps_old_entries_and_adds_the_others() -> None:
    old = campaign_profile(toy())
    new = campaign_profile(toy(classes=3), {HEAD.replace("-> 2", "-> 3"): 7e-3})
    stranger = new.model_copy(update={"entries": (*new.entries, entry(BLOCK, 9.0, 9.0)), "notes": ("new",)})
    joined = join_profiles(old, stranger)
    assert joined.entries[: len(old.entries)] == old.entries
    assert [e.key for e in joined.entries[len(old.entries) :]] == [HEAD.replace("-> 2", "-> 3")]
    assert joined.fits == (*old.fits, *new.fits)
    assert joined.notes == ("mind the step", "new")
    assert Profile.parse(joined.to_json(), "x") == joined
    assert join_profiles(None, new) is new


def test_identities_are_added_without_a_measurement() -> None:
    lacking = profile(entry(STEM, 1.0, 1.0), scope="network")
    assert [e.key for e in with_identities(lacking, toy()).entries] == [STEM, SKIP]
    assert with_identities(with_identities(lacking, toy()), toy()) == with_identities(lacking, toy())
