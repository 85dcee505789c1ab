"""Whether the exported network computes what the trained one does, on real images."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from wattnas.errors import ExportError
from wattnas.export.runtime import OnnxModel, chunks, unit_pixels

_BATCH = 256

Array = NDArray[np.float64]


class Parity(BaseModel):
    """How far the logits of the exported network lie from those of torch.

    Attributes:
        n: images compared.
        max_abs: largest absolute difference of a logit.
        scale: root mean square of torch's logits.
        max_rel: `max_abs` in units of `scale`; 0 where both are all zero.
        tolerance: the largest `max_rel` that passes.
        disagreements: images with another arg max although torch's logits of both answers differ by more than
            the tolerance.
        ties: images with another arg max whose two answers are that close in torch, so that rounding decides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    n: int = Field(ge=1)
    max_abs: float = Field(ge=0)
    scale: float = Field(ge=0)
    max_rel: float = Field(ge=0)
    tolerance: float = Field(gt=0)
    disagreements: int = Field(ge=0)
    ties: int = Field(ge=0)

    @property
    def passed(self) -> bool:
        """Whether the exported network may stand for the trained one."""
        return self.max_rel <= self.tolerance and self.disagreements == 0


def check_parity(
    network: nn.Module, model: OnnxModel, images: Tensor, *, tolerance: float = 1e-3, batch: int = _BATCH
) -> Parity:
    """Compare `network` (in eval mode; its mode before is restored) with `model` on `images` (N, C, H, W).

    Raises:
        ExportError: they differ by more than `tolerance` times the logits' scale, or name another class.
    """
    exported = model.predict(images, batch)
    trained = torch_logits(network, images, batch)
    if trained.shape != exported.shape:
        raise ExportError(
            f"{model.name} gives logits {exported.shape}, the network {trained.shape}.",
            "Export this network again.",
        )
    if not np.isfinite(trained).all():
        raise ExportError("The network answers with logits that are not finite.", "Train it again.")
    parity = compare(trained.astype(np.float64), exported.astype(np.float64), tolerance)
    if not parity.passed:
        raise ExportError(
            f"{model.name} differs from the network it should be: largest difference {parity.max_abs:.3g} "
            f"({parity.max_rel:.3g} of the logits' scale, {tolerance:g} allowed), "
            f"another class for {parity.disagreements} of {parity.n} images.",
            "Export again; if it stays so, report it with the architecture.",
        )
    return parity


def compare(trained: Array, exported: Array, tolerance: float) -> Parity:
    """The figures of two sets of finite logits (N, classes)."""
    max_abs = float(np.abs(trained - exported).max())
    scale = float(np.sqrt(np.mean(trained**2)))
    rows, here, there = np.arange(len(trained)), trained.argmax(axis=1), exported.argmax(axis=1)
    gap = trained[rows, here] - trained[rows, there]
    differs, close = here != there, gap <= tolerance * scale
    return Parity(
        n=len(trained),
        max_abs=max_abs,
        scale=scale,
        max_rel=_ratio(max_abs, scale),
        tolerance=tolerance,
        disagreements=int((differs & ~close).sum()),
        ties=int((differs & close).sum()),
    )


def _ratio(difference: float, scale: float) -> float:
    """A difference against all-zero logits counts in units of one logit."""
    return difference / scale if scale > 0 else difference


def torch_logits(network: nn.Module, images: Tensor, batch: int = _BATCH) -> NDArray[np.float32]:
    """Logits (N, classes) of torch in eval mode for images as `OnnxModel.predict` takes them."""
    was_training = {part: part.training for part in network.modules()}
    home = next((weight.device for weight in network.parameters()), torch.device("cpu"))
    network.eval()
    try:
        with torch.inference_mode():
            parts = [network(unit_pixels(part).to(home)).float().cpu() for part in chunks(images, batch)]
    finally:
        for part, training in was_training.items():
            part.training = training
    logits: NDArray[np.float32] = torch.cat(parts).numpy()
    return logits
