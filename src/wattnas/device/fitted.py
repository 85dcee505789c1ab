"""What a fit leaves behind in a profile: covariances, so that sums have intervals, and how it was checked."""

from __future__ import annotations

from datetime import date as Date
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from wattnas.device.statistic import Statistic
from wattnas.space import Layout, Space

Array = NDArray[np.float64]
Share = Annotated[float, Field(ge=0)]
Watts = Annotated[float, Field(ge=-1e12, le=1e12)]
Triangle = tuple[tuple[float, ...], ...]
"""Lower triangle of a covariance, row by row."""

CONSTANT = "constant"
_MAX_VARIANCE = 1e24
_ROUNDING = 1e-4


def rounded(value: float) -> float:
    """`value` to six significant digits, which is more than any measurement has."""
    return float(f"{value:.6g}")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Check(_Part):
    """How a profile's predictions compare with networks that it was not fitted to.

    Attributes:
        n: networks.
        mape: mean absolute error, as a share of what was measured.
        bias: mean error, predicted less measured, as a share of what was measured.
        within_5, within_10: share of the networks whose error is at most 5 and 10 %.
        tau: Kendall's rank correlation, tau b; higher is better.
        coverage_95: share of the networks whose measured value lies in the predicted 95 % interval, the
            uncertainty of the measurement itself included.
        anchor_shift: how much longer the device's anchor took than when the profile was made, as a share.
        mape_anchored: `mape` had the device run at the speed of then.
        date: of the measurement.
    """

    n: Annotated[int, Field(ge=1)]
    mape: Share
    bias: float
    within_5: Annotated[float, Field(ge=0, le=1)]
    within_10: Annotated[float, Field(ge=0, le=1)]
    tau: Annotated[float, Field(ge=-1, le=1)]
    coverage_95: Annotated[float, Field(ge=0, le=1)]
    anchor_shift: float = 0.0
    mape_anchored: Share
    date: Date


class Covariance(_Part):
    """Covariance of named costs, and how far sums of them miss besides.

    Attributes:
        keys: what the rows stand for.
        rows: lower triangle, square of the unit of the costs.
        misfit: standard deviation of a whole network around the sum of its parts, as a share of it.
    """

    keys: Annotated[tuple[str, ...], Field(min_length=1, max_length=20_000)]
    rows: Triangle
    misfit: Annotated[float, Field(ge=0, le=1)]

    @model_validator(mode="after")
    def _triangle(self) -> Covariance:
        if [len(row) for row in self.rows] != list(range(1, len(self.keys) + 1)):
            raise ValueError(f"the covariance is no lower triangle of {len(self.keys)} rows")
        if any(row[-1] < 0 for row in self.rows):
            raise ValueError("a variance is negative")
        if any(row[-1] > _MAX_VARIANCE for row in self.rows):
            raise ValueError(f"a variance is above {_MAX_VARIANCE:g}")
        if len(set(self.keys)) != len(self.keys):
            raise ValueError("a key is listed twice")
        return self._consistent()

    def _consistent(self) -> Covariance:
        """Itself, if no covariance is larger than its two variances allow; six digits may round it up."""
        matrix = self.matrix()
        sigmas = np.sqrt(np.diag(matrix))
        if (np.abs(matrix) > np.outer(sigmas, sigmas) * (1 + _ROUNDING)).any():
            raise ValueError("a covariance is larger than its variances allow")
        return self

    @classmethod
    def of(cls, keys: tuple[str, ...], matrix: Array, misfit: float) -> Covariance:
        """The record of a full matrix."""
        lower = [row[: index + 1] for index, row in enumerate(matrix.tolist())]
        rows = tuple(tuple(rounded(value) for value in row) for row in lower)
        return cls(keys=keys, rows=rows, misfit=misfit)

    def matrix(self) -> Array:
        """(keys, keys), symmetric."""
        size = len(self.keys)
        lower = np.zeros((size, size))
        for index, row in enumerate(self.rows):
            lower[index, : index + 1] = row
        return lower + np.tril(lower, -1).T

    def variance(self, counts: Array) -> float:
        """Of a sum in which key k stands `counts[k]` times, without the misfit."""
        return max(float(counts @ self.matrix() @ counts), 0.0)


