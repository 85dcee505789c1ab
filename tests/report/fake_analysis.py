"""An analysis as `wattnas analyze` leaves it, with few networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wattnas.files import write_json

NETWORKS = (
    ("alexnet", "AlexNet", "AlexNet", 61_100_840, 714_188_480, 0.014, 0.5652),
    ("resnet18", "ResNet-18", "ResNet", 11_689_512, 1_814_073_344, 0.031, 0.6976),
    ("resnet50", "ResNet-50", "ResNet", 25_557_032, 4_089_184_256, 0.077, 0.7613),
    ("mine", "<script>alert(1)</script>", "own", 8_059, 313_500, 0.00046, None),
)


def quantity(value: float, unit: str, origin: str = "measured", **more: Any) -> dict[str, Any]:
    """A `Quantity` as a file has it."""
    return {"value": value, "unit": unit, "origin": origin, "source": "a test", **more}


def make_analysis(path: Path, networks: tuple[tuple[Any, ...], ...] = NETWORKS) -> Path:
    """Write analysis.json into `path`, and return `path`."""
    write_json(path / "analysis.json", content(networks))
    return path


def content(networks: tuple[tuple[Any, ...], ...] = NETWORKS) -> dict[str, Any]:
    """The file."""
    return {
        "format": 1,
        "date": "2026-05-04T09:12:44+00:00",
        "machine": {"cpu": "A processor of 2 cores", "cores": 2},
        "versions": {"onnxruntime": "1.23.0"},
        "options": {"threads": 1, "batches": [1, 4]},
        "rows": [_row(*network) for network in networks],
        "failures": [{"name": "nosuch", "message": "There is no network 'nosuch'.", "hint": "List them."}],
        "findings": [
            {
                "key": "operations",
                "claim": "The number of operations is a reliable estimate of the inference time.",
                "fit": "t = 1.2 ms + 18 ms per G MACs",
                "estimates": {"r": {"value": 0.982, "low": 0.884, "high": 0.999}},
                "n": 4,
                "verdict": "holds in part",
                "words": "r = 0.982.",
            }
        ],
        "figures": ["figures/top1.png"],
    }


def _row(
    name: str, title: str, family: str, params: int, macs: int, seconds: float, top1: float | None
) -> dict[str, Any]:
    latency = {"1": quantity(seconds, "s", low=0.97 * seconds, high=1.02 * seconds, n=11)}
    latency["4"] = quantity(3 * seconds, "s")
    return {
        "format": 1,
        "key": "0",
        "name": name,
        "title": title,
        "family": family,
        "kind": "zoo",
        "weights": "random",
        "input": [3, 224, 224],
        "classes": 1000,
        "params": quantity(params, "1", "modelled"),
        "stored": quantity(params, "1", "modelled"),
        "macs": quantity(macs, "1", "modelled"),
        "bytes_moved": quantity(4.0 * params, "B", "modelled"),
        "activation_peak": {"1": quantity(3e6, "B", "modelled")},
        "process_peak": {"1": quantity(6e7 + 4 * params, "B"), "4": quantity(7e7 + 4 * params, "B")},
        "latency": latency,
        "energy": {"1": quantity(10 * seconds, "J", "modelled")},
        "power": {"1": quantity(10, "W", "modelled"), "4": quantity(10, "W", "modelled")},
        "accuracy": None,
        "literature": {} if top1 is None else {"top1": quantity(top1, "1", "literature")},
        "counted": {"Conv": 20},
        "not_counted": {"Relu": 1},
        "notes": ["A note."],
        "wall_s": 3.0,
    }
