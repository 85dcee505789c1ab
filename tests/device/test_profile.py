from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.device.cases import campaign_profile, entry, joules, profile, seconds, toy
from tests.device.test_assemble import measured_energy
from wattnas.device import Entry, Position, Profile, learn, predict
from wattnas.errors import ProfileError, WattnasError
from wattnas.space import Architecture
from wattnas.units import Quantity

MINIMAL: dict[str, Any] = {
    "format": 1,
    "name": "bench",
    "description": "a test",
    "notes": ["mind the step"],
    "hardware": "a desk",
    "runtime": "hand 1.0",
    "threads": 2,
    "date": "2026-01-31",
    "scope": "network",
    "defaults": {
        "position": {"space": "s", "space_hash": "abc"},
        "latency": {"unit": "s", "origin": "measured", "source": "stopwatch", "n": 3},
        "energy": {"unit": "J", "origin": "modelled", "source": "guess"},
    },
    "entries": [
        {"key": "a", "latency": {"value": 1, "low": 0.5, "high": 2.0}, "energy": {"value": 2.0}},
        {
            "key": "a",
            "position": {"layer": 4},
            "latency": {"value": 3.0, "n": 1, "source": "hourglass"},
            "energy": {"value": 0},
        },
    ],
}


def changed(*path: str | int, to: Any) -> str:
    """The minimal profile as text with one place changed."""
    raw = copy.deepcopy(MINIMAL)
    place: Any = raw
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return json.dumps(raw)


def test_an_entry_inherits_what_it_leaves_out_and_only_that() -> None:
    first, second = Profile.parse(json.dumps(MINIMAL), "x").entries
    assert first.position is None
    assert first.latency == Quantity(
        value=1.0, unit="s", origin="measured", low=0.5, high=2.0, n=3, source="stopwatch"
    )
    assert first.energy == Quantity(value=2.0, unit="J", origin="modelled", source="guess")
    assert second.position == Position(space="s", space_hash="abc", layer=4)
    assert second.latency == Quantity(value=3.0, unit="s", origin="measured", n=1, source="hourglass")


