"""Kill a build at random moments, resume it each time, and compare with an undisturbed one, bit for bit.

    python bench/kill_resume.py [--kills 20] [--seed 0] [--work DIR] [-- BUILD OPTIONS]

Killed means SIGKILL, at random moments: each start of the build lives for about as long as loading takes plus
a random share of the work, so that all kills fit in and the build still moves on. Exit code 1 when a
file differs or the build ended before all kills were used.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

COMPARED = ("architecture.json", "costs.json", "weights.safetensors", "metrics.jsonl", "model.onnx")
DEMO = (
    "--data",
    "digits",
    "--goal-accuracy",
    "0.95",
    "--method",
    "s1",
    "--device",
    "ozawa-2021",
    "--preset",
    "demo",
)


def command(out: Path, options: list[str]) -> list[str]:
    """The build that is killed."""
    return [
        sys.executable,
        "-m",
        "wattnas",
        "build",
        *(options or DEMO),
        "--quiet",
        "--json",
        "--out",
        str(out),
    ]


def run_for(out: Path, options: list[str], seconds: float | None) -> bool:
    """Run the build, killed after `seconds` unless it ends before; returns whether it ended by itself."""
    process = subprocess.Popen(
        command(out, options), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return False
    if process.returncode not in (0, 3):
        raise SystemExit(f"the build failed with exit code {process.returncode}:\n{errors}")
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


def kill_and_resume(
    out: Path, options: list[str], kills: int, whole_s: float, rng: random.Random
) -> list[str]:
    """Kill so many times, then let the build end; returns where each kill hit.

    A start costs seconds of loading before any step runs. So that the build moves on between kills, each
    start lives for that long plus a random share of the work that is left for the kills that are left.
    """
    hits: list[str] = []
    loading_s = 0.15 * whole_s
    while len(hits) < kills:
        longest = 2.0 * (whole_s - loading_s) / kills
        if run_for(out, options, loading_s * rng.random() * 2.0 + rng.random() * longest):
            break
        hits.append(stage_of(out))
        print(f"kill {len(hits)}: {hits[-1]}", flush=True)
    run_for(out, options, None)
    return hits


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
    began = time.monotonic()
    run_for(straight, args.options, None)
    whole_s = time.monotonic() - began
    print(f"undisturbed: {whole_s:.1f} s", flush=True)
    hits = kill_and_resume(killed, args.options, args.kills, whole_s, random.Random(args.seed))
    same = {name: digest(straight / name) == digest(killed / name) for name in COMPARED}
    same["accuracy"] = accuracy(straight) == accuracy(killed)
    print(
        json.dumps({"kills": len(hits), "hits": hits, "undisturbed_s": round(whole_s, 1), "identical": same})
    )
    raise SystemExit(0 if all(same.values()) and len(hits) == args.kills else 1)


if __name__ == "__main__":
    main()
