"""One colour and one mark per family of networks, apart for colour-blind eyes and in grey print."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """Colour "#rrggbb" and Matplotlib marker of a family."""

    colour: str
    marker: str


# Okabe and Ito (2008), then a grey and three of Tol's muted colours; marks differ too, for print in grey.
LOOKS = {
    "AlexNet": Look("#d55e00", "s"),
    "VGG": Look("#e69f00", "D"),
    "ResNet": Look("#cc79a7", "o"),
    "Inception": Look("#0072b2", "^"),
    "NIN": Look("#f0e442", "v"),
    "ENet": Look("#56b4e9", "P"),
    "MobileNet": Look("#009e73", "X"),
    "NAS": Look("#000000", "*"),
    "DenseNet": Look("#7f7f7f", "h"),
    "S1": Look("#44aa99", "<"),
    "S2": Look("#332288", ">"),
    "own": Look("#882255", "d"),
}
_OTHER = Look("#7f7f7f", "p")


def look(family: str) -> Look:
    """How a family is drawn; unknown ones share one look."""
    return LOOKS.get(family, _OTHER)
