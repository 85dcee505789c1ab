"""Run directories as a build leaves them, made in milliseconds: real records, made-up metrics."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from wattnas.data.split import SplitReport
from wattnas.data.twins import Duplicates, Twins
from wattnas.device import CostReport, load_profile, predict
from wattnas.export import Accuracy, Parity, Verification
from wattnas.export.accuracy import wilson
from wattnas.export.verify import judge
from wattnas.files import write_json, write_text
from wattnas.space import Architecture, Layout, load_space
from wattnas.units import Quantity

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
S1_L80 = "skip k3_e6 skip skip skip k5_e6 skip skip skip k5_e6 skip skip skip k5_e6" + 8 * " skip"
COLOURFUL = (
    "k3_e1 k3_e1_g2 k3_e3 k3_e6 k5_e1 k5_e1_g2 k5_e3 k5_e6 skip k3_e3 skip k5_e3 skip k3_e6 k5_e1 skip skip "
    "k3_e1 k5_e6 skip k3_e3 k5_e1"
)
STAGES = ("search", "train", "export", "verify")
SECONDS = {"search": 1834.2, "train": 912.7, "export": 3.21, "verify": 14.9}
STEPS, SEARCH_EPOCHS, TRAIN_EPOCHS, THETA_FROM = 50, 10, 12, 3


def make_run(
    path: Path,
    *,
    done: tuple[str, ...] = STAGES,
    operations: str = COLOURFUL,
    classes: tuple[str, ...] = CLASSES,
    goal: float | None = 0.65,
    correct: int = 3321,
    n: int = 5000,
    warnings: tuple[str, ...] = (),
    source: str = "../shared/data/cifar10",
    name_candidates: bool = True,
) -> Path:
    """Write a run into `path` in which the stages `done` ended, and return `path`."""
    space = load_space("cifar")
    layout = Layout.resolve(space, classes=len(classes))
    architecture = Architecture.parse(operations, space)
    manifest = _manifest(layout, classes, goal, done, warnings, source, name_candidates)
    write_json(path / "run.json", manifest)
    lines: list[dict[str, Any]] = []
    if "search" in done:
        lines += search_lines(layout, architecture)
        write_text(path / "architecture.json", architecture.model_dump_json(indent=2) + "\n")
        write_text(path / "costs.json", costs(layout, architecture).model_dump_json(indent=2) + "\n")
    if "train" in done:
        lines += train_lines()
    if "export" in done:
        (path / "model.onnx").write_bytes(model_bytes(classes, layout.channels, layout.size))
    if "verify" in done:
        verification(path, layout, architecture, classes, goal, correct, n).save(path / "verification.json")
    write_text(path / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    return path


def costs(layout: Layout, architecture: Architecture) -> CostReport:
    """What `wattnas cost` says."""
    return predict(load_profile("ozawa-2021"), layout, architecture)


def _manifest(
    layout: Layout,
    classes: tuple[str, ...],
    goal: float | None,
    done: tuple[str, ...],
    warnings: tuple[str, ...],
    source: str,
    name_candidates: bool,
) -> dict[str, Any]:
    space: dict[str, Any] = {
        "source": "cifar",
        "name": layout.space.name,
        "hash": layout.space.hash,
        "channels": layout.channels,
        "size": layout.size,
        "classes": layout.classes,
    }
    if name_candidates:
        space["candidates"] = list(layout.space.candidates)
    return {
        "format": 1,
        "created": "2026-05-04T09:12:44+00:00",
        "settings": _settings(source, goal),
        "versions": {"wattnas": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "onnxruntime": "1.23.0"},
        "machine": {"cpu": "A processor of 2 cores", "cores": 2, "threads": 2, "system": "Linux 6.1"},
        "space": space,
        "data": {
            "source": source,
            "hash": "9b1e5a0c77d3f210",
            "classes": list(classes),
            "skipped": ["cat/broken.jpg: the file ends early", "row 17: CMYK"],
            "splits": splits(classes).to_json(),
        },
        "stages": {
            stage: {
                "state": "done",
                "wall_s": SECONDS[stage],
                "ended": "2026-05-04T10:02:51+00:00",
                "log_bytes": 1,
            }
            for stage in done
        },
        "warnings": list(warnings),
    }


def _settings(source: str, goal: float | None) -> dict[str, Any]:
    asked = {} if goal is None else {"goal_accuracy": goal}
    return {
        "data": source,
        "skip_bad": True,
        **asked,
        "method": "s1",
        "device": "ozawa-2021",
        "space": "cifar",
        "preset": "standard",
        "seed": 7,
        "threads": 2,
        "checkpoint_s": 30.0,
        "objective": {"beta": 0.5},
        "split": {"theta": 0.2, "validation": 0.1, "test": 0.2},
        "search": {"mode": "sampled", "epochs": SEARCH_EPOCHS, "theta_from_epoch": THETA_FROM, "batch": 64},
        "train": {"epochs": TRAIN_EPOCHS, "batch": 64, "lr": 0.1, "schedule": "onecycle", "milestones": []},
    }


def splits(classes: tuple[str, ...]) -> SplitReport:
    """Splits of 1,400 images, the source's own test part among them, with a few duplicates."""
    sizes = {"weights": 72, "theta": 18, "validation": 10, "test": 40}
    return SplitReport(
        seed=7,
        shares={"validation": 0.1, "theta": 0.2},
        own_test=True,
        images={side: dict.fromkeys(classes, size) for side, size in sizes.items()},
        repeated=3,
        test_in_train=Duplicates.listing([Twins(("train", 4), ("test", 11))]),
        contradictions=Duplicates.listing([]),
    )


