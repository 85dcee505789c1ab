"""An agent whose worker measures nothing: it does what the job's protocol says, and keeps a log of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import wattnas
from wattnas.agent.bundle import Bundle, make_bundle

# Protocol: log (a file), wait_s, stuck (names that do not end when they begin for the first time), drifts (of
# the first, second, ... worker in the log), crashes (how many workers crash first), error (a message),
# says (text in place of a result).
WORK = """
from __future__ import annotations
import json, os, sys, time
from pathlib import Path

def main(arguments):
    task = json.loads(Path(arguments[0]).read_text())
    how = task.get("protocol", {})
    log = Path(how["log"]) if "log" in how else None
    name = ",".join(task["items"]) if "items" in task else task.get("item", "images")
    before = log.read_text().splitlines() if log and log.exists() else []
    begun = sum(line.startswith("begin") for line in before)
    def note(word):
        if log:
            with log.open("a") as file:
                file.write(f"{word} {name} {os.getpid()}\\n")
    note("begin")
    first = not any(line.startswith(f"begin {name} ") for line in before)
    time.sleep(1000 if first and name in how.get("stuck", []) else how.get("wait_s", 0))
    if begun < how.get("crashes", 0):
        print("Traceback", file=sys.stderr)
        print(f"MemoryError: no room for {name}", file=sys.stderr)
        return 7
    if "error" in how:
        print(json.dumps({"kind": "error", "message": how["error"], "hint": "Do this."}))
        return 1
    if "says" in how:
        print(how["says"])
        return 0
    drifts = how.get("drifts", [0.001])
    drift = drifts[min(begun, len(drifts) - 1)]
    timing = {"seconds": 0.002, "low": 0.001, "high": 0.003, "rounds": [0.002], "runs": 5, "wide": False}
    if task["task"] == "time":
        assert Path(task["anchor"]).is_file() and all(Path(path).is_file() for path in task["items"].values())
        answer = {"kind": "stretch", "items": {name: timing for name in task["items"]}, "anchor": timing,
                  "drift": drift, "state": {}, "rejected": f"drift {drift}" if drift > 0.03 else None}
    elif task["task"] == "energy":
        answer = {"kind": "energy", "joules": 2.5, "meter": task["meter"]}
    else:
        answer = {"kind": "classes", "classes": [3, 1]}
    note("end")
    print(json.dumps(answer))
    return 0
"""

_FACTS = """

def versions(probe):
    return {"numpy": "1.0", "onnxruntime": "1.0", "reason": ""}
"""


def stand_in_bundle(extra: Mapping[str, str] | None = None) -> Bundle:
    """The agent with this worker, and without a look for numpy and onnxruntime, which takes a while."""
    facts = (Path(wattnas.__file__).parent / "agent/facts.py").read_text(encoding="utf-8") + _FACTS
    return make_bundle({"agent/work.py": WORK, "agent/facts.py": facts, **(extra or {})})


def sha256(content: bytes) -> str:
    """The hash under which a device knows this content."""
    return hashlib.sha256(content).hexdigest()


def job_of(stretches: Sequence[Sequence[str]], **more: Any) -> dict[str, Any]:
    """A job over networks that are their own names, with the anchor `base`."""
    names = sorted({"base", *(name for stretch in stretches for name in stretch)})
    models = {name: sha256(name.encode()) for name in names}
    job = {"models": models, "stretches": [list(stretch) for stretch in stretches], "anchor": "base"}
    return {**job, "threads": 1, "pin": True, "protocol": {}, "meter": None, "energy": None, **more}


def files_of(job: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """The files of such a job, written to `folder`, by their hash."""
    folder.mkdir(exist_ok=True)
    found = {}
    for name, sha in job["models"].items():
        found[sha] = folder / f"{name}.onnx"
        found[sha].write_bytes(name.encode())
    return found


def log_lines(path: Path, word: str) -> list[str]:
    """What the workers' log says began, or ended, in order."""
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    return [line[1] for line in lines if line[0] == word]


def pids(path: Path) -> list[int]:
    """The process of each worker that began."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [int(line.split()[2]) for line in lines if line.startswith("begin")]


def worker_script(folder: Path) -> Path:
    """This worker as a program of its own."""
    path = folder / "worker.py"
    path.write_text(f"{WORK}\nsys.exit(main(sys.argv[-1:]))\n", encoding="utf-8")
    return path


def lines_of(content: bytes) -> list[dict[str, Any]]:
    """The objects in the lines of `content`."""
    return [json.loads(line) for line in content.splitlines() if line.strip()]
