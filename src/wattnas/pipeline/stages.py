"""The stages, one function each: what is read, what is computed, what is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from safetensors.torch import save

from wattnas.blocks import Network, build
from wattnas.checkpoint import contiguous, load_weights
from wattnas.device import cost_table, predict
from wattnas.errors import RunError
from wattnas.export import OnnxModel, check_parity, evaluate_onnx, export_network, measure_latency, verify
from wattnas.files import write_bytes, write_text
from wattnas.objective import make_objective
from wattnas.pipeline.context import Context
from wattnas.pipeline.goal import run_goal_search, run_goal_train
from wattnas.report import write_report
from wattnas.rundir import Clock
from wattnas.search import Costs, SearchProblem, search_differentiable
from wattnas.stage import Stage
from wattnas.train import TrainProblem, fresh_network, recalibrate, train

INHERITED_FILE = "inherited.safetensors"
PARITY_IMAGES = 256


def run_search(context: Context) -> None:
    """Images, space and profile to `architecture.json` and `costs.json`."""
    settings, layout = context.settings, context.layout
    if settings.is_goal:
        run_goal_search(context)
        return
    assert settings.goal_accuracy is not None, "only method goal does without (merge_settings)"
    table = cost_table(context.profile, layout)
    problem = SearchProblem(
        layout=layout,
        splits=context.splits,
        costs=Costs(table.latency_s, table.energy_j, table.fixed_latency_s, table.fixed_energy_j),
        objective=make_objective(settings.method, settings.goal_accuracy, **settings.objective),
        settings=settings.search,
        augment=settings.augment,
        flip=context.dataset.flip,
        seed=settings.seed,
        compute=context.compute,
    )
    stage = new_stage(context, "search")
    found = search_differentiable(problem, stage)
    if not stage.writes:
        return
    report = predict(context.profile, layout, found.architecture)
    write_text(context.run.file("costs.json"), report.model_dump_json(indent=2) + "\n")
    write_bytes(context.run.file(INHERITED_FILE), save(contiguous(found.weights)))
    write_text(context.run.file("architecture.json"), found.architecture.model_dump_json(indent=2) + "\n")
    stage.finish()


def run_train(context: Context) -> None:
    """`architecture.json` to `weights.safetensors`: the derived network, trained from scratch.

    With `train.inherit` it begins with the weights that the search left in `inherited.safetensors`.
    """
    settings, splits = context.settings, context.splits
    if settings.is_goal:
        run_goal_train(context)
        return
    stage = new_stage(context, "train")
    network = new_network(context)
    problem = TrainProblem(
        network=network,
        images=splits.train,
        validation=splits.validation,
        settings=settings.train,
        augment=settings.augment,
        flip=context.dataset.flip,
        seed=settings.seed,
        compute=context.compute,
    )
    if settings.train.inherit and stage.tensors is None:
        context.progress.say("taking over the supernet's weights")
        remedy = f"Make it again: `wattnas search {context.run.path} --again`."
        load_weights(network, context.run.file(INHERITED_FILE), remedy)
        recalibrate(network, splits.train)
    train(problem, stage)
    if stage.writes:
        write_bytes(context.run.file("weights.safetensors"), save(contiguous(network.state_dict())))
    stage.finish()


def run_export(context: Context) -> None:
    """`weights.safetensors` to `model.onnx`, checked against torch on validation images."""
    clock = Clock()
    context.progress.say("exporting to ONNX and checking it against torch")
    network = load_network(context)
    classes = tuple(context.run.manifest["data"]["classes"])
    path = context.run.file("model.onnx")
    report = export_network(network, classes, path)
    parity = check_parity(network, OnnxModel.load(path), context.splits.validation.images[:PARITY_IMAGES])
    context.run.finish(
        "export", clock.seconds(), file=report.model_dump(mode="json"), parity=parity.model_dump(mode="json")
    )


def run_verify(context: Context) -> None:
    """`model.onnx` to `verification.json`: accuracy through the exported file, latency here."""
    clock, run = Clock(), context.run
    context.progress.say("measuring accuracy on the test images and latency, through the exported file")
    model = OnnxModel.load(run.file("model.onnx"), threads=1)
    test = context.splits.test
    parity = check_parity(load_network(context), model, context.splits.validation.images[:PARITY_IMAGES])
    costs = predict(context.profile, context.layout, context.architecture)
    record = verify(
        model,
        evaluate_onnx(model, test.images, test.labels),
        parity,
        data_hash=context.dataset.hash,
        goal_accuracy=context.settings.goal_accuracy,
        latency=measure_latency(model),
        predicted_latency=costs.sources.latency_s,
        predicted_energy=costs.sources.energy_j,
    )
    record.save(run.file("verification.json"))
    run.finish("verify", clock.seconds())


def run_report(context: Context) -> Path:
    """The files of the run to `report.html`."""
    return write_report(context.run.path)


def new_network(context: Context) -> Network:
    """The derived network as training begins with it."""
    splits = context.splits
    return fresh_network(context.architecture, context.layout, splits.mean, splits.std, context.settings.seed)


def load_network(context: Context) -> Network:
    """The trained network from `weights.safetensors`, in eval mode."""
    path = context.run.file("weights.safetensors")
    if not path.is_file():
        raise RunError(
            f"{context.run.path} has no weights yet.", f"Run `wattnas train {context.run.path}` first."
        )
    network = build(context.architecture, context.layout)
    load_weights(network, path, f"Make it again: `wattnas train {context.run.path} --again`.")
    return network.eval()


def new_stage(context: Context, name: str) -> Stage:
    """The stage called `name`, begun or gone on with, once all processes have read its checkpoint."""
    stage = Stage(
        context.run,
        name,
        log_start=context.log_end,
        checkpoint_s=context.settings.checkpoint_s,
        progress=context.progress,
        writes=context.compute.is_first,
    )
    context.compute.wait()
    return stage


STAGE_FUNCTIONS: dict[str, Callable[[Context], None]] = {
    "search": run_search,
    "train": run_train,
    "export": run_export,
    "verify": run_verify,
}
