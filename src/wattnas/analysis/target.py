"""What a user asked to analyse: a network of the zoo, a run, an ONNX file, or a torch module of their own."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from wattnas.analysis.adopt import adopt
from wattnas.analysis.loaded import Loaded
from wattnas.analysis.run import RUN_FILES, load_run
from wattnas.errors import ConfigError, ExportError, WattnasError
from wattnas.export import onnx_bytes
from wattnas.seeding import own_random_state
from wattnas.units import Quantity
from wattnas.zoo import EXTERNAL, IMAGENET, Entry, Shape, external, find, group, suggestion

Kind = Literal["zoo", "run", "onnx", "module", "library"]
OWN = "own"
"""Family of networks that are the user's."""


@dataclass(frozen=True)
class Target:
    """One thing to analyse; nothing is built or read before `load`.

    Attributes:
        name: as the user gave it.
        title: for tables and figures.
        identity: changes when the network does, as far as that can be told without loading it.
    """

    name: str
    title: str
    family: str
    kind: Kind
    identity: str
    load: Callable[[], Loaded]


def resolve(text: str, shape: Shape | None = None) -> list[Target]:
    """What `text` names: a group of the zoo, else one target.

    Args:
        shape: of the input, for modules and for networks of the zoo that have a 32x32 form.

    Raises:
        ConfigError: nothing of that name is known.
        ExportError, RunError: a file or run that is not there.
    """
    members = group(text)
    if members:
        return [_of_entry(entry, entry.name) for entry in members]
    path = Path(text)
    if path.is_dir():
        name = path.resolve().name
        identity = " ".join(_hash(path / file) for file in RUN_FILES)
        return [Target(text, name, OWN, "run", identity, lambda: load_run(path))]
    if path.is_file() or path.suffix == ".onnx":
        return [Target(text, path.stem, OWN, "onnx", _hash(path), lambda: _load_file(path))]
    if ":" in text:
        return [_of_function(text, shape or IMAGENET)]
    entry = find(text, shape)
    if entry is not None:
        return [_of_entry(entry, text)]
    return [_of_library(text, shape or IMAGENET)]


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError:
        return "absent"


def _load_file(path: Path) -> Loaded:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ExportError(f"{path} cannot be read: {error.strerror}.", "Give the path of a file.") from error
    return Loaded(adopt(content, str(path)), None, "as given")


def _of_entry(entry: Entry, name: str) -> Target:
    def load() -> Loaded:
        figures = {"params": entry.params, "macs": entry.macs, "top1": entry.top1}
        literature = {key: figure.quantity() for key, figure in figures.items() if figure is not None}
        notes = (entry.note,) if entry.note else ()
        return exported(entry.make, entry.title, entry.input, literature=literature, notes=notes)

    return Target(name, entry.title, entry.family, "zoo", f"{entry.name} {entry.built_by}", load)


def _of_function(text: str, shape: Shape) -> Target:
    library, _, function = text.partition(":")
    if library in EXTERNAL:
        return _external(text, shape)
    maker = _function(library, function, text)
    try:
        identity = hashlib.sha256(inspect.getsource(sys.modules[library]).encode()).hexdigest()[:16]
    except (OSError, TypeError):
        identity = text
    return Target(text, function, OWN, "module", identity, lambda: exported(maker, text, shape))


def _function(module: str, function: str, text: str) -> Callable[[], nn.Module]:
    """The function that makes the user's network, imported from where the program was started."""
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        maker: Callable[[], nn.Module] = getattr(import_module(module), function)
    except Exception as error:  # whatever the user's module raises while it is imported
        raise ConfigError(
            f"{text} cannot be imported: {_line(error)}.", "Write package.module:function, as Python would."
        ) from error
    return maker


def _of_library(text: str, shape: Shape) -> Target:
    """A plain name, tried with a library that the user has."""
    for library in EXTERNAL:
        if text.isidentifier() and find_spec(library) is not None:
            return _external(f"{library}:{text}", shape)
    raise ConfigError(f"There is no network, file or run {text!r}.", suggestion(text))


def _external(name: str, shape: Shape) -> Target:
    def load() -> Loaded:
        return exported(lambda: external(name), name, shape)

    return Target(name, name.partition(":")[2], OWN, "library", name, load)


def exported(
    make: Callable[[], nn.Module],
    name: str,
    shape: Shape,
    *,
    literature: dict[str, Quantity] | None = None,
    notes: tuple[str, ...] = (),
) -> Loaded:
    """A freshly made torch module as an exported network.

    Raises:
        ConfigError: it cannot be made, or does not turn images of `shape` into one row of logits each.
        ExportError: the exporter cannot translate it.
    """
    try:
        with own_random_state():
            torch.manual_seed(0)
            network = make()
            example = torch.zeros(2, *shape)
            with torch.no_grad():
                logits = network.eval()(example)
    except WattnasError:
        raise
    except Exception as error:  # whatever a module raises on input it cannot take
        sides = "x".join(map(str, shape))
        raise ConfigError(f"{name} fails on images {sides}: {_line(error)}.", "Give its --input.") from error
    if not isinstance(logits, torch.Tensor) or logits.dim() != 2 or len(logits) != 2:
        found = list(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
        raise ConfigError(
            f"{name} answers two images with {found}, not with two rows of logits.",
            "Give a classifier that returns one tensor (N, classes).",
        )
    content = onnx_bytes(network, torch.zeros(1, *shape))
    params = sum(p.numel() for p in network.parameters() if p.requires_grad)
    return Loaded(content, params, "random", literature or {}, {}, notes)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
