"""Profiles by name or from a file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from wattnas.device.profile import Profile
from wattnas.errors import ProfileError

LOCAL = "local"
"""The name that stands for this machine: measured for a space when it is needed, never read by name."""

_MAX_BYTES = 16_000_000


def builtin_profiles() -> tuple[str, ...]:
    """The names of the profiles that come with wattnas."""
    folder = resources.files("wattnas.device") / "builtin"
    return tuple(
        sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))
    )


def load_profile(name_or_path: str) -> Profile:
    """The built-in profile of that name, or the one in a JSON file.

    Raises:
        ProfileError: there is none, it cannot be read, or something in it is wrong (named).
    """
    if name_or_path in builtin_profiles():
        resource = resources.files("wattnas.device") / "builtin" / f"{name_or_path}.json"
        return Profile.parse(resource.read_text(encoding="utf-8"), name_or_path)
    if name_or_path == LOCAL:
        raise ProfileError(
            "Profile 'local' is no file: it is measured for one space on this machine.",
            "Use `wattnas build --device local`, or `local_profile(layout)` from Python.",
        )
    return _read(name_or_path)


def _read(path_text: str) -> Profile:
    names = ", ".join(builtin_profiles())
    known = f"Built in: {names}; `local` measures this machine; or give the path of a file."
    try:
        path = Path(path_text)
        if not path.is_file():
            raise ProfileError(
                f"There is no device profile {path_text!r}, neither by that name nor as a file.", known
            )
        if path.stat().st_size > _MAX_BYTES:
            raise ProfileError(
                f"{path} is larger than {_MAX_BYTES} bytes, so it is no device profile.", known
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ProfileError(f"{path_text!r} cannot be read as a device profile: {error}.", known) from error
    return Profile.parse(text, str(path))
