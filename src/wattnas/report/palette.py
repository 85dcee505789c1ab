"""Colours that stay apart for colour-blind eyes (Okabe and Ito, 2008), by theme and by candidate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import log

THEME = {
    "ink": ("#1b1f24", "#e8eaed"),
    "muted": ("#59636e", "#a3adb8"),
    "grid": ("#d5dae0", "#3a424c"),
    "blue": ("#0072b2", "#56b4e9"),
    "vermilion": ("#d55e00", "#ff8a3d"),
    "green": ("#00805d", "#2fc59b"),
    "purple": ("#a5437f", "#e08fbf"),
    "orange": ("#b07000", "#ffc04d"),
    "sky": ("#1b87b8", "#9ad4f5"),
    "olive": ("#6b6b00", "#d8d86a"),
    "slate": ("#4a5663", "#b8c4d0"),
}
"""CSS variables of the charts: (on light, on dark)."""

SERIES = ("blue", "vermilion", "green", "purple", "orange", "sky", "olive", "slate")
"""Colours of lines and families, in this order."""

MARKS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star", "pentagon")
"""Plotly's symbols of families, in this order; of another length than `SERIES`, so that pairs differ long."""

_BLACK, _WHITE = "#000000", "#ffffff"
_KERNEL_HUES = {3: "#0072b2", 5: "#d55e00", 7: "#009e73"}
_OTHER_KERNEL = "#a5437f"
_UNKNOWN = "#8a94a0"
_SKIP = "#c9ced6"
_WIDEST = 6  # the expansion that gets the full colour; the spaces of the literature end there
_CANDIDATE = re.compile(r"^k(\d{1,3})_e(\d{1,3})(?:_g(\d{1,3}))?$")


@dataclass(frozen=True)
class Swatch:
    """How a candidate is drawn.

    Attributes:
        fill: background, "#rrggbb".
        ink: text on it, "#rrggbb".
        stripe: colour of the stripes that mark grouped convolutions; empty where there are none. They move
            away from `ink`, so that it stays readable.
        is_outlined: nothing happens here, or next to nothing (`skip`).
    """

    fill: str
    ink: str
    stripe: str = ""
    is_outlined: bool = False


END = Swatch("#3d4650", "#ffffff")
"""Stem and head."""


def swatch(operation: str) -> Swatch:
    """Colour by kernel, stronger with expansion; grouped ones striped, `skip` grey and outlined."""
    if operation == "skip":
        return Swatch(_SKIP, ink_on(_SKIP), is_outlined=True)
    match = _CANDIDATE.match(operation)
    if match is None:
        return Swatch(_UNKNOWN, ink_on(_UNKNOWN))
    kernel, expansion, groups = int(match[1]), max(1, int(match[2])), int(match[3] or 1)
    strength = 0.4 + 0.6 * min(1.0, log(expansion) / log(_WIDEST))
    fill = _mixed(_KERNEL_HUES.get(kernel, _OTHER_KERNEL), strength)
    ink = ink_on(fill)
    return Swatch(
        fill, ink, stripe=_mixed(fill, 0.45, _WHITE if ink == _BLACK else _BLACK) if groups > 1 else ""
    )


def ink_on(fill: str) -> str:
    """Black or white, whichever is easier to read on `fill`."""
    return _BLACK if contrast(fill, _BLACK) >= contrast(fill, _WHITE) else _WHITE


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mixed(colour: str, strength: float, other: str = _WHITE) -> str:
    """`strength` (0 to 1) of `colour`, the rest `other`."""
    both = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(strength * one + (1 - strength) * rest):02x}" for one, rest in both)
