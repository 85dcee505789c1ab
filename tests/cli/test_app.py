"""One message and an exit code for everything that goes wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builds import options, wattnas
from wattnas import __version__
from wattnas.cli import SPINS
from wattnas.errors import NumericError

ALL_SKIP = " ".join(["skip"] * 22)


def test_the_version_is_printed() -> None:
    assert wattnas("--version") == (0, f"wattnas {__version__}\n", "")


def test_help_names_every_command() -> None:
    code, out, _ = wattnas("--help")
    assert code == 0
    stages = {"search", "train", "export", "evaluate", "report"}
    for command in stages | {"build", "cost", "spaces", "devices", "doctor"}:
        assert f" {command} " in out


def test_the_module_is_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wattnas", "cost", "--arch", "skip"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: The architecture has 1 candidates, space 'cifar' 22 layers.")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("own", "expected"),
    [({}, SPINS), ({"GOMP_SPINCOUNT": "77"}, "77"), ({"OMP_WAIT_POLICY": "passive"}, "0")],
    ids=["nothing", "spins", "policy"],
)
def test_threads_that_wait_soon_sleep_unless_the_user_says_otherwise(
    own: dict[str, str], expected: str
) -> None:
    """By what OpenMP itself says that it goes by, which it reads when torch is loaded."""
    clean = {k: v for k, v in os.environ.items() if k not in {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}}
    done = subprocess.run(
        [sys.executable, "-m", "wattnas", "--version"],
        env=clean | own | {"OMP_DISPLAY_ENV": "verbose"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    said = re.search(r"GOMP_SPINCOUNT = '(\d+)'", done.stderr)
    if said is None:
        pytest.skip("torch brings another OpenMP than GNU's here")
    assert said[1] == expected


UNKNOWN: dict[str, tuple[list[str], str]] = {
    "data": (["build", "--data", "holiday", "--goal-accuracy", "0.5"], "holiday"),
    "method": (["build", "--method", "magic"], "no method 'magic'"),
    "space": (["build", "--space", "huge"], "no space 'huge'"),
    "device": (["build", "--device", "toaster"], "no device profile 'toaster'"),
    "preset": (["build", "--preset", "fast"], "no preset 'fast'"),
    "setting": (["build", "--set", "train.epoch=3"], "no setting 'train.epoch'"),
    "set": (["build", "--set", "epochs"], "'epochs' is not key=value"),
    "goal": (["build", "--goal-accuracy", "80"], "goal_accuracy = 80.0"),
    "no goal": (["build", "--data", "photos"], "No goal was given"),
    "config": (["build", "--config", "absent.yaml"], "absent.yaml cannot be read"),
    "run": (["train", "absent"], "absent is not a run directory"),
    "run to evaluate": (["evaluate", "absent"], "absent is not a run directory"),
    "run to report": (["report", "absent"], "absent is not a run directory"),
    "space of cost": (["cost", "--space", "huge", "--arch", "skip"], "no space 'huge'"),
    "device of cost": (["cost", "--device", "toaster", "--arch", ALL_SKIP], "no device profile 'toaster'"),
    "candidate": (["cost", "--space", "tiny", "--arch", "skip skip skip skip skip k9_e9"], "'k9_e9'"),
    "architecture": (["cost", "--arch", "absent.json"], "absent.json is not an architecture file"),
    "size": (["cost", "--arch", ALL_SKIP, "--size", "20"], "does not take 3x20x20"),
    "classes": (["cost", "--arch", ALL_SKIP, "--classes", "1"], "1 class(es)"),
    "space to show": (["spaces", "--show", "huge"], "no space 'huge'"),
}


@pytest.mark.parametrize(("arguments", "named"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_unknown_gets_one_line_and_a_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = wattnas(*arguments)
    assert code == 2 and out == ""
    error, *hint = err.removeprefix("reading holiday\n").rstrip("\n").split("\n")
    assert error.startswith("error: ") and named in error
    assert len(hint) == 1 and hint[0].startswith("       ")
    # No run was made; at most the empty directory that was to hold it.
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"]
    assert arguments[0] == "build" or not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments", [["bake"], ["build", "--speed", "9"], ["train"], ["evaluate", "x", "--split", "x"]]
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    code, out, err = wattnas(*arguments)
    assert code == 2 and out == "" and "Traceback" not in err and err


def test_what_is_not_finite_ends_with_1(
    tmp_path: Path, inputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(_: object) -> None:
        raise NumericError("search, epoch 1, step 2: the loss is nan.", "Lower the rate.")

    monkeypatch.setattr("wattnas.cli.build.build_run", explode)
    code, out, err = wattnas("build", *options(inputs), "--quiet", "--out", tmp_path / "run")
    assert (code, out) == (1, "")
    assert err == "error: search, epoch 1, step 2: the loss is nan.\n       Lower the rate.\n"


def test_ctrl_c_says_how_to_go_on(tmp_path: Path, inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wattnas.cli.build.build_run", interrupted)
    code, out, err = wattnas("build", *options(inputs), "--quiet", "--out", tmp_path / "run")
    assert (code, out) == (130, "")
    assert "same command goes on" in err and "Traceback" not in err and "Aborted" not in err
