"""This machine's profile for one space: every block exported, run in ONNX Runtime and timed.

A block's latency is that of a session that holds it alone, less that of a session that only copies the same
input. Energy is modelled, not measured: stated watts times the measured time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wattnas.blocks import make_candidate, make_head, make_stem
from wattnas.device.load import LOCAL
from wattnas.device.measure import Protocol, Timing, null_model, runner, summarise, time_rounds
from wattnas.device.measure.latency import RESOLUTION_S, Clock
from wattnas.device.profile import Entry, Profile
from wattnas.errors import ConfigError
from wattnas.export import onnxruntime
from wattnas.machine import Machine, read_machine
from wattnas.space import Layout
from wattnas.units import Quantity

Progress = Callable[[int, int, str], None]

_WIDE = 0.05
_BUSY = 0.5


class Stem(nn.Module):
    """The stem with the normalisation before it, as in a network: (N, C, H, W) to (N, stem, H', W')."""

    mean: Tensor
    std: Tensor

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((1, layout.channels, 1, 1), 0.5))
        self.register_buffer("std", torch.full((1, layout.channels, 1, 1), 0.25))
        self.stem = make_stem(layout)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise, then the stem."""
        out: Tensor = self.stem((x - self.mean) / self.std)
        return out


@dataclass(frozen=True)
class Part:
    """Something to time: its key, how to make it, and the channels and side of its input."""

    key: str
    make: Callable[[], nn.Module]
    channels: int
    size: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of its input, batch 1."""
        return 1, self.channels, self.size, self.size


def parts(layout: Layout) -> list[Part]:
    """All that runs in some network of the layout, each key once; identities are left out."""
    return list({part.key: part for part in _every_part(layout)}.values())


def _every_part(layout: Layout) -> Iterator[Part]:
    yield Part(layout.stem_key, partial(Stem, layout), layout.channels, layout.size)
    for layer in layout.layers:
        for candidate in layout.candidates:
            if not (candidate.is_skip and layer.is_residual):
                make = partial(make_candidate, layer, candidate)
                yield Part(layer.key(candidate), make, layer.in_channels, layer.in_size)
    last = layout.layers[-1]
    yield Part(layout.head_key, partial(make_head, layout), last.out_channels, last.out_size)


def identities(layout: Layout) -> list[str]:
    """The keys of `skip` where it is the identity, each once."""
    keys = (
        layer.key(c) for layer in layout.layers for c in layout.candidates if c.is_skip and layer.is_residual
    )
    return list(dict.fromkeys(keys))


def measure_local(
    layout: Layout,
    *,
    threads: int = 1,
    progress: Progress | None = None,
    watts: float = 10.0,
    protocol: Protocol | None = None,
    clock: Clock = time.perf_counter,
) -> Profile:
    """Time every part of `layout` on this machine, batch 1.

    Args:
        layout: the space at its input; its blocks, stem and head are covered, and no others.
        threads: threads inside one operation.
        progress: hears (steps done, steps in all, what is being done).
        watts: power assumed for the modelled energy.
        protocol: rounds and windows.
        clock: seconds, monotonic.

    Raises:
        ConfigError: threads or watts that make no sense.
        ExportError: a block that cannot be exported.
        ProfileError: a block that the runtime does not accept.
    """
    if threads < 1:
        raise ConfigError(f"{threads} threads cannot run anything.", "Give 1 or more.")
    if not 0 < watts < 1e6:
        raise ConfigError(f"{watts} W is no power of a device.", "Give what it draws at work, above 0.")
    machine, runtime = read_machine(), f"onnxruntime {onnxruntime().__version__}"
    timings = _time(
        parts(layout), threads, progress or (lambda done, total, what: None), protocol or Protocol(), clock
    )
    return assemble(layout, timings, machine, runtime, threads, watts)


def _time(
    wanted: list[Part], threads: int, tell: Progress, protocol: Protocol, clock: Clock
) -> dict[str, Timing]:
    """The latency of each part by its key, less that of a null session with the same input."""
    total = len(wanted) + protocol.rounds
    items: dict[str, Callable[[], object]] = {}
    tell(0, total, "exporting")
    for done, (part, run) in enumerate(_runners(wanted, threads)):
        items[part.key] = run
        tell(done + 1, total, f"exported {part.key}")
    for shape in dict.fromkeys(part.shape for part in wanted):
        items[_null_key(shape)] = runner(null_model(shape), _images(shape), threads)
    tell(len(wanted), total, "warming up")
    rounds = time_rounds(
        items, protocol, clock, lambda done: tell(len(wanted) + done, total, f"timed round {done}")
    )
    tell(total, total, "timed")
    return {
        part.key: summarise(rounds[part.key], rounds[_null_key(part.shape)], protocol.seed) for part in wanted
    }


def _null_key(shape: tuple[int, ...]) -> str:
    return "null " + "x".join(map(str, shape))


def _images(shape: tuple[int, ...]) -> NDArray[np.float32]:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def _runners(wanted: list[Part], threads: int) -> Iterator[tuple[Part, Callable[[], object]]]:
    """A call for each part that runs it as exported; torch's random state stays as it was."""
    from wattnas.export import onnx_bytes_each  # loads the exporter, which only a measurement needs

    images = [_images(part.shape) for part in wanted]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        modules = [_as_trained(part.make()) for part in wanted]
    models = onnx_bytes_each(modules, [torch.from_numpy(image) for image in images])
    for part, model, image in zip(wanted, models, images, strict=True):
        yield part, runner(model, image, threads)


