"""What the files of a run hold, as far as the report needs it; unknown keys are left alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from wattnas.units import Quantity

Share = Annotated[float, Field(ge=0, le=1)]
Cost = Annotated[float, Field(ge=0, le=1e15)]
Count = Annotated[int, Field(ge=0, le=10**15)]
Matrix = tuple[tuple[Share, ...], ...]
Value = Annotated[float, Field(ge=-1e15, le=1e15)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, protected_namespaces=())


class RunSettings(_Part):
    """The settings of `run.json`; all of them, the ones named here checked."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    data: str = ""
    goal_accuracy: Share | None = None
    method: str = ""
    device: str = ""
    space: str = ""
    minimize: str = ""
    bounds: dict[str, Cost | None] = {}
    preset: str = ""
    seed: int | None = None

    @property
    def epochs(self) -> int | None:
        """Usual epochs of a final training; None where the settings do not say."""
        found = (self.model_extra or {}).get("train")
        epochs = found.get("epochs") if isinstance(found, dict) else None
        return epochs if isinstance(epochs, int) else None


class SpaceFacts(_Part):
    """The space of `run.json`; `candidates` in the order of theta's columns."""

    name: str = ""
    hash: str = ""
    channels: Annotated[int, Field(ge=1)]
    size: Annotated[int, Field(ge=1)]
    classes: Annotated[int, Field(ge=1)]
    candidates: tuple[str, ...] = ()


class TwinFacts(_Part):
    """Images that repeat others: how many."""

    total: Count = 0


class SplitFacts(_Part):
    """How the images were split; `images` says split -> class -> number of images."""

    seed: int | None = None
    shares: dict[str, Share] = {}
    own_test: bool | None = None
    images: dict[str, dict[str, Count]] = {}
    repeated: Count | None = None
    test_in_train: TwinFacts | None = None
    contradictions: TwinFacts | None = None


class DataFacts(_Part):
    """The data of `run.json`."""

    source: str = ""
    hash: str = ""
    classes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    splits: SplitFacts = SplitFacts()


class StageFacts(_Part):
    """One stage of `run.json`."""

    state: str = ""
    wall_s: Cost | None = None
    energy: Quantity | None = None
    ended: str = ""


class Manifest(_Part):
    """`run.json`."""

    created: str = ""
    settings: RunSettings = RunSettings()
    versions: dict[str, Any] = {}
    machine: dict[str, Any] = {}
    space: SpaceFacts | None = None
    data: DataFacts | None = None
    stages: dict[str, StageFacts] = {}
    warnings: tuple[str, ...] = ()


class ProfileFile(_Part):
    """`profile.json`, as far as the page shows it."""

    name: str
    notes: tuple[str, ...] = ()


class ArchitectureFile(_Part):
    """`architecture.json`."""

    space: str
    operations: Annotated[tuple[str, ...], Field(min_length=1)]


class LayerFacts(_Part):
    """One searchable layer of `costs.json`."""

    layer: Count
    operation: str
    in_channels: Count
    out_channels: Annotated[int, Field(ge=1)]
    stride: Annotated[int, Field(ge=1)]
    in_size: Count
    out_size: Count
    params: Count
    macs: Count
    latency_s: Cost
    energy_j: Cost
    latency_source: Quantity
    energy_source: Quantity


class FixedFacts(_Part):
    """Stem or head of `costs.json`."""

    part: str
    key: str
    params: Count
    macs: Count
    latency_s: Cost | None = None
    energy_j: Cost | None = None
    latency_source: Quantity | None = None
    energy_source: Quantity | None = None


class TotalFacts(_Part):
    """Where the totals of `costs.json` come from."""

    latency_s: Quantity
    energy_j: Quantity
    params: Quantity
    macs: Quantity


class BetweenFacts(_Part):
    """What the network takes besides the sum of its parts; may be below 0."""

    latency_s: Annotated[float, Field(ge=-1e12, le=1e12)]
    energy_j: Annotated[float, Field(ge=-1e12, le=1e12)]


