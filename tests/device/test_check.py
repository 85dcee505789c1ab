"""A profile tried on its device, or on one that has changed."""

from __future__ import annotations

import numpy as np
import pytest

from tests.device.cases import campaign_profile, profile, toy, toy_profile
from tests.device.simulated import Simulated, Table, hidden_costs, medium, stand_in_for_export
from wattnas.device import Profile, check_profile, predict, sentences
from wattnas.device.campaign import Campaign
from wattnas.device.check import fit_of
from wattnas.device.design import random_networks
from wattnas.device.job import Settings
from wattnas.device.parts import part_keys, parts
from wattnas.errors import DeviceError, ProfileError
from wattnas.units import Z_95


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    return stand_in_for_export(monkeypatch)


def hand_made(spread: float = 0.1, usual: float | None = None) -> Profile:
    """Seconds that are off from part to part, independent of one another, and an anchor at its true speed."""
    layout, costs = medium(), hidden_costs(medium())
    guess = {key: value * (1 + 0.1 * (number % 3 - 1)) for number, (key, value) in enumerate(costs.items())}
    made = campaign_profile(layout, guess, matrix=np.diag([(spread * s) ** 2 for s in guess.values()]))
    (fit,) = made.fits
    device = Simulated({}, costs)
    anchor = next(iter([fit.anchor.operations]))
    keys = part_keys(layout, type(next(random_networks(layout, 0))).of(anchor, layout.space))
    true = fit.anchor.model_copy(update={"seconds": device.network_s(keys), "usual": usual})
    return made.model_copy(update={"fits": (fit.model_copy(update={"anchor": true}),)})


@pytest.mark.parametrize("usual", [None, 1.0])
def test_the_figures_are_those_of_a_hand_computation(table: Table, usual: float | None) -> None:
    """A device without noise, an eighth slower than then: every figure from predictions and true seconds."""
    layout, made = medium(), hand_made(usual=usual)
    device = Simulated(table, hidden_costs(layout), speed=lambda number: 1.125)
    found = check_profile(made, device, Settings(seed=3), networks=40)
    wanted = [a for a, _ in zip(random_networks(layout, 3), range(40), strict=False)]
    true = np.array([1.125 * device.network_s(part_keys(layout, a)) for a in wanted])
    costs = [predict(made, layout, a).sources.latency_s for a in wanted]
    guess = np.array([cost.value for cost in costs])
    sigma = np.array([(cost.high or 0) - cost.value for cost in costs]) / Z_95
    error = guess / true - 1
    assert found.n == 40
    assert found.mape == pytest.approx(np.abs(error).mean())
    assert found.bias == pytest.approx(error.mean())
    assert found.within_5 == (np.abs(error) <= 0.05).mean()
    assert found.within_10 == (np.abs(error) <= 0.10).mean()
    # A timing is known to 0.2 % at best. The level of two stretches is to that by root two, as a median;
    # it is of no matter where the profile tells what is usual.
    noise = 0.002 * true * (1 if usual else (1 + np.pi / 2 / 2) ** 0.5)
    inside = np.abs(guess - true) <= Z_95 * np.hypot(sigma, noise)
    assert found.coverage_95 == inside.mean()
    pairs = [np.sign(guess[i] - guess[j]) * np.sign(true[i] - true[j]) for i in range(40) for j in range(i)]
    assert found.tau == pytest.approx(np.mean(pairs))
    assert found.anchor_shift == pytest.approx(0.125)
    assert found.mape_anchored == pytest.approx(np.abs(guess * 1.125 / true - 1).mean())


def test_how_far_the_anchors_scatter_counts_only_where_they_tell_what_is_usual(table: Table) -> None:
    """Stretches 20 % apart: the level of two is known to 12 %, of which a level that is known needs none."""
    device = Simulated(table, hidden_costs(medium()), speed=lambda number: 1.0 + 0.2 * (number % 2))
    unknown, known = (
        check_profile(hand_made(0.001, usual), device, Settings(seed=3), networks=40) for usual in (None, 1.0)
    )
    assert unknown.mape == known.mape
    assert known.coverage_95 < 0.5 < unknown.coverage_95


