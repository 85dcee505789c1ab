"""Local profiles measured before, kept in the user's cache so that a machine is measured once per space."""

from __future__ import annotations

import warnings
from pathlib import Path

from wattnas.device.campaign import Progress
from wattnas.device.local import measure_local
from wattnas.device.parts import identities, parts
from wattnas.device.profile import FORMAT, Profile
from wattnas.errors import ProfileError, WattnasWarning
from wattnas.export import onnxruntime
from wattnas.files import content_hash, user_cache, write_text
from wattnas.machine import read_machine
from wattnas.space import Layout


def local_profile(
    layout: Layout,
    *,
    threads: int = 1,
    refresh: bool = False,
    cache_dir: Path | None = None,
    progress: Progress | None = None,
    watts: float = 10.0,
) -> Profile:
    """This machine's profile for `layout`: from the cache, or measured and then kept there.

    Args:
        layout: the space at its input.
        threads: threads inside one operation.
        refresh: measure again, whatever the cache holds.
        cache_dir: where profiles are kept; by default `wattnas/profiles` under the user's cache.
        progress: hears (steps done, steps in all, what is being done).
        watts: power assumed for the modelled energy.

    Warns:
        WattnasWarning: a cached profile is damaged (it is measured again), or cannot be kept.
    """
    keys = sorted([part.key for part in parts(layout)] + identities(layout))
    path = (cache_dir or default_cache()) / f"local-{_fingerprint(keys, threads, watts)}.json"
    cached = None if refresh else _cached(path, keys)
    if cached is not None:
        return cached
    profile = measure_local(layout, threads=threads, progress=progress, watts=watts)
    try:
        write_text(path, profile.to_json())
    except OSError as error:
        warnings.warn(
            f"The local profile cannot be kept in {path.parent}: {error}.", WattnasWarning, stacklevel=2
        )
    return profile


def default_cache() -> Path:
    """`profiles` in the user's cache."""
    return user_cache() / "profiles"


def _fingerprint(keys: list[str], threads: int, watts: float) -> str:
    """What a cached measurement is good for: these shapes on this machine, runtime, threads and watts."""
    machine, runtime = read_machine(), str(onnxruntime().__version__)
    return content_hash([FORMAT, keys, machine.cpu, machine.cores, runtime, threads, watts])


def _cached(path: Path, keys: list[str]) -> Profile | None:
    """The profile in `path` if it is whole and covers `keys`; else None, with a warning where it is there."""
    try:
        profile = Profile.parse(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        _warn(f"{path} cannot be read: {error}.")
    except ProfileError as error:
        _warn(error.message)
    else:
        if profile.fits and {entry.key for entry in profile.entries}.issuperset(keys):
            return profile
        _warn(f"{path} does not hold all that this space needs.")
    return None


def _warn(why: str) -> None:
    warnings.warn(f"{why} This machine is measured again.", WattnasWarning, stacklevel=4)
