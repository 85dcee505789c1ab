"""Run by path in a process of its own: loads an ONNX file, runs it, and reports its own peak memory.

Needs nothing of wattnas, so that what is measured is the runtime and the network. Prints one JSON object:
bytes in use before loading, and for each number of images the peak while it was loaded and run.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any


def main(path: str, threads: str, shape: str, batches: str) -> None:
    """Measure `path` at each number of images, fewest first; `shape` is "3x224x224"."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    # Files beside this one have names that other packages have too.
    here = str(Path(__file__).parent)
    sys.path[:] = [folder for folder in sys.path if folder != here]
    import numpy as np
    import onnxruntime as ort

    sides = [int(side) for side in shape.split("x")]
    before, peaks = resident(), {}
    for batch in sorted(int(number) for number in batches.split(",")):
        images = np.zeros((batch, *sides), dtype=np.float32)
        forget_peak()
        run(ort, path, int(threads), images)
        peaks[batch] = peak()
    print(json.dumps({"before": before, "peaks": peaks}))


def run(ort: Any, path: str, threads: int, images: Any) -> None:
    """One session, one run."""
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 4
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    session.run(None, {session.get_inputs()[0].name: images})


def resident() -> int:
    """Bytes of this process in memory."""
    return status("VmRSS") or peak()


def peak() -> int:
    """The most bytes this process had in memory since it began or the peak was forgotten."""
    found = status("VmHWM")
    if found:
        return found
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def forget_peak() -> None:
    """Start the peak anew where the system lets it (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def status(key: str) -> int:
    """Bytes of one line of /proc/self/status; 0 where there is none."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    found = next((line for line in lines if line.startswith(f"{key}:")), "")
    return int(found.split()[1]) * 1024 if found else 0


if __name__ == "__main__":
    main(*sys.argv[1:])
