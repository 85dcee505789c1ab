"""A server for the tests that need one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.agent.stand_in import stand_in_bundle
from tests.device.link.server import Server, start_server, why_not
from wattnas.agent.bundle import Bundle


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An OpenSSH server on the loopback interface; skips where none is installed."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    found = start_server(tmp_path_factory.mktemp("sshd"))
    yield found
    found.stop()


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """An agent whose worker measures nothing."""
    return stand_in_bundle()
