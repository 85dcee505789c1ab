"""Peak memory of inference, measured in a process that does nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wattnas.errors import ExportError
from wattnas.export import onnxruntime
from wattnas.units import Quantity

_CHILD = Path(__file__).with_name("peak_child.py")
_LIMIT_S = 600.0


def process_peaks(
    content: bytes, name: str, shape: tuple[int, int, int], batches: Sequence[int], threads: int = 1
) -> dict[int, Quantity]:
    """Peak bytes of a whole process that loads an ONNX file and runs it once, by number of images.

    Raises:
        ExportError: the process failed; its last line says why.
    """
    with tempfile.TemporaryDirectory(prefix="wattnas-peak-") as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(content)
        arguments = [str(path), str(threads), "x".join(map(str, shape)), ",".join(map(str, batches))]
        found = _run(arguments, name)
    source = (
        f"peak of a process with onnxruntime {onnxruntime().__version__}, {threads} thread(s), that loads "
        f"the file and runs it once; {found['before'] / 1e6:.0f} MB of it before loading"
    )
    return {
        int(batch): Quantity(value=peak, unit="B", origin="measured", n=1, source=source)
        for batch, peak in found["peaks"].items()
    }


def _run(arguments: list[str], name: str) -> dict[str, Any]:
    command = [sys.executable, str(_CHILD), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ExportError(f"The peak memory of {name} cannot be measured: {error}.") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
        reason = lines[-1] if lines else f"it ended with signal {-done.returncode}"
        raise ExportError(
            f"The process that measures the peak memory of {name} failed: {reason}.",
            "Free some memory, or measure fewer images at once.",
        )
    loaded: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return loaded
