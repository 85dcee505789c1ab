from __future__ import annotations

import numpy as np
import pytest

from wattnas.device.measure import null_model, runner
from wattnas.errors import ProfileError


@pytest.mark.parametrize("threads", [1, 2])
def test_the_null_session_gives_back_its_input(threads: int) -> None:
    images = np.random.default_rng(0).random((1, 3, 4, 4), dtype=np.float32)
    out = runner(null_model((1, 3, 4, 4)), images, threads)()
    assert isinstance(out, list)
    assert np.array_equal(out[0], images)


def test_a_model_that_the_runtime_refuses_ends_in_one_line() -> None:
    with pytest.raises(ProfileError, match="does not load") as caught:
        runner(b"no model", np.zeros((1, 1, 1, 1), dtype=np.float32), 1)
    assert "\n" not in str(caught.value)
