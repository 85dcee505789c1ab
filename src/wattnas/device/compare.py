"""Predicted against measured: the figures of a check."""

from __future__ import annotations

from datetime import datetime, timezone

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

from wattnas.device.fitted import Check
from wattnas.errors import ProfileError
from wattnas.units import Z_95

Array = NDArray[np.float64]


def compare(
    predicted: Array, sigma: Array, measured: Array, measured_sigma: Array, *, anchor_shift: float = 0.0
) -> Check:
    """How `predicted` costs (networks,) with standard deviation `sigma` fit `measured` ones.

    Args:
        anchor_shift: how much slower the device was than when the profile was made, as a share.

    Raises:
        ProfileError: fewer than two networks, of which no ranking can be told.
    """
    if len(predicted) < 2:
        raise ProfileError("A check needs at least two networks.", "Give --networks 30.")
    error = predicted / measured - 1
    anchored = predicted * (1 + anchor_shift) / measured - 1
    inside = np.abs(predicted - measured) <= Z_95 * np.hypot(sigma, measured_sigma)
    return Check(
        n=len(predicted),
        mape=float(np.abs(error).mean()),
        bias=float(error.mean()),
        within_5=float((np.abs(error) <= 0.05).mean()),
        within_10=float((np.abs(error) <= 0.10).mean()),
        tau=_tau(predicted, measured),
        coverage_95=float(inside.mean()),
        anchor_shift=anchor_shift,
        mape_anchored=float(np.abs(anchored).mean()),
        date=datetime.now(timezone.utc).date(),
    )


def _tau(predicted: Array, measured: Array) -> float:
    """Kendall's tau b; 0 where all of one side are equal, which ranks nothing."""
    tau = float(kendalltau(predicted, measured).statistic)
    return tau if np.isfinite(tau) else 0.0
