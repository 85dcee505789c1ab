from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattnas.agent.meters.align import Marker, Schedule, align
from wattnas.agent.meters.power import Sample
from wattnas.agent.meters.trace import Trace
from wattnas.errors import MeterError

MARKER = Marker(100.0, 106.0, 112.0, 118.0)
ALONE = Schedule(MARKER)


def recorded(
    busy: list[tuple[float, float]],
    offset: float = 0.0,
    step: float = 0.02,
    noise: float = 0.05,
    span: tuple[float, float] = (80.0, 260.0),
    lost: tuple[float, float] = (0.0, 0.0),
) -> Trace:
    """A log of a board at 2.5 W, and at 4 W in the stretches of `busy`; its clock is `offset` ahead."""
    chance, samples = random.Random(1), []
    for i in range(int((span[1] - span[0]) / step)):
        at = span[0] + i * step
        watts = 4.0 if any(start <= at < end for start, end in busy) else 2.5
        if not lost[0] <= at < lost[1]:
            samples.append(Sample(at + offset, watts + chance.gauss(0, noise)))
    return Trace(samples)


WINDOWS = [(140.0 + 21 * i, 151.0 + 21 * i) for i in range(5)]
BURN = (106.0, 112.0)
WHOLE = Schedule(MARKER, tuple((start + 1, end) for start, end in WINDOWS), ((128.0, 138.0), (246.0, 256.0)))


@pytest.mark.parametrize("offset", [0.0, -99.5, 1.7e9, 12.345])
def test_the_offset_of_the_clocks_is_found(offset: float) -> None:
    found = align(recorded([BURN, *WINDOWS], offset), [ALONE])
    assert found.offset_s == pytest.approx(offset, abs=0.03)
    assert 0 < found.sigma_s < 0.1


def test_a_meter_that_samples_once_a_second_will_do() -> None:
    found = align(recorded([BURN, *WINDOWS], 3.3, step=1.0), [ALONE])
    assert found.offset_s == pytest.approx(3.3, abs=0.6)
    assert found.sigma_s > 0.2


def test_noise_and_spikes_do_not_matter_much() -> None:
    trace = recorded([BURN, *WINDOWS], 7.0, noise=0.4)
    spiky = [each._replace(watts=25.0) if i % 1500 == 7 else each for i, each in enumerate(trace.samples)]
    assert align(Trace(spiky), [ALONE]).offset_s == pytest.approx(7.0, abs=0.1)


def test_a_marker_twice_is_refused() -> None:
    with pytest.raises(MeterError, match="in 2 places"):
        align(recorded([BURN, (230.0, 236.0)]), [ALONE])


def test_two_markers_are_found_where_one_would_not_be() -> None:
    second = Marker(224.0, 230.0, 236.0, 242.0)
    found = align(recorded([BURN, (230.0, 236.0)], 4.0), [ALONE, Schedule(second)])
    assert found.offset_s == pytest.approx(4.0, abs=0.03)


@pytest.mark.parametrize(
    "busy",
    [
        [],
        WINDOWS,
        [(106.0, 109.0)],
        [(106.0, 118.0)],
        [(103.0, 105.0), BURN],  # not idle before
        [BURN, (113.0, 116.0)],  # nor after
    ],
)
def test_what_is_no_marker_is_not_taken_for_one(busy: list[tuple[float, float]]) -> None:
    with pytest.raises(MeterError, match="shows no idle, burn and idle"):
        align(recorded(busy), [ALONE])


def test_what_looks_like_the_marker_and_is_not_followed_by_the_windows_is_passed_over() -> None:
    twice = recorded([BURN, *WINDOWS, (275.0, 281.0)], 4.0, span=(80.0, 300.0))
    with pytest.raises(MeterError, match="in 2 places"):
        align(twice, [ALONE])
    assert align(twice, [WHOLE]).offset_s == pytest.approx(4.0, abs=0.03)
    with pytest.raises(MeterError, match="shows no"):  # the log begins late, and something else ran for 6 s
        align(recorded([*WINDOWS, (275.0, 281.0)], 4.0, span=(120.0, 300.0)), [WHOLE])


def test_an_edge_that_something_else_hides_does_not_count() -> None:
    hidden = recorded([(106.0, 112.4), *WINDOWS], 4.0)
    assert align(hidden, [WHOLE]).offset_s == pytest.approx(4.0, abs=0.03)


@pytest.mark.parametrize(("more", "lost"), [([(130.0, 136.0)], (0.0, 0.0)), ([], (163.0, 170.0))])
def test_a_gap_or_a_disturbance_in_one_stretch_does_not_matter(
    more: list[tuple[float, float]], lost: tuple[float, float]
) -> None:
    trace = recorded([BURN, *WINDOWS, *more], 4.0, lost=lost)
    assert align(trace, [WHOLE]).offset_s == pytest.approx(4.0, abs=0.03)


def test_a_log_is_not_taken_for_one_window_later() -> None:
    # The marker was not recorded, and something ran for 6 s where it would lie one window later.
    busy = [*WINDOWS, (127.0, 133.0)]
    with pytest.raises(MeterError, match="shows no"):
        align(recorded(busy, span=(110.0, 290.0)), [WHOLE])


def test_a_marker_in_a_gap_is_not_found() -> None:
    with pytest.raises(MeterError, match="shows no"):
        align(recorded([BURN, *WINDOWS], lost=(108.0, 110.0)), [ALONE])


def test_a_log_that_begins_after_the_marker_is_refused() -> None:
    with pytest.raises(MeterError, match="shows no"):
        align(recorded([BURN, *WINDOWS], span=(115.0, 260.0)), [ALONE])


def test_a_log_too_coarse_is_refused() -> None:
    with pytest.raises(MeterError, match="sample every 3 s"):
        align(recorded([BURN], step=3.0), [ALONE])


@pytest.mark.parametrize("markers", [[], [Marker(3.0, 2.0, 1.0, 0.0)], [Marker(0.0, 1.0, float("nan"), 3.0)]])
def test_no_marker_or_none_that_can_be(markers: list[Marker]) -> None:
    with pytest.raises(MeterError):
        align(recorded([BURN]), [Schedule(marker) for marker in markers])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 10), min_size=2, max_size=300))
def test_any_log_is_aligned_or_refused(watts: list[float]) -> None:
    try:
        found = align(Trace([Sample(0.5 * i, each) for i, each in enumerate(watts)]), [ALONE])
    except MeterError:
        return
    assert found.sigma_s > 0
