"""Colours: readable, and apart for every kind of eye."""

from __future__ import annotations

from itertools import combinations
from math import dist

import pytest

from wattnas.report.palette import THEME, contrast, ink_on, swatch
from wattnas.space import load_space

CANDIDATES = tuple(load_space("cifar").candidates)

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
EYES = {
    "usual": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def lab(colour: str, eye: str) -> tuple[float, float, float]:
    """CIELAB (D65) of a colour as an eye sees it."""
    rgb = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb]
    seen = [min(1.0, max(0.0, sum(m * v for m, v in zip(row, linear, strict=True)))) for row in EYES[eye]]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.9505, 1.0, 1.089)
    xyz = [
        sum(m * v for m, v in zip(row, seen, strict=True)) / w for row, w in zip(to_xyz, white, strict=True)
    ]
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one: str, other: str, eye: str) -> float:
    """CIE 1976 colour difference; about 2.3 is just noticeable."""
    return dist(lab(one, eye), lab(other, eye))


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # WebAIM's example


@pytest.mark.parametrize("name", [*CANDIDATES, "k3_e6_g2", "k5_e6_g4", "k7_e4", "k9_e2", "<b>"])
def test_names_are_readable_on_their_blocks(name: str) -> None:
    found = swatch(name)
    assert contrast(found.fill, found.ink) >= 4.5
    if found.stripe:
        assert contrast(found.stripe, found.ink) >= 4.5


@pytest.mark.parametrize("eye", EYES)
def test_candidates_differ_for_every_eye(eye: str) -> None:
    for one, other in combinations(CANDIDATES, 2):
        first, second = swatch(one), swatch(other)
        if bool(first.stripe) == bool(second.stripe) and first.is_outlined == second.is_outlined:
            assert difference(first.fill, second.fill, eye) > 8, (one, other)


def test_kernel_sets_the_hue_groups_the_stripes_and_skip_stands_alone() -> None:
    assert swatch("k3_e6").fill == "#0072b2" and swatch("k5_e6").fill == "#d55e00"
    assert swatch("k3_e1_g2").stripe and not swatch("k3_e1").stripe
    assert swatch("k3_e1_g2").fill == swatch("k3_e1").fill
    assert [name for name in CANDIDATES if swatch(name).is_outlined] == ["skip"]


@pytest.mark.parametrize(("theme", "page"), [(0, "#ffffff"), (1, "#1c2127")])
def test_theme_colours_stand_out_from_their_page(theme: int, page: str) -> None:
    for name, colours in THEME.items():
        if name != "grid":
            needed = 4.5 if name in ("ink", "muted") else 3.0  # WCAG: text, graphics
            assert contrast(colours[theme], page) >= needed, name


def test_ink_is_the_more_readable_of_the_two() -> None:
    assert ink_on("#ffff00") == "#000000" and ink_on("#000080") == "#ffffff"
