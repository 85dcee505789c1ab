"""The six networks of Ozawa et al., figures 6 and 7: one candidate per layer of the space `cifar`."""

from __future__ import annotations

from typing import NamedTuple


class Published(NamedTuple):
    """Candidate names and the printed number of parameters, in millions."""

    operations: str
    params_m: float


PUBLISHED = {
    "S1-L100": Published(
        "skip k3_e6 skip k3_e6 skip k5_e6 k5_e6 skip skip k5_e6 skip "
        "skip skip k5_e6 skip skip skip skip skip skip skip skip",
        0.3246,
    ),
    "S1-L80": Published(
        "skip k3_e6 skip skip skip k5_e6 skip skip skip k5_e6 skip "
        "skip skip k5_e6 skip skip skip skip skip skip skip skip",
        0.2979,
    ),
    "S1-L65": Published(
        "skip k3_e6 skip skip skip k5_e6 skip skip skip k5_e6 skip "
        "skip skip skip skip skip skip skip skip skip skip skip",
        0.2314,
    ),
    "S1-L50": Published(
        "skip k5_e6 skip skip skip k5_e6 skip skip skip k5_e1_g2 skip "
        "skip skip skip skip skip skip skip skip skip skip skip",
        0.2114,
    ),
    "S1-L35": Published(
        "skip skip skip skip skip skip skip skip skip k5_e1 skip "
        "skip skip skip skip skip skip skip skip skip skip skip",
        0.1952,
    ),
    "S2-Normal": Published(
        "skip k5_e6 skip skip skip k5_e6 skip skip skip k5_e6 skip "
        "skip skip skip skip skip skip skip skip skip skip skip",
        0.2330,
    ),
}
