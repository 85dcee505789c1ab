"""Seeds depend on the place alone."""

from __future__ import annotations

import torch

from wattnas.seeding import derive_seed, own_random_state, seed_step


def test_a_seed_is_the_same_on_every_machine() -> None:
    # First 8 bytes of sha256("0/search/3"), halved: worked out with `printf 0/search/3 | sha256sum`.
    assert derive_seed(0, "search", 3) == 0x900CF6CCC492F440 >> 1


def test_places_do_not_share_seeds() -> None:
    places = [
        (seed, stage, epoch, step)
        for seed in range(3)
        for stage in ("search", "train")
        for epoch in range(9)
        for step in range(99)
    ]
    assert len({derive_seed(*place) for place in places}) == len(places)


def test_the_callers_random_state_comes_back() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with own_random_state():
        seed_step(1, "search", 0, 0)
        torch.rand(10)
    assert torch.equal(torch.rand(3), expected)
