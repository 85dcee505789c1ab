"""The answer first: was the goal met, how sure is that, and what does the network cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wattnas.learned import learned
from wattnas.report.explorer import NAMES
from wattnas.report.files import OnDeviceFile, VerificationFile
from wattnas.report.read import MODEL, RunFiles
from wattnas.report.text import Number, counted, goal_text, interval, number, share, span
from wattnas.units import Quantity

Tone = Literal["good", "bad", "open"]

STAGES = ("search", "train", "export", "verify")


@dataclass(frozen=True)
class Figure:
    """One line of the table of key figures; `interval` is empty where none is known."""

    name: str
    number: Number
    interval: str
    origin: str
    source: str


@dataclass(frozen=True)
class Answer:
    """The top of the page.

    Attributes:
        headline: the verdict in a few words.
        tone: how it is coloured.
        sentences: the goal, what was reached, and how sure the verdict is.
        cautions: what makes the numbers doubtful.
        figures: the key figures, accuracy first.
        missing: names of key figures that are not known yet.
    """

    headline: str
    tone: Tone
    sentences: tuple[str, ...]
    cautions: tuple[str, ...]
    figures: tuple[Figure, ...]
    missing: tuple[str, ...]


def build_answer(files: RunFiles) -> Answer:
    """The answer that these files give."""
    headline, tone = _headline(files)
    figures = _figures(files)
    known = {figure.name.split(",")[0] for figure in figures}
    wanted = ("Accuracy", "Latency", "Energy", "Parameters", "MACs", "Memory", "File size")
    return Answer(
        headline=headline,
        tone=tone,
        sentences=_sentences(files),
        cautions=_cautions(files),
        figures=figures,
        missing=tuple(name for name in wanted if name not in known),
    )


def _headline(files: RunFiles) -> tuple[str, Tone]:
    found, bounds = files.verification, _bounds(files)
    if found is None:
        return "Not finished: nothing is verified yet", "open"
    is_broken = not all(is_kept for _, is_kept in bounds.values())
    if found.goal_met is None:
        if not bounds:
            return "Verified; no goal was set", "open"
        return ("A bound is broken", "bad") if is_broken else ("Within the bounds", "good")
    narrowly = "narrowly " if found.certainty == "within" else ""
    if not found.goal_met:
        return f"Goal {narrowly}not met", "bad"
    return ("Goal met, but a bound is broken", "bad") if is_broken else (f"Goal {narrowly}met", "good")


def _sentences(files: RunFiles) -> tuple[str, ...]:
    found = files.verification
    goal = found.goal_accuracy if found is not None else files.manifest.settings.goal_accuracy
    asked = (
        f"The goal: at least {goal_text(goal)} of the images classified right." if goal is not None else ""
    )
    reached = _reached(found) if found is not None else _progress(files)
    told = (_certainty(found), _bound_sentence(files), _on_device(files.on_device), _remedy(files))
    sentences = (asked, reached, *told)
    return tuple(sentence for sentence in sentences if sentence)


def _bounds(files: RunFiles) -> dict[str, tuple[str, bool]]:
    """Cost -> (the bound in words, whether what is predicted of the device keeps it), of those asked for."""
    costs = files.costs
    if costs is None:
        return {}
    totals = {"latency_s": costs.sources.latency_s, "energy_j": costs.sources.energy_j}
    totals |= {"params": costs.sources.params}
    totals |= {} if costs.memory_bytes is None else {"memory_bytes": costs.memory_bytes}
    found: dict[str, tuple[str, bool]] = {}
    for name, bound in files.manifest.settings.bounds.items():
        if bound is not None and name in totals:
            total = totals[name]
            is_kept = total.value <= bound
            words = f"{NAMES[name].lower()} at most {number(bound, total.unit).text}: "
            found[name] = (f"{words}{'kept' if is_kept else 'broken'} ({total.origin})", is_kept)
    return found


def _bound_sentence(files: RunFiles) -> str:
    words = [text for text, _ in _bounds(files).values()]
    return f"Bounds: {'; '.join(words)}." if words else ""


def _on_device(found: OnDeviceFile | None) -> str:
    if found is None:
        return ""
    result = found.accuracy
    agreed = "" if found.agreement is None else f", the same answer as here for {share(found.agreement).text}"
    words = {True: "holds", False: "is broken", None: "could not be told"}
    bounds = "; ".join(f"{name} {words[holds]}" for name, holds in found.bounds.items())
    return f"On {found.device} itself: {result.correct:,} of {counted(result.n, 'image')} right{agreed}." + (
        f" Bounds there: {bounds}." if bounds else ""
    )


def _reached(found: VerificationFile) -> str:
    result = found.accuracy
    between = span(share(result.low), share(result.high))
    return (
        f"Reached: {share(result.accuracy).text}. The exported network classified {result.correct:,} of "
        f"{counted(result.n, 'test image')} right; the 95 % interval is {between}."
    )


def _progress(files: RunFiles) -> str:
    stages = files.manifest.stages
    done = [name for name in STAGES if name in stages and stages[name].state == "done"]
    open_ = [name for name in STAGES if name not in done]
    ended = f"Done so far: {', '.join(done)}. " if done else ""
    missing = f"Missing: {', '.join(open_)}. " if open_ else "Its verification is missing. "
    return f"{ended}{missing}The command that started this run goes on where it stopped."


def _certainty(found: VerificationFile | None) -> str:
    if found is None or found.goal_met is None:
        return ""
    if found.certainty == "above":
        return "The goal is met, and clearly: the whole 95 % interval reaches the goal."
    if found.certainty == "below":
        return "The goal is not met, and clearly: the whole 95 % interval lies below the goal."
    if found.goal_met:
        return (
            "The goal is met on these images, but it lies within the interval: others could fall short of it."
        )
    return "The goal is not met on these images, but it lies within the interval: others could reach it."


def _remedy(files: RunFiles) -> str:
    """What should help where the goal was missed."""
    if files.verification is None or files.verification.goal_met is not False:
        return ""
    lines = ((line.epoch, line.accuracy, line.validation_accuracy) for line in files.train)
    found = learned(lines, files.manifest.settings.epochs)
    return "" if found is None else found.remedy(lambda value: share(value).text)


def _cautions(files: RunFiles) -> tuple[str, ...]:
    found, model = files.verification, files.model
    cautions: list[str] = []
    if found is not None and model is not None and model.sha256 != found.model_sha256:
        cautions.append(
            f"{MODEL} is not the file that was verified, so accuracy and latency are those of another. "
            "Run `wattnas export --again` on this run, then `wattnas evaluate`."
        )
    if found is not None and found.parity is not None and found.parity.disagreements:
        images = counted(found.parity.disagreements, "image")
        cautions.append(f"The exported network and the trained one name different classes on {images}.")
    device = files.on_device
    if device is not None and found is not None and device.model_sha256 != found.model_sha256:
        cautions.append(
            f"What was measured on {device.device} is of another file. Run `wattnas verify` again."
        )
    if device is not None and device.unsteady:
        cautions.append(f"The timing on {device.device} was unsteady: {device.unsteady}")
    if files.manifest.warnings:
        cautions.append(f"{counted(len(files.manifest.warnings), 'warning')} occurred; see Provenance.")
    return tuple(cautions)


def _figures(files: RunFiles) -> tuple[Figure, ...]:
    found, costs = files.verification, files.costs
    figures: list[Figure] = []
    if found is not None:
        figures.append(_accuracy(found))
        figures.extend(_quantities({"Latency, this machine": found.latency}))
    if costs is not None:
        totals = costs.sources
        predicted: dict[str, Quantity | None] = {
            f"Latency, {costs.device}": totals.latency_s,
            f"Energy, {costs.device}": totals.energy_j,
        }
        counts = {"Parameters": totals.params, "MACs": totals.macs, "Memory, peak": costs.memory_bytes}
        figures.extend(_quantities(predicted | counts))
    elif found is not None:
        device = {"Latency, device": found.predicted_latency, "Energy, device": found.predicted_energy}
        figures.extend(_quantities(device))
    return (*figures, *_measured_there(files.on_device), *_file_size(files))


def _measured_there(found: OnDeviceFile | None) -> list[Figure]:
    if found is None:
        return []
    return _quantities({f"Latency, {found.device}": found.latency, f"Energy, {found.device}": found.energy})


def _accuracy(found: VerificationFile) -> Figure:
    result = found.accuracy
    between = span(share(result.low), share(result.high))
    day = f", {found.date.date().isoformat()}" if found.date is not None else ""
    source = f"{counted(result.n, 'test image')} through {MODEL}, Wilson interval{day}"
    return Figure("Accuracy", share(result.accuracy), between, "measured", source)


def _quantities(named: dict[str, Quantity | None]) -> list[Figure]:
    return [_quantity(name, quantity) for name, quantity in named.items() if quantity is not None]


def _quantity(name: str, quantity: Quantity) -> Figure:
    value = number(quantity.value, quantity.unit)
    return Figure(name, value, interval(quantity), quantity.origin, quantity.source)


def _file_size(files: RunFiles) -> tuple[Figure, ...]:
    if files.model is not None:
        size = files.model.size_bytes
    elif files.verification is not None:
        size = files.verification.size_bytes
    else:
        return ()
    return (Figure("File size", number(size, "B"), "", "measured", f"{MODEL}, on disk"),)
