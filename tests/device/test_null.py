"""The network that does nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest

from wattnas.agent.runtime import open_session, runner
from wattnas.device.null import null_model


@pytest.mark.parametrize("shape", [(1, 3, 4, 4), (1, 960, 1, 1)])
def test_it_gives_back_its_input(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(1).random(shape, dtype=np.float32)
    session: Any = open_session(null_model(shape), 1)
    assert np.array_equal(session.run(None, {"images": images})[0], images)
    answer: Any = runner(session)()
    assert answer[0].shape == shape


def test_it_is_a_sound_model_and_the_same_bytes_at_each_call() -> None:
    onnx.checker.check_model(null_model((1, 3, 4, 4)), full_check=True)
    assert null_model((1, 3, 4, 4)) == null_model((1, 3, 4, 4))
