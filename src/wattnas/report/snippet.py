"""How to use the exported network: a program that runs as printed."""

from __future__ import annotations

from wattnas.report.read import MODEL, RunFiles

_PROGRAM = """\
import json

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("{model}", providers=["CPUExecutionProvider"])
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])

# Put your images here: float32 (N, {channels}, {size}, {size}), pixel values 0 to 1. This one is noise.
images = np.random.default_rng(0).random((1, {channels}, {size}, {size}), dtype=np.float32)

(logits,) = session.run(["logits"], {{"images": images}})
for row in logits:
    print(classes[row.argmax()])
"""


def build_snippet(files: RunFiles) -> str | None:
    """The program, for the model's own folder; None where there is no model, or its input is unknown."""
    space = files.manifest.space
    if files.model is None or space is None:
        return None
    return _PROGRAM.format(model=MODEL, channels=space.channels, size=space.size)
