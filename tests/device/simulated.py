"""A device whose costs are known: its seconds follow a hidden model, and a fit is held against the truth."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import pytest

from wattnas.device import campaign, check
from wattnas.device.campaign import null_key
from wattnas.device.link import Classes, Failed, Hello, Result, Stretch
from wattnas.device.parts import part_keys, parts
from wattnas.errors import DeviceError
from wattnas.files import content_hash
from wattnas.space import Architecture, Layout
from wattnas.space.load import parse_space

MEDIUM_SPACE = """
name: medium
input: {channels: [3], min_size: 16, max_size: 16}
stem: {channels: 16}
stages: [{channels: 16, layers: 2}, {channels: 24, layers: 3, stride: 2}, {channels: 32, layers: 3, stride:
2}]
candidates: [skip, k3_e1, k3_e6, k5_e6]
head: {channels: 40}
"""
Table = dict[str, tuple[str, ...]]
"""SHA-256 of a model -> the parts it runs; (a null key,) for a null session."""


def medium(*more: str, classes: int = 4) -> Layout:
    """Eight layers of five shapes; `more` candidates come at the end."""
    text = MEDIUM_SPACE.replace("k5_e6]", ", ".join(["k5_e6", *more]) + "]")
    return Layout.resolve(parse_space(text, "medium"), classes=classes)


def hidden_costs(layout: Layout, seed: int = 0) -> dict[str, float]:
    """Seconds of every part inside a network: they grow with kernel and expansion, and vary besides."""
    return {
        part.key: 40e-6 * _work(part.key.split(" ")[0]) * math.exp(0.4 * quirk(str(seed), part.key))
        for part in parts(layout)
    }


def _work(name: str) -> float:
    """About how much a block computes: 1 for `k3_e1`, 7 for `k5_e6`."""
    found = re.fullmatch(r"k(\d)_e(\d)(_g\d)?", name)
    return (0.5 + int(found[1]) / 6) * int(found[2]) if found else 0.4 if name == "skip" else 3.0


def quirk(*words: str) -> float:
    """A standard normal number that belongs to these words."""
    return float(
        np.random.default_rng(int(hashlib.sha256(" | ".join(words).encode()).hexdigest()[:8], 16)).normal()
    )


@dataclass
class Simulated:
    """Implements `wattnas.device.Device`.

    Attributes:
        table: which parts each model runs.
        costs: seconds of each part inside a network.
        alone: a block on its own over the same block in a network, `uneven` by so much from block to block.
        interaction: standard deviation of networks around their sums, as a share; from pairs of neighbours.
        noise: standard deviation of one timing, as a share.
        disturbed: share of the rounds in which another program makes a run take 1.7 times as long.
        call_s: what a call costs besides.
        speed: seconds of stretch number n, counted over all jobs, are longer by this factor.
        lies: factor on the seconds of a model, by its name in the job.
        broken: a stretch that holds one of these names fails.
        lasts: stretches until the connection is lost; None for ever.
        classes: what a network says of the images that a job sends; None where it cannot be run on them.
    """

    table: Table
    costs: Mapping[str, float]
    alone: float = 1.25
    uneven: float = 0.1
    interaction: float = 0.0
    noise: float = 0.0
    disturbed: float = 0.0
    call_s: float = 20e-6
    speed: Callable[[int], float] = lambda number: 1.0
    lies: Mapping[str, float] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    lasts: int | None = None
    classes: tuple[int, ...] | None = None
    target: str = "local"
    cpu: str = "Example CPU"
    seed: int = 0
    jobs: list[dict[str, Any]] = field(default_factory=list)
    journal: dict[str, list[Result]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rng, self._done = np.random.default_rng(self.seed), 0

    @property
    def name(self) -> str:
        """How it is reached."""
        return self.target

    def hello(self) -> Hello:
        """A processor with two cores."""
        machine = {"cpu": self.cpu, "cores": 2, "system": "Linux 1.0 x86_64"}
        return Hello(
            kind="hello",
            agent=1,
            wattnas="0",
            python="3.11",
            bits=64,
            numpy="2.0",
            onnxruntime="9.9",
            state={"machine": machine},
            folder="/nowhere",
            free_bytes=10**9,
            problems=(),
        )

    def run(self, job: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[Result]:
        """Answers as an agent does: what is in the journal at once, the rest measured."""
        sent: dict[str, Any] = json.loads(json.dumps(job))  # as it travels
        assert all(hashlib.sha256(content).hexdigest() == sha for sha, content in files.items())
        assert set(sent["models"].values()) <= set(files)
        self.jobs.append(sent)
        kept = self.journal.setdefault(content_hash(sent), [])
        yield from list(kept)
        for index in range(len(kept), len(sent["stretches"])):
            if self.lasts is not None and self._done >= self.lasts:
                raise DeviceError("The device was lost.", "Run the same command again.")
            kept.append(self._stretch(sent, index))
            yield kept[-1]
        if sent.get("predict"):
            yield self._classes()

    def asked(self) -> set[str]:
        """All names that were ever to be timed, the anchor left out."""
        return {name for job in self.jobs for names in job["stretches"] for name in names}

    def network_s(self, keys: Sequence[str]) -> float:
        """The truth: seconds of a network that runs these parts, undisturbed."""
        pairs = list(pairwise(keys))
        odd = sum(quirk(*pair) for pair in pairs) / math.sqrt(len(pairs))
        return (self.call_s + sum(self.costs[key] for key in keys)) * (1 + self.interaction * odd)

    def block_s(self, key: str) -> float:
        """Seconds of a block on its own, the call included."""
        return self.call_s + self.costs[key] * self.alone * math.exp(self.uneven * quirk(key))

    def _classes(self) -> Result:
        if self.classes is None:
            return Failed(
                kind="failed", of=("classes", 0), message="It has no memory left.", hint="Close programs."
            )
        return Classes(kind="classes", index=0, classes=self.classes)

    def _seconds(self, keys: tuple[str, ...]) -> float:
        if keys[0].startswith("null "):
            return self.call_s
        return self.block_s(keys[0]) if len(keys) == 1 else self.network_s(keys)

    def _stretch(self, job: dict[str, Any], index: int) -> Result:
        self._done += 1
        names = job["stretches"][index]
        if self.broken & set(names):
            return Failed(
                kind="failed", of=("stretch", index), message="The runtime refuses it.", hint="Update it."
            )
        factor = self.speed(self._done - 1)
        timings = {name: self._timing(job, name, factor) for name in [*names, job["anchor"]]}
        anchor = timings.pop(job["anchor"])
        return Stretch.model_validate(
            {
                "kind": "stretch",
                "index": index,
                "attempt": 1,
                "attempts": 1,
                "items": timings,
                "anchor": anchor,
                "drift": 0.001,
                "state": {"machine": {"cpu": self.cpu}},
                "rejected": None,
            }
        )

    def _timing(self, job: dict[str, Any], name: str, factor: float) -> dict[str, Any]:
        true_s = self._seconds(self.table[job["models"][name]]) * self.lies.get(name, 1.0)
        count, window_s = int(job["protocol"]["rounds"]), float(job["protocol"]["window_s"])
        quiet, *rounds = (
            true_s * factor * np.exp(self.noise * self._rng.standard_normal(count + 1))
        ).tolist()
        if self.disturbed:
            busy = self._rng.random(count) < self.disturbed
            rounds = np.where(busy, 1.7 * np.array(rounds), rounds).tolist()
        return {
            "seconds": median(rounds),
            "low": min(rounds),
            "high": max(rounds),
            "rounds": rounds,
            "runs": count * max(int(job["protocol"]["min_runs"]), math.ceil(window_s / quiet)),
            "wide": False,
            "quiet_s": quiet,
            "quiet_sigma_s": self.noise * quiet,
        }


def stand_in_for_export(monkeypatch: pytest.MonkeyPatch, *modules: Any) -> Table:
    """Let blocks and networks be short texts that name their parts; gives the table that a device reads.

    Args:
        modules: which import `export_parts` and `Composer`, besides those of a campaign and a check.
    """
    table: Table = {}

    def noted(content: bytes, keys: Sequence[str]) -> bytes:
        table[hashlib.sha256(content).hexdigest()] = tuple(keys)
        return content

    def export_parts(layout: Layout) -> dict[str, bytes]:
        return {part.key: noted(part.key.encode(), [part.key]) for part in parts(layout)}

    class Composer:
        def __init__(self, layout: Layout, exported: Mapping[str, bytes]) -> None:
            assert set(exported) == {part.key for part in parts(layout)}
            self.layout = layout

        def network(self, architecture: Architecture) -> bytes:
            keys = part_keys(self.layout, architecture)
            return noted("\n".join(keys).encode(), keys)

    def null_model(shape: tuple[int, ...]) -> bytes:
        return noted(null_key(shape).encode(), [null_key(shape)])

    for module in (campaign, check, *modules):
        monkeypatch.setattr(module, "export_parts", export_parts)
        monkeypatch.setattr(module, "Composer", Composer)
    monkeypatch.setattr(campaign, "null_model", null_model)
    return table
