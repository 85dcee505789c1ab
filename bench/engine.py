"""Speed and memory of the search engine: images per second and peak memory, every variant beside the others.

    python bench/engine.py [--quick] [--json] [--out bench/results/engine.json] [--threads 2]
    python bench/engine.py --profile VARIANT        where the time of one step goes (torch.profiler)

Each variant runs in a process of its own, so that its peak memory is its own; the processes take turns, round
by round, so that a change of the machine's speed hits all. A figure is the median over rounds.

variants    naive       the paper's mixture as public programs compute it: a sum over candidates, channels
                        first, batch 32, torch's allocator as it comes
            naive_cl    the same in channels-last at the mixture's batch
            mixture     ours, fused
            sampled     one path per layer and step, as `wattnas search` takes it, without theta steps
            two_path    a theta step of two candidates per layer
            contrast    a theta step of two whole paths, forward only (the default)
            largest     training of the architecture that has k5_e6 everywhere
            s1_l100     training of the published S1-L100
overhead    seconds of a sampled step over seconds of a training step of the very architecture that it
            sampled, in turn in one process; median over architectures.
floors      a large matrix product and a large copy on this machine.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from naive import RATE, Step, naive_step
from wattnas.blocks import build
from wattnas.compute import keep_freed_memory
from wattnas.data import Batches, ImageSet, make_splits
from wattnas.data.types import Dataset
from wattnas.device import cost_table, load_profile
from wattnas.export import versions
from wattnas.machine import read_machine
from wattnas.objective import make_objective
from wattnas.search import Costs, SearchProblem
from wattnas.search.bilevel import Bilevel
from wattnas.sections import AugmentSettings, SearchSettings
from wattnas.space import Architecture, Layout, load_space
from wattnas.stage import Means

BATCH, NAIVE_BATCH, SEED = 64, 32, 0
CLIP = 2.0
QUICK_S = 130.0
# Ozawa et al., figure 6.
S1_L100 = (
    "skip k3_e6 skip k3_e6 skip k5_e6 k5_e6 skip skip k5_e6 skip "
    "skip skip k5_e6 skip skip skip skip skip skip skip skip"
)
VARIANTS = ("naive", "naive_cl", "mixture", "sampled", "two_path", "contrast", "largest", "s1_l100")


def problem(layout: Layout, **settings: Any) -> SearchProblem:
    """The search of preset `standard` over noise: speed does not depend on what images show."""
    generator = torch.Generator().manual_seed(SEED)
    images = torch.randint(0, 256, (4096, 3, 32, 32), generator=generator, dtype=torch.uint8)
    labels = torch.arange(4096) % 10
    noise = Dataset("noise", tuple("abcdefghij"), ImageSet(images, labels), None, "0" * 16, True, (), (3, 32))
    table = cost_table(load_profile("ozawa-2021"), layout)
    return SearchProblem(
        layout=layout,
        splits=make_splits(noise, seed=SEED),
        costs=Costs(table.latency_s, table.energy_j, table.fixed_latency_s, table.fixed_energy_j),
        objective=make_objective("s1", 0.65),
        settings=SearchSettings.model_validate({"batch": BATCH, "clip_norm": CLIP} | settings),
        augment=AugmentSettings(),
        flip=True,
        seed=SEED,
    )


def batches(stated: SearchProblem) -> Callable[[], tuple[Tensor, Tensor]]:
    """Augmented batches, one after the other, as the stages load them."""
    made = Batches(
        stated.splits.weights, batch=BATCH, min_steps=1, augment=stated.augment, flip=True, seed=SEED
    )
    count = [0]

    def load() -> tuple[Tensor, Tensor]:
        count[0] += 1
        return made.load(*divmod(count[0], made.steps))

    return load


def weight_step(stated: SearchProblem) -> Step:
    """A weight step of the engine, with data, gates, clipping and means as in a search."""
    bilevel, load, means = Bilevel(stated), batches(stated), Means()

    def step() -> None:
        bilevel.watch.at("bench")
        means.add(**bilevel.weight_step(*load(), epoch=0, progress=0.5))
        bilevel.watch.check()

    return step


def theta_step(stated: SearchProblem) -> Step:
    """A theta step of the engine."""
    bilevel, load, means = Bilevel(stated), batches(stated), Means()

    def step() -> None:
        means.add(**bilevel.theta_step(*load(), epoch=0))

    return step


def training_step(stated: SearchProblem, architecture: Architecture) -> Step:
    """A training step of one architecture, as plain as it gets: the same data, optimizer and clipping."""
    network = build(architecture, stated.layout).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.normalise_with(stated.splits.mean, stated.splits.std)
    parameters, load = list(network.parameters()), batches(stated)
    optimizer = torch.optim.SGD(parameters, RATE, momentum=0.9, weight_decay=1e-4)

    def step() -> None:
        images, labels = load()
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        optimizer.step()

    return step


def variant(name: str, layout: Layout) -> tuple[Step, int]:
    """(one step, images in it)."""
    if name == "naive":
        return naive_step(layout, NAIVE_BATCH, channels_last=False), NAIVE_BATCH
    keep_freed_memory()
    if name == "naive_cl":
        return naive_step(layout, BATCH, channels_last=True), BATCH
    if name == "mixture":
        return weight_step(problem(layout, mode="mixture")), BATCH
    if name == "sampled":
        return weight_step(problem(layout)), BATCH
    if name in ("two_path", "contrast"):
        return theta_step(problem(layout, estimator=name)), BATCH
    operations = ["k5_e6"] * len(layout.layers) if name == "largest" else S1_L100.split()
    return training_step(problem(layout), Architecture.of(operations, layout.space)), BATCH


def overheads(layout: Layout, architectures: int, steps: int) -> list[float]:
    """For random architectures: seconds of a sampled step of it over seconds of a training step of it."""
    keep_freed_memory()
    stated = problem(layout)
    bilevel, load, means = Bilevel(stated), batches(stated), Means()
    generator = torch.Generator().manual_seed(SEED)
    ratios = []
    for _ in range(architectures):
        path = torch.randint(0, len(layout.candidates), (len(layout.layers),), generator=generator)
        with torch.no_grad():  # the path is drawn as ever, and always comes out as this one
            bilevel.net.theta.zero_().scatter_(1, path.unsqueeze(1), 100.0)
        plain = training_step(stated, bilevel.net.derive())

        def searched() -> None:
            bilevel.watch.at("bench")
            means.add(**bilevel.weight_step(*load(), epoch=0, progress=0.5))
            bilevel.watch.check()

        pairs = [(seconds(searched), seconds(plain)) for _ in range(steps + 1)][1:]
        ratios.append(statistics.median(a for a, _ in pairs) / statistics.median(b for _, b in pairs))
    return ratios


def floors() -> dict[str, float]:
    """What this machine reaches at most: a matrix product in GFLOP/s, a copy in GB/s (read and write)."""
    keep_freed_memory()
    a, source = torch.rand(2048, 2048), torch.rand(2**24)
    target = torch.empty_like(source)
    product = min(seconds(lambda: torch.mm(a, a)) for _ in range(7))
    copy = min(seconds(lambda: target.copy_(source)) for _ in range(7))
    return {"matmul_gflops": 2 * 2048**3 / product / 1e9, "copy_gb_s": 2 * 4 * 2**24 / copy / 1e9}


def seconds(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def serve(name: str, threads: int) -> None:
    """A worker: for each number on standard input, so many steps; answers with images per second."""
    torch.set_num_threads(threads)
    torch.manual_seed(SEED)
    layout = Layout.resolve(load_space("cifar"), classes=10)
    if name == "overhead":
        reply(overheads(layout, *map(int, input().split())))
        return
    step, images = variant(name, layout)
    step()
    reply("ready")
    for line in sys.stdin:
        steps = int(line)
        took = seconds(lambda steps=steps: [step() for _ in range(steps)])  # type: ignore[misc]
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        reply({"img_s": images * steps / took, "peak_mb": peak_mb})


def profile(name: str, threads: int) -> None:
    """Print the operations of one step of a variant, the slowest first."""
    torch.set_num_threads(threads)
    step, _ = variant(name, Layout.resolve(load_space("cifar"), classes=10))
    step()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiled:
        step()
    averages = profiled.key_averages()
    print(averages.table(sort_by="self_cpu_time_total", row_limit=15))


def reply(value: object) -> None:
    """One line of JSON to the parent."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


