"""From a request to a profile file: the campaign, its energy part, and the token by which it goes on."""

from __future__ import annotations

import errno
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wattnas.device.assemble import join_profiles, with_identities
from wattnas.device.campaign import Campaign, Progress, hardware_of, quiet
from wattnas.device.energies import measure_energy
from wattnas.device.job import Settings
from wattnas.device.link import Hello
from wattnas.device.measured import Device
from wattnas.device.parts import identities, parts
from wattnas.device.profile import Profile
from wattnas.errors import ProfileError
from wattnas.files import content_hash, write_json, write_text
from wattnas.space import Layout


@dataclass(frozen=True)
class Request:
    """What a user wants measured.

    Attributes:
        layout: the space at its input.
        settings: of the timing.
        meter: which energy meter; None models energy.
        name: of the profile.
        known: a profile of the same device that is added to.
    """

    layout: Layout
    settings: Settings
    meter: str | None = None
    name: str = "device"
    known: Profile | None = None

    def fingerprint(self, device: str) -> str:
        """What tells this request from another."""
        settings = replace(self.settings, token="")
        known = content_hash(self.known.to_json()) if self.known else None
        layout = self.layout
        shape = [layout.space.hash, layout.channels, layout.size, layout.classes]
        return content_hash([device, shape, repr(settings), self.meter, self.name, known])


def profile_device(device: Device, request: Request, path: Path, tell: Progress = quiet) -> Profile:
    """Measure `device` as `request` says and write the profile to `path`, whole or not at all.

    A request that was cut off goes on: its token is kept beside `path` until the profile is written.

    Raises:
        ProfileError: there is nothing to measure, the known profile is of another device, the device gave too
            little, or `path` cannot be written.
        DeviceError: the device cannot be reached or does not answer as it should.
    """
    if request.known is not None:
        _refuse_unfit(request.known, request, device.hello())
    note = path.parent / f".{path.name}.token"
    try:
        settings = replace(request.settings, token=_token(path, note, request.fingerprint(device.name)))
        profile = _measured(device, replace(request, settings=settings), tell)
        write_text(path, profile.to_json())
        note.unlink(missing_ok=True)
    except OSError as error:
        raise ProfileError(
            f"{path} cannot be written: {error.strerror or error}.", "Choose another --out."
        ) from error
    return profile


def _measured(device: Device, request: Request, tell: Progress) -> Profile:
    layout, known = request.layout, request.known
    if known is not None and {part.key for part in parts(layout)} <= {entry.key for entry in known.entries}:
        return with_identities(known, layout)
    campaign = Campaign(device, layout, request.settings, known, tell)
    campaign.measure()
    energy = measure_energy(campaign, request.meter) if request.meter else None
    made = campaign.finish(energy).model_copy(update={"name": request.name})
    return join_profiles(known, made)


def _refuse_unfit(known: Profile, request: Request, hello: Hello) -> None:
    """ProfileError where `known` holds all that is wanted, or numbers that do not go with new ones."""
    have = {entry.key for entry in known.entries}
    if {*identities(request.layout), *(part.key for part in parts(request.layout))} <= have:
        raise ProfileError(
            f"The profile covers space {request.layout.space.name!r} already.", "Nothing has to be measured."
        )
    now = {
        "threads": request.settings.threads,
        "runtime": f"onnxruntime {hello.onnxruntime}",
        "device": _board(hardware_of(hello)),
    }
    then = {"threads": known.threads, "runtime": known.runtime, "device": _board(known.hardware)}
    for what, found in now.items():
        if not known.fits or found != then[what]:
            why = (
                f"its {what} is {then[what]}, here it is {found}"
                if known.fits
                else "wattnas did not measure it"
            )
            raise ProfileError(
                f"Nothing can be added to profile {known.name!r}: {why}.",
                "Leave out --add-to, and measure all of it: --out FILE.",
            )


def _board(hardware: str) -> str:
    """Processor and cores; not the release of the system, which changes with every update."""
    return hardware.rpartition(", ")[0]


def _token(path: Path, note: Path, fingerprint: str) -> str:
    """The token of this very request if it was begun before, else a new one."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "It is a directory")
    try:
        known: Mapping[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        if known.get("request") == fingerprint and isinstance(known.get("token"), str):
            return str(known["token"])
    except (OSError, ValueError, AttributeError):
        pass
    token = uuid.uuid4().hex
    write_json(note, {"request": fingerprint, "token": token})
    return token
