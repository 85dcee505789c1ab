"""Survey and trained networks put together: the models that a selection asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from wattnas.device import NetworkCosts
from wattnas.goals.accuracy import AccuracyModel, Known, no_networks, with_shape
from wattnas.goals.inherited import logit, logit_variance
from wattnas.goals.paths import path_of
from wattnas.goals.records import Predicted, TrainedRecord
from wattnas.goals.survey import InheritedModel, Shape, Surveyed, surveyed_tensors
from wattnas.space import Layout
from wattnas.units import Z_95

_LEAST_SHARE = 0.2
"""Of the survey's leave-one-out variance: at least so much is the architecture's own, and not noise."""


def shape_of(layout: Layout, costs: NetworkCosts) -> Shape:
    """The features that do not depend on the device."""
    tables, fixed = costs.tables, costs.fixed
    return Shape(layout, tables["macs"], tables["params"], fixed["macs"], fixed["params"])


@dataclass(frozen=True)
class Knowledge:
    """Everything that is known of a space's accuracies at one moment.

    Attributes:
        shape: features of architectures.
        inherited: predicts inherited log-odds, from the survey.
        accuracy: predicts log-odds after final training, from the trained networks.
        trained: how many those are.
        images: validation images that a trained network is measured on.
    """

    shape: Shape
    inherited: InheritedModel
    accuracy: AccuracyModel
    trained: int
    images: int

    @classmethod
    def gather(
        cls,
        layout: Layout,
        shape: Shape,
        survey: Sequence[Surveyed],
        trained: Sequence[TrainedRecord],
        images: int,
    ) -> Knowledge:
        """The models that these measurements make."""
        paths, values = surveyed_tensors(survey, layout)
        inherited = InheritedModel(shape, paths, values)
        usual = with_shape(values, 1, shape.features(shape.gates(paths)))
        known = _known(shape, inherited, layout, trained)
        accuracy = AccuracyModel(usual.mean(0), usual.std(0), known)
        return cls(shape, inherited, accuracy, len(trained), images)

    def features(self, paths: Tensor, looked: Sequence[Surveyed], times: int = 1) -> Tensor:
        """(N, 7 + layers) of architectures (N, layers) whose inherited accuracy was measured."""
        measured = [(look.correct, look.n) for look in looked]
        return _features(self.shape, self.inherited, paths, measured, [times] * len(paths))

    def log_odds(self, path: Tensor, looked: Surveyed, times: int = 1) -> tuple[float, float]:
        """(mean, standard deviation) of the log-odds that a training of `path` (layers,) will reach."""
        mean, sigma = self.accuracy.predict(self.features(path[None], [looked], times))
        return float(mean), float(sigma)

    def predict(self, path: Tensor, looked: Surveyed, times: int = 1) -> Predicted:
        """What a training of `path` over `times` the epochs will reach, as measured on validation images, and
        its 95 % interval."""
        mean, sigma = self.log_odds(path, looked, times)
        share = _share(mean)
        spread = (sigma**2 + 1.0 / max(self.images * share * (1.0 - share), 1e-9)) ** 0.5
        return Predicted(
            accuracy=share,
            low=_share(mean - Z_95 * spread),
            high=_share(mean + Z_95 * spread),
            known=self.trained,
        )


def _known(
    shape: Shape,
    inherited: InheritedModel,
    layout: Layout,
    records: Sequence[TrainedRecord],
) -> Known:
    """What the accuracy model learns from."""
    if not records:
        return no_networks(shape.layers)
    paths = torch.stack([path_of(record.operations, layout) for record in records])
    measured = [(record.inherited_correct, record.inherited_n) for record in records]
    return Known(
        features=_features(shape, inherited, paths, measured, [record.times for record in records]),
        values=torch.tensor([logit(r.correct, r.n) for r in records], dtype=torch.float64),
        variances=torch.tensor([logit_variance(r.correct, r.n) for r in records], dtype=torch.float64),
    )


def _features(
    shape: Shape,
    inherited: InheritedModel,
    paths: Tensor,
    measured: Sequence[tuple[int, int]],
    times: Sequence[int],
) -> Tensor:
    """(N, 7 + layers).

    The inherited log-odds are what was measured and what the survey says of such an architecture, each
    weighed by its precision: a measurement on few images is noisy, and the one that looked best is the one
    that noise favoured.
    """
    gates = shape.gates(paths)
    seen = torch.tensor([logit(correct, n) for correct, n in measured], dtype=torch.float64)
    noise = torch.tensor([logit_variance(correct, n) for correct, n in measured], dtype=torch.float64)
    own = (inherited.error**2 - noise).clamp_min(_LEAST_SHARE * inherited.error**2)
    blended = (seen / noise + inherited.predict(gates) / own) / (1.0 / noise + 1.0 / own)
    return with_shape(blended, torch.tensor(times, dtype=torch.float64), shape.features(gates))


def _share(log_odds: float) -> float:
    return float(torch.sigmoid(torch.tensor(log_odds, dtype=torch.float64)))
