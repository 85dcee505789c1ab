"""Provenance: settings, versions, machine, times and warnings of a run."""

from __future__ import annotations

import json
from dataclasses import dataclass

from wattnas.report.answer import STAGES
from wattnas.report.files import Manifest, VerificationFile
from wattnas.report.read import RunFiles
from wattnas.report.text import Rows, number, pairs
from wattnas.units import format_duration


@dataclass(frozen=True)
class StageRow:
    """One stage of the run; `energy` is empty where no meter was read while it went on."""

    name: str
    state: str
    wall: str
    energy: str
    ended: str


@dataclass(frozen=True)
class Provenance:
    """How the run came about.

    Attributes:
        facts: the few settings that people compare first.
        stages: in order, with wall times.
        tables: (heading, rows) of settings, versions and machine.
        settings_file: the settings as JSON, as `--config` takes them.
        warnings: in the order they occurred.
        caveats: what the device profile says of itself.
    """

    facts: Rows
    stages: tuple[StageRow, ...]
    tables: tuple[tuple[str, Rows], ...]
    settings_file: str
    warnings: tuple[str, ...]
    caveats: tuple[str, ...]


def build_provenance(files: RunFiles) -> Provenance:
    """Settings, versions, machine, times and warnings."""
    manifest, found = files.manifest, files.verification
    settings = manifest.settings
    facts = [("Method", settings.method), ("Device profile", settings.device), ("Space", _space(manifest))]
    facts += [("Preset", settings.preset), ("Seed", "" if settings.seed is None else str(settings.seed))]
    facts += [("Started", manifest.created)]
    if found is not None:
        facts += [("Runtime", _runtime(found)), ("Model SHA-256", found.model_sha256)]
        facts += [("Hash of the test data", found.data_hash)]
    saved = settings.model_dump(mode="json", exclude_unset=True)
    machine, versions = pairs(manifest.machine), pairs(manifest.versions)
    tables = [("Settings", pairs(saved)), ("Versions", versions), ("Machine", machine)]
    return Provenance(
        facts=tuple(row for row in facts if row[1]),
        stages=_stages(manifest),
        tables=tuple(table for table in tables if table[1]),
        settings_file=json.dumps(saved, indent=2, ensure_ascii=False),
        warnings=manifest.warnings,
        caveats=files.profile.notes if files.profile is not None else (),
    )


def _space(manifest: Manifest) -> str:
    space = manifest.space
    if space is None:
        return manifest.settings.space
    shape = f"{space.channels} × {space.size} × {space.size}"
    return f"{space.name} ({space.hash}), input {shape}, {space.classes} classes"


def _runtime(found: VerificationFile) -> str:
    version = found.versions.get("onnxruntime")
    return f"onnxruntime {version}" if version else ""


def _stages(manifest: Manifest) -> tuple[StageRow, ...]:
    names = [*STAGES, *(name for name in manifest.stages if name not in STAGES)]
    rows = []
    for name in names:
        stage = manifest.stages.get(name)
        if stage is None:
            rows.append(StageRow(name, "not done", "", "", ""))
        else:
            wall = "" if stage.wall_s is None else format_duration(stage.wall_s)
            spent = stage.energy
            energy = "" if spent is None else f"{number(spent.value, spent.unit).text} ({spent.origin})"
            rows.append(StageRow(name, stage.state or "not done", wall, energy, stage.ended))
    return tuple(rows)
