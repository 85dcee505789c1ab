from __future__ import annotations

import os
from itertools import count

import numpy as np
import pytest

from tests.data.make import colour_png, encoded, grey_png, pixels
from wattnas.data import reading as module
from wattnas.data.labels import Classes, find_classes
from wattnas.data.pixels import Header
from wattnas.data.reading import Reading
from wattnas.data.sources import Bad, Entry, ListPart, Source
from wattnas.errors import DataError


def reading_of(*entries: Entry) -> Reading:
    part = ListPart(entries)
    return Reading(part, classes_of(part))


def classes_of(part: ListPart) -> Classes:
    return find_classes(Source(part, None, ("cat", "dog")))


def test_good_entries_are_read_and_bad_ones_named_in_order() -> None:
    originals = [pixels(i, 8, 8, 3) for i in range(3)]
    whole = encoded(originals[0])
    reading = reading_of(
        Entry("a", 1, whole),
        Entry("b", 5, encoded(originals[1])),
        Entry("c", 0, Bad("was lost")),
        Entry("d", 0, encoded(originals[2])),
        Entry("e", 0, whole[: len(whole) // 2]),
        Entry("f", None, Bad("is no file")),
    )
    assert reading.survey() == [Header(False, 8)] * 3
    images = reading.decode(3, 8)
    assert np.array_equal(images.images.numpy(), np.stack([originals[0], originals[2]]).transpose(0, 3, 1, 2))
    assert images.labels.tolist() == reading.usable == [1, 0]
    assert [line.split(" (")[0] for line in reading.complaints] == [
        "b: has label 5, outside 0 to 1",
        "c: was lost",
        "e: is damaged",
        "f: is no file",
    ]


def test_reasons_do_not_depend_on_a_survey() -> None:
    entries = [Entry("a", None, Bad("is no file")), Entry("b", 0, b"junk"), Entry("c", 1, grey_png(0))]
    with_survey, without = reading_of(*entries), reading_of(*entries)
    with_survey.survey()
    assert len(with_survey.decode(1, 8)) == len(without.decode(1, 8)) == 1
    assert with_survey.complaints == without.complaints


def test_many_images_keep_their_order() -> None:
    reading = reading_of(*(Entry(str(i), i % 2, colour_png(i, side=2)) for i in range(300)))
    images = reading.decode(3, 2)
    expected = np.stack([pixels(i, 2, 2, 3) for i in range(300)]).transpose(0, 3, 1, 2)
    assert np.array_equal(images.images.numpy(), expected)


def test_few_images_wait_in_memory_at_a_time() -> None:
    drawn = count()
    results = module._in_parallel(lambda item: item, drawn)
    assert [next(results) for _ in range(100)] == list(range(100))
    # A chunk of 16 for each core at work, two more for each waiting, and the one being drawn.
    assert next(drawn) <= 100 + 16 * (3 * (os.cpu_count() or 1) + 2)


def test_what_does_not_fit_in_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_memory_bytes", lambda: 100_000)
    reading = reading_of(Entry("a", 0, colour_png(0)), Entry("b", 1, colour_png(1)))
    with pytest.raises(DataError, match=r"2 images of 3x200x200 take 240 kB, this machine has 100 kB"):
        reading.decode(3, 200)
    assert len(reading.decode(3, 100)) == 2
