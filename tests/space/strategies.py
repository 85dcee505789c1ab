"""Random candidates, spaces and architectures for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from wattnas.space import Architecture, Candidate, Space, load_space, named_spaces

candidates = st.builds(
    Candidate,
    kernel=st.sampled_from([1, 3, 5, 7]),
    expansion=st.integers(1, 6),
    groups=st.sampled_from([1, 2, 4]),
) | st.just(Candidate(0, 0))


def architectures(space: Space) -> st.SearchStrategy[Architecture]:
    """Any architecture of `space`."""
    names = st.lists(st.sampled_from(space.candidates), min_size=space.depth, max_size=space.depth)
    return names.map(lambda operations: Architecture.of(operations, space))


named = st.sampled_from(named_spaces()).map(load_space)


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """A small space as a user may write one; widths divide into the groups of every candidate."""
    widths = st.sampled_from([4, 8, 12])
    smallest = draw(st.integers(1, 12))
    channels: list[Any] = draw(st.sampled_from([[1], [3], [1, 3]]))
    stages = st.fixed_dictionaries(
        {"channels": widths, "layers": st.integers(1, 2), "stride": st.integers(1, 3)}
    )
    return Space.model_validate(
        {
            "name": draw(st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,8}\Z")),
            "input": {
                "channels": channels,
                "min_size": smallest,
                "max_size": smallest + draw(st.integers(0, 9)),
            },
            "stem": {
                "channels": draw(widths),
                "kernel": draw(st.sampled_from([1, 3, 5])),
                "stride": draw(st.integers(1, 2)),
            },
            "stages": draw(st.lists(stages, min_size=1, max_size=3)),
            "candidates": draw(
                st.lists(candidates.map(lambda c: c.name), min_size=2, max_size=4, unique=True)
            ),
            "head": {
                "channels": draw(st.integers(1, 9)),
                "bias": draw(st.booleans()),
                "batch_norm": draw(st.booleans()),
                "activation": draw(st.booleans()),
                "pool": draw(st.sampled_from(["flatten", "average"])),
            },
        }
    )
