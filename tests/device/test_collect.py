"""From answers to seconds, by numbers that can be followed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from wattnas.device.collect import Collected
from wattnas.device.fitted import Anchor
from wattnas.device.link import Classes, Failed, Latency, Result, Stretch
from wattnas.errors import DeviceError


def latency(quiet: float, *rounds: float, **more: Any) -> Latency:
    """An item with this undisturbed latency, and four rounds that show it where no others are given."""
    medians = rounds or (quiet,) * 4
    middle = sorted(medians)[len(medians) // 2]
    fields: dict[str, Any] = {"seconds": middle, "low": min(medians), "high": max(medians), "rounds": medians}
    return Latency(**{**fields, "runs": 10, "wide": False, "quiet_s": quiet, **more})


def stretch(anchor: Latency, index: int = 0, **items: Latency) -> Stretch:
    return told(anchor, items, index=index)


def told(anchor: Latency, items: dict[str, Latency], **more: Any) -> Stretch:
    fields: dict[str, Any] = {
        "index": 0,
        "attempt": 1,
        "attempts": 1,
        "drift": 0.0,
        "state": {},
        "rejected": None,
    }
    return Stretch(kind="stretch", items=items, anchor=anchor, **{**fields, **more})


UNDISTURBED = Anchor(operations=("skip",), seconds=1.0)
"""Of a measurement before, in which the undisturbed latency counted."""


def gather(results: Sequence[Result], like: Anchor | None = None) -> Collected:
    found = Collected(like)
    for result in results:
        found.add(result)
    return found


def failed(message: str, hint: str = "") -> Failed:
    return Failed(kind="failed", of=("stretch", 1), message=message, hint=hint)


def test_items_and_anchors_are_told_at_the_speed_of_their_stretch() -> None:
    """A device that was half as fast in the second stretch: which was usual is for the fit."""
    found = gather([stretch(latency(1.0), a=latency(0.3)), stretch(latency(2.0), 1, b=latency(0.6))])
    assert found.anchor_s == 1.5
    timed, anchors = found.timed(), found.anchors()
    assert (timed["a"].seconds, timed["b"].seconds) == pytest.approx((0.3, 0.6))
    assert [anchor.seconds for anchor in anchors] == pytest.approx([1.0, 2.0])
    assert [(timed[name].stretch, anchors[k].stretch) for k, name in enumerate("ab")] == [(0, 0), (1, 1)]
    # Held against the anchor of its stretch and what that takes over all, both items have one latency.
    for k, name in enumerate("ab"):
        assert timed[name].seconds / anchors[k].seconds * found.anchor_s == pytest.approx(0.45)


def test_what_a_run_usually_takes_is_a_little_more_than_undisturbed() -> None:
    """The anchor takes 1.0 s undisturbed and usually 1.1 s, so an item of 0.5 s usually takes 0.55 s."""
    found = gather([stretch(latency(1.0, 1.1, 1.1, 1.1, 1.1, 9.0), a=latency(0.5, 0.6, 0.7, 0.8))])
    (anchor,), item = found.anchors(), found.timed()["a"]
    assert (item.seconds, item.sigma) == pytest.approx((0.55, 0.002 * 0.55))
    assert anchor.seconds == pytest.approx(1.1)


def test_what_is_usual_can_be_known_from_before() -> None:
    """Later the device is disturbed in every round; undisturbed it takes what it took then."""
    then = gather([stretch(latency(1.0, 1.1, 1.1, 1.1), a=latency(0.5))])
    busy = [stretch(latency(1.0, 1.8, 1.9, 1.9), a=latency(0.5, 0.9))]
    later = Collected(Anchor(operations=("skip",), seconds=then.anchor_s, usual=then.usual))
    later.add(busy[0])
    assert later.usual == then.usual == pytest.approx(1.1)
    assert later.timed()["a"].seconds == then.timed()["a"].seconds == pytest.approx(0.55)
    assert later.anchor_s == then.anchor_s and later.anchors()[0].seconds == pytest.approx(1.1)
    assert gather(busy).timed()["a"].seconds > 0.9


def test_the_statistic_that_repeats_best_decides_and_a_later_measurement_keeps_to_it() -> None:
    """Undisturbed runs of the anchor vary by 10 % from stretch to stretch, its rounds by nothing."""
    found = gather([stretch(latency(quiet, 1.0, 1.0, 1.0)) for quiet in (0.9, 0.8)])
    found.add(stretch(latency(0.85, 1.0, 1.0, 1.0), 2, a=latency(0.4, 0.5, 0.5, 0.5)))
    assert (found.statistic, found.usual, found.anchor_s) == ("quarter", 1.0, 1.0)
    assert found.timed()["a"].seconds == 0.5
    for by, seconds in (("median", 1.8), ("quarter", 1.5), ("quiet", 1.0)):
        later = Collected(Anchor(operations=("skip",), seconds=1.0, statistic=by, usual=1.0))
        later.add(stretch(latency(1.0, 1.1, 1.5, 1.8, 1.8, 2.0), a=latency(1.0, 1.1, 1.5, 1.8, 1.8, 2.0)))
        assert later.statistic == by
        assert later.timed()["a"].seconds == later.anchor_s == pytest.approx(seconds)


def test_the_spread_grows_and_shrinks_with_the_seconds_but_never_below_a_five_hundredth() -> None:
    items = {"rough": latency(0.5, quiet_sigma_s=0.05), "fine": latency(0.5, quiet_sigma_s=1e-9)}
    answer = told(latency(1.0, 2.0, 2.0, 2.0), items)  # a run usually takes twice as long
    found = gather([answer], UNDISTURBED).timed()
    assert found["rough"].seconds == pytest.approx(1.0)
    assert found["rough"].sigma == pytest.approx(0.1)
    assert found["fine"].sigma == pytest.approx(0.002)


def test_an_agent_that_does_not_tell_the_undisturbed_latency_is_taken_by_its_medians() -> None:
    found = gather([stretch(latency(1.0, quiet_s=None), a=latency(0.3, quiet_s=None))])
    assert found.timed()["a"].seconds == pytest.approx(0.3)


def test_of_an_item_that_was_timed_again_the_fastest_timing_counts() -> None:
    """The slow one was disturbed throughout, which makes it look surest; whichever came first."""
    fast, slow, wide = (
        latency(seconds, quiet_sigma_s=sigma * seconds, wide=wide)
        for seconds, sigma, wide in [(1.0, 0.02, True), (1.2, 0.001, False), (1.5, 0.02, True)]
    )
    for order in ([fast, slow, wide], [wide, slow, fast], [slow, fast, wide]):
        answers = [stretch(latency(1.0), number, a=item) for number, item in enumerate(order)]
        found = gather(answers, UNDISTURBED)
        timed = found.timed()["a"]
        assert (timed.seconds, timed.sigma, timed.stretch) == (1.0, 0.02, order.index(fast))
        assert found.items == 1


def test_an_item_is_uncertain_until_one_timing_of_it_is_sure() -> None:
    sure, wide = latency(1.2), latency(1.0, wide=True)
    found = gather([stretch(latency(1.0), a=wide, b=sure), stretch(latency(1.0), 1, a=wide, c=wide)])
    assert (found.items, found.uncertain()) == (3, ["a", "c"])
    found.add(told(latency(1.0), {"a": sure}, index=2, rejected="it drifted"))
    assert found.uncertain() == ["a", "c"]
    found.add(stretch(latency(1.0), 3, a=sure))
    assert found.uncertain() == ["c"] and found.timed()["a"].seconds == 1.0


def test_time_spent_counts_anchors_and_every_attempt() -> None:
    """Twice 10 runs of 1 s and 10 of 0.5 s; once 10 of 1 s and 4 of 0.25 s; six warm-ups."""
    first = told(latency(1.0), {"a": latency(0.5)}, attempts=2)
    second = told(latency(1.0), {"b": latency(0.25, runs=4)}, index=1)
    assert gather([first, second]).spent_s(0.5) == 2 * (10 + 5) + 10 + 1 + 6 * 0.5
    assert Collected().spent_s(0.5) == 0


def test_add_says_how_many_items_an_answer_brought() -> None:
    found = Collected()
    assert found.add(stretch(latency(1.0), a=latency(1.0), b=latency(1.0))) == 2
    assert found.add(failed("No memory.")) == 0
    assert found.add(Classes(kind="classes", index=0, classes=(1,))) == 0
    assert (len(found.stretches), len(found.failures)) == (1, 1)


def test_the_last_state_is_that_of_the_last_stretch() -> None:
    assert Collected().last_state() == {}
    states = [told(latency(1.0), {}, index=k, state={"load": k}) for k in range(3)]
    assert gather(states).last_state() == {"load": 2}


def test_disturbed_is_the_share_of_rounds_a_tenth_over_the_usual() -> None:
    """Of eight rounds of 1 s usually, two took more than 1.1 s."""
    found = gather([stretch(latency(1.0, 1.0, 1.2, 1.0, 1.0)), stretch(latency(1.0, 1.0, 1.05, 3.0, 1.0), 1)])
    assert found.disturbed == 0.25
    assert any("in 25% of the rounds" in trouble for trouble in found.troubles())


def test_a_smooth_measurement_has_no_troubles() -> None:
    assert gather([stretch(latency(1.0), a=latency(1.0))]).troubles() == []


def test_troubles_are_told_with_their_numbers() -> None:
    items = {"a": latency(1.0, wide=True), "b": latency(1.0)}
    rejected = told(latency(1.0), items, rejected="the anchor drifted by 9.0%")
    found = gather([rejected, stretch(latency(1.0), 1), failed("No memory."), failed("No disk.")])
    unsteady, uncertain, failures = found.troubles()
    assert unsteady.startswith("1 of 2 stretches")
    assert "the anchor drifted by 9.0%" in unsteady
    assert uncertain.startswith("1 of 2 timings")
    assert failures.startswith("2 tasks failed")
    assert failures.endswith("No memory.")


def test_a_device_that_timed_nothing_says_why() -> None:
    found = gather([failed("The runtime lacks an operation.", "Install a newer one."), failed("Again.")])
    for ask in (lambda: found.anchor_s, found.timed):
        with pytest.raises(DeviceError, match=r"timed nothing: The runtime lacks an operation\.") as caught:
            ask()
        assert caught.value.hint == "Install a newer one."
    assert len(found.troubles()) == 1
    with pytest.raises(DeviceError, match=r"timed nothing\."):
        gather([]).timed()
