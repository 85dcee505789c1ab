"""ONNX export, the checks on what was exported, and the record that says whether the goal was met."""

from wattnas.export.accuracy import Accuracy, accuracy_of, evaluate_onnx, wilson
from wattnas.export.each import onnx_bytes_each
from wattnas.export.latency import measure_latency
from wattnas.export.model import ExportReport, export_network
from wattnas.export.onnx import onnx_bytes
from wattnas.export.parity import Parity, check_parity
from wattnas.export.runtime import OnnxModel, onnxruntime
from wattnas.export.verify import Certainty, Verification, judge, verify, versions

__all__ = [
    "Accuracy",
    "Certainty",
    "ExportReport",
    "OnnxModel",
    "Parity",
    "Verification",
    "accuracy_of",
    "check_parity",
    "evaluate_onnx",
    "export_network",
    "judge",
    "measure_latency",
    "onnx_bytes",
    "onnx_bytes_each",
    "onnxruntime",
    "verify",
    "versions",
    "wilson",
]