class CostsFile(_Part):
    """`costs.json`."""

    device: str
    architecture: tuple[str, ...]
    params: Count
    macs: Count
    latency_s: Cost
    energy_j: Cost
    memory_bytes: Quantity | None = None
    scope: str = ""
    counting_rule: str = ""
    sources: TotalFacts
    layers: Annotated[tuple[LayerFacts, ...], Field(min_length=1)]
    fixed: tuple[FixedFacts, ...] = ()
    between: BetweenFacts | None = None


class AccuracyFacts(_Part):
    """The accuracy of `verification.json`."""

    accuracy: Share
    low: Share
    high: Share
    n: Annotated[int, Field(ge=1)]
    correct: Count
    per_class: dict[str, Share | None] = {}


class ParityFacts(_Part):
    """The comparison of `verification.json` with torch."""

    n: Count
    max_abs: Cost
    disagreements: Count


class VerificationFile(_Part):
    """`verification.json`."""

    goal_accuracy: Share | None = None
    accuracy: AccuracyFacts
    goal_met: bool | None = None
    certainty: Literal["above", "within", "below"] | None = None
    latency: Quantity | None = None
    predicted_latency: Quantity | None = None
    predicted_energy: Quantity | None = None
    parity: ParityFacts | None = None
    size_bytes: Count
    model_sha256: str
    data_hash: str = ""
    date: datetime | None = None
    versions: dict[str, str] = {}


class OnDeviceFile(_Part):
    """`on_device.json`: the exported network on the device itself."""

    device: str
    hardware: str = ""
    runtime: str = ""
    accuracy: AccuracyFacts
    agreement: Share | None = None
    latency: Quantity
    energy: Quantity | None = None
    bounds: dict[str, bool | None] = {}
    unsteady: str = ""
    model_sha256: str = ""


class RoundFacts(_Part):
    """One round of the closed loop: what was selected, what it was expected to reach, what it reached."""

    round: Count
    architecture: tuple[str, ...] = ()
    predicted_accuracy: Quantity | None = None
    validation_accuracy: Quantity | None = None
    energy_j: Quantity | None = None
    latency_s: Quantity | None = None
    epochs: Count | None = None
    decision: str = ""


class RoundsFile(_Part):
    """`rounds.json`; `reason` says why the loop ended."""

    rounds: tuple[RoundFacts, ...]
    reason: str = ""


class NeighbourFacts(_Part):
    """A network of `advice.json`: its accuracy, and its costs by name."""

    operations: tuple[str, ...] = ()
    accuracy: Share
    costs: dict[str, Cost]


class RelaxFacts(_Part):
    """What one part of the wish would have to be for the rest to be possible; None: that does not help."""

    name: str
    asked: Cost
    needed: Cost | None = None


class AdviceFile(_Part):
    """`advice.json`: what a little more or less accuracy would cost, by the models of the closed loop."""

    minimize: str
    chosen: NeighbourFacts
    per_point: dict[str, Value] = {}
    cheaper: NeighbourFacts | None = None
    better: NeighbourFacts | None = None
    epochs: Count | None = None
    relax: tuple[RelaxFacts, ...] = ()


class _Line(_Part):
    epoch: Count
    step: Count


class SearchLine(_Line):
    """A line of `metrics.jsonl` from the search; what a step did not compute is None."""

    weight_cross_entropy: Value | None = None
    weight_accuracy: Value | None = None
    cross_entropy: Value | None = None
    accuracy: Value | None = None
    loss: Value | None = None
    classification_term: Value | None = None
    latency_term: Value | None = None
    energy_term: Value | None = None
    latency_s: Value | None = None
    energy_j: Value | None = None
    entropy: Value | None = None
    temperature: Value | None = None
    probabilities: Matrix | None = None
    architecture: str | None = None

    @field_validator("probabilities")
    @classmethod
    def _is_matrix(cls, rows: Matrix | None) -> Matrix | None:
        if rows is not None and (not rows or not rows[0] or len({len(row) for row in rows}) > 1):
            raise ValueError("it is no matrix of layers and candidates")
        return rows


class TrainLine(_Line):
    """A line of `metrics.jsonl` from the final training."""

    loss: Value | None = None
    accuracy: Value | None = None
    validation_accuracy: Value | None = None
