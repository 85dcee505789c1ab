from __future__ import annotations

import csv
import runpy
from pathlib import Path

import pytest

from tests.device.cases import SHARED, cifar, entry, profile
from wattnas.device import Profile, builtin_profiles, load_profile
from wattnas.errors import ProfileError
from wattnas.space import Candidate

TABLE = SHARED / "data" / "paper" / "lookup_tables.csv"
CONVERTER = Path(__file__).parents[2] / "tools" / "convert_ozawa.py"
needs_table = pytest.mark.skipif(not TABLE.is_file(), reason=f"the published table is not at {TABLE}")


def test_ozawa_is_built_in() -> None:
    assert "ozawa-2021" in builtin_profiles()


@pytest.mark.parametrize("name", builtin_profiles())
def test_built_in_profiles_are_as_the_project_writes_them(name: str) -> None:
    assert load_profile(name).name == name


def test_ozawa_states_its_caveats() -> None:
    found = load_profile("ozawa-2021")
    notes = " ".join(found.notes)
    for caveat in ("not stated", "noise", "before warm-up", "not monotonic", "stem and head", "n = 1"):
        assert caveat in notes
    assert found.scope_text == "searchable layers only; stem and head are not in the table"
    assert (found.runtime, found.threads, found.date) == (None, None, None)


def test_ozawa_gives_no_spread_where_none_was_published() -> None:
    for each in load_profile("ozawa-2021").entries:
        for quantity in (each.latency, each.energy):
            assert (quantity.low, quantity.high, quantity.n, quantity.origin) == (None, None, 1, "measured")
            assert "Ozawa" in quantity.source


def test_ozawa_warns_of_convolutions_at_no_energy() -> None:
    doubted = [e for e in load_profile("ozawa-2021").entries if "not credible" in e.energy.source]
    assert [e.position.layer for e in doubted if e.position] == [1, 5, 9, 13, 17, 21]
    assert {e.key.split()[0] for e in doubted} == {"skip"}


def test_ozawa_lies_on_the_positions_of_cifar() -> None:
    """Fails when the hash of space `cifar` changes: then run tools/convert_ozawa.py again."""
    layout = cifar()
    places = {(e.key, e.position.layer) for e in load_profile("ozawa-2021").entries if e.position}
    assert places == {(layer.key(c), layer.index) for layer in layout.layers for c in layout.candidates}
    hashes = {e.position.space_hash for e in load_profile("ozawa-2021").entries if e.position}
    assert hashes == {layout.space.hash}


@needs_table
def test_ozawa_is_the_published_table() -> None:
    layout = cifar()
    entries = {(e.key, e.position.layer): e for e in load_profile("ozawa-2021").entries if e.position}
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(entries) == 22 * 9
    for row in rows:
        layer = layout.layers[int(row["layer"])]
        stated = [int(row[name]) for name in ("in_channels", "out_channels", "stride", "input_size")]
        assert stated == [layer.in_channels, layer.out_channels, layer.stride, layer.in_size]
        found = entries[layer.key(Candidate.parse(row["op"])), layer.index]
        assert found.latency.value == pytest.approx(float(row["i7_6950x_latency_us"]) * 1e-6, rel=1e-12)
        assert found.energy.value == float(row["rpi3b_energy_j"])


@needs_table
def test_the_converter_makes_the_built_in_profile() -> None:
    made: Profile = runpy.run_path(str(CONVERTER))["convert"](TABLE)
    assert made == load_profile("ozawa-2021")


def test_a_profile_in_a_file_is_loaded(tmp_path: Path) -> None:
    made = profile(entry("k", 1.0, 2.0))
    (tmp_path / "mine.json").write_text(made.to_json(), encoding="utf-8")
    assert load_profile(str(tmp_path / "mine.json")) == made


def test_a_name_that_is_neither_built_in_nor_a_file_lists_what_there_is() -> None:
    with pytest.raises(ProfileError, match=r"ozawa-2022.*ozawa-2021.*local"):
        load_profile("ozawa-2022")


def test_local_is_measured_not_loaded() -> None:
    with pytest.raises(ProfileError, match="measured"):
        load_profile("local")


@pytest.mark.parametrize("name", ["", ".", "\0", "x" * 10_000, "/dev/null"])
def test_odd_names_end_in_a_profile_error(name: str) -> None:
    with pytest.raises(ProfileError):
        load_profile(name)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "image.json").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ProfileError, match="cannot be read"):
        load_profile(str(tmp_path / "image.json"))


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(17_000_000)
    with pytest.raises(ProfileError, match="larger"):
        load_profile(str(path))
