"""Energy meters, each behind the same contract; the standard library alone until one wants more."""

from wattnas.agent.meters.align import Alignment, Marker, Schedule, align
from wattnas.agent.meters.base import NO_METER, Meter, Probe, Reading
from wattnas.agent.meters.log import parse_log, read_log
from wattnas.agent.meters.open import AUTO, open_meter, parse_spec, probes
from wattnas.agent.meters.trace import Trace

__all__ = [
    "AUTO",
    "NO_METER",
    "Alignment",
    "Marker",
    "Meter",
    "Probe",
    "Reading",
    "Schedule",
    "Trace",
    "align",
    "open_meter",
    "parse_log",
    "parse_spec",
    "probes",
    "read_log",
]
