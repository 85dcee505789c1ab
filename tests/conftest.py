"""One thread, no touch of the user's cache, and a finished build that several packages read."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from tests.builds import Built, build_program, write_inputs

_CACHE = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is computed; programs that tests start inherit it."""
    config.stash[_CACHE] = tempfile.mkdtemp(prefix="wattnas-tests-")
    os.environ["XDG_CACHE_HOME"] = config.stash[_CACHE]
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    # A busy machine is no failure; what takes long is seen in --durations.
    settings.register_profile("wattnas", deadline=None)
    settings.load_profile("wattnas")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what the tests cached."""
    shutil.rmtree(config.stash[_CACHE], ignore_errors=True)


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the space and profile that `builds.options` name; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("inputs")
    write_inputs(folder)
    return folder


@pytest.fixture(scope="session")
def built(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A build that a process of its own made; tests leave its directory as it is."""
    return build_program(inputs, tmp_path_factory.mktemp("built") / "run")


@pytest.fixture
def copied(built: Built, tmp_path: Path) -> Path:
    """A copy of that directory, to be changed."""
    return Path(shutil.copytree(built.path, tmp_path / "copied"))