def _as_trained(module: nn.Module) -> nn.Module:
    """Statistics as after training: with fresh ones the exporter drops additions that a network does."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            assert part.running_mean is not None and part.running_var is not None
            nn.init.uniform_(part.running_mean, -1, 1)
            nn.init.uniform_(part.running_var, 0.5, 2)
    return module.eval()


def assemble(
    layout: Layout, timings: Mapping[str, Timing], machine: Machine, runtime: str, threads: int, watts: float
) -> Profile:
    """The profile that these timings make, one for every part of the layout."""
    today = datetime.now(timezone.utc).date()
    source = f"{machine.cpu}, {runtime}, {threads} thread(s), batch 1, {today.isoformat()}"
    entries = [_measured(key, timing, source, watts) for key, timing in timings.items()]
    entries += [_identity(key, source) for key in identities(layout)]
    return Profile(
        name=LOCAL,
        description=f"Measured on this machine for space {layout.space.name}; energy modelled at {watts:g} W",
        notes=_notes(timings, machine, watts),
        hardware=f"{machine.cpu}, {machine.cores} cores, {machine.system}",
        runtime=runtime,
        threads=threads,
        date=today,
        scope="network",
        entries=tuple(entries),
    )


def _measured(key: str, timing: Timing, source: str, watts: float) -> Entry:
    latency = Quantity(
        value=timing.seconds,
        unit="s",
        origin="measured",
        low=timing.low,
        high=timing.high,
        n=timing.n,
        source=source,
    )
    energy = Quantity(
        value=watts * timing.seconds,
        unit="J",
        origin="modelled",
        low=watts * timing.low,
        high=watts * timing.high,
        source=f"{watts:g} W (stated, not measured) times measured latency; {source}",
    )
    return Entry(key=key, latency=latency, energy=energy)


def _identity(key: str, source: str) -> Entry:
    why = f"identity is removed by the runtime; {source}"
    return Entry(
        key=key,
        latency=Quantity(value=0.0, unit="s", origin="modelled", source=why),
        energy=Quantity(value=0.0, unit="J", origin="modelled", source=why),
    )


def _notes(timings: Mapping[str, Timing], machine: Machine, watts: float) -> tuple[str, ...]:
    """What a reader of these numbers should know, and what was wrong with this measurement."""
    notes = [
        f"Machine when the measurement began: {machine.state}.",
        "A latency is that of a session with this block alone, less that of a session that only copies its "
        f"input, at least {RESOLUTION_S * 1e6:g} us; median over rounds, bootstrap 95 % interval. A whole "
        "network is optimised across its blocks, so it may differ from the sum by some 10 to 20 %.",
        f"Energy is modelled as {watts:g} W, a stated power, times the measured latency. No meter was read.",
    ]
    if machine.load is not None and machine.load > _BUSY * machine.cores:
        notes.append("Other programs were running, so latencies may be too high.")
    wide = [key for key, t in timings.items() if t.high - t.low > 2 * _WIDE * t.seconds]
    if wide:
        notes.append(
            f"{len(wide)} of {len(timings)} latencies are uncertain by more than {_WIDE:.0%}: {wide[0]} …"
        )
    return tuple(notes)
