"""From a key, and the place it stands at, to what it costs by a profile; nothing is guessed."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

from wattnas.agent.lines import clean
from wattnas.device.profile import Entry, Profile
from wattnas.errors import ProfileError
from wattnas.space import Layout, named_spaces
from wattnas.units import Origin, Quantity

_NAMED = 3


class Cost(NamedTuple):
    """What one part of a network costs for one image: seconds and joules with origin and spread."""

    latency: Quantity
    energy: Quantity


class Wanted(NamedTuple):
    """A part whose cost is asked for: its key, and its layer; stem and head stand at none."""

    key: str
    layer: int | None = None


def look_up(profile: Profile, layout: Layout, wanted: Sequence[Wanted]) -> list[Cost]:
    """The cost of every wanted part, in order.

    A part of the very space and layer that an entry was measured at takes that measurement; elsewhere the
    same key takes the median over all its measurements, with their range as interval.

    Raises:
        ProfileError: the profile does not cover some of them; names the first, their number and what to do.
    """
    by_key: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in profile.entries:
        by_key[entry.key].append(entry)
    missing = list(dict.fromkeys(want.key for want in wanted if want.key not in by_key))
    if missing:
        raise _uncovered(profile, layout, missing, len({want.key for want in wanted}))
    space_hash = layout.space.hash
    return [_choose(by_key[want.key], space_hash, want.layer) for want in wanted]


def _uncovered(profile: Profile, layout: Layout, missing: list[str], asked: int) -> ProfileError:
    names = "; ".join(missing[:_NAMED]) + (
        f"; and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    )
    return ProfileError(
        f"Profile {profile.name!r} lacks {len(missing)} of the {asked} entries that space "
        f"{layout.space.name!r} needs at {layout.channels}x{layout.size}x{layout.size}: {names}.",
        _next_step(profile, layout),
    )


def _next_step(profile: Profile, layout: Layout) -> str:
    """The command that measures what is missing, on the same device where the profile tells which."""
    space = layout.space.name if layout.space.name in named_spaces() else "YOUR_SPACE_FILE"
    if not profile.fits:
        return f"Measure this space on this machine: wattnas build --space {space} --device local."
    device = shlex.quote(clean(profile.fits[-1].target))
    return (
        f"Measure just that: wattnas profile --device {device} --space {space} --channels {layout.channels} "
        f"--size {layout.size} --classes {layout.classes} --add-to FILE."
    )


def _choose(entries: list[Entry], space_hash: str, layer: int | None) -> Cost:
    for entry in entries:
        place = entry.position
        if place is not None and (place.space_hash, place.layer) == (space_hash, layer):
            return Cost(entry.latency, entry.energy)
    return Cost(_median(entries, lambda e: e.latency), _median(entries, lambda e: e.energy))


def _median(entries: list[Entry], part: Callable[[Entry], Quantity]) -> Quantity:
    found = [part(entry) for entry in entries]
    if len(found) == 1:
        return found[0]
    values = [quantity.value for quantity in found]
    sources = " | ".join(dict.fromkeys(quantity.source for quantity in found))
    return Quantity(
        value=median(values),
        unit=found[0].unit,
        origin=weakest(found),
        low=min(values),
        high=max(values),
        n=len(values),
        source=f"median of {len(values)} measurements of these shapes (interval: their range); {sources}",
    )


def weakest(quantities: Sequence[Quantity]) -> Origin:
    """The origin furthest from an observation: one modelled number makes the whole modelled."""
    order: tuple[Origin, ...] = ("measured", "literature", "predicted", "modelled")
    return max((quantity.origin for quantity in quantities), key=order.index)
