"""The link to this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from tests.agent.stand_in import sha256, stand_in_bundle
from wattnas.agent.bundle import Bundle
from wattnas.device.link import LocalLink, Stretch, greet, run_job
from wattnas.errors import DeviceError


def test_an_agent_that_breaks_is_told_with_its_last_words(tmp_path: Path) -> None:
    broken = stand_in_bundle({"agent/serve.py": "raise RuntimeError('broken')"})
    with pytest.raises(DeviceError, match="ended with code 1: RuntimeError: broken"):
        greet(LocalLink(tmp_path, bundle=broken))


def test_a_folder_that_cannot_be_made(tmp_path: Path, bundle: Bundle) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DeviceError, match="cannot be started in"):
        greet(LocalLink(tmp_path / "file" / "agent", bundle=bundle))


def test_a_python_that_is_not_there(tmp_path: Path, bundle: Bundle) -> None:
    with pytest.raises(DeviceError, match="cannot be started in"):
        greet(LocalLink(tmp_path, python=str(tmp_path / "python"), bundle=bundle))


def test_files_that_cannot_be_copied(tmp_path: Path, bundle: Bundle) -> None:
    with pytest.raises(DeviceError, match="cannot be copied"):
        LocalLink(tmp_path, bundle=bundle).send_files([tmp_path / "none"])


def test_the_agent_is_written_once(tmp_path: Path, bundle: Bundle) -> None:
    link = LocalLink(tmp_path, bundle=bundle)
    greet(link)
    agent = tmp_path / bundle.name
    before = agent.stat().st_mtime_ns
    greet(link)
    assert agent.stat().st_mtime_ns == before and agent.read_bytes() == bundle.content


def relu(side: int) -> bytes:
    """A network of one ReLU."""
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 3, side, side))
        for name in ("images", "logits")
    ]
    graph = helper.make_graph(
        [helper.make_node("Relu", ["images"], ["logits"])], "relu", ports[:1], ports[1:]
    )
    content: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10
    ).SerializeToString()
    return content


def test_a_real_network_is_timed_by_the_real_agent(tmp_path: Path) -> None:
    """All parts together: the agent's own worker, ONNX Runtime, the journal, the driver."""
    paths = {}
    for side in (4, 64):
        content = relu(side)
        paths[sha256(content)] = tmp_path / f"{side}.onnx"
        paths[sha256(content)].write_bytes(content)
    small, large = paths
    quick = {
        "rounds": 3,
        "max_rounds": 3,
        "window_s": 0.005,
        "warmup_s": 0.01,
        "drift": 3600,
        "half_width": 1,
    }
    job: dict[str, Any] = {
        "models": {"small": small, "large": large},
        "anchor": "small",
        "stretches": [["small", "large"]],
    }
    job |= {"threads": 1, "pin": False, "protocol": quick, "meter": None, "energy": None}
    (result,) = run_job(LocalLink(tmp_path / "agent"), job, paths)
    assert isinstance(result, Stretch) and set(result.items) == {"small", "large"}
    assert all(len(timing.rounds) == 3 and timing.seconds > 0 for timing in result.items.values())
    lines = next((tmp_path / "agent" / "jobs").iterdir()).read_text(encoding="utf-8").splitlines()
    assert np.allclose(json.loads(lines[1])["items"]["large"]["rounds"], result.items["large"].rounds)
