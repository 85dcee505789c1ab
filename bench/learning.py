"""Does the sampled supernet learn? Its loss beside that of a fixed network of the same average size.

    python bench/learning.py --data PATH [--steps 400] [--out bench/results/learning.json] [--figure FILE.png]

Both take the same steps on the same augmented batches of the weights split, with the weight optimizer of
preset `standard` (rate 0.05, warm-up and cosine over all steps, gradient norm at most 2). The fixed network
is the first random architecture, by seed, whose MACs lie within 2 % of the mean over 1,000 random ones. Loss
at chance is ln(classes).
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from pathlib import Path

import torch
from torch.nn import functional as F

from wattnas.blocks import build
from wattnas.compute import keep_freed_memory
from wattnas.data import Batches, load_data, make_splits
from wattnas.device import cost_table, load_profile
from wattnas.export import versions
from wattnas.machine import read_machine
from wattnas.objective import make_objective
from wattnas.schedule import warm_cosine
from wattnas.search import Costs, SearchProblem
from wattnas.search.bilevel import Bilevel
from wattnas.sections import AugmentSettings, SearchSettings
from wattnas.seeding import seed_step
from wattnas.space import Architecture, Layout, count_layout, load_space

EVERY = 20


def typical(layout: Layout, seed: int) -> Architecture:
    """A random architecture with about the mean MACs of random ones."""
    rng = random.Random(seed)
    names = layout.space.candidates
    drawn = [Architecture.of([rng.choice(names) for _ in layout.layers], layout.space) for _ in range(1000)]
    macs = [count_layout(layout, architecture).macs for architecture in drawn]
    mean = statistics.mean(macs)
    return next(a for a, count in zip(drawn, macs, strict=True) if abs(count / mean - 1) < 0.02)


def curves(problem: SearchProblem, steps: int) -> dict[str, list[float]]:
    """Mean training loss in nats over each `EVERY` steps, of the supernet and of the fixed network."""
    torch.manual_seed(problem.seed)
    bilevel = Bilevel(problem)
    network = build(typical(problem.layout, problem.seed), problem.layout)
    network.normalise_with(problem.splits.mean, problem.splits.std)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    s = problem.settings
    optimizer = torch.optim.SGD(
        network.parameters(), s.weight_lr, momentum=s.weight_momentum, weight_decay=s.weight_decay
    )
    batches = Batches(
        problem.splits.weights, batch=s.batch, min_steps=steps, augment=problem.augment, flip=True, seed=0
    )
    losses: dict[str, list[float]] = {"sampled supernet": [], "fixed network": []}
    for step in range(steps):
        seed_step(problem.seed, "learning", step)
        images, labels = batches.load(0, step)
        logged = bilevel.weight_step(images, labels, epoch=0, progress=step / steps)
        losses["sampled supernet"].append(float(logged["weight_cross_entropy"].detach()))
        optimizer.param_groups[0]["lr"] = s.weight_lr * warm_cosine(step / steps, s.weight_warmup)
        loss = F.cross_entropy(network(images), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), s.clip_norm)
        optimizer.step()
        losses["fixed network"].append(float(loss.detach()))
    return {
        name: [round(statistics.mean(row[i : i + EVERY]), 4) for i in range(0, steps, EVERY)]
        for name, row in losses.items()
    }


def draw(found: dict[str, list[float]], chance: float, path: Path) -> None:
    """The curves as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    for (name, row), style in zip(found.items(), ("-", "--"), strict=True):
        axes.plot([EVERY * (i + 1) for i in range(len(row))], row, style, label=name)
    axes.axhline(chance, color="grey", linewidth=0.8)
    axes.annotate("chance", (EVERY, chance), xytext=(0, -10), textcoords="offset points", color="grey")
    axes.set_xlabel("steps of 64 images")
    axes.set_ylabel(f"training loss in nats, mean over {EVERY} steps")
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Train both, print, keep."""
    parser = argparse.ArgumentParser(description="Loss of the sampled supernet beside a fixed network.")
    parser.add_argument("--data", required=True, help="as of `wattnas build`")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--figure", type=Path)
    args = parser.parse_args()
    keep_freed_memory()
    dataset = load_data(args.data, lambda channels, size: (3, 32))
    layout = Layout.resolve(load_space("cifar"), classes=len(dataset.classes))
    table = cost_table(load_profile("ozawa-2021"), layout)
    problem = SearchProblem(
        layout=layout,
        splits=make_splits(dataset, seed=0),
        costs=Costs(table.latency_s, table.energy_j, table.fixed_latency_s, table.fixed_energy_j),
        objective=make_objective("s1", 0.65),
        settings=SearchSettings(),
        augment=AugmentSettings(),
        flip=dataset.flip,
        seed=0,
    )
    found = curves(problem, args.steps)
    chance = float(torch.tensor(len(dataset.classes)).float().log())
    result = {
        "steps": args.steps,
        "batch": problem.settings.batch,
        "loss_nats": found,
        "chance_nats": round(chance, 4),
        "fixed": str(typical(layout, 0)),
        "machine": read_machine().cpu,
        "versions": versions(),
        "seed": 0,
    }
    print(json.dumps(result))
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if args.figure:
        draw(found, chance, args.figure)


if __name__ == "__main__":
    main()
