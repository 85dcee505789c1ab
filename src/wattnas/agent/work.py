"""What a fresh process does: time one stretch of networks, measure the energy of one, or classify images.

    python wattnas-agent.pyz work TASK.json

prints one JSON line. A process of its own per stretch keeps memory that one network left behind away from the
next.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from wattnas.agent.runtime import onnxruntime, open_session, pin, runner
from wattnas.agent.state import read_state, throttled_between
from wattnas.agent.timing import Protocol, Run, Stretch, Timing, time_stretch
from wattnas.errors import DeviceError, WattnasError


def main(arguments: Sequence[str]) -> int:
    """Do the task in the file named; prints its result or an object of kind "error"; returns an exit code."""
    try:
        task = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        print(json.dumps(TASKS[task["task"]](task), allow_nan=False))
    except WattnasError as error:
        print(json.dumps({"kind": "error", "message": error.message, "hint": error.hint}))
        return 1
    return 0


def time_task(task: dict[str, Any]) -> dict[str, Any]:
    """{"items": {name: path}, "anchor": path, "threads", "pin", "protocol"} to a "stretch" line."""
    began = time.monotonic()
    cores = pin(task["threads"]) if task["pin"] else []
    protocol = Protocol.from_json(task["protocol"])
    before = read_state()
    items = {name: _run(path, task["threads"]) for name, path in task["items"].items()}
    found = time_stretch(items, _run(task["anchor"], task["threads"]), protocol)
    after = read_state()
    reason = throttled_between(before, after) or found.rejected
    state = {**after.to_json(), "cores": cores, "onnxruntime": str(onnxruntime().__version__)}
    took = {"wall_s": round(time.monotonic() - began, 3)}
    return {"kind": "stretch", **stretch_json(found), "state": state, "rejected": reason, **took}


def stretch_json(found: Stretch) -> dict[str, Any]:
    """A stretch as a plain object."""
    return {
        "items": {name: _timing_json(timing) for name, timing in found.items.items()},
        "anchor": _timing_json(found.anchor),
        "drift": found.drift,
        "rejected": found.rejected,
    }


def _timing_json(timing: Timing) -> dict[str, Any]:
    return {**asdict(timing), "rounds": list(timing.rounds)}


def predict_task(task: dict[str, Any]) -> dict[str, Any]:
    """{"model": path, "images": path of .npy (N, C, H, W) uint8, "batch", "threads"} to a "classes" line."""
    session = open_session(Path(task["model"]).read_bytes(), task["threads"])
    images = np.load(task["images"], allow_pickle=False)
    name = session.get_inputs()[0].name
    found: list[int] = []
    for start in range(0, len(images), task["batch"]):
        part = images[start : start + task["batch"]].astype(np.float32) / 255
        logits = np.asarray(session.run(None, {name: part})[0])
        if not np.isfinite(logits).all():
            raise DeviceError("The network answers with logits that are not finite.", "Export it again.")
        found.extend(int(k) for k in logits.argmax(axis=1))
    return {"kind": "classes", "classes": found}


def energy_task(task: dict[str, Any]) -> dict[str, Any]:
    """{"item", "model": path, "meter", "protocol", "threads", "pin"} to an "energy" line."""
    from wattnas.agent import energy
    from wattnas.agent.meters import open_meter

    if task["pin"]:
        pin(task["threads"])
    protocol = energy.Protocol.from_json(task["protocol"])
    meter = open_meter(task["meter"])
    try:
        found = energy.measure_energy(_run(task["model"], task["threads"]), meter, protocol)
    finally:
        meter.close()
    return {"kind": "energy", "item": task["item"], **found.to_json()}


def _run(path: str, threads: int) -> Run:
    return runner(open_session(Path(path).read_bytes(), threads, Path(path).name))


TASKS = {"time": time_task, "predict": predict_task, "energy": energy_task}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
