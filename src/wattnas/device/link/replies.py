"""What an agent says, checked field by field before anybody counts on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from wattnas.agent.lines import clean, parse_line
from wattnas.errors import DeviceError

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Words = Annotated[str, Field(max_length=10_000)]
Which = Annotated[int, Field(ge=0, strict=True)]


class Reply(BaseModel):
    """Base of what an agent says; fields that this version does not know are left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Problem(Reply):
    """What stands in the way of measuring, and what to do about it."""

    message: Words
    hint: Words = ""


class Hello(Reply):
    """What a device is: versions, state, free disk in bytes, and what stands in the way."""

    kind: Literal["hello"]
    agent: int
    wattnas: Words
    python: Words
    bits: int
    numpy: Words | None
    onnxruntime: Words | None
    state: dict[str, Any]
    folder: Words
    free_bytes: Annotated[int, Field(ge=0)]
    problems: tuple[Problem, ...]


class Latency(Reply):
    """Seconds of one item: median over `rounds`, its bootstrap 95 % interval, `wide` where it stayed wide."""

    seconds: Positive
    low: Positive
    high: Positive
    rounds: tuple[Positive, ...] = Field(min_length=1)
    runs: Annotated[int, Field(ge=1)]
    wide: bool
    quiet_s: Positive | None = None
    quiet_sigma_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0

    @model_validator(mode="after")
    def _ordered(self) -> Latency:
        if not self.low <= self.seconds <= self.high:
            raise ValueError("the latency lies outside of its interval")
        return self


class Stretch(Reply):
    """One stretch: its items, the anchor, how far that drifted; why it was rejected, if all attempts were."""

    kind: Literal["stretch"]
    index: Which
    attempt: Annotated[int, Field(ge=1)]
    attempts: Annotated[int, Field(ge=1)]
    items: dict[str, Latency]
    anchor: Latency
    drift: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    state: dict[str, Any]
    rejected: Words | None

    @property
    def key(self) -> tuple[str, Any]:
        """Which task it answers."""
        return self.kind, self.index


class Energy(Reply):
    """Energy of one item; `result` holds every field that the agent gave."""

    kind: Literal["energy"]
    item: Words
    result: dict[str, Any]

    @property
    def key(self) -> tuple[str, Any]:
        """Which task it answers."""
        return self.kind, self.item


class Classes(Reply):
    """The class that a network gave to each of the images it was sent."""

    kind: Literal["classes"]
    index: Which
    classes: tuple[Annotated[int, Field(ge=0)], ...]

    @property
    def key(self) -> tuple[str, Any]:
        """Which task it answers."""
        return self.kind, self.index


class Failed(Reply):
    """A task that gave no result, and why."""

    kind: Literal["failed"]
    of: tuple[Words, int | str]
    message: Words
    hint: Words = ""

    @property
    def key(self) -> tuple[str, Any]:
        """Which task it answers."""
        return self.of


class Missing(Reply):
    """Hashes of files that the device lacks."""

    kind: Literal["missing"]
    hashes: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...]


class Meter(Reply):
    """An energy meter there: whether it can be read, and what stands in the way."""

    name: Words
    available: bool
    detail: Words
    hint: Words = ""


class Meters(Reply):
    """The energy meters of a device, in the order in which they are tried."""

    kind: Literal["meters"]
    meters: tuple[Meter, ...]


class Cleaned(Reply):
    """What was removed."""

    kind: Literal["cleaned"]
    files: Annotated[int, Field(ge=0)]
    bytes: Annotated[int, Field(ge=0)]


class Done(Reply):
    """The end of a job."""

    kind: Literal["done"]
    job: Words
    failed: Annotated[int, Field(ge=0)]


class Note(Reply):
    """Something for a person."""

    kind: Literal["note"]
    message: Words


class Refusal(Reply):
    """An error in place of an answer."""

    kind: Literal["error"]
    message: Words
    hint: Words = ""


class Bye(Reply):
    """The end of the talk."""

    kind: Literal["bye"]


Result = Stretch | Energy | Classes | Failed

_KINDS: Mapping[str, type[Reply]] = {
    model.model_fields["kind"].annotation.__args__[0]: model  # type: ignore[union-attr]
    for model in (Hello, Stretch, Energy, Classes, Failed, Missing, Meters, Cleaned, Done, Note, Refusal, Bye)
}

SomeReply = TypeVar("SomeReply", bound=Reply)


def parse_reply(line: bytes, device: str) -> Reply:
    """The reply that a line of the agent on `device` holds.

    Raises:
        DeviceError: it is none, or a field of it is missing or of a wrong kind.
    """
    where = f"A line of the agent on {device}"
    raw = parse_line(line, where)
    kind = raw.get("kind")
    model = _KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise DeviceError(f"{where} is of the unknown kind {clean(repr(kind))}.")
    try:
        return model.model_validate({**raw, "result": raw} if model is Energy else raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = clean(".".join(map(str, first["loc"])) or str(kind), 80)
        raise DeviceError(f"{where} does not do, at {place}: {clean(first['msg'])}.") from error