class Worker:
    """A variant in a process of its own."""

    def __init__(self, name: str, threads: int) -> None:
        command = [sys.executable, __file__, "--worker", name, "--threads", str(threads)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def ask(self, question: str | None = None) -> Any:
        """Send a line, if any, and wait for the answer."""
        assert self._process.stdin is not None and self._process.stdout is not None
        if question is not None:
            self._process.stdin.write(question + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a worker ended with exit code {self._process.wait()}")
        return json.loads(line)

    def end(self) -> None:
        """Stop it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def measure(
    rounds: int, architectures: int, steps: int, threads: int, most_s: float = float("inf")
) -> dict[str, Any]:
    """All variants in turn, then the overhead; after three rounds none begins that may end past `most_s`."""
    began = time.perf_counter()
    workers = {name: Worker(name, threads) for name in VARIANTS}
    for worker in workers.values():
        worker.ask()
    found: dict[str, list[dict[str, float]]] = {name: [] for name in VARIANTS}
    each = {"naive": 1, "naive_cl": 1, "mixture": 1}
    for done in range(rounds):
        passed = time.perf_counter() - began
        if done >= 3 and passed * (done + 1) / done > most_s:
            break
        for name, worker in workers.items():
            found[name].append(worker.ask(str(each.get(name, 8))))
    for worker in workers.values():
        worker.end()
    pair = Worker("overhead", threads)
    ratios = pair.ask(f"{architectures} {steps}")
    pair.end()
    speed = {name: statistics.median(row["img_s"] for row in rows) for name, rows in found.items()}
    return {
        **{f"{name}_img_s": round(value, 1) for name, value in speed.items()},
        "sampled_over_naive": paired(found, "sampled"),
        "mixture_over_naive": paired(found, "mixture"),
        "sampled_overhead": round(statistics.median(ratios) - 1, 4),
        "peak_mb": {name: round(rows[-1]["peak_mb"]) for name, rows in found.items()},
        "rounds": {name: [round(row["img_s"], 1) for row in rows] for name, rows in found.items()},
        "overheads": [round(ratio - 1, 4) for ratio in ratios],
        "floors": floors(),
    }


def paired(found: dict[str, list[dict[str, float]]], name: str) -> float:
    """Median over rounds of the ratio to the naive reference of the same round."""
    ratios = [a["img_s"] / b["img_s"] for a, b in zip(found[name], found["naive"], strict=True)]
    return round(statistics.median(ratios), 2)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed and memory of the search engine.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; under four minutes on 2 cores")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--out", type=Path, help="where to keep the result")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--profile", choices=VARIANTS, help="operations of one step, by their own time")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.profile:
        profile(args.profile, args.threads)
        return
    if args.worker:
        serve(args.worker, args.threads)
        return
    rounds, architectures, steps = (5, 8, 4) if args.quick else (21, 24, 9)
    result = measure(rounds, architectures, steps, args.threads, QUICK_S if args.quick else float("inf"))
    machine = read_machine()
    result["machine"] = {"cpu": machine.cpu, "cores": machine.cores, "threads": args.threads}
    result["versions"], result["seed"] = versions(), SEED
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if args.json:
        print(json.dumps(result))
        return
    print(f"{machine.cpu}, {args.threads} threads, {rounds} rounds")
    for name in VARIANTS:
        print(f"{name:10s} {result[f'{name}_img_s']:8.1f} images/s {result['peak_mb'][name]:7d} MB")
    print(f"sampled step over training step of the same architecture: {result['sampled_overhead']:+.1%}")


if __name__ == "__main__":
    main()
