"""FBNet-A, -B and -C: architectures in the space `imagenet`, which is FBNet's own."""

from __future__ import annotations

from wattnas.blocks import Network, build
from wattnas.errors import ConfigError
from wattnas.space import Architecture, Layout, load_space

# One line per stage. Wu et al. (arXiv 1812.03443), figure 4; checked against the authors' model definitions.
_ARCHITECTURES = {
    "A": """
        skip
        k3_e3 k3_e1 skip skip
        k5_e6 k3_e3 k5_e1 k3_e3
        k5_e6 k5_e3 k5_e1_g2 k5_e6
        k3_e6 k5_e1_g2 k5_e3 k3_e1_g2
        k5_e6 k5_e6 k5_e3 k5_e6
        k5_e6
    """,
    "B": """
        k3_e1
        k3_e6 k5_e1 k3_e1 k3_e1
        k5_e6 k5_e3 k3_e6 k5_e6
        k5_e6 k5_e6 skip k5_e3
        k5_e6 k3_e1 k5_e1 k5_e3
        k5_e6 k5_e1 k5_e6 k5_e6
        k3_e6
    """,
    "C": """
        k3_e1
        k3_e6 skip k3_e1 k3_e1
        k5_e6 k5_e3 k5_e6 k3_e6
        k5_e6 k5_e3 k5_e6 k5_e6
        k5_e6 k5_e6 k5_e6 k5_e3
        k5_e6 k5_e6 k5_e6 k5_e6
        k3_e6
    """,
}
_HEAD = {"A": 1504}
"""Width of the head where it is not the space's own."""


def fbnet(letter: str) -> Network:
    """FBNet-`letter`: (N, 3, 224, 224) in [0, 1] to (N, 1000)."""
    if letter not in _ARCHITECTURES:
        raise ConfigError(f"There is no FBNet-{letter}.", f"There are {', '.join(_ARCHITECTURES)}.")
    space = load_space("imagenet")
    if letter in _HEAD:
        head = space.head.model_copy(update={"channels": _HEAD[letter]})
        space = space.model_copy(update={"head": head, "name": f"fbnet-{letter.lower()}"})
    return build(Architecture.parse(_ARCHITECTURES[letter], space), Layout.resolve(space, 1000))
