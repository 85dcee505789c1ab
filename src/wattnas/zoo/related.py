"""Networks found by other searches, and MobileNetV2, in their ImageNet form."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import nn

from wattnas.zoo.entry import IMAGENET, Entry, Figure, millions, percent
from wattnas.zoo.library import from_pytorchcv
from wattnas.zoo.networks import fbnet

_FBNET = "Wu et al., arXiv 1812.03443"
_MNASNET = "Tan et al., arXiv 1807.11626"
_PROXYLESS = "Cai et al., arXiv 1812.00332"
_SINGLE_PATH = "Stamoulis et al., arXiv 1904.02877"
_PYTORCHCV = "table of pytorchcv (imgclsmob)"
_RULE = (
    "The table quoted counts BatchNorm and activations too; in networks this thin they are 4 to 5 % of it."
)
_FBNET_B = (
    "Built as the authors' released definition has it: 4.86 M parameters and 306 M multiply-adds; the paper "
    "prints 4.5 M and 295 M."
)
_FBNET_C = (
    "5.57 M parameters and 385 M multiply-adds, as in the released definition, pytorchcv and timm; the paper "
    "prints 5.5 M and 375 M."
)


def _fbnet(letter: str, params: str, macs: str, top1: str, note: str = "") -> Entry:
    table = f"{_FBNET}, table 3"
    return Entry(
        f"fbnet_{letter.lower()}",
        f"FBNet-{letter}",
        "NAS",
        "related",
        _FBNET,
        "wattnas",
        IMAGENET,
        1000,
        partial(fbnet, letter),
        millions(params, table),
        millions(macs, table),
        percent(top1, table),
        note=note,
    )


def _library(
    name: str,
    title: str,
    paper: str,
    maker: Callable[[], nn.Module],
    params: Figure,
    macs: Figure,
    top1: Figure,
    note: str = "",
    family: str = "NAS",
) -> Entry:
    return Entry(
        name,
        title,
        family,
        "related",
        paper,
        "pytorchcv",
        IMAGENET,
        1000,
        maker,
        params,
        macs,
        top1,
        note=note,
    )


def _proxyless(target: str, params: str, macs: Figure, top1: str, note: str = "") -> Entry:
    return _library(
        f"proxylessnas_{target.lower()}",
        f"ProxylessNAS ({target})",
        _PROXYLESS,
        from_pytorchcv("proxylessnas", f"proxylessnas_{target.lower()}"),
        millions(params, _PYTORCHCV),
        macs,
        percent(top1, _PROXYLESS),
        note,
    )


RELATED = (
    _library(
        "mobilenet_v2",
        "MobileNetV2",
        "Sandler et al., arXiv 1801.04381",
        from_pytorchcv("mobilenetv2", "mobilenetv2b_w1"),
        Figure("3503872", 1.0, _PYTORCHCV),
        millions("300", "Sandler et al., arXiv 1801.04381, table 4"),
        percent("72.0", "Sandler et al., arXiv 1801.04381, table 4"),
        family="MobileNet",
    ),
    _fbnet("A", "4.3", "249", "73.0"),
    _fbnet("B", "4.5", "295", "74.1", _FBNET_B),
    _fbnet("C", "5.5", "375", "74.9", _FBNET_C),
    _library(
        "mnasnet_a1",
        "MnasNet-A1",
        _MNASNET,
        from_pytorchcv("mnasnet", "mnasnet_a1"),
        millions("3.9", f"{_MNASNET}, table 1"),
        millions("312", f"{_MNASNET}, table 1"),
        percent("75.2", f"{_MNASNET}, table 1"),
    ),
    _library(
        "mnasnet_b1",
        "MnasNet-B1",
        _MNASNET,
        from_pytorchcv("mnasnet", "mnasnet_b1"),
        millions("4.383312", _PYTORCHCV),
        millions("326.30", _PYTORCHCV),
        percent("74.5", f"{_MNASNET}, table 2"),
        _RULE,
    ),
    _proxyless("Mobile", "4.080512", millions("320", f"{_PROXYLESS}, table 2"), "74.6"),
    _proxyless("GPU", "7.119848", millions("465", "Cai et al., authors' repository"), "75.1"),
    _proxyless("CPU", "4.361648", millions("459.96", _PYTORCHCV), "75.3", _RULE),
    _library(
        "single_path_nas",
        "Single-Path NAS",
        _SINGLE_PATH,
        from_pytorchcv("spnasnet", "spnasnet"),
        millions("4.421616", _PYTORCHCV),
        millions("346.73", _PYTORCHCV),
        percent("74.96", f"{_SINGLE_PATH}, table 1"),
        _RULE,
    ),
)