def search_lines(
    layout: Layout, architecture: Architecture, epochs: int = SEARCH_EPOCHS
) -> list[dict[str, Any]]:
    """Ten lines an epoch; theta sharpens towards `architecture` from its first epoch on."""
    report = costs(layout, architecture)
    return [
        _search_line(layout, architecture, report, epoch, tenth)
        for epoch in range(epochs)
        for tenth in range(1, 11)
    ]


def _search_line(
    layout: Layout, architecture: Architecture, report: CostReport, epoch: int, tenth: int
) -> dict[str, Any]:
    time = epoch + tenth / 10
    sharpness = max(0.0, 0.6 * (time - THETA_FROM))
    gates = probabilities(layout, architecture, sharpness)
    wobble = 0.03 * math.sin(7 * time)
    line: dict[str, Any] = {"stage": "search", "epoch": epoch, "step": epoch * STEPS + tenth * STEPS // 10}
    line |= {"weight_cross_entropy": 2.3 * math.exp(-time / 7) + wobble}
    line |= {"weight_accuracy": 0.1 + 0.6 * (1 - math.exp(-time / 5)) + wobble}
    line |= {"entropy": sum(-p * math.log(p) for row in gates for p in row) / len(gates)}
    if epoch >= THETA_FROM:
        latency_s = report.latency_s * (1 + 2 * math.exp(-sharpness))
        energy_j = report.energy_j * (1 + 3 * math.exp(-sharpness))
        ce = 2.3 * math.exp(-time / 8) + 2 * wobble
        terms = {
            "classification_term": ce / 2,
            "latency_term": 3.0,
            "energy_term": math.log(1e3 * energy_j) ** 0.5,
        }
        line |= {"cross_entropy": ce, "accuracy": 0.1 + 0.55 * (1 - math.exp(-time / 5)) - wobble}
        line |= {"loss": (ce / 2 + 1) * (3.0 + terms["energy_term"])} | terms
        line |= {"latency_s": latency_s, "energy_j": energy_j}
    if tenth == 10:
        line |= {"temperature": round(5 * math.exp(-0.045 * epoch), 6)}
        line |= {"probabilities": [[round(p, 4) for p in row] for row in gates], "architecture": "skip"}
    return line


def probabilities(layout: Layout, architecture: Architecture, sharpness: float) -> list[list[float]]:
    """(layers, candidates): softmax of a theta that is high at the chosen candidates and wavers elsewhere."""
    rows = []
    for index, chosen in enumerate(architecture.operations):
        names = layout.space.candidates
        theta = [math.sin(index + column) * min(1, sharpness / 3) for column in range(len(names))]
        theta[names.index(chosen)] = sharpness * (0.6 + 0.4 * math.cos(index))
        total = sum(map(math.exp, theta))
        rows.append([math.exp(value) / total for value in theta])
    return rows


def train_lines(epochs: int = TRAIN_EPOCHS) -> list[dict[str, Any]]:
    """Ten lines an epoch, validation at the end of each."""
    lines = []
    for epoch in range(epochs):
        for tenth in range(1, 11):
            time = (epoch + tenth / 10) * TRAIN_EPOCHS / epochs
            line: dict[str, Any] = {
                "stage": "train",
                "epoch": epoch,
                "step": epoch * STEPS + tenth * STEPS // 10,
            }
            line |= {"loss": 0.7 + 1.6 * math.exp(-time / 5), "accuracy": 0.72 * (1 - math.exp(-time / 4))}
            if tenth == 10:
                line["validation_accuracy"] = 0.68 * (1 - math.exp(-time / 3))
            lines.append(line)
    return lines


def verification(
    path: Path,
    layout: Layout,
    architecture: Architecture,
    classes: tuple[str, ...],
    goal: float | None,
    correct: int,
    n: int,
) -> Verification:
    """What verification of the model in `path` would have recorded."""
    low, high = wilson(correct, n)
    shares = {name: correct / n - 0.02 * (index % 5 - 2) for index, name in enumerate(classes)}
    accuracy = Accuracy(accuracy=correct / n, low=low, high=high, n=n, correct=correct, per_class=shares)
    met, certainty = judge(accuracy, goal)
    content = (path / "model.onnx").read_bytes()
    report = costs(layout, architecture)
    return Verification(
        goal_accuracy=goal,
        accuracy=accuracy,
        goal_met=met,
        certainty=certainty,
        latency=Quantity(
            value=0.0023137,
            unit="s",
            origin="measured",
            low=0.0022988,
            high=0.0023391,
            n=11,
            source="A processor of 2 cores, onnxruntime 1.23.0, 1 thread, batch 1, 11 rounds of 78 runs",
        ),
        predicted_latency=report.sources.latency_s,
        predicted_energy=report.sources.energy_j,
        parity=Parity(n=256, max_abs=2e-6, scale=3.1, max_rel=7e-7, tolerance=1e-3, disagreements=0, ties=0),
        size_bytes=len(content),
        model_sha256=hashlib.sha256(content).hexdigest(),
        data_hash="9b1e5a0c77d3f210",
        date=datetime(2026, 5, 4, 10, 2, 51, tzinfo=timezone.utc),
        versions={"wattnas": "0.1.0", "python": "3.11.7", "onnxruntime": "1.23.0"},
    )


def model_bytes(classes: tuple[str, ...], channels: int, size: int) -> bytes:
    """An ONNX file with the inputs, outputs and metadata of an exported network; it always names class 1."""
    features = channels * size * size
    bias = [float(index == 1) for index in range(len(classes))]
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["images"], ["flat"]),
            helper.make_node("Gemm", ["flat", "weight", "bias"], ["logits"]),
        ],
        "fake",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", channels, size, size])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(classes)])],
        [
            helper.make_tensor(
                "weight", TensorProto.FLOAT, [features, len(classes)], [0.0] * features * len(classes)
            ),
            helper.make_tensor("bias", TensorProto.FLOAT, [len(classes)], bias),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {"classes": json.dumps(list(classes), ensure_ascii=False)})
    return bytes(onnx.ModelProto.SerializeToString(model))


