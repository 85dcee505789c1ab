"""How a device is asked to time networks: settings, and the job that they make (`agent/job.py` reads it)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wattnas.agent.timing import STRETCH
from wattnas.agent.timing import Protocol as Timing

Job = dict[str, Any]
Files = dict[str, bytes]


@dataclass(frozen=True)
class Settings:
    """How a device is measured.

    Attributes:
        threads: inside one operation.
        pin: whether the process is kept on as many cores.
        protocol: of the timing.
        budget_s: seconds of measuring, after which no more networks are begun; None measures blocks and 40
            networks.
        seed: of the design.
        token: what tells this campaign from another with the same settings; kept until its profile is
            written.
        watts: power that energy is modelled with where there is no meter.
    """

    threads: int = 1
    pin: bool = True
    protocol: Timing = field(default_factory=Timing)
    budget_s: float | None = 900.0
    seed: int = 0
    token: str = ""
    watts: float = 10.0


def timing_job(models: Mapping[str, bytes], anchor: bytes, settings: Settings) -> tuple[Job, Files]:
    """(what to ask a device, the models by SHA-256) to time `models` in stretches drawn at random."""
    order = list(models)
    np.random.default_rng(settings.seed).shuffle(order)
    hashes, files = hashed({"anchor": anchor, **models})
    job: Job = {
        "models": hashes,
        "stretches": [order[start : start + STRETCH] for start in range(0, len(order), STRETCH)],
        "anchor": "anchor",
        "threads": settings.threads,
        "pin": settings.pin,
        "protocol": settings.protocol.to_json(),
        "meter": None,
        "energy": None,
        "token": settings.token,
    }
    return job, files


def hashed(contents: Mapping[str, bytes]) -> tuple[dict[str, str], Files]:
    """(SHA-256 of each content by its name, each content by its SHA-256), as a job and a link want them."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return hashes, {hashes[name]: content for name, content in contents.items()}
