"""One thread, no touch of the user's cache, and the finished builds that several packages read."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest
import torch

_CACHE = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is imported that reads these; programs that tests start inherit them."""
    config.stash[_CACHE] = tempfile.mkdtemp(prefix="wattnas-tests-")
    os.environ["XDG_CACHE_HOME"] = config.stash[_CACHE]
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what the tests cached."""
    shutil.rmtree(config.stash[_CACHE], ignore_errors=True)
