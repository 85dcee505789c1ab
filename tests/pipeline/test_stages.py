"""What each stage leaves behind, held against computations of its own."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.builds import Built, opened, options, wattnas
from tests.pipeline.images import answers
from tests.search.problems import Untouchable
from wattnas.errors import RunError
from wattnas.pipeline import evaluate_run, redo, run_stage
from wattnas.pipeline.stages import load_network, new_network
from wattnas.rundir import read_metrics
from wattnas.space import count_layout
from wattnas.train import count_correct


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_the_architecture_is_what_the_search_ended_with(built: Built) -> None:
    ends = [line for line in read_metrics(built.path / "metrics.jsonl") if "architecture" in line]
    assert " ".join(read(built.path / "architecture.json")["operations"]) == ends[-1]["architecture"]
    assert [line["epoch"] for line in ends] == [0, 1, 2]


def test_costs_are_the_sum_of_the_chosen_candidates(built: Built) -> None:
    costs, operations = read(built.path / "costs.json"), opened(built.path).architecture.operations
    numbers = [("k3_e1", "k5_e1_g2", "skip").index(name) + 1 for name in operations]
    assert costs["latency_s"] == pytest.approx(1e-3 * sum(numbers))
    assert costs["energy_j"] == pytest.approx(1e-2 * sum(numbers))
    assert costs["sources"]["energy_j"]["origin"] == "modelled"
    tensors = load_file(built.path / "weights.safetensors")
    buffers = ("mean", "std", "running_mean", "running_var", "num_batches_tracked")
    params = sum(t.numel() for name, t in tensors.items() if name.split(".")[-1] not in buffers)
    assert costs["params"] == params
    context = opened(built.path)
    assert costs["macs"] == count_layout(context.layout, context.architecture).macs


def test_the_log_belongs_to_search_then_train(built: Built) -> None:
    stages = read(built.path / "run.json")["stages"]
    log = (built.path / "metrics.jsonl").read_bytes()
    cut = stages["search"]["log_bytes"]
    assert all(json.loads(line)["stage"] == "search" for line in log[:cut].splitlines())
    assert all(json.loads(line)["stage"] == "train" for line in log[cut:].splitlines())
    assert len(log) == stages["train"]["log_bytes"] > cut > 0
    assert list(stages) == ["search", "train", "export", "verify"]
    assert all(stage["state"] == "done" and stage["wall_s"] > 0 for stage in stages.values())
    assert not list(built.path.glob("*.checkpoint"))


def test_training_sees_the_images_of_weights_and_theta(built: Built) -> None:
    images = read(built.path / "run.json")["data"]["splits"]["images"]
    seen = sum(images["weights"].values()) + sum(images["theta"].values())
    last = read_metrics(built.path / "metrics.jsonl")[-1]
    assert (last["epoch"], last["step"]) == (2, 3 * (seen // 32))


def test_training_begins_with_seeded_weights_and_the_statistics_of_its_images(built: Built) -> None:
    context = opened(built.path)
    torch.manual_seed(17)
    expected = torch.rand(2)
    torch.manual_seed(17)
    one, other = new_network(context), new_network(opened(built.path))
    assert torch.equal(torch.rand(2), expected)
    assert all(
        torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )
    pixels = context.splits.train.images.numpy().astype(np.float64) / 255
    assert len(pixels) == len(context.splits.weights) + len(context.splits.theta)
    assert one.mean.flatten().tolist() == pytest.approx([pixels.mean()], rel=1e-6)
    assert one.std.flatten().tolist() == pytest.approx([pixels.std()], rel=1e-6)


def test_the_verified_accuracy_is_what_onnx_runtime_alone_finds(built: Built) -> None:
    context = opened(built.path)
    test, record = context.splits.test, read(built.path / "verification.json")["accuracy"]
    right = answers(built.path / "model.onnx", test.images.numpy()) == test.labels.numpy()
    assert record["n"] == len(right) == 359  # a fifth of 1,797
    assert record["correct"] == int(right.sum())
    assert record["accuracy"] == right.mean()
    # Wilson's interval, by his formula.
    n, p, z = len(right), float(right.mean()), 1.959964
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    assert (record["low"], record["high"]) == pytest.approx((centre - half, centre + half), abs=1e-6)
    found = evaluate_run(context, None, "test")
    assert {key: found[key] for key in record} == record


def test_the_exported_network_is_the_trained_one(built: Built) -> None:
    context = opened(built.path)
    correct = count_correct(load_network(context), context.splits.validation)
    lines = read_metrics(built.path / "metrics.jsonl")
    assert lines[-1]["validation_accuracy"] == correct / len(context.splits.validation)
    exported = answers(built.path / "model.onnx", context.splits.validation.images.numpy())
    assert int((exported == context.splits.validation.labels.numpy()).sum()) == correct
    stored = read(built.path / "run.json")["stages"]["export"]
    assert stored["parity"]["disagreements"] == 0
    assert stored["parity"]["n"] == min(256, len(exported))


def test_nothing_before_verification_looks_at_the_test_images(built: Built, copied: Path) -> None:
    context = opened(copied)
    splits = dataclasses.replace(context.splits, test=cast(Any, Untouchable()))
    context.__dict__["splits"] = splits
    redo(context, "train")
    (copied / "weights.safetensors").unlink()
    for stage in ("train", "export"):
        assert run_stage(context, stage)
    with pytest.raises(AssertionError, match="held-out"):
        run_stage(context, "verify")
    for name in ("weights.safetensors", "metrics.jsonl", "model.onnx"):
        assert (copied / name).read_bytes() == (built.path / name).read_bytes(), name


def test_weights_that_are_missing_damaged_or_of_another_network_are_named(built: Built, copied: Path) -> None:
    weights = copied / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(RunError, match=r"weights\.safetensors does not hold the weights.*--again"):
        load_network(opened(copied))
    shutil.copy(built.path / "weights.safetensors", weights)
    stored = read(copied / "architecture.json")
    stored["operations"] = ["skip" if name != "skip" else "k3_e1" for name in stored["operations"]]
    (copied / "architecture.json").write_text(json.dumps(stored))
    with pytest.raises(RunError, match="does not hold the weights of this network"):
        load_network(opened(copied))
    weights.unlink()
    with pytest.raises(RunError, match=r"has no weights yet.*wattnas train"):
        load_network(opened(copied))


def test_training_can_begin_with_the_weights_of_the_supernet(inputs: Path, tmp_path: Path) -> None:
    ended = wattnas("build", *options(inputs), "--inherit", "--json", "--quiet", "--out", tmp_path / "run")
    assert ended.code in (0, 3), ended.err
    context = opened(tmp_path / "run")
    assert context.settings.train.inherit
    inherited = load_file(tmp_path / "run" / "inherited.safetensors")
    fresh = new_network(context).state_dict()
    assert inherited.keys() == fresh.keys()
    assert not torch.equal(inherited["stem.0.weight"], fresh["stem.0.weight"])
    trained = load_file(tmp_path / "run" / "weights.safetensors")["stem.0.weight"]
    # A dozen steps do not lead far away.
    near = (trained - inherited["stem.0.weight"]).norm()
    assert near < (trained - fresh["stem.0.weight"]).norm()


def test_without_the_weights_of_the_supernet_inheriting_says_what_to_do(inputs: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert wattnas("search", run, *options(inputs), "--inherit", "--quiet").code == 0
    (run / "inherited.safetensors").write_bytes(b"damaged")
    ended = wattnas("train", run, "--quiet")
    assert ended.code == 2
    assert "inherited.safetensors does not hold the weights" in ended.err and "search" in ended.err
