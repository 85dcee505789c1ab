"""Networks found by other searches, and MobileNetV2, in their ImageNet form."""

from __future__ import annotations

from functools import partial

from wattnas.zoo.entry import IMAGENET, Entry, Figure, millions, percent
from wattnas.zoo.library import from_pytorchcv
from wattnas.zoo.networks import fbnet

_SANDLER = "Sandler et al., arXiv 1801.04381"
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


_entry = partial(Entry, group="related", input=IMAGENET, classes=1000, family="NAS")
_library = partial(_entry, built_by="pytorchcv")


def _fbnet(letter: str, params: str, macs: str, top1: str, note: str = "") -> Entry:
    table = f"{_FBNET}, table 3"
    return _entry(
        name=f"fbnet_{letter.lower()}",
        title=f"FBNet-{letter}",
        paper=_FBNET,
        built_by="wattnas",
        maker=partial(fbnet, letter),
        params=millions(params, table),
        macs=millions(macs, table),
        top1=percent(top1, table),
        note=note,
    )


def _proxyless(target: str, params: str, macs: Figure, top1: str, note: str = "") -> Entry:
    return _library(
        name=f"proxylessnas_{target.lower()}",
        title=f"ProxylessNAS ({target})",
        paper=_PROXYLESS,
        maker=from_pytorchcv("proxylessnas", f"proxylessnas_{target.lower()}"),
        params=millions(params, _PYTORCHCV),
        macs=macs,
        top1=percent(top1, _PROXYLESS),
        note=note,
    )


RELATED = (
    _library(
        name="mobilenet_v2",
        title="MobileNetV2",
        family="MobileNet",
        paper=_SANDLER,
        maker=from_pytorchcv("mobilenetv2", "mobilenetv2b_w1"),
        params=Figure("3503872", 1.0, _PYTORCHCV),
        macs=millions("300", f"{_SANDLER}, table 4"),
        top1=percent("72.0", f"{_SANDLER}, table 4"),
    ),
    _fbnet("A", "4.3", "249", "73.0"),
    _fbnet("B", "4.5", "295", "74.1", _FBNET_B),
    _fbnet("C", "5.5", "375", "74.9", _FBNET_C),
    _library(
        name="mnasnet_a1",
        title="MnasNet-A1",
        paper=_MNASNET,
        maker=from_pytorchcv("mnasnet", "mnasnet_a1"),
        params=millions("3.9", f"{_MNASNET}, table 1"),
        macs=millions("312", f"{_MNASNET}, table 1"),
        top1=percent("75.2", f"{_MNASNET}, table 1"),
    ),
    _library(
        name="mnasnet_b1",
        title="MnasNet-B1",
        paper=_MNASNET,
        maker=from_pytorchcv("mnasnet", "mnasnet_b1"),
        params=millions("4.383312", _PYTORCHCV),
        macs=millions("326.30", _PYTORCHCV),
        top1=percent("74.5", f"{_MNASNET}, table 2"),
        note=_RULE,
    ),
    _proxyless("Mobile", "4.080512", millions("320", f"{_PROXYLESS}, table 2"), "74.6"),
    _proxyless("GPU", "7.119848", millions("465", "Cai et al., authors' repository"), "75.1"),
    _proxyless("CPU", "4.361648", millions("459.96", _PYTORCHCV), "75.3", _RULE),
    _library(
        name="single_path_nas",
        title="Single-Path NAS",
        paper=_SINGLE_PATH,
        maker=from_pytorchcv("spnasnet", "spnasnet"),
        params=millions("4.421616", _PYTORCHCV),
        macs=millions("346.73", _PYTORCHCV),
        top1=percent("74.96", f"{_SINGLE_PATH}, table 1"),
        note=_RULE,
    ),
)
