"""What one device costs, entry by entry, with units, spread and provenance: the schema of a profile file.

A file may state once, under `defaults`, what most entries share (unit, origin, source, the space of a
position); an entry inherits what it leaves out. In memory every entry is complete.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date as Date
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from wattnas.device.fitted import Fit
from wattnas.errors import ProfileError, SpaceError
from wattnas.units import Quantity

FORMAT: Literal[1] = 1
MAX_COST = 1e12
"""Seconds or joules of one entry; anything above is a mistake, and below it every sum stays finite."""

_MAX_ENTRIES = 20_000
_MAX_FITS = 100
_MAX_DEFAULTS = 4_000
_INHERITED = ("position", "latency", "energy")
_SHARED = ("space", "space_hash", "unit", "origin", "n", "source")
_SCOPES = {
    "layers": "searchable layers only; stem and head are not in the table",
    "network": "whole network: stem, searchable layers and head",
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _cost(quantity: Quantity, unit: str) -> Quantity:
    """`quantity`, if it is a cost in `unit`: not negative, and inside its own interval."""
    if quantity.unit != unit:
        raise ValueError(f"the unit is {quantity.unit!r}, it has to be {unit!r}")
    if not 0 <= quantity.value <= MAX_COST:
        raise ValueError(f"{quantity.value} is no cost; it has to be from 0 to {MAX_COST:g}")
    if (quantity.low is None) != (quantity.high is None):
        raise ValueError("an interval needs both low and high")
    low = quantity.value if quantity.low is None else quantity.low
    high = quantity.value if quantity.high is None else quantity.high
    if not 0 <= low <= quantity.value <= high <= MAX_COST:
        raise ValueError(f"{quantity.value} lies outside its interval {low} to {high}")
    return quantity


Seconds = Annotated[Quantity, AfterValidator(partial(_cost, unit="s"))]
Joules = Annotated[Quantity, AfterValidator(partial(_cost, unit="J"))]


class Position(_Part):
    """Where in a network an entry was measured.

    Attributes:
        space: name of the space, for people.
        space_hash: `Space.hash`, which decides whether another layout is of the same space.
        layer: index of the layer, from 0.
    """

    space: str
    space_hash: str
    layer: Annotated[int, Field(ge=0)]


class Entry(_Part):
    """What one operation costs at one set of shapes, for one image.

    Attributes:
        key: operation and shapes as `Layer.key`, `Layout.stem_key` and `Layout.head_key` write them.
        position: where it was measured, if in a particular place; None where the place does not matter.
        latency: seconds.
        energy: joules.
    """

    key: Annotated[str, Field(min_length=1, max_length=200)]
    position: Position | None = None
    latency: Seconds
    energy: Joules


class Profile(_Part):
    """What one device costs.

    Attributes:
        format: version of this schema.
        name: how commands and files refer to it.
        description: one line for lists.
        notes: caveats, one text each; whoever shows a number of this profile can show these.
        hardware: the device, or the devices where latency and energy come from two.
        runtime: program and version that ran the operations; None where unknown.
        threads: threads of one operation; None where unknown.
        date: day of the measurement; None where unknown.
        scope: what a network's cost sums over: searchable "layers", or the "network" with stem and head.
        entries: the costs. The same key may stand at several positions.
        fits: the campaigns that measured them, with covariances; none where the numbers came from elsewhere.
    """

    format: Literal[1] = FORMAT
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    description: str
    notes: tuple[str, ...] = ()
    hardware: str
    runtime: str | None = None
    threads: Annotated[int, Field(ge=1)] | None = None
    date: Date | None = None
    scope: Literal["layers", "network"]
    entries: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=_MAX_ENTRIES)]
    fits: Annotated[tuple[Fit, ...], Field(max_length=_MAX_FITS)] = ()

    @field_validator("entries")
    @classmethod
    def _one_per_position(cls, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        placed = Counter((e.key, e.position.space_hash, e.position.layer) for e in entries if e.position)
        for (key, _, layer), times in placed.items():
            if times > 1:
                raise ValueError(f"{key!r} at layer {layer} is listed {times} times")
        return entries

    @model_validator(mode="after")
    def _covered(self) -> Profile:
        fitted = [key for fit in self.fits for key in fit.part_keys]
        if len(set(fitted)) != len(fitted):
            raise ValueError("fits: two of them hold the same key")
        if strange := set(fitted) - {entry.key for entry in self.entries}:
            raise ValueError(f"fits: no entry for {min(strange)!r}")
        return self

    @property
    def scope_text(self) -> str:
        """What a network's cost sums over, in words."""
        return _SCOPES[self.scope]

    @classmethod
    def parse(cls, text: str, origin: str) -> Profile:
        """The profile in JSON `text`; `origin` names it in errors.

        Raises:
            ProfileError: whatever is wrong with the text; nothing else comes out.
        """
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ProfileError(
                f"{origin} is not JSON: {error}.", "Mend it there, or make the profile again."
            ) from error
        if not isinstance(raw, dict):
            raise ProfileError(
                f"{origin} does not describe a device: no JSON object.", "Make the profile again."
            )
        try:
            return cls.model_validate_json(json.dumps(_inherit(raw)), strict=True)
        except ValidationError as error:
            raise ProfileError(
                f"{origin}: {_first(error)}.", "Mend it there, or make the profile again."
            ) from error
        except SpaceError as error:  # of a space in its fits
            raise ProfileError(
                f"{origin}: {error.message}", "Mend it there, or make the profile again."
            ) from error
        except (ValueError, RecursionError) as error:
            raise ProfileError(f"{origin}: {error}.", "Mend it there, or make the profile again.") from error

    def to_json(self) -> str:
        """The text that `parse` reads back to an equal profile: one entry a line, shared values once."""
        head = self.model_dump(mode="json", exclude={"entries", "fits"})
        entries = [entry.model_dump(mode="json") for entry in self.entries]
        head["defaults"] = {part: _most_common(entries, part) for part in _INHERITED}
        lines = (json.dumps(_without(entry, head["defaults"]), ensure_ascii=False) for entry in entries)
        top = json.dumps(head, indent=2, ensure_ascii=False).removesuffix("\n}")
        fits = [json.dumps(fit.model_dump(mode="json"), ensure_ascii=False) for fit in self.fits]
        lists = {"entries": list(lines), **({"fits": fits} if fits else {})}
        return (
            top
            + "".join(f',\n  "{name}": [\n    {_lines(rows)}\n  ]' for name, rows in lists.items())
            + "\n}\n"
        )


