from __future__ import annotations

import pytest

from tests.device.cases import campaign_profile, cifar, entry, profile, seconds, toy
from wattnas.device import Cost
from wattnas.device.lookup import Wanted, look_up, weakest
from wattnas.errors import ProfileError
from wattnas.units import Origin, Quantity

KEY = "k3_e1 24x16x16 -> 24 s1"


def one(made: Cost) -> tuple[float, float]:
    return made.latency.value, made.energy.value


def test_the_measured_place_takes_its_own_measurement() -> None:
    layout = cifar()
    here = layout.space.hash
    found = profile(*(entry(KEY, 1.0 + at, 2.0 + at, at, here) for at in (2, 3, 4)))
    costs = look_up(found, layout, [Wanted(KEY, 3), Wanted(KEY, 2), Wanted(KEY, 4)])
    assert [one(cost) for cost in costs] == [(4.0, 5.0), (3.0, 4.0), (5.0, 6.0)]
    assert costs[0].latency == seconds(4.0)


def test_any_other_place_takes_the_median_with_the_range() -> None:
    layout = cifar()
    values = [(5.0, 0.3), (1.0, 0.1), (2.0, 0.9), (4.0, 0.2)]
    found = profile(*(entry(KEY, s, j, at, "another space") for at, (s, j) in enumerate(values)))
    (cost,) = look_up(found, layout, [Wanted(KEY, 2)])
    assert one(cost) == (3.0, 0.25)
    assert (cost.latency.low, cost.latency.high, cost.latency.n) == (1.0, 5.0, 4)
    assert (cost.energy.low, cost.energy.high, cost.energy.n) == (0.1, 0.9, 4)
    assert "median of 4" in cost.latency.source
    assert "a stopwatch" in cost.latency.source
    assert cost.latency.origin == "measured"


def test_a_single_measurement_of_another_place_is_taken_as_it_is() -> None:
    only = entry(KEY, 1.5, 2.5, 7, "another space")
    assert look_up(profile(only), cifar(), [Wanted(KEY, 2)]) == [Cost(only.latency, only.energy)]


def test_a_name_alone_does_not_make_a_space_the_same() -> None:
    """A user's own space called `cifar` must not take cifar's positions; only the hash counts."""
    entries = [entry(KEY, 1.0 + at, 2.0, at, "hash of another cifar") for at in (2, 3, 4)]
    (cost,) = look_up(profile(*entries), cifar(), [Wanted(KEY, 4)])
    assert cost.latency.value == 4.0


def test_what_is_missing_is_named_and_counted_with_the_command() -> None:
    wanted = [Wanted(f"op{i} 1x1x1 -> 1 s1", i) for i in (0, 1, 2, 3, 4, 0, 1)] + [Wanted(KEY, 2)]
    with pytest.raises(ProfileError) as caught:
        look_up(profile(entry(KEY, 1.0, 1.0)), cifar(), wanted)
    message = str(caught.value)
    assert "5 of the 6 entries" in message
    assert "op0 1x1x1 -> 1 s1; op1 1x1x1 -> 1 s1; op2 1x1x1 -> 1 s1; and 2 more" in message
    assert "wattnas build --space cifar --device local" in message


def test_a_measured_profile_names_the_command_that_adds_what_is_missing() -> None:
    made = campaign_profile(toy(), target="ssh://pi@board?dir=/data/x")
    with pytest.raises(ProfileError) as caught:
        look_up(made, toy(classes=3), [Wanted(toy(classes=3).head_key)])
    assert "head_average 8x8x8 -> 8 -> 3" in caught.value.message
    assert caught.value.hint == (
        "Measure just that: wattnas profile --device 'ssh://pi@board?dir=/data/x' --space YOUR_SPACE_FILE "
        "--channels 1 --size 8 --classes 3 --add-to FILE."
    )


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        (("measured", "measured"), "measured"),
        (("measured", "modelled", "predicted"), "modelled"),
        (("literature", "measured"), "literature"),
    ],
)
def test_the_whole_is_as_good_as_its_weakest_part(origins: tuple[Origin, ...], expected: Origin) -> None:
    assert weakest([Quantity(value=1, unit="s", origin=o, source="") for o in origins]) == expected
