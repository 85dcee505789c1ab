"""Flags and `--set` as settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattnas.cli.options import gather
from wattnas.config import Settings, merge_settings
from wattnas.errors import ConfigError


def test_what_was_not_given_is_left_to_the_defaults() -> None:
    assert gather(None, None, data=None, seed=None, skip_bad=None) == merge_settings({})
    assert gather(None, [], seed=0, skip_bad=False, threads=2) == merge_settings({"threads": 2})


def test_values_are_read_as_yaml() -> None:
    found = gather(
        None,
        [
            "train.milestones=[3, 5]",
            "train.schedule=steps",
            "train.lr=1.0e-2",
            "skip_bad=true",
            "objective.log_form=log_of_power",
            " seed =4",
            "data=",
        ][:-1],
    )
    assert found.train.milestones == (3, 5) and found.train.schedule == "steps" and found.train.lr == 0.01
    assert found.skip_bad is True and found.seed == 4
    assert found.objective == {"log_form": "log_of_power"}


def test_set_wins_over_the_file_and_its_last_use_wins(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("search: {batch: 8, epochs: 9}\n")
    found = gather(file, ["search.batch=16", "search.batch=24"])
    assert (found.search.batch, found.search.epochs) == (24, 9)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train.epochs", "not key=value"),
        ("=3", "not key=value"),
        (" . =3", "not key=value"),
        ("train.epochs=[", "not YAML"),
        ("data=2024-13-01", "not YAML"),
        ("seed=!!timestamp x", "not YAML"),
        ('seed=!!int ""', "not YAML"),
        ("train.epochs=many", r"train\.epochs = 'many'"),
        ("train=3", r"train = 3"),
        ("train.speed=3", r"no setting 'train\.speed'.*Known here: epochs"),
        ("a..b=3", "no setting 'a'"),
        ("train.epochs.first=3", r"train\.epochs = "),
        ("objective.beta=[1]", r"objective\.beta"),
    ],
)
def test_what_is_wrong_with_an_override_is_named(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        gather(None, [override])


def test_an_override_inside_of_a_plain_flag_is_named() -> None:
    with pytest.raises(ConfigError, match="'seed' is no section"):
        gather(None, ["seed.first=3"], seed=1)


@given(
    st.text() | st.from_regex(r"(train|search|split|augment|seed|data)[.a-z_]{0,12}=.{0,20}", fullmatch=True)
)
def test_any_override_gives_settings_or_a_clear_error(text: str) -> None:
    try:
        assert isinstance(gather(None, [text]), Settings)
    except ConfigError as error:
        assert error.message and error.hint
