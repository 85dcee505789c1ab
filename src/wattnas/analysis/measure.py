"""One network through all metrics."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from wattnas.agent.meters import Meter
from wattnas.analysis.accuracy import DataSource
from wattnas.analysis.count import BYTES_RULE, MACS_RULE, Counts, count_graph
from wattnas.analysis.energy import Consumption, measured, modelled
from wattnas.analysis.graph import Graph, read_graphs
from wattnas.analysis.latency import PROTOCOL, affordable
from wattnas.analysis.loaded import Loaded
from wattnas.analysis.peak import process_peaks
from wattnas.analysis.planner import RULE as PLANNER_RULE
from wattnas.analysis.planner import activation_peak
from wattnas.analysis.row import Options, Row
from wattnas.analysis.target import Target
from wattnas.errors import ExportError, MeterError
from wattnas.export import OnnxModel, measure_latency
from wattnas.units import Quantity

_PARAMS_RULE = "trainable ones of the torch network: weights, biases, BatchNorm scales and shifts"
_STORED_RULE = (
    "floating-point numbers stored in the exported file and used; BatchNorm is folded into convolutions"
)


def analyse(
    target: Target, options: Options, key: str, *, meter: Meter | None = None, data: DataSource | None = None
) -> Row:
    """All metrics of `target`.

    Raises:
        WattnasError: it cannot be built, read, exported or run; says why.
    """
    began = time.perf_counter()
    loaded = target.load()
    model = OnnxModel(loaded.content, target.name, threads=options.threads)
    graphs = read_graphs(loaded.content, target.name, sorted({1, *options.batches}))
    counts = count_graph(graphs[1])
    times, notes = _latencies(model, options)
    consumption, unread = _consumption(model, times, options, meter)
    peaks, more = _peaks(loaded.content, model, options, list(times))
    accuracy, remark = _accuracy(model, loaded, data)
    return Row(
        key=key,
        name=target.name,
        title=target.title,
        family=target.family,
        kind=target.kind,
        weights=loaded.weights,
        input=model.input_shape,
        classes=_classes(model),
        params=None if loaded.params is None else _count(loaded.params, _PARAMS_RULE),
        stored=_count(counts.weights, _STORED_RULE),
        macs=_count(counts.macs, MACS_RULE),
        bytes_moved=Quantity(
            value=counts.bytes_moved,
            unit="B",
            origin="modelled",
            source=f"counted on the graph: {BYTES_RULE}",
        ),
        activation_peak={batch: _planned(graph) for batch, graph in graphs.items()},
        process_peak=peaks,
        latency=times,
        energy={batch: found.energy for batch, found in consumption.items()},
        power={batch: found.power for batch, found in consumption.items()},
        accuracy=accuracy,
        literature=loaded.literature,
        counted=dict(counts.counted),
        not_counted=dict(counts.not_counted),
        notes=(*loaded.notes, *notes, *unread, *more, *remark, *_unknown(counts)),
        wall_s=round(time.perf_counter() - began, 2),
    )


def _latencies(model: OnnxModel, options: Options) -> tuple[dict[int, Quantity], list[str]]:
    """Latency by number of images, and what was left out."""
    one = measure_latency(model, protocol=PROTOCOL)
    times, notes = {1: one}, []
    more = [batch for batch in options.batches if batch != 1]
    fits, left = affordable(one.value, more, options.budget_s)
    for batch in fits:
        try:
            times[batch] = measure_latency(model, batch=batch, protocol=PROTOCOL)
        except ExportError as error:
            notes.append(f"Batch {batch} and above cannot be run: {error.message}")
            break
    if left:
        batches = ", ".join(map(str, left))
        notes.append(f"Not timed at {batches} images: more than {options.budget_s:g} s each (--budget).")
    return times, notes


def _consumption(
    model: OnnxModel, times: Mapping[int, Quantity], options: Options, meter: Meter | None
) -> tuple[dict[int, Consumption], list[str]]:
    """Energy and power by number of images, and why they are missing for some."""
    if meter is None:
        return {batch: modelled(time_, options.watts) for batch, time_ in times.items()}, []
    found, notes = {}, []
    for batch in times:
        images = np.zeros((batch, *model.input_shape), dtype=np.float32)
        try:
            found[batch] = measured(model.runner(images), meter)
        except MeterError as error:
            notes.append(f"No energy at {batch} images: {error.message}")
    return found, notes


def _peaks(
    content: bytes, model: OnnxModel, options: Options, batches: list[int]
) -> tuple[dict[int, Quantity], list[str]]:
    if not options.memory:
        return {}, []
    try:
        return process_peaks(content, model.name, model.input_shape, batches, options.threads), []
    except ExportError as error:
        return {}, [error.message]


def _planned(graph: Graph) -> Quantity:
    return Quantity(value=activation_peak(graph), unit="B", origin="modelled", source=PLANNER_RULE)


def _accuracy(
    model: OnnxModel, loaded: Loaded, data: DataSource | None
) -> tuple[Quantity | None, tuple[str, ...]]:
    known = loaded.measured.get("accuracy")
    if data is None:
        return known, ()
    if loaded.weights == "random":
        return None, ("No accuracy: the weights are random.",)
    return data.accuracy(model)


def _classes(model: OnnxModel) -> int:
    return int(model.runner(np.zeros((1, *model.input_shape), dtype=np.float32))().shape[-1])


def _count(number: int, rule: str) -> Quantity:
    return Quantity(value=number, unit="1", origin="modelled", source=f"counted: {rule}")


def _unknown(counts: Counts) -> tuple[str, ...]:
    if not counts.unknown:
        return ()
    kinds: Mapping[str, None] = dict.fromkeys(counts.unknown)
    return (f"{len(counts.unknown)} operations of unknown shape are not counted: {', '.join(kinds)}.",)