def _lines(rows: list[str]) -> str:
    return ",\n    ".join(rows)


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, on one line of bearable length: keys in it may be anybody's text."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "the file"
    return " ".join(f"{where[:200]}: {first['msg']}".split())


def _inherit(raw: dict[str, Any]) -> dict[str, Any]:
    """`raw` without its `defaults`, and every entry with what it left out; ValueError names bad defaults."""
    defaults = raw.get("defaults", {})
    if not isinstance(defaults, dict) or not all(isinstance(part, dict) for part in defaults.values()):
        raise ValueError("defaults: it has to hold one object each for " + ", ".join(_INHERITED))
    if unknown := set(defaults) - set(_INHERITED):
        raise ValueError(f"defaults: unknown {sorted(unknown)[0]!r}; known are {', '.join(_INHERITED)}")
    entries = raw.get("entries")
    if not isinstance(entries, list):
        raise ValueError("entries: a list has to stand here")
    if len(entries) > _MAX_ENTRIES or len(json.dumps(defaults)) > _MAX_DEFAULTS:
        raise ValueError(
            f"more than {_MAX_ENTRIES} entries, or more than {_MAX_DEFAULTS} characters of defaults"
        )
    rest = {key: value for key, value in raw.items() if key != "defaults"}
    return rest | {"entries": [_filled(entry, defaults) for entry in entries]}


def _filled(entry: Any, defaults: dict[str, dict[str, Any]]) -> Any:
    """`entry` with the defaults put into those of its objects that are there; anything else is left alone."""
    if not isinstance(entry, dict):
        return entry
    given = {part: shared for part, shared in defaults.items() if isinstance(entry.get(part), dict)}
    return entry | {part: shared | entry[part] for part, shared in given.items()}


def _most_common(entries: list[dict[str, Any]], part: str) -> dict[str, Any]:
    """The value most entries share for each shareable field of `part`; None is never shared."""
    found = [entry[part] for entry in entries if entry[part] is not None]
    counts = {
        field: Counter(each[field] for each in found) for field in _SHARED if found and field in found[0]
    }
    common = {field: count.most_common(1)[0][0] for field, count in counts.items()}
    return {field: value for field, value in common.items() if value is not None}


def _without(entry: dict[str, Any], defaults: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """`entry` less what it inherits, and less what is null anyway."""
    shown: dict[str, Any] = {"key": entry["key"]}
    for part in _INHERITED:
        if entry[part] is not None:
            shown[part] = {f: v for f, v in entry[part].items() if v != defaults[part].get(f)}
    return shown
