"""What an agent says of its device when greeted: versions, state, free disk, and what stands in the way."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from wattnas import __version__
from wattnas.agent.job import PROTOCOL
from wattnas.agent.lines import clean, last_line, parse_line
from wattnas.agent.state import read_state
from wattnas.agent.store import Store
from wattnas.agent.worker import ending
from wattnas.errors import DeviceError

NEEDED = ("numpy", "onnxruntime")

INSTALL = (
    "Install them there: python3 -m venv ~/wattnas-venv && ~/wattnas-venv/bin/pip install numpy onnxruntime; "
    "then add ?python=~/wattnas-venv/bin/python to the device, in quotes."
)
BITS = (
    "Install a 64-bit system (Raspberry Pi Imager: Raspberry Pi OS (64-bit)); "
    "a 64-bit kernel under a 32-bit system is not enough."
)


def greeting(store: Store, found: Mapping[str, Any]) -> dict[str, Any]:
    """The "hello" line; `found` is what `versions` gave."""
    return {
        "kind": "hello",
        "agent": PROTOCOL,
        "wattnas": __version__,
        "python": platform.python_version(),
        "bits": _bits(),
        "numpy": found["numpy"],
        "onnxruntime": found["onnxruntime"],
        "state": read_state().to_json(),
        "folder": str(store.folder),
        "free_bytes": store.free_bytes(),
        "problems": problems(_bits(), found),
    }


def problems(bits: int, found: Mapping[str, Any]) -> list[dict[str, str]]:
    """What stands in the way of measuring, each with a message and a hint."""
    if bits != 64 and found["onnxruntime"] is None:
        message = f"Python on the device is a {bits}-bit program, and ONNX Runtime has no wheels for it."
        return [{"message": message, "hint": BITS}]
    missing = [name for name in NEEDED if found[name] is None]
    if not missing:
        return []
    reason = f" ({found['reason']})" if found["reason"] else ""
    return [
        {"message": f"Python on the device cannot load {' and '.join(missing)}{reason}.", "hint": INSTALL}
    ]


def versions(probe: Sequence[str]) -> dict[str, Any]:
    """Versions of numpy and onnxruntime, None where one does not load, and `reason` then.

    Args:
        probe: words that start `print_versions` in a process of its own.

    They are loaded in a process of their own: a wheel for another processor ends it, and memory stays free.
    """
    nothing: dict[str, Any] = dict.fromkeys(NEEDED)
    try:
        done = subprocess.run(probe, capture_output=True, stdin=subprocess.DEVNULL, timeout=300)
        lines = [line for line in done.stdout.split(b"\n") if line.strip()]
        if done.returncode != 0 or not lines:
            complaint = last_line(done.stderr.decode("utf-8", "replace"))
            return {**nothing, "reason": f"loading them ends with {ending(done.returncode)}: {complaint}"}
        said = parse_line(lines[-1], "The probe's answer")
    except (OSError, subprocess.SubprocessError, DeviceError) as error:
        return {**nothing, "reason": clean(str(error))}
    return {**nothing, "reason": "", **said}


def print_versions() -> int:
    """Load numpy and onnxruntime and print their versions as one JSON line; always ends with code 0."""
    found: dict[str, Any] = {}
    reasons = []
    for name in NEEDED:
        try:
            found[name] = str(import_module(name).__version__)
        except Exception as error:  # whatever an import can raise
            found[name] = None
            reasons.append(last_line(f"{type(error).__name__}: {error}"))
    print(json.dumps({**found, "reason": "; ".join(reasons)}))
    return 0


def _bits() -> int:
    return 64 if sys.maxsize > 2**32 else 32