def test_a_wider_profile_covers_more(table: Table) -> None:
    device = Simulated(table, hidden_costs(medium()))
    narrow, wide = (check_profile(hand_made(spread), device, Settings()) for spread in (0.001, 0.5))
    assert narrow.coverage_95 < 0.6 < wide.coverage_95 == 1.0
    assert narrow.mape == wide.mape


def test_each_check_is_measured_anew(table: Table) -> None:
    device, made = Simulated(table, hidden_costs(medium())), hand_made()
    for _ in range(2):
        check_profile(made, device, Settings(), networks=5)
    assert device.jobs[0]["token"] != device.jobs[1]["token"]
    assert [len(job["stretches"][0]) for job in device.jobs] == [5, 5]


def test_progress_is_told_and_a_failed_stretch_leaves_the_rest(table: Table) -> None:
    layout, heard = medium(), list[tuple[int, int, str]]()
    broken = str(next(random_networks(layout, 1)))
    device = Simulated(table, hidden_costs(layout), broken=frozenset([broken]))
    found = check_profile(
        hand_made(), device, Settings(seed=1), networks=50, tell=lambda *step: heard.append(step)
    )
    assert found.n in (30, 40)
    assert [step[0] for step in heard] == sorted(step[0] for step in heard)
    with pytest.raises(DeviceError, match="timed nothing: The runtime refuses it"):
        check_profile(hand_made(), device, Settings(seed=1), networks=5)


def test_what_the_profile_does_not_cover_is_said_before_anything_is_timed(table: Table) -> None:
    made = hand_made()
    lacking = made.model_copy(update={"entries": made.entries[1:], "fits": made.fits})
    device = Simulated(table, hidden_costs(medium()))
    with pytest.raises(ProfileError, match="lacks 1 of"):
        check_profile(lacking, device, Settings())
    assert device.jobs == []


def test_a_profile_that_wattnas_did_not_measure_cannot_be_repeated(table: Table) -> None:
    with pytest.raises(ProfileError, match=r"'bench' holds no measurement.*wattnas profile --device"):
        check_profile(toy_profile(), Simulated(table, {}), Settings())


def test_a_layout_at_another_input_is_another_measurement() -> None:
    made = campaign_profile(medium())
    assert fit_of(made, None) == fit_of(made, medium()) == made.fits[0]
    with pytest.raises(ProfileError, match="'medium' at 3x16x16 with 7 classes"):
        fit_of(made, medium(classes=7))
    with pytest.raises(ProfileError, match="'toy'"):
        fit_of(made, toy())


def test_the_last_of_several_campaigns_is_repeated(table: Table) -> None:
    layout = medium()
    device = Simulated(table, hidden_costs(layout) | hidden_costs(medium(classes=9)))
    campaign = Campaign(device, layout, Settings(budget_s=None))
    campaign.measure()
    first = campaign.finish()
    second = campaign_profile(medium(classes=9), {medium(classes=9).head_key: 1e-3})
    both = first.model_copy(update={"fits": (*first.fits, *second.fits)})
    assert fit_of(both, None) == second.fits[0]
    assert fit_of(both, layout) == first.fits[0]
    assert first.fits[0].anchor.usual == campaign.collected.usual
    assert profile(*both.entries, scope="network").fits == ()
    assert len(parts(layout)) == len(first.fits[0].part_keys)


def test_every_figure_has_a_sentence(table: Table) -> None:
    found = check_profile(hand_made(), Simulated(table, hidden_costs(medium())), Settings())
    made_up = {"mape": 0.0123, "bias": -0.004, "tau": 0.9876, "within_5": 1.0}
    said = sentences(found.model_copy(update=made_up))
    assert said["mean absolute error"] == "1.2%"
    assert said["bias"] == "-0.4%"
    assert said["rank correlation (Kendall)"] == "0.988"
    assert said["within 5 %"] == "100%"
    assert said["networks"] == "30"
