"""A run's network on a device that is simulated: what is sent there, and what is made of the answers."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.builds import opened
from tests.device.cases import campaign_profile
from tests.device.simulated import Simulated, Table, hidden_costs, stand_in_for_export
from tests.pipeline.images import answers
from wattnas.device import predict
from wattnas.device.link import Hello
from wattnas.device.parts import part_keys
from wattnas.errors import DeviceError, ProfileError, RunError
from wattnas.pipeline import Context, OnDevice, Question, on_device, verify_on
from wattnas.pipeline.on_device import FILE
from wattnas.space import Architecture

Labels = NDArray[np.intp]


@pytest.fixture
def context(copied: Path) -> Context:
    return opened(copied)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    return stand_in_for_export(monkeypatch, on_device)


@pytest.fixture
def device(context: Context, table: Table) -> Simulated:
    """Knows the run's network, and says of all test images what ONNX Runtime says here."""
    content = context.run.file("model.onnx").read_bytes()
    table[hashlib.sha256(content).hexdigest()] = tuple(part_keys(context.layout, context.architecture))
    return Simulated(table, hidden_costs(context.layout), classes=said(context), target="ssh://pi@board")


def said(context: Context, picks: Sequence[int] | None = None) -> tuple[int, ...]:
    """The classes that the exported network names for these test images, or for all."""
    images = context.splits.test.images.numpy()
    chosen = images if picks is None else images[list(picks)]
    return tuple(answers(context.run.file("model.onnx"), chosen).tolist())


def labels(context: Context) -> Labels:
    found: Labels = context.splits.test.labels.numpy()
    return found


def test_a_network_is_held_against_its_prediction(context: Context, device: Simulated) -> None:
    found, taught = verify_on(context, device, Question(sample=10_000))
    right = np.array(said(context)) == labels(context)
    assert (found.accuracy.n, found.accuracy.correct) == (len(right), right.sum())
    assert found.agreement == 1.0
    true_s = device.network_s(part_keys(context.layout, context.architecture))
    assert found.latency.value == pytest.approx(true_s)
    assert (found.latency.origin, found.latency.n) == ("measured", 9)
    assert "ssh://pi@board" in found.latency.source and "onnxruntime 9.9" in found.latency.source
    predicted = predict(context.profile, context.layout, context.architecture)
    assert found.predicted_latency.value == predicted.latency_s
    assert found.latency_error == pytest.approx(predicted.latency_s / true_s - 1)
    assert (found.energy, found.inside, found.bounds, taught) == (None, None, {}, None)
    assert found.hardware.startswith("Example CPU, 2 cores")
    assert found.goal_accuracy == 0.4 and found.goal_met == (right.mean() >= 0.4) == found.holds
    assert OnDevice.model_validate_json(context.run.file(FILE).read_text()) == found


def sent(device: Simulated, files: dict[str, bytes]) -> NDArray[np.uint8]:
    (job,) = device.jobs
    found: NDArray[np.uint8] = np.load(io.BytesIO(files[job["predict"]["images"]]), allow_pickle=False)
    return found


