"""The networks that Ozawa et al. compare, in their 32x32 form with ten classes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from torch import nn

from wattnas.blocks import build
from wattnas.space import Layout
from wattnas.zoo.entry import CIFAR, Entry, millions, percent
from wattnas.zoo.networks import darts_cifar, small_form
from wattnas.zoo.published import SOURCE, published_architecture, published_operations, published_rows

_CLASSES = 10
_DENSENET = "6.956 M parameters, as the library of these forms states too; the paper prints 7.00."
_L35 = "0.1952 M parameters; the paper prints 0.19, as if cut instead of rounded."
_NOT_DRAWN = "The paper gives its figures, but does not draw the architecture."
_FORM = "The 32x32 form is Phan's PyTorch_CIFAR10, whose names and counts the paper's are."


def _searched(name: str) -> nn.Module:
    architecture, space = published_architecture(name)
    return build(architecture, Layout.resolve(space, _CLASSES))


def _entry(
    name: str,
    row: str,
    family: str,
    paper: str,
    maker: Callable[[], nn.Module] | None,
    built_by: Literal["pytorchcv", "wattnas"],
    note: str = "",
) -> Entry:
    published = published_rows()[row]
    return Entry(
        name=name,
        title=row,
        family=family,
        group="ozawa",
        paper=paper,
        built_by=built_by,
        input=CIFAR,
        classes=_CLASSES,
        maker=maker,
        params=millions(published.params_m, SOURCE),
        top1=percent(published.accuracy_pct, f"{SOURCE}, CIFAR-10"),
        row=row,
        note=note,
    )


def _constructed(row: str) -> Entry:
    """A network of methods S1 and S2, or of the FBNet forms they are compared with."""
    drawn = row in published_operations()
    note = _L35 if row == "S1-L35" else "" if drawn else _NOT_DRAWN
    family = "NAS" if row.startswith("FBNet") else row.partition("-")[0]
    maker = partial(_searched, row) if drawn else None
    return _entry(row.lower(), row, family, "Ozawa et al.", maker, "wattnas", note)


_REFERENCES = (
    ("mobilenet_v2", "MobileNetV2", "MobileNet", "Sandler et al., arXiv 1801.04381", _FORM),
    ("resnet18", "ResNet18", "ResNet", "He et al., arXiv 1512.03385", _FORM),
    ("vgg11_bn", "vgg11_bn", "VGG", "Simonyan and Zisserman, arXiv 1409.1556", _FORM),
    ("densenet121", "densenet121", "DenseNet", "Huang et al., arXiv 1608.06993", f"{_FORM} {_DENSENET}"),
)

OZAWA = (
    *(
        _entry(f"{form}_cifar", row, family, paper, small_form(form), "pytorchcv", note)
        for form, row, family, paper, note in _REFERENCES
    ),
    _entry("darts_cifar", "DARTS", "NAS", "Liu et al., arXiv 1806.09055", darts_cifar, "pytorchcv"),
    *(_constructed(row) for row in published_rows() if row.startswith(("FBNet", "S1-", "S2-"))),
)
