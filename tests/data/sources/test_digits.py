from __future__ import annotations

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from tests.data.sources.conformance import check_source
from wattnas.data.sources.digits import DIGITS


def test_digits_are_those_of_scikit_learn_from_black_to_white() -> None:
    source = DIGITS.open("digits")
    check_source(source)
    assert source.classes == tuple("0123456789")
    assert source.test is None
    assert not source.flip
    assert len(source.train.labels) == 1797
    bunch = load_digits()
    for content, label, raw, target in zip(
        source.train.contents(), source.train.labels, bunch.images, bunch.target, strict=True
    ):
        assert isinstance(content, Image.Image)
        assert label == target
        assert np.array_equal(np.asarray(content), np.floor(raw * 255 / 16 + 0.5))


def test_only_the_name_itself_means_the_digits() -> None:
    assert DIGITS.accepts("digits")
    assert not DIGITS.accepts("./digits")
