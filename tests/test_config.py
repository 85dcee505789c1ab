"""Settings: the order of the merge, and errors that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattnas.config import PRESETS, Settings, merge_settings, read_config
from wattnas.errors import ConfigError


def test_flags_win_over_file_over_preset_over_defaults(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("preset: demo\nseed: 3\ntrain: {epochs: 7, lr: 0.2}\n")
    settings = merge_settings({"train": {"epochs": 9}, "goal_accuracy": 0.5}, file)
    assert settings.train.epochs == 9  # flag
    assert settings.train.lr == 0.2 and settings.seed == 3  # file
    assert settings.search.batch == 32  # preset demo
    assert settings.search.weight_momentum == 0.9  # default


def test_the_papers_preset_is_the_papers() -> None:
    settings = merge_settings({"preset": "paper", "data": "x", "goal_accuracy": 0.65})
    search, train = settings.search, settings.train
    assert (search.mode, search.epochs, search.theta_from_epoch, search.batch) == ("mixture", 90, 10, 32)
    assert (search.weight_lr, search.weight_momentum, search.weight_decay) == (0.007, 0.9, 1e-4)
    assert (search.theta_lr, search.theta_weight_decay, search.weight_loss) == (0.01, 5e-4, "total")
    assert (search.temperature, search.temperature_decay, settings.split.theta) == (5.0, 0.045, 0.2)
    assert (train.epochs, train.lr, train.batch, train.schedule) == (140, 0.01, 32, "steps")
    assert (train.milestones, train.gamma, train.weight_decay, train.momentum) == ((90, 110), 0.1, 1e-4, 0.9)
    assert (settings.augment.padding, train.label_smoothing) == (4, 0.0)
    assert (search.clip_norm, train.clip_norm, search.weight_warmup) == (0.0, 0.0, 0.0)
    assert train.nesterov is False


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_valid(preset: str) -> None:
    assert merge_settings({"preset": preset}).preset == preset


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"train": {"epoch": 3}}, r"no setting 'train\.epoch'.*Known here: epochs"),
        ({"sed": 3}, r"no setting 'sed'"),
        ({"goal_accuracy": 80}, r"goal_accuracy = 80"),
        ({"goal_accuracy": 0}, r"goal_accuracy = 0"),
        ({"preset": "fast"}, r"no preset 'fast'.*demo"),
        ({"data": "photos"}, r"No goal was given"),
        ({"search": {"epochs": 2, "theta_from_epoch": 2}}, r"no epoch of 2"),
        ({"train": {"nesterov": True, "momentum": 0}}, r"nesterov is a kind of momentum"),
        ({"train": 3}, r"train = 3"),
        ({"seed": -1}, r"seed = -1"),
    ],
)
def test_bad_settings_are_named(flags: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        merge_settings(flags)


@pytest.mark.parametrize("content", ["[1, 2]", "a: [", "3", "1: 2", ""])
def test_a_file_without_settings_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"c\.yaml"):
        read_config(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml cannot be read"):
        merge_settings({}, tmp_path / "none.yaml")


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda s: st.dictionaries(st.text(), s))
)
def test_only_our_errors_come_out(value: object) -> None:
    for flags in ({"train": value}, {"search": {"epochs": value}}, {"objective": value}, {"preset": value}):
        try:
            merge_settings(flags)
        except ConfigError as error:
            assert str(error)


def test_settings_survive_json() -> None:
    settings = merge_settings({"train": {"milestones": [1, 2]}})
    assert Settings.model_validate(settings.model_dump(mode="json")) == settings


@pytest.mark.parametrize(
    ("text", "meant"), [("on", "on"), ("off", "off"), ("'off'", "off"), ("auto", "auto")]
)
def test_flip_may_be_written_without_quotes(tmp_path: Path, text: str, meant: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"augment: {{flip: {text}}}\nobjective: {{beta: 5e-1, log_form: log_of_power}}\n")
    settings = merge_settings({}, path)
    assert settings.augment.flip == meant
    assert settings.objective == {"beta": 0.5, "log_form": "log_of_power"}


def test_the_default_method_is_goal_and_the_digits_have_one() -> None:
    settings = merge_settings({})
    assert settings.method == "goal" and settings.is_goal and settings.goal_accuracy == 0.95
    assert not merge_settings({"method": "s1"}).is_goal


@pytest.mark.parametrize(
    ("short", "name"),
    [("energy", "energy_j"), ("latency", "latency_s"), ("memory", "memory_bytes"), ("params", "params")],
)
def test_costs_have_short_names(short: str, name: str) -> None:
    assert merge_settings({"minimize": short}).minimize == merge_settings({"minimize": name}).minimize == name


def test_a_bound_may_stand_for_a_goal() -> None:
    for data in ("digits", "photos"):
        settings = merge_settings({"data": data, "bounds": {"latency_s": 0.005}})
        assert settings.goal_accuracy is None
        assert settings.bounds.given() == {"latency_s": 0.005}
    both = merge_settings({"data": "photos", "goal_accuracy": 0.8, "bounds": {"params": 1e5}})
    assert both.goal_accuracy == 0.8 and both.bounds.given() == {"params": 1e5}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"data": "photos"}, r"No goal was given.*--max-latency"),
        ({"data": "photos", "method": "s1"}, r"No goal was given.*--goal-accuracy 0\.80\.$"),
        ({"method": "s1", "bounds": {"latency_s": 1.0}}, r"'s1' knows no bounds"),
        ({"bounds": {"latency_s": 0.0}}, r"bounds\.latency_s = 0\.0"),
        ({"bounds": {"macs": 1.0}}, r"no setting 'bounds\.macs'"),
        ({"minimize": "accuracy"}, r"minimize = 'accuracy'"),
        ({"select": {"confidence": 0.4}}, r"select\.confidence"),
        ({"select": {"method": "magic"}}, r"select\.method"),
        ({"select": {"rounds": 0}}, r"select\.rounds"),
        ({"supernet": {"survey": 15}}, r"supernet\.survey"),
        ({"supernet": {"sampling": "deep"}}, r"supernet\.sampling"),
    ],
)
def test_bad_wishes_are_named(flags: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        merge_settings(flags)
