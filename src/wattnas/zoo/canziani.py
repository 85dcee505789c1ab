"""The networks that Canziani et al. compare, in their ImageNet form."""

from __future__ import annotations

from functools import partial

from wattnas.zoo.entry import IMAGENET, Entry, Figure, billions, millions, percent
from wattnas.zoo.library import from_pytorchcv
from wattnas.zoo.networks import bn_alexnet, bn_nin, enet, googlenet

_VALIDATION = "Zagoruyko, imagenet-validation.torch, central crop"
_FACEBOOK = "fb.resnet.torch, single crop"
_PYTORCHCV = "table of pytorchcv (imgclsmob), parameters counted, multiply-adds as FLOPs/2"
_HE = "He et al., arXiv 1512.03385, table 1 and section 4"
_OWT = "Krizhevsky, One weird trick for parallelizing convolutional neural networks, arXiv 1404.5997"
_SZEGEDY = "Szegedy et al., arXiv 1409.4842"
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


_entry = partial(Entry, group="canziani", input=IMAGENET, classes=1000)
_library = partial(_entry, built_by="pytorchcv")
_own = partial(_entry, built_by="wattnas")


def _vgg(depth: int, params: str, macs: str, top1: str) -> Entry:
    return _library(
        name=f"vgg{depth}",
        title=f"VGG-{depth}",
        family="VGG",
        paper="Simonyan and Zisserman, arXiv 1409.1556",
        maker=from_pytorchcv("vgg", f"vgg{depth}"),
        params=millions(params, _PYTORCHCV),
        macs=millions(macs, _PYTORCHCV),
        top1=percent(top1, _VALIDATION),
    )


def _resnet(depth: int, params: str, macs: str, top1: str) -> Entry:
    function = f"resnet{depth}" if depth < 50 else f"resnet{depth}b"
    return _library(
        name=f"resnet{depth}",
        title=f"ResNet-{depth}",
        family="ResNet",
        paper=_HE,
        maker=from_pytorchcv("resnet", function),
        params=millions(params, _PYTORCHCV),
        macs=millions(macs, _PYTORCHCV),
        top1=percent(top1, _FACEBOOK),
        note="" if depth < 50 else _STRIDE,
    )


def _inception(version: int, params: str, macs: str, top1: str, paper: str) -> Entry:
    return _library(
        name=f"inception_v{version}",
        title=f"Inception-v{version}",
        family="Inception",
        paper=paper,
        input=(3, 299, 299),
        maker=from_pytorchcv(f"inceptionv{version}", f"inceptionv{version}"),
        params=millions(params, _PYTORCHCV),
        macs=millions(macs, _PYTORCHCV),
        top1=percent(top1, f"{paper}, single crop"),
    )


CANZIANI = (
    _library(
        name="alexnet",
        title="AlexNet",
        family="AlexNet",
        paper=_OWT,
        maker=from_pytorchcv("alexnet", "alexnetb"),
        params=Figure("61100840", 1.0, _PYTORCHCV),
        macs=millions("714.83", _PYTORCHCV),
        top1=percent("54.61", _VALIDATION),
        note=_ONE_COLUMN,
    ),
    _own(
        name="bn_alexnet",
        title="BN-AlexNet",
        family="AlexNet",
        paper=_OWT,
        maker=bn_alexnet,
        params=millions("61.1", f"{_OWT}; counted by torchvision"),
        macs=millions("714.83", _PYTORCHCV),
        top1=percent("56.60", _VALIDATION),
        note=_BN_ALEXNET,
    ),
    _own(
        name="bn_nin",
        title="BN-NIN",
        family="NIN",
        paper="Lin et al., arXiv 1312.4400",
        maker=bn_nin,
        top1=percent("62.6", "Zagoruyko, imagenet-multiGPU.torch, model ninbn"),
        note=_BN_NIN,
    ),
    _own(
        name="enet",
        title="ENet",
        family="ENet",
        paper="Paszke et al., arXiv 1606.02147",
        maker=enet,
        top1=percent("68", "Canziani et al., figure 1, read off the drawing"),
        note=_ENET,
    ),
    _own(
        name="googlenet",
        title="GoogLeNet",
        family="Inception",
        paper=_SZEGEDY,
        maker=googlenet,
        params=Figure("6998552", 1.0, "netscope, bvlc_googlenet"),
        macs=billions("1.5", f"{_SZEGEDY}, section 1"),
        top1=percent("68.7", "BVLC Caffe, bvlc_googlenet, central crop"),
        note=_GOOGLENET,
    ),
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
