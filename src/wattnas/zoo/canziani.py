"""The networks that Canziani et al. compare, in their ImageNet form."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from wattnas.zoo.entry import IMAGENET, Entry, Figure, Shape, billions, millions, percent
from wattnas.zoo.library import from_pytorchcv
from wattnas.zoo.networks import bn_alexnet, bn_nin, enet, googlenet

_VALIDATION = "Zagoruyko, imagenet-validation.torch, central crop"
_FACEBOOK = "fb.resnet.torch, single crop"
_PYTORCHCV = "table of pytorchcv (imgclsmob), parameters counted, multiply-adds as FLOPs/2"
_HE = "He et al., arXiv 1512.03385, table 1 and section 4"
_OWT = "Krizhevsky, One weird trick for parallelizing convolutional neural networks, arXiv 1404.5997"
_ONE_COLUMN = (
    "The one-column form. The two-column network of 2012 has 60.97 M parameters; its single-crop accuracy "
    "is quoted, as in the figures of Canziani et al."
)
_STRIDE = (
    "Stride in the 3x3 convolution, as in fb.resnet.torch, whose accuracies are quoted; the paper's network "
    "has it in the 1x1 convolution and needs 3.8, 7.6 and 11.3 G multiply-adds at depths 50, 101 and 152."
)
_GOOGLENET = (
    "The paper states 1.5 G multiply-adds; counted layer by layer, its table 1 gives 1.58 G for 224x224 "
    "pixels, which others count too."
)
_ENET = (
    "The classifier is not described in detail: encoder as in the authors' code, then global average pooling "
    "and a linear layer. No count is published of it, its accuracy only as a bar of about 68 %; the "
    "segmentation network has 0.37 M parameters."
)
_BN_ALEXNET = (
    "AlexNet's own counts are quoted; BatchNorm adds 0.02 M parameters and no multiply-adds once folded."
)
_BN_NIN = "No counts were published for the form with BatchNorm."


def _library(
    name: str,
    title: str,
    family: str,
    maker: Callable[[], nn.Module],
    params: Figure,
    macs: Figure,
    top1: Figure,
    paper: str,
    note: str = "",
    size: Shape = IMAGENET,
) -> Entry:
    return Entry(
        name, title, family, "canziani", paper, "pytorchcv", size, 1000, maker, params, macs, top1, note=note
    )


def _vgg(depth: int, params: str, macs: str, top1: str) -> Entry:
    return _library(
        f"vgg{depth}",
        f"VGG-{depth}",
        "VGG",
        from_pytorchcv("vgg", f"vgg{depth}"),
        millions(params, _PYTORCHCV),
        millions(macs, _PYTORCHCV),
        percent(top1, _VALIDATION),
        "Simonyan and Zisserman, arXiv 1409.1556",
    )


def _resnet(depth: int, params: str, macs: str, top1: str) -> Entry:
    function = f"resnet{depth}" if depth < 50 else f"resnet{depth}b"
    return _library(
        f"resnet{depth}",
        f"ResNet-{depth}",
        "ResNet",
        from_pytorchcv("resnet", function),
        millions(params, _PYTORCHCV),
        millions(macs, _PYTORCHCV),
        percent(top1, _FACEBOOK),
        _HE,
        "" if depth < 50 else _STRIDE,
    )


def _inception(version: int, params: str, macs: str, top1: str, paper: str) -> Entry:
    return _library(
        f"inception_v{version}",
        f"Inception-v{version}",
        "Inception",
        from_pytorchcv(f"inceptionv{version}", f"inceptionv{version}"),
        millions(params, _PYTORCHCV),
        millions(macs, _PYTORCHCV),
        percent(top1, f"{paper}, single crop"),
        paper,
        size=(3, 299, 299),
    )


def _own(name: str, title: str, family: str, maker: Callable[[], nn.Module], paper: str, note: str) -> Entry:
    figures = {
        "bn_alexnet": (
            millions("61.1", f"{_OWT}; counted by torchvision"),
            millions("714.83", _PYTORCHCV),
            percent("56.60", _VALIDATION),
        ),
        "bn_nin": (None, None, percent("62.6", "Zagoruyko, imagenet-multiGPU.torch, model ninbn")),
        "enet": (None, None, percent("68", "Canziani et al., figure 1, read off the drawing")),
        "googlenet": (
            Figure("6998552", 1.0, "netscope, bvlc_googlenet"),
            billions("1.5", "Szegedy et al., arXiv 1409.4842, section 1"),
            percent("68.7", "BVLC Caffe, bvlc_googlenet, central crop"),
        ),
    }
    params, macs, top1 = figures[name]
    return Entry(
        name,
        title,
        family,
        "canziani",
        paper,
        "wattnas",
        IMAGENET,
        1000,
        maker,
        params,
        macs,
        top1,
        note=note,
    )


CANZIANI = (
    _library(
        "alexnet",
        "AlexNet",
        "AlexNet",
        from_pytorchcv("alexnet", "alexnetb"),
        Figure("61100840", 1.0, _PYTORCHCV),
        millions("714.83", _PYTORCHCV),
        percent("54.61", _VALIDATION),
        _OWT,
        _ONE_COLUMN,
    ),
    _own("bn_alexnet", "BN-AlexNet", "AlexNet", bn_alexnet, _OWT, _BN_ALEXNET),
    _own("bn_nin", "BN-NIN", "NIN", bn_nin, "Lin et al., arXiv 1312.4400", _BN_NIN),
    _own("enet", "ENet", "ENet", enet, "Paszke et al., arXiv 1606.02147", _ENET),
    _own("googlenet", "GoogLeNet", "Inception", googlenet, "Szegedy et al., arXiv 1409.4842", _GOOGLENET),
    _vgg(16, "138.357544", "15480.10", "70.62"),
    _vgg(19, "143.667240", "19642.55", "70.74"),
    _resnet(18, "11.689512", "1820.41", "69.57"),
    _resnet(34, "21.797672", "3672.68", "73.27"),
    _resnet(50, "25.557032", "4110.48", "75.99"),
    _resnet(101, "44.549160", "7830.48", "77.56"),
    _resnet(152, "60.192808", "11554.38", "77.84"),
    _inception(3, "23.834568", "5743.06", "78.8", "Szegedy et al., arXiv 1512.00567"),
    _inception(4, "42.679816", "12304.93", "80.0", "Szegedy et al., arXiv 1602.07261"),
)