class Anchor(_Part):
    """The network that tells how fast a device is just now.

    Attributes:
        operations: one candidate per layer.
        seconds: what it usually took.
        statistic: which of its runs' statistics stands for what a network takes (`statistic.WORDS`).
        usual: seconds over what the statistic says of the undisturbed device. Whoever compares later
            measurements with the profile uses both: how much other programs disturb says nothing about the
            profile.
    """

    operations: tuple[str, ...]
    seconds: Annotated[float, Field(ge=1e-9, le=1e9)]
    statistic: Statistic = "quiet"
    usual: Annotated[float, Field(gt=0, le=1e3)] | None = None


class EnergyFit(_Part):
    """Joules regressed on seconds, by kind of block.

    Attributes:
        meter: its name and what it covers.
        watts: watts of each kind of block; "constant" stands for what every call costs besides, in joules.
        covariance: of those, in that order.
        networks: measured.
        check: leave-one-out over the measured networks.
    """

    meter: str
    watts: dict[str, Watts]
    covariance: Covariance
    networks: Annotated[int, Field(ge=1)]
    check: Check | None = None

    @model_validator(mode="after")
    def _same_kinds(self) -> EnergyFit:
        if set(self.watts) != set(self.covariance.keys) or self.covariance.keys[-1] != CONSTANT:
            raise ValueError("watts and covariance do not name the same kinds, the constant last")
        return self


class BetweenFit(_Part):
    """What networks take besides the sum of their parts (`between`).

    Attributes:
        seconds: of one unit, by name; below 0 where a network takes less than the sum.
        params: parameters at which weights add nothing.
    """

    seconds: dict[
        Annotated[str, Field(pattern=r"^(weights|change (\d{1,5}|head))$")],
        Annotated[float, Field(ge=-1e9, le=1e9)],
    ]
    params: Annotated[int, Field(ge=1)]


class Fit(_Part):
    """One campaign of measurements: a space at one input, on one device.

    Attributes:
        space, channels, size, classes: what was measured; the whole space, so that its file is not needed
            again.
        latency: covariance of the seconds of the parts that this campaign measured.
        scale: of a block inside a network over the block alone.
        between: what networks take besides the sum of their parts; its covariance stands in `latency`.
        networks: whole networks behind the fit.
        anchor: at the speed that the profile's seconds hold for.
        target: how the device was reached.
        check: on networks that were timed in the same campaign and kept out of the fit.
        energy: where a meter was read.
        protocol: of the timing.
        state: of the device when the campaign ended.
    """

    space: Space
    channels: Annotated[int, Field(ge=1)]
    size: Annotated[int, Field(ge=1)]
    classes: Annotated[int, Field(ge=2)]
    latency: Covariance
    scale: Annotated[float, Field(gt=0)]
    between: BetweenFit | None = None
    networks: Annotated[int, Field(ge=0)]
    anchor: Anchor
    target: str
    check: Check | None = None
    energy: EnergyFit | None = None
    protocol: dict[str, float]
    state: dict[str, Any] = {}

    @property
    def layout(self) -> Layout:
        """The space at the input that was measured."""
        return Layout.resolve(self.space, self.classes, self.channels, self.size)

    @property
    def part_keys(self) -> tuple[str, ...]:
        """The parts whose seconds have a covariance, without what is between them."""
        names = self.between.seconds if self.between else {}
        return tuple(key for key in self.latency.keys if key not in names)

    @model_validator(mode="after")
    def _between_has_covariance(self) -> Fit:
        if self.between and not set(self.between.seconds) <= set(self.latency.keys):
            raise ValueError("between: the covariance does not know all of it")
        return self

    def holds_for(self, layout: Layout) -> bool:
        """Whether networks of `layout` are those that were measured."""
        own = self.space.hash, self.channels, self.size, self.classes
        return own == (layout.space.hash, layout.channels, layout.size, layout.classes)
