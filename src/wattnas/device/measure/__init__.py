"""Measuring: ONNX Runtime sessions, and the protocol that times them."""

from wattnas.device.measure.latency import Protocol, Timing, summarise, time_rounds
from wattnas.device.measure.runtime import null_model, runner

__all__ = ["Protocol", "Timing", "null_model", "onnxruntime", "runner", "summarise", "time_rounds"]
