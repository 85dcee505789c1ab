"""A trained network as `model.onnx`: whole, checked, and saying what it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict

from wattnas import __version__
from wattnas.blocks import Network
from wattnas.errors import ExportError
from wattnas.export.onnx import onnx_bytes
from wattnas.files import write_bytes

NORMALISATION = "pixel values 0..1, normalised inside"


class ExportReport(BaseModel):
    """What was written.

    Attributes:
        file: name of the file, without its folder.
        size_bytes, sha256: of the file.
        metadata: the texts stored in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    size_bytes: int
    sha256: str
    metadata: dict[str, str]


def export_network(
    network: Network, classes: tuple[str, ...], path: Path, *, extra: Mapping[str, str] | None = None
) -> ExportReport:
    """Write `network` to `path` as one ONNX file, whole or not at all, with its description inside.

    Args:
        network: trained; it stays as it is.
        classes: names in the order of the logits.
        path: where to; an older file there is replaced.
        extra: more metadata, under keys that are not taken.

    Raises:
        ExportError: weights that are not finite, classes that do not fit, or a file that cannot be written.
    """
    _check_finite(network)
    metadata = _describe(network, classes)
    clash = sorted(metadata.keys() & (extra or {}).keys())
    if clash:
        raise ExportError(f"Metadata {', '.join(clash)} are set by the export itself.", "Choose other keys.")
    layout = network.layout
    example = torch.zeros(1, layout.channels, layout.size, layout.size)
    content = onnx_bytes(network, example, metadata={**metadata, **(extra or {})})
    stored = _checked(content)
    try:
        write_bytes(path, content)
    except OSError as error:
        raise ExportError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Choose a folder that can, or free some space.",
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    return ExportReport(file=path.name, size_bytes=len(content), sha256=digest, metadata=stored)


def _describe(network: Network, classes: tuple[str, ...]) -> dict[str, str]:
    layout, architecture = network.layout, network.architecture
    if len(classes) != layout.classes or len(set(classes)) != len(classes):
        raise ExportError(
            f"The network has {layout.classes} classes, {len(set(classes))} different names were given.",
            "Name each class once, in the order of the labels.",
        )
    return {
        "architecture": str(architecture),
        "classes": json.dumps(list(classes), ensure_ascii=False),
        "input": json.dumps([layout.channels, layout.size, layout.size]),
        "normalisation": NORMALISATION,
        "space": architecture.space,
        "space_hash": architecture.space_hash,
        "wattnas": __version__,
    }


def _check_finite(network: Network) -> None:
    for name, tensor in network.state_dict().items():
        if not torch.isfinite(tensor).all():
            raise ExportError(
                f"{name} of the network holds values that are not finite.",
                "Train it again with a lower learning rate.",
            )


def _checked(content: bytes) -> dict[str, str]:
    """The metadata in `content`; ExportError where onnx finds the file malformed."""
    import onnx

    try:
        onnx.checker.check_model(content, full_check=True)
    except Exception as error:  # ValidationError, InferenceError and TypeError share no base
        reason = str(error).strip().splitlines()[0]
        raise ExportError(f"The exported file is malformed: {reason}", "Report this as a bug.") from error
    return {entry.key: entry.value for entry in onnx.load_from_string(content).metadata_props}
