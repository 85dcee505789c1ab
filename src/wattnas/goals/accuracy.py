"""From inherited accuracy and size to the accuracy after final training, with an interval.

A Gaussian process over log-odds (Rasmussen and Williams, *Gaussian Processes for Machine Learning*, chapter
2): a line with a prior on its slopes, a smooth deviation from it, and noise: what networks with the same
features and trainings of one network differ by, and the number of images. With no network trained it is the
prior, which says little and says so; with each one that is trained its interval narrows where that one lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

FEATURES = ("inherited", "longer", "work", "changes", "thin", "blocks", "reach")
"""Inherited log-odds; log2 of how many times the usual epochs the final training takes; logarithms of the
MACs of all blocks, and of those where width or size changes; shares of thin blocks and of layers that do not
skip; log2 of the side of the receptive field. The work of each layer follows these
(`goals.survey.Shape.features`)."""

_SLOPES = torch.tensor([0.5, 0.15, 0.25, 0.2, -0.05, 0.0, 0.15], dtype=torch.float64)
_SLOPE_SDS = torch.tensor([0.5, 0.1, 0.2, 0.15, 0.1, 0.1, 0.15], dtype=torch.float64)
_OWN_UNITS = 2
"""Inherited log-odds and doublings of the epochs keep their units; the survey has all others in its own."""
_LAYER_SD = 0.025
"""Of what twice the work in one layer brings, beyond what the named features say: log-odds per log2."""
_GAIN, _GAIN_SD = 1.0, 1.0
_AMPLITUDES = (0.1, 0.2, 0.4)
_LENGTHS = (0.7, 1.5, 3.0)
_NOISES = (0.04, 0.08, 0.16, 0.32)
_DEFAULT = (0.2, 1.5, 0.08)
_ENOUGH = 5
"""Networks from which on the amplitudes are chosen by evidence."""


@dataclass(frozen=True)
class Known:
    """What is known of trained networks.

    Attributes:
        features: (N, 7 + layers), see FEATURES.
        values: (N,) log-odds of the accuracy after final training, nats.
        variances: (N,) of these by the number of images alone.
    """

    features: Tensor
    values: Tensor
    variances: Tensor


class AccuracyModel:
    """Predicted accuracy after final training, as log-odds.

    Args:
        center, scale: (7 + layers,) of the features over the survey: what a usual architecture is.
        known: networks that were trained; may be none.
    """

    def __init__(self, center: Tensor, scale: Tensor, known: Known) -> None:
        self._center, self._scale = center, scale.clamp_min(1e-6)
        self._scale[FEATURES.index("longer")] = 1.0  # no survey varies it
        named, layers = len(FEATURES), len(center) - len(FEATURES)
        self._unit = self._scale.clone()
        # The work of layers, too.
        self._unit[:_OWN_UNITS], self._unit[named:] = 1.0, 1.0
        self._slopes = torch.cat([_SLOPES, torch.zeros(layers, dtype=torch.float64)])
        self._slope_sds = torch.cat([_SLOPE_SDS, torch.full((layers,), _LAYER_SD, dtype=torch.float64)])
        self._known = known
        self._line, self._near = self._lines(known.features), self._nears(known.features)
        self.amplitude, self.length, self.noise = _DEFAULT
        if len(known.values) >= _ENOUGH:
            grid = product(_AMPLITUDES, _LENGTHS, _NOISES)
            self.amplitude, self.length, self.noise = max(grid, key=self._evidence)
        self._factor, residual = self._solve(self.amplitude, self.length, self.noise)
        self._alpha = torch.cholesky_solve(residual[:, None], self._factor)

    def _lines(self, features: Tensor) -> Tensor:
        """(N, 8 + layers): 1 and the centred features, each times its slope's standard deviation before."""
        scaled = (features - self._center) / self._unit * self._slope_sds
        return torch.cat([torch.full((len(features), 1), _GAIN_SD, dtype=torch.float64), scaled], dim=1)

    def _nears(self, features: Tensor) -> Tensor:
        named = slice(len(FEATURES))
        return (features[:, named] - self._center[named]) / self._scale[named]

    def _prior(self, features: Tensor) -> Tensor:
        return self._center[0] + _GAIN + ((features - self._center) / self._unit) @ self._slopes

    def _kernel(self, lines: Tensor, nears: Tensor, amplitude: float, length: float) -> Tensor:
        """(N, known) covariance of log-odds after final training, without noise."""
        distance = (nears[:, None, :] - self._near[None, :, :]).square().sum(-1)
        kernel: Tensor = lines @ self._line.t() + amplitude**2 * torch.exp(-0.5 * distance / length**2)
        return kernel

    def _solve(self, amplitude: float, length: float, noise: float) -> tuple[Tensor, Tensor]:
        """(Cholesky factor of the covariance of what is known, what the prior does not explain of it)."""
        known = self._known
        kernel = self._kernel(self._line, self._near, amplitude, length)
        residual = known.values - self._prior(known.features)
        return torch.linalg.cholesky(kernel + torch.diag(known.variances + noise**2)), residual

    def _evidence(self, choice: tuple[float, float, float]) -> float:
        """Log marginal likelihood (Rasmussen and Williams, equation 2.30), without its constant."""
        factor, residual = self._solve(*choice)
        alpha = torch.cholesky_solve(residual[:, None], factor)[:, 0]
        return float(-0.5 * residual @ alpha - factor.diagonal().log().sum())

    def predict(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(mean, standard deviation), each (N,), of the log-odds that a training of each will reach.

        The deviation holds what trainings of one architecture differ by, and not the number of images that
        the accuracy is then measured on. Differentiable in `features` (N, 7 + layers).
        """
        lines, nears = self._lines(features), self._nears(features)
        cross = self._kernel(lines, nears, self.amplitude, self.length)
        mean = self._prior(features) + (cross @ self._alpha)[:, 0]
        whitened = torch.linalg.solve_triangular(self._factor, cross.t(), upper=False)
        prior = lines.square().sum(1) + self.amplitude**2 + self.noise**2
        return mean, (prior - whitened.square().sum(0)).clamp_min(1e-12).sqrt()


def no_networks(layers: int) -> Known:
    """Nothing is known yet."""
    empty = torch.zeros(0, dtype=torch.float64)
    return Known(torch.zeros(0, len(FEATURES) + layers, dtype=torch.float64), empty, empty)


def with_shape(inherited: Tensor, times: Tensor | float, shape: Tensor) -> Tensor:
    """(N, 7 + layers): features in the order of FEATURES.

    Args:
        inherited: (N,) log-odds.
        times: (N,), or one for all: of the usual epochs, how many the final training takes.
        shape: (N, 5 + layers), of `goals.survey.Shape.features`.
    """
    longer = torch.as_tensor(times, dtype=torch.float64).log2().expand_as(inherited)
    return torch.cat([torch.stack([inherited, longer], dim=1), shape], dim=1)
