from __future__ import annotations

import sys
import time
from types import SimpleNamespace

import pytest

from tests.agent.meters.contract import MeterContract, Rig
from wattnas.agent.meters.zeus import ZeusMeter, open_zeus
from wattnas.errors import MeterError


class Monitor:
    """As `zeus.monitor.ZeusMonitor` behaves."""

    def __init__(self) -> None:
        self.gpu_indices = [0]
        self.cpu_indices = [0, 1]
        self.parts: dict[str, object] = {
            "gpu_energy": {0: 3.0},
            "cpu_energy": {0: 1.0, 1: 2.0},
            "dram_energy": None,
        }
        self.error: Exception | None = None
        self.began = 0.0

    def begin_window(self, key: str, sync_execution: bool = True) -> None:
        assert not sync_execution
        if self.error is not None:
            raise self.error
        self.began = time.monotonic()

    def end_window(self, key: str, sync_execution: bool = True) -> SimpleNamespace:
        if self.error is not None:
            raise self.error
        return SimpleNamespace(time=time.monotonic() - self.began, **self.parts)


class TestZeus(MeterContract):
    name = "zeus"

    @pytest.fixture
    def rig(self) -> Rig:
        monitor = Monitor()

        def break_it() -> None:
            monitor.error = RuntimeError("gone")

        return Rig(ZeusMeter(monitor), lambda _: 6.0, break_it=break_it)


def install(monkeypatch: pytest.MonkeyPatch, monitor: object) -> None:
    monkeypatch.setitem(sys.modules, "zeus", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "zeus.monitor", SimpleNamespace(ZeusMonitor=lambda: monitor))


def test_what_zeus_sees_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Monitor())
    meter = open_zeus()
    meter.start()
    assert meter.stop().domain == "gpu + cpu as zeus sees it"


@pytest.mark.parametrize(
    "parts",
    [{}, {"gpu_energy": {}, "cpu_energy": None}, {"gpu_energy": {0: 0.0}}, {"cpu_energy": {0: float("nan")}}],
)
def test_nothing_seen_is_an_error(parts: dict[str, object]) -> None:
    monitor = Monitor()
    monitor.parts = parts
    meter = ZeusMeter(monitor)
    meter.start()
    with pytest.raises(MeterError):
        meter.stop()


def test_a_machine_in_which_zeus_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, SimpleNamespace(gpu_indices=[], cpu_indices=[]))
    with pytest.raises(MeterError, match="sees no meter"):
        open_zeus()


def test_without_the_package_the_hint_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zeus.monitor", None)
    with pytest.raises(MeterError, match="zeus cannot be loaded") as caught:
        open_zeus()
    assert "pip install zeus" in caught.value.hint
