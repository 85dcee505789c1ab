"""A job: what a host wants measured, checked word by word before anything of it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wattnas.agent.lines import clean
from wattnas.agent.store import is_hash
from wattnas.errors import DeviceError
from wattnas.files import content_hash

PROTOCOL = 1
"""Version of what host and agent say to each other."""

_PARTS = (
    *("job", "models", "stretches", "anchor", "threads", "pin", "protocol"),
    *("meter", "energy", "predict", "token"),
)
_MOST_ITEMS = 20_000
_MOST_NAME = 300
_MOST_THREADS = 1024
_MOST_ATTEMPTS = 20


class Task(NamedTuple):
    """One thing that one worker does.

    Attributes:
        key: kind of its result, and which of them: ("stretch", 3), ("energy", "some item"), ("classes", 0).
        rest: what the worker's task holds as it is.
        files: name in the worker's task -> hash of the file whose path stands there.
        items: the same, under `items` of the worker's task.
    """

    key: tuple[str, Any]
    rest: Mapping[str, Any]
    files: Mapping[str, str]
    items: Mapping[str, str] = {}

    @property
    def label(self) -> str:
        """What it is, for a message."""
        return clean(f"{self.key[0]} {self.key[1]}", 80)


@dataclass(frozen=True)
class Job:
    """What a host wants measured.

    Attributes:
        name: hash of all the rest.
        models: item -> SHA-256 of its network.
        stretches: items that are timed together, one worker each.
        anchor: the item that is timed in every stretch; None where there is no stretch.
        threads: threads inside an operation.
        pin: whether the worker stays on fixed cores.
        protocol: of the timing, handed on as it is; `attempts` in it is read here.
        meter: which energy meter; None for none.
        energy_items: items whose energy is measured, one worker each.
        energy_protocol: handed on as it is.
        predict: {"model": item, "images": SHA-256 of a .npy file, "batch": n} or None.
    """

    name: str
    models: Mapping[str, str]
    stretches: Sequence[Sequence[str]] = ()
    anchor: str | None = None
    threads: int = 1
    pin: bool = True
    protocol: Mapping[str, Any] = field(default_factory=dict)
    meter: str | None = None
    energy_items: Sequence[str] = ()
    energy_protocol: Mapping[str, Any] = field(default_factory=dict)
    predict: Mapping[str, Any] | None = None

    @property
    def attempts(self) -> int:
        """Times a stretch is timed at most while its anchor drifts."""
        return int(self.protocol.get("attempts", 3))

    @property
    def files(self) -> list[str]:
        """The hashes of all files that it needs, each once."""
        named = ({*task.files.values(), *task.items.values()} for task in self.tasks())
        return sorted(set().union(*named))

    def tasks(self) -> Iterator[Task]:
        """What workers have to do, in order."""
        how = {"threads": self.threads, "pin": self.pin}
        for index, names in enumerate(self.stretches):
            rest = {"task": "time", "protocol": self.protocol, **how}
            anchor = {} if self.anchor is None else {"anchor": self.models[self.anchor]}
            yield Task(("stretch", index), rest, anchor, {name: self.models[name] for name in names})
        if self.predict is not None:
            rest = {"task": "predict", "batch": self.predict["batch"], "threads": self.threads}
            files = {"model": self.models[self.predict["model"]], "images": self.predict["images"]}
            yield Task(("classes", 0), rest, files)
        for name in self.energy_items:
            rest = {"task": "energy", "item": name, "meter": self.meter, "protocol": self.energy_protocol}
            yield Task(("energy", name), {**rest, **how}, {"model": self.models[name]})

    @classmethod
    def from_json(cls, raw: Any) -> Job:
        """The job that a host sent.

        Raises:
            DeviceError: a part is missing, unknown or of a wrong kind, or `job` is not the hash of the rest.
        """
        _known(raw, "job", _PARTS)
        rest = {key: value for key, value in raw.items() if key != "job"}
        _need(raw.get("job") == content_hash(rest), "its name is not the hash of what it holds")
        energy = raw.get("energy") or {}
        _known(energy, "energy part", ("items", "protocol"))
        job = cls(
            name=raw["job"],
            models=_models(raw.get("models")),
            stretches=_stretches(raw.get("stretches", [])),
            anchor=raw.get("anchor"),
            threads=raw.get("threads", 1),
            pin=raw.get("pin", True),
            protocol=_object(raw.get("protocol", {}), "protocol"),
            meter=raw.get("meter"),
            energy_items=_names(energy.get("items", []), "items of energy"),
            energy_protocol=_object(energy.get("protocol", {}), "protocol of energy"),
            predict=_predict(raw.get("predict")),
        )
        job._check()
        return job

    def _check(self) -> None:
        asked = [*(item for items in self.stretches for item in items), *self.energy_items]
        asked += [] if self.predict is None else [self.predict["model"]]
        asked += [] if self.anchor is None else [self.anchor]
        _need(len(asked) <= _MOST_ITEMS, f"it has more than {_MOST_ITEMS} items")
        for item in asked:
            _need(isinstance(item, str) and item in self.models, f"{item!r} is not among its models")
        _need(self.anchor is not None or not self.stretches, "its stretches have no anchor")
        _need(type(self.threads) is int and 1 <= self.threads <= _MOST_THREADS, "threads is no number from 1")
        _need(type(self.pin) is bool, "pin is neither true nor false")
        tries = self.protocol.get("attempts", 1)
        _need(type(tries) is int and 1 <= tries <= _MOST_ATTEMPTS, "attempts is no number from 1 to 20")
        _need(self.meter is None or _is_name(self.meter), "meter is no text")
        _need(self.meter is not None or not self.energy_items, "energy is asked for and no meter is named")


def which_field(kind: str) -> str:
    """What tells results of one kind apart: an item for energy, else an index."""
    return "item" if kind == "energy" else "index"


def key_of(entry: Mapping[str, Any]) -> tuple[str, Any]:
    """Which task a result answers: its kind, and the index or item that tells it apart.

    Raises:
        DeviceError: it does not say.
    """
    kind = entry.get("kind")
    if kind not in ("stretch", "attempt", "energy", "classes"):
        raise DeviceError(f"A result has the unknown kind {clean(repr(kind))}.")
    which = entry.get(which_field(kind))
    if not isinstance(which, str if kind == "energy" else int) or isinstance(which, bool):
        raise DeviceError(f"A result of kind {kind} does not say which one it is.")
    return kind, which


def seal(content: Mapping[str, Any]) -> dict[str, Any]:
    """A job as it is sent: `content` and, under `job`, its hash."""
    rest = {key: value for key, value in content.items() if key != "job"}
    return {"job": content_hash(rest), **rest}


def _need(holds: bool, reason: str) -> None:
    if not holds:
        raise DeviceError(
            f"The job does not do: {clean(reason)}.", "Host and agent may be of different versions."
        )


def _known(raw: Any, what: str, keys: Sequence[str]) -> None:
    _need(isinstance(raw, dict), f"the {what} is no object")
    strange = sorted(set(raw) - set(keys))
    _need(not strange, f"the {what} has the unknown part {strange[0]!r}" if strange else "")


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= _MOST_NAME


def _object(raw: Any, what: str) -> dict[str, Any]:
    _need(isinstance(raw, dict), f"{what} is no object")
    return dict(raw)


def _names(raw: Any, what: str) -> list[str]:
    _need(isinstance(raw, list) and all(_is_name(name) for name in raw), f"{what} are no list of names")
    _need(len(set(raw)) == len(raw), f"{what} name one twice")
    return list(raw)


def _models(raw: Any) -> dict[str, str]:
    models = _object(raw, "models")
    for name, sha in models.items():
        _need(_is_name(name) and is_hash(sha), f"model {name!r} has no SHA-256")
    return models


def _stretches(raw: Any) -> list[list[str]]:
    _need(isinstance(raw, list), "stretches are no list")
    _need(all(raw), "a stretch is empty")
    return [_names(items, "items of a stretch") for items in raw]


def _predict(raw: Any) -> dict[str, Any] | None:
    if raw is None:
        return None
    _known(raw, "predict part", ("model", "images", "batch"))
    _need(is_hash(raw.get("images")), "images have no SHA-256")
    batch = raw.get("batch")
    _need(type(batch) is int and 1 <= batch <= 2**20, "batch is no number from 1")
    _need(_is_name(raw.get("model")), "predict names no model")
    return dict(raw)
