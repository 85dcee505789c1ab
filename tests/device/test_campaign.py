"""A simulated device with known costs: what a campaign asks of it, and how near it comes to the truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.device.cases import cifar, toy
from tests.device.simulated import Simulated, Table, hidden_costs, medium, stand_in_for_export
from wattnas.agent.timing import Protocol
from wattnas.device import Profile, check_profile, cost_table, predict
from wattnas.device.assemble import join_profiles
from wattnas.device.campaign import Campaign, null_key
from wattnas.device.compose import Composer, export_parts
from wattnas.device.design import random_networks
from wattnas.device.fitted import Covariance
from wattnas.device.job import Settings, timing_job
from wattnas.device.null import null_model
from wattnas.device.parts import part_keys, parts
from wattnas.errors import DeviceError, ProfileError
from wattnas.space import Architecture, Layout

SHORT = Settings(budget_s=180.0)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    return stand_in_for_export(monkeypatch)


def simulated(table: Table, layout: Layout, **more: Any) -> Simulated:
    return Simulated(table, hidden_costs(layout), **more)


def run(
    device: Simulated, layout: Layout, settings: Settings = SHORT, known: Profile | None = None
) -> Profile:
    campaign = Campaign(device, layout, settings, known)
    campaign.measure()
    return join_profiles(known, campaign.finish())


def errors(profile: Profile, device: Simulated, layout: Layout, seed: int = 99, n: int = 60) -> list[float]:
    """Predicted over true, less one, of fresh networks."""
    found = []
    for architecture, _ in zip(random_networks(layout, seed), range(n), strict=False):
        true_s = device.network_s(part_keys(layout, architecture))
        found.append(predict(profile, layout, architecture).latency_s / true_s - 1)
    return found


def test_cifar_is_predicted_as_well_as_promised(table: Table) -> None:
    """Noise of 1 %, neighbours that interact by 1 %, half of the usual time."""
    layout = cifar()
    device = simulated(table, layout, noise=0.01, interaction=0.01)
    profile = run(device, layout, Settings(budget_s=450.0))
    assert cost_table(profile, layout).latency_s.min() >= 0
    found = check_profile(profile, device, Settings(seed=5), networks=30)
    assert (found.n, found.within_10) == (30, 1.0)
    assert found.mape <= 0.03
    assert found.tau >= 0.95
    many = check_profile(profile, device, Settings(seed=6), networks=300)
    assert 0.90 <= many.coverage_95 <= 0.99
    kept = profile.fits[0].check
    assert kept is not None and kept.n == 30
    assert kept.mape <= 0.03 and kept.within_10 == 1.0
    assert profile.fits[0].latency.misfit == pytest.approx(0.01, rel=0.4)


@pytest.mark.parametrize(
    ("disturbed", "statistic"), [(0.0, "median"), (0.5, "quiet")], ids=["quiet", "disturbed"]
)
def test_networks_are_told_by_what_repeats_best_on_the_device(
    table: Table, disturbed: float, statistic: str
) -> None:
    """The 5 % quantile of a network's runs varies by 2 %, a round's median by 2 %, that of nine by 0.8 %."""
    layout = medium()
    device = simulated(table, layout, noise=0.02, disturbed=disturbed)
    campaign = Campaign(device, layout, SHORT)
    campaign.measure()
    anchor = campaign.finish().fits[0].anchor
    timed = campaign.collected.timed()
    true_s = {
        str(network.architecture): device.network_s(part_keys(layout, network.architecture))
        for network in campaign.plan.networks
    }
    missed = np.std([timed[name].seconds / true_s[name] for name in true_s if name in timed])
    assert anchor.statistic == campaign.collected.statistic == statistic
    assert missed < (0.025 if disturbed else 0.012)


def test_a_check_tells_networks_by_the_statistic_of_the_profile(table: Table) -> None:
    """Half of the rounds take 1.7 times as long: to the undisturbed quantile nothing, to a median all."""
    layout = medium()
    device = simulated(table, layout, noise=0.001)
    made = run(device, layout)
    (fit,) = made.fits
    busy, found = replace(device, disturbed=0.5), {}
    for by in ("quiet", "median"):
        like = fit.model_copy(update={"anchor": fit.anchor.model_copy(update={"statistic": by})})
        found[by] = check_profile(made.model_copy(update={"fits": (like,)}), busy, Settings()).mape
    assert found["quiet"] < 0.01 < 0.1 < found["median"]


def test_intervals_cover_over_many_devices(table: Table) -> None:
    layout, inside = medium(), []
    for seed in range(9):
        interaction = 0.01 * (seed % 3)
        device = Simulated(table, hidden_costs(layout, seed), noise=0.01, interaction=interaction, seed=seed)
        profile = run(device, layout)
        inside.append(check_profile(profile, device, Settings(seed=7), networks=60).coverage_95)
    assert 0.92 <= np.mean(inside) <= 0.99


def test_a_device_without_noise_is_predicted_without_error(table: Table) -> None:
    layout = medium()
    device = simulated(table, layout)
    assert np.abs(errors(run(device, layout), device, layout)).max() < 0.005


def test_the_stem_carries_what_a_call_costs(table: Table) -> None:
    """Blocks alone are timed less a null session, so that a slow call does not end in every block."""
    layout = medium()
    device = simulated(table, layout, call_s=2e-3)
    profile = run(device, layout)
    stem = next(e.latency.value for e in profile.entries if e.key == layout.stem_key)
    assert stem > 1.5e-3
    assert np.abs(errors(profile, device, layout)).max() < 0.01


def test_drift_between_stretches_is_put_right_by_the_anchor(table: Table) -> None:
    """The device runs up to 15 % slower in some stretches; held against its anchor, predictions stay true."""
    layout = medium()
    factors = (1 + 0.05 * np.random.default_rng(1).uniform(-1, 2, 50)).tolist()
    device = simulated(table, layout, noise=0.002, speed=lambda number: factors[number])
    settings = replace(SHORT, budget_s=300.0)
    profile = run(device, layout, settings)
    found = np.array(errors(profile, device, layout))
    assert np.std(found) < 0.01  # one speed for all; which one is a matter of the stretches
    usual = profile.fits[0].anchor.seconds / device.network_s(
        part_keys(layout, Architecture.of(profile.fits[0].anchor.operations, layout.space))
    )
    assert np.mean(found) + 1 == pytest.approx(usual, abs=0.03)


def test_a_shorter_budget_times_fewer_networks(table: Table) -> None:
    layout = medium()
    asked = []
    for budget_s in (90.0, 240.0):
        device = simulated(table, layout)
        run(device, layout, Settings(budget_s=budget_s))
        asked.append(len(device.asked()))
    fixed = len(parts(layout)) + len({part.shape for part in parts(layout)})
    each = 0.5 + 1.1 * 9 * 0.1 + 0.15
    for budget_s, items in zip((90.0, 240.0), asked, strict=True):
        assert items == pytest.approx(budget_s / (each * 1.05), abs=2)
        assert items > fixed + 20


def test_a_slow_device_ends_the_campaign_when_the_time_is_spent(table: Table) -> None:
    """A second a network: ten times as long as planned, so after the blocks no wave of networks fits in."""
    layout = medium()
    costs = {key: 100 * seconds for key, seconds in hidden_costs(layout).items()}
    device = Simulated(table, costs, noise=0.01)
    campaign = Campaign(device, layout, Settings(budget_s=600.0))
    campaign.measure()
    assert len(device.asked()) < len(campaign.plan.blocks) + len(campaign.plan.networks)
    assert campaign.collected.spent_s(0.5) <= 600.0 or len(device.jobs) == 1
    assert campaign.finish().fits[0].networks >= 0


def test_held_out_networks_do_not_enter_the_fit(table: Table) -> None:
    layout = medium()
    honest = simulated(table, layout, noise=0.01)
    campaign = Campaign(honest, layout, SHORT)
    held = {str(network.architecture): 3.0 for network in campaign.plan.networks if network.held_out}
    assert 5 <= len(held) <= 30
    campaign.measure()
    lying = Campaign(replace(honest, lies=held, jobs=[], journal={}), layout, SHORT)
    lying.measure()
    assert lying.finish().entries == campaign.finish().entries
    good, bad = (one.fitted()[1].check for one in (campaign, lying))
    assert good is not None and bad is not None
    assert good.mape < 0.03 and bad.mape > 0.6  # a third of the truth is 67 % too low


def test_only_what_a_known_profile_lacks_is_asked_for(table: Table) -> None:
    small, large = medium(), medium("k7_e3")
    device = Simulated(table, hidden_costs(large), noise=0.003)
    known = run(device, small)
    device.jobs.clear()
    joined = run(device, large, known=known)
    new = {part.key for part in parts(large)} - {part.key for part in parts(small)}
    assert {key.split(" ")[0] for key in new} == {"k7_e3"}
    singles = {name for name in device.asked() if "->" in name}
    assert singles == new
    assert joined.entries[: len(known.entries)] == known.entries
    assert joined.fits[0] == known.fits[0] and set(joined.fits[1].part_keys) == new
    assert np.abs(errors(joined, device, large)).max() < 0.03
    assert Profile.parse(joined.to_json(), "x") == joined
    found = check_profile(joined, device, Settings(seed=5), networks=60, layout=large)
    assert found.mape < 0.01 and found.coverage_95 >= 0.9


def test_parts_that_are_known_badly_widen_the_intervals(table: Table) -> None:
    small, large = medium(), medium("k7_e3")
    device = Simulated(table, hidden_costs(large), noise=0.003)
    known = run(device, small)
    fit = known.fits[0]
    worse = Covariance.of(fit.latency.keys, fit.latency.matrix() * 400, fit.latency.misfit)
    doubted = known.model_copy(update={"fits": (fit.model_copy(update={"latency": worse}),)})
    joined = [run(replace(device, jobs=[], journal={}), large, known=one) for one in (known, doubted)]
    new = [np.diag(one.fits[1].latency.matrix()) ** 0.5 for one in joined]
    assert (new[1] > new[0]).all() and (new[1] > 3 * new[0]).any()
    for architecture, _ in zip(random_networks(large, 3), range(20), strict=False):
        sure, unsure = (predict(one, large, architecture).sources.latency_s for one in joined)
        assert unsure.high is not None and sure.high is not None
        assert unsure.high - unsure.value > 1.5 * (sure.high - sure.value)


def test_a_head_for_other_classes_is_added_alone(table: Table) -> None:
    """Every network holds the one part that is new; all else is taken from the known profile."""
    ten, four = medium(classes=10), medium(classes=4)
    costs = hidden_costs(ten) | hidden_costs(four)
    device = Simulated(table, costs, noise=0.002)
    joined = run(device, ten, known=run(device, four))
    assert joined.fits[1].part_keys == (ten.head_key,)
    assert np.abs(errors(joined, device, ten)).max() < 0.03


@pytest.mark.parametrize("what", ["block", "null"])
def test_a_block_that_fails_ends_in_an_error_before_any_network_is_timed(table: Table, what: str) -> None:
    layout = medium()
    part = parts(layout)[5]
    name = part.key if what == "block" else null_key(part.shape)
    device = simulated(table, layout, broken=frozenset([name]))
    with pytest.raises(ProfileError) as caught:
        run(device, layout)
    assert "did not time" in caught.value.message
    assert "The runtime refuses it." in caught.value.message and ".." not in caught.value.message
    assert caught.value.hint == "Run the same command again."
    assert len(device.jobs) == 1


def test_a_device_that_times_nothing_says_why(table: Table) -> None:
    layout = toy()
    device = simulated(table, layout, broken=frozenset(part.key for part in parts(layout)))
    with pytest.raises(DeviceError, match=r"timed nothing: The runtime refuses it\."):
        run(device, layout, Settings(budget_s=None))


def test_networks_that_fail_are_left_out_and_noted(table: Table) -> None:
    layout = medium()
    plan = Campaign(simulated(table, layout), layout, SHORT).plan
    device = simulated(table, layout, broken=frozenset([str(plan.networks[3].architecture)]))
    profile = run(device, layout)
    assert profile.fits[0].networks < sum(not network.held_out for network in plan.networks)
    assert any("1 tasks failed, the first: The runtime refuses it." in note for note in profile.notes)
    assert np.abs(errors(profile, device, layout)).max() < 0.02


def test_a_profile_says_how_it_came_about(table: Table) -> None:
    layout = medium()
    profile = run(
        simulated(table, layout, target="ssh://pi@board"), layout, replace(SHORT, watts=4.0, threads=2)
    )
    assert profile.hardware == "Example CPU, 2 cores, Linux 1.0 x86_64"
    assert (profile.runtime, profile.threads, profile.scope) == ("onnxruntime 9.9", 2, "network")
    assert "medium" in profile.description and "4 W" in profile.description
    assert any("Energy is modelled as 4 W" in note for note in profile.notes)
    assert any("which repeats best here" in note for note in profile.notes)
    (fit,) = profile.fits
    assert (fit.space, fit.target, fit.layout) == (layout.space, "ssh://pi@board", layout)
    assert fit.protocol["rounds"] == 9 and fit.state == {"machine": {"cpu": "Example CPU"}}
    assert {e.key for e in profile.entries} >= {part.key for part in parts(layout)}


def test_the_same_campaign_asks_for_the_same_and_another_token_for_another(table: Table) -> None:
    layout = medium()
    jobs = []
    for token in ("a", "a", "b"):
        device = simulated(table, layout)
        run(device, layout, replace(SHORT, token=token))
        jobs.append(device.jobs)
    assert jobs[0] == jobs[1] != jobs[2]
    assert [{**job, "token": "a"} for job in jobs[2]] == jobs[0]


def test_progress_counts_up_to_what_is_planned(table: Table) -> None:
    layout, heard = medium(), list[tuple[int, int, str]]()
    campaign = Campaign(simulated(table, layout), layout, SHORT, tell=lambda *step: heard.append(step))
    campaign.measure()
    assert heard[0] == (0, campaign.total, "exporting every block once")
    done = [step[0] for step in heard]
    assert done == sorted(done) and done[-1] == campaign.total
    assert {step[1] for step in heard} == {campaign.total}


def test_a_job_names_each_model_by_its_hash_in_stretches_of_twenty() -> None:
    models = {f"item {number}": bytes([number]) for number in range(45)}
    job, files = timing_job(models, b"anchor", Settings(threads=3, token="t", protocol=Protocol(rounds=5)))
    assert [len(names) for names in job["stretches"]] == [20, 20, 5]
    assert sorted(name for names in job["stretches"] for name in names) == sorted(models)
    assert all(files[job["models"][name]] == content for name, content in models.items())
    assert files[job["models"][job["anchor"]]] == b"anchor"
    assert (job["threads"], job["token"], job["protocol"]["rounds"]) == (3, "t", 5)


def test_the_toy_space_with_its_true_models() -> None:
    """Blocks exported and networks composed for real; the table is made from the same files."""
    import hashlib

    layout = toy()
    exported = export_parts(layout)
    composer, table = Composer(layout, exported), Table()

    def noted(content: bytes, keys: list[str]) -> None:
        table[hashlib.sha256(content).hexdigest()] = tuple(keys)

    for part in parts(layout):
        noted(exported[part.key], [part.key])
        noted(null_model(part.shape), [null_key(part.shape)])
    for architecture in random_networks(layout, 0):
        noted(composer.network(architecture), part_keys(layout, architecture))
    for operations in ("skip k3_e1", "k3_e1 skip"):
        architecture = Architecture.parse(operations, layout.space)
        noted(composer.network(architecture), part_keys(layout, architecture))
    device = Simulated(table, hidden_costs(layout))
    profile = run(device, layout, Settings(budget_s=None))
    assert np.abs(errors(profile, device, layout)).max() < 0.01
    assert profile.fits[0].check is None  # three networks: none to spare