def test_a_sample_is_spread_evenly_over_the_test_images(
    context: Context, device: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the last image too, and as bytes: the device divides by 255 itself."""
    images = context.splits.test.images.numpy()
    picks = [int(i * (len(images) - 1) / 19) for i in range(20)]
    device.classes = said(context, picks)
    files: dict[str, bytes] = {}
    run = device.run

    def noted(job: Any, given: Any) -> Any:
        files.update(given)
        return run(job, given)

    monkeypatch.setattr(device, "run", noted)
    found, _ = verify_on(context, device, Question(sample=20, threads=3))
    assert np.array_equal(sent(device, files), images[picks]) and sent(device, files).dtype == np.uint8
    assert found.accuracy.correct == (np.array(device.classes) == labels(context)[picks]).sum()
    (job,) = device.jobs
    assert (job["threads"], job["stretches"], job["meter"], job["energy"]) == (3, [["network"]], None, None)
    assert files[job["models"]["network"]] == context.run.file("model.onnx").read_bytes()


def test_a_device_that_answers_otherwise_is_found_out(context: Context, device: Simulated) -> None:
    """A tenth of the answers turned into something else: agreement 90 %, and the accuracy is what it said."""
    honest = np.array(said(context))
    turned = honest.copy()
    turned[::10] = (turned[::10] + 1) % 10
    device.classes = tuple(turned.tolist())
    found, _ = verify_on(context, device, Question(sample=10_000))
    assert found.agreement == pytest.approx((honest == turned).mean())
    assert found.accuracy.accuracy == pytest.approx((turned == labels(context)).mean())
    device.classes = tuple(((labels(context) + 1) % 10).tolist())
    wrong, _ = verify_on(context, device, Question(sample=10_000))
    assert (wrong.accuracy.accuracy, wrong.goal_met, wrong.holds) == (0.0, False, False)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"max_latency_s": 1.0}, {"max_latency": True}),
        ({"max_latency_s": 1e-6}, {"max_latency": False}),
        ({"max_energy_j": 1.0}, {"max_energy": None}),
        ({"max_latency_s": 1.0, "max_energy_j": 9.0}, {"max_latency": True, "max_energy": None}),
    ],
)
def test_a_bound_holds_or_is_broken_or_left_open(
    context: Context, device: Simulated, bounds: dict[str, Any], expected: dict[str, bool | None]
) -> None:
    """Without a meter nothing says that an energy is kept to, so the whole does not hold."""
    found, _ = verify_on(context, device, Question(sample=10_000, **bounds))
    assert found.bounds == expected
    assert found.holds == (found.goal_met is not False and all(value is True for value in expected.values()))


def test_a_profile_learns_at_the_speed_that_its_seconds_hold_for(context: Context, device: Simulated) -> None:
    """Device and anchor run at two thirds of their speed today; what is learned is what they took then."""
    layout = context.layout
    seconds = {key: 1.2 * value for key, value in hidden_costs(layout).items()}
    profile = campaign_profile(layout, seconds, misfit=0.001)
    (fit,) = profile.fits
    keys = part_keys(layout, Architecture.of(fit.anchor.operations, layout.space))
    anchor = fit.anchor.model_copy(update={"seconds": device.network_s(keys)})
    profile = profile.model_copy(update={"fits": (fit.model_copy(update={"anchor": anchor}),)})
    device.speed = lambda number: 1.5
    found, taught = verify_on(context, device, Question(sample=10_000, profile=profile))
    assert taught is not None and taught.fits[0].networks == 41
    own = part_keys(layout, context.architecture)
    true_s = device.network_s(own)
    before, after = (predict(p, layout, context.architecture).latency_s for p in (profile, taught))
    assert found.latency.value == pytest.approx(1.5 * true_s)
    assert abs(after - true_s) < 0.1 * abs(before - true_s)


def test_a_profile_that_cannot_learn_is_refused_before_anything_is_timed(
    context: Context, device: Simulated
) -> None:
    with pytest.raises(ProfileError, match="'desk' holds no measurement"):
        verify_on(context, device, Question(profile=context.profile))
    assert device.jobs == []


def test_what_the_device_cannot_do_is_said(context: Context, device: Simulated) -> None:
    classes, device.classes = device.classes, None
    with pytest.raises(DeviceError, match=r"could not classify the images: It has no memory left"):
        verify_on(context, device, Question())
    device.classes, device.broken = classes, frozenset(["network"])
    with pytest.raises(
        DeviceError, match=r"could not time the network: The runtime refuses it\. Update it\."
    ):
        verify_on(context, device, Question(sample=10_000))
    assert not context.run.file(FILE).exists()


def test_a_run_without_an_exported_network_names_the_next_step(context: Context, device: Simulated) -> None:
    context.run.file("model.onnx").unlink()
    with pytest.raises(RunError, match=r"no exported network yet.*wattnas export"):
        verify_on(context, device, Question())


@pytest.mark.parametrize("state", [{}, {"machine": None}, {"machine": ["cpu"]}, {"machine": {"cpu": 7}}])
def test_a_device_may_say_anything_of_itself(
    context: Context, device: Simulated, monkeypatch: pytest.MonkeyPatch, state: dict[str, Any]
) -> None:
    hello: Hello = device.hello().model_copy(update={"state": state})
    monkeypatch.setattr(Simulated, "hello", lambda self: hello)
    assert " cores, " in verify_on(context, device, Question(sample=10_000))[0].hardware
