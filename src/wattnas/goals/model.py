"""Survey and trained networks put together: the models that a selection asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from wattnas.device import NetworkCosts
from wattnas.goals.accuracy import AccuracyModel, Known
from wattnas.goals.inherited import logit, logit_variance
from wattnas.goals.paths import path_of
from wattnas.goals.records import Predicted, TrainedRecord
from wattnas.goals.survey import InheritedModel, Shape, Surveyed, surveyed_tensors
from wattnas.space import Layout
from wattnas.units import Z_95


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
        usual = torch.cat([values[:, None], shape.sizes(shape.gates(paths))], dim=1)
        accuracy = AccuracyModel(usual.mean(0), usual.std(0), _known(layout, shape, trained))
        return cls(shape, inherited, accuracy, len(trained), images)

    def features(self, path: Tensor, looked: Surveyed) -> Tensor:
        """(1, 4) of a path (layers,) whose inherited accuracy was measured."""
        sizes = self.shape.sizes(self.shape.gates(path[None]))
        measured = torch.tensor([[logit(looked.correct, looked.n)]], dtype=torch.float64)
        return torch.cat([measured, sizes], dim=1)

    def predict(self, path: Tensor, looked: Surveyed) -> Predicted:
        """What a training of `path` will reach, as measured on validation images, with its 95 % interval."""
        mean, sigma = (float(value) for value in self.accuracy.predict(self.features(path, looked)))
        share = _share(mean)
        spread = (sigma**2 + 1.0 / max(self.images * share * (1.0 - share), 1e-9)) ** 0.5
        return Predicted(
            accuracy=share,
            low=_share(mean - Z_95 * spread),
            high=_share(mean + Z_95 * spread),
            known=self.trained,
        )


def _known(layout: Layout, shape: Shape, trained: Sequence[TrainedRecord]) -> Known:
    if not trained:
        empty = torch.zeros(0, dtype=torch.float64)
        return Known(torch.zeros(0, 4, dtype=torch.float64), empty, empty)
    paths = torch.stack([path_of(record.operations, layout) for record in trained])
    inherited = torch.tensor(
        [logit(r.inherited_correct, r.inherited_n) for r in trained], dtype=torch.float64
    )
    return Known(
        features=torch.cat([inherited[:, None], shape.sizes(shape.gates(paths))], dim=1),
        values=torch.tensor([logit(r.correct, r.n) for r in trained], dtype=torch.float64),
        variances=torch.tensor([logit_variance(r.correct, r.n) for r in trained], dtype=torch.float64),
    )


def _share(log_odds: float) -> float:
    return float(torch.sigmoid(torch.tensor(log_odds, dtype=torch.float64)))
