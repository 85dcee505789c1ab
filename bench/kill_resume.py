"""Kill a build at random moments, resume it each time, and compare with an undisturbed one, bit for bit.

    python bench/kill_resume.py [--kills 20] [--seed 0] [--work DIR] [-- BUILD OPTIONS]

The moments are drawn evenly over the time that the undisturbed build took. A moment while it was loading
kills a start after so many seconds; one while lines of the log appeared kills when the log is as long; one
after the last line kills so many seconds after that line. So the kills hit every stage, and each is SIGKILL.
Exit code 1 when a file differs or the build ended before all kills were used.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

COMPARED = ("architecture.json", "costs.json", "weights.safetensors", "metrics.jsonl", "model.onnx")
DEMO = "--data digits --goal-accuracy 0.95 --method s1 --device ozawa-2021 --preset demo"

POLL_S = 0.01


def command(out: Path, options: list[str]) -> list[str]:
    """The build that is killed."""
    return [
        sys.executable,
        "-m",
        "wattnas",
        "build",
        *(options or shlex.split(DEMO)),
        "--quiet",
        "--json",
        "--out",
        str(out),
    ]


def start(out: Path, options: list[str]) -> subprocess.Popen[str]:
    """The build, begun or resumed."""
    return subprocess.Popen(
        command(out, options), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def wait(process: subprocess.Popen[str]) -> None:
    """Let the build end; it has to end by itself, with or without its goal."""
    _, errors = process.communicate()
    if process.returncode not in (0, 3):
        raise SystemExit(f"the build failed with exit code {process.returncode}:\n{errors}")


def lines(out: Path) -> int:
    """Length of the log."""
    path = out / "metrics.jsonl"
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def undisturbed(out: Path, options: list[str]) -> list[tuple[float, int]]:
    """Run the build to its end; returns (seconds since its start, lines of its log) every now and then."""
    began, process, timeline = time.monotonic(), start(out, options), []
    while process.poll() is None:
        timeline.append((time.monotonic() - began, lines(out)))
        time.sleep(POLL_S)
    wait(process)
    return timeline


def kill_at(moment_s: float, timeline: list[tuple[float, int]], out: Path, options: list[str]) -> bool:
    """Kill one start where the undisturbed build stood at `moment_s`; False where it ended before."""
    reached = next(count for seconds, count in timeline if seconds >= moment_s)
    last = timeline[-1][1]
    since_s = next(seconds for seconds, count in timeline if count == reached)
    process = start(out, options)
    while process.poll() is None and lines(out) < reached:
        time.sleep(POLL_S)
    if reached in (0, last):  # loading, or after the last line: the log does not tell where it stands
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=moment_s - since_s)
    if process.poll() is not None:
        wait(process)
        return False
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return True


def stage_of(out: Path) -> str:
    """The stage that a killed build was in."""
    path = out / "run.json"
    if not path.is_file():
        return "before the first file"
    done = json.loads(path.read_text())["stages"]
    return f"after {', '.join(done)}" if done else "search"


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def accuracy(out: Path) -> dict[str, Any]:
    """The accuracy part of verification.json (its latency is measured anew each time)."""
    found: dict[str, Any] = json.loads((out / "verification.json").read_text())["accuracy"]
    return found


def main() -> None:
    """Build, kill, resume, compare."""
    parser = argparse.ArgumentParser(description="Kill a build at random moments, resume it, compare.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--work", type=Path, default=None, help="where the two runs go; a temporary folder if left out"
    )
    parser.add_argument("options", nargs="*", help="of `wattnas build`, after --")
    args = parser.parse_args()
    work = args.work or Path(tempfile.mkdtemp(prefix="wattnas-kill-"))
    straight, killed = work / "straight", work / "killed"
    for path in (straight, killed):
        shutil.rmtree(path, ignore_errors=True)
    timeline = undisturbed(straight, args.options)
    whole_s = timeline[-1][0]
    print(f"undisturbed: {whole_s:.1f} s, {timeline[-1][1]} lines", flush=True)
    rng = random.Random(args.seed)
    hits: list[str] = []
    for moment_s in sorted(rng.uniform(0, whole_s) for _ in range(args.kills)):
        if kill_at(moment_s, timeline, killed, args.options):
            hits.append(stage_of(killed))
            print(f"kill {len(hits)} at {moment_s:.1f} s: {hits[-1]}", flush=True)
    wait(start(killed, args.options))
    same = {name: digest(straight / name) == digest(killed / name) for name in COMPARED}
    same["accuracy"] = accuracy(straight) == accuracy(killed)
    print(
        json.dumps({"kills": len(hits), "hits": hits, "undisturbed_s": round(whole_s, 1), "identical": same})
    )
    raise SystemExit(0 if all(same.values()) and len(hits) == args.kills else 1)


if __name__ == "__main__":
    main()