def test_the_head_of_a_profile_is_read() -> None:
    found = Profile.parse(json.dumps(MINIMAL), "x")
    assert (found.runtime, found.threads, str(found.date)) == ("hand 1.0", 2, "2026-01-31")
    assert found.notes == ("mind the step",)
    assert found.scope_text == "whole network: stem, searchable layers and head"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no JSON object"),
        ("{}", "entries"),
        (changed("format", to=2), "format"),
        (changed("name", to="../x"), "name"),
        (changed("colour", to="red"), "colour"),
        (changed("threads", to=0), "threads"),
        (changed("threads", to=True), "threads"),
        (changed("date", to="yesterday"), "date"),
        (changed("scope", to="all"), "scope"),
        (changed("entries", to=[]), "entries"),
        (changed("entries", to={}), "entries"),
        (changed("entries", 0, to=7), "entries.0"),
        (changed("entries", 0, "key", to=""), "entries.0.key"),
        (changed("entries", 0, "latency", to=7), "entries.0.latency"),
        (changed("entries", 0, "latency", "value", to="1.5"), "entries.0.latency.value"),
        (changed("entries", 0, "latency", "value", to=-1), "entries.0.latency"),
        (changed("entries", 0, "latency", "value", to=1e300), "entries.0.latency"),
        (changed("entries", 0, "latency", "value", to=float("nan")), "entries.0.latency.value"),
        (changed("entries", 0, "latency", "value", to=float("inf")), "entries.0.latency.value"),
        (changed("entries", 0, "latency", "unit", to="J"), "unit"),
        (changed("entries", 0, "latency", "low", to=None), "low and high"),
        (changed("entries", 0, "latency", "high", to=0.9), "outside its interval"),
        (changed("entries", 0, "energy", "watts", to=1), "entries.0.energy.watts"),
        (changed("entries", 1, "position", "layer", to=-1), "entries.1.position.layer"),
        (changed("entries", 0, to=MINIMAL["entries"][1]), "'a' at layer 4 is listed 2 times"),
        (changed("defaults", to=[]), "defaults"),
        (changed("defaults", "power", to={}), "power"),
        (changed("defaults", "energy", to=None), "defaults"),
        (changed("defaults", "energy", "source", to="x" * 5000), "defaults"),
        (changed("name", to="\ud800"), "JSON"),
    ],
)
def test_a_bad_profile_is_refused_and_the_bad_place_named(text: str, named: str) -> None:
    with pytest.raises(ProfileError) as caught:
        Profile.parse(text, "mine.json")
    assert "mine.json" in caught.value.message
    assert named in caught.value.message
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@given(st.text())
def test_random_text_ends_in_a_profile_error(text: str) -> None:
    with pytest.raises(ProfileError):
        Profile.parse(text, "x")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(raw: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of everything inside a JSON value."""
    steps = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    return [p for step, inner in steps for p in [(*path, step), *places(inner, (*path, step))]]


@given(st.sampled_from(places(MINIMAL)), JSON)
def test_a_profile_with_anything_in_one_place_is_refused_or_sound(
    path: tuple[str | int, ...], to: Any
) -> None:
    try:
        found = Profile.parse(changed(*path, to=to), "x")
    except ProfileError:
        return
    for each in found.entries:
        assert 0 <= each.latency.value < float("inf")
        assert 0 <= each.energy.value < float("inf")
        assert (each.latency.unit, each.energy.unit) == ("s", "J")
    assert Profile.parse(found.to_json(), "x") == found


QUANTITIES = st.builds(
    lambda value, spread, n, source: (value, spread, n, source),
    st.floats(0, 1e6),
    st.none() | st.floats(0, 1e3),
    st.none() | st.integers(1, 9),
    st.sampled_from(["a stopwatch", "an hourglass", "ein Meßgerät"]),
)


def quantity(drawn: tuple[float, float | None, int | None, str], unit: str) -> Quantity:
    value, spread, n, source = drawn
    low, high = (None, None) if spread is None else (max(0.0, value - spread), value + spread)
    fields = {"value": value, "unit": unit, "origin": "measured", "low": low, "high": high}
    return Quantity.model_validate({**fields, "n": n, "source": source})


@given(st.lists(st.tuples(QUANTITIES, QUANTITIES, st.booleans()), min_size=1, max_size=5))
def test_what_is_written_is_what_is_read(drawn: list[tuple[Any, Any, bool]]) -> None:
    entries = [
        Entry(
            key="k3_e1 8x8x8 -> 8 s1",
            position=Position(space="s", space_hash="abc", layer=index) if placed else None,
            latency=quantity(latency, "s"),
            energy=quantity(energy, "J"),
        )
        for index, (latency, energy, placed) in enumerate(drawn)
    ]
    made = profile(*entries)
    assert Profile.parse(made.to_json(), "x") == made


def test_a_written_profile_states_a_shared_source_once() -> None:
    text = profile(*(entry("k", 1.0, 2.0, layer) for layer in range(50))).to_json()
    assert text.count("a stopwatch") == 1
    assert text.count("a wattmeter") == 1


def test_profiles_cannot_be_changed() -> None:
    made = profile(entry("k", 1.0, 2.0))
    with pytest.raises(ValidationError):
        made.name = "other"  # type: ignore[misc]


def test_seconds_and_joules_cannot_be_swapped() -> None:
    with pytest.raises(ValidationError, match="unit"):
        Entry(key="k", latency=joules(1.0), energy=seconds(1.0))


FITTED = campaign_profile(toy(), energy=measured_energy(), target="ssh://pi@board")


def test_a_profile_with_fits_is_read_back_as_it_was_written() -> None:
    text = FITTED.to_json()
    assert Profile.parse(text, "x") == FITTED
    assert json.loads(text)["fits"][0]["latency"]["keys"][0] == "stem_k3 1x8x8 -> 8 s1"
    assert "fits" not in json.loads(profile(entry("k", 1.0, 2.0)).to_json())


def test_fits_hold_each_key_once_and_none_without_an_entry() -> None:
    raw = json.loads(FITTED.to_json())
    for changes, why in (
        ({"fits": raw["fits"] * 2}, "two of them hold the same key"),
        ({"entries": raw["entries"][1:]}, "no entry for 'stem_k3 1x8x8 -> 8 s1'"),
        ({"fits": raw["fits"] * 101}, "fits"),
        ({"fits": None}, "fits"),
        ({"fits": [{}]}, "fits.0"),
    ):
        with pytest.raises(ProfileError, match=why):
            Profile.parse(json.dumps({**raw, **changes}), "x")


def test_a_fit_of_unknown_candidates_is_a_damaged_profile() -> None:
    raw = json.loads(FITTED.to_json())
    raw["fits"][0]["space"]["candidates"][0] = "1"
    with pytest.raises(ProfileError, match="'1' is not a candidate"):
        Profile.parse(json.dumps(raw), "x")


RAW: dict[str, Any] = json.loads(FITTED.to_json())
PLACES = [("fits", *path) for path in places(RAW["fits"])]
NUMBERS: st.SearchStrategy[Any] = st.sampled_from(
    [0, -1, 1e-320, 1e308, -1e308, 1e24, 1e-24, 10**400, True, "1", None, [], {}]
)


@given(st.sampled_from(PLACES), NUMBERS | JSON)
@hypothesis_settings(max_examples=150)
def test_a_profile_with_anything_in_its_fits_is_refused_or_of_use(
    path: tuple[str | int, ...], to: Any
) -> None:
    """Refused, or else it predicts and learns: in numbers, or by an error of ours."""
    raw = copy.deepcopy(RAW)
    place: Any = raw
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    try:
        found = Profile.parse(json.dumps(raw), "x")
    except ProfileError as error:
        assert "\n" not in str(error)
        return
    layout, network = toy(), Architecture.parse("k3_e1 skip", toy().space)
    try:
        for made in (found, learn(found, layout, network, 0.5, 1e-3)):
            for total in (made_of := predict(made, layout, network).sources).latency_s, made_of.energy_j:
                low, high = total.low, total.high
                assert low is not None and high is not None
                assert 0 <= low <= total.value <= high < float("inf")
            assert Profile.parse(made.to_json(), "x") == made
        _ = [fit.layout for fit in found.fits]
    except WattnasError:
        pass


@given(st.sampled_from(PLACES))
@hypothesis_settings(max_examples=60)
def test_a_profile_that_lacks_something_in_its_fits_is_refused_or_sound(path: tuple[str | int, ...]) -> None:
    raw = copy.deepcopy(RAW)
    place: Any = raw
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    try:
        found = Profile.parse(json.dumps(raw), "x")
    except ProfileError:
        return
    assert Profile.parse(found.to_json(), "x") == found