def add_loop(path: Path, reason: str = "the rounds are used up") -> None:
    """What a closed loop leaves beside a run: two rounds, and advice with a neighbour on either side."""
    unit = {"unit": "1", "source": "made up"}
    first: dict[str, Any] = {"round": 1, "kind": "pilot", "architecture": COLOURFUL.split()}
    first |= {"predicted_accuracy": {"value": 0.61, "low": 0.5, "high": 0.71, "origin": "predicted"} | unit}
    first |= {"validation_accuracy": {"value": 0.66, "origin": "measured"} | unit, "decision": reason}
    write_json(path / "rounds.json", {"rounds": [first, {"round": 2}], "reason": reason})
    costs = {"energy_j": 0.5, "latency_s": 0.004, "params": 2e5, "macs": 3e6, "memory_bytes": 1e6}
    chosen = {"operations": COLOURFUL.split(), "accuracy": 0.66, "costs": costs}
    advice = {
        "minimize": "energy_j",
        "chosen": chosen,
        "per_point": {"energy_j": 0.02, "latency_s": 0.0001},
        "cheaper": chosen | {"accuracy": 0.64, "costs": costs | {"energy_j": 0.4}},
        "better": chosen | {"accuracy": 0.68, "costs": costs | {"energy_j": 0.7}},
        "front": [],
        "relax": [
            {"name": "goal_accuracy", "asked": 0.9, "needed": 0.7},
            {"name": "latency_s", "asked": 0.001, "needed": 0.003},
            {"name": "params", "asked": 1000.0, "needed": None},
        ],
    }
    write_json(path / "advice.json", advice)
