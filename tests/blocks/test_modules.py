from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tests.blocks.counting import count_params, run_counting_macs
from tests.space.strategies import candidates
from wattnas.blocks import Block, ConvNorm, make_candidate, make_head, make_stem
from wattnas.blocks.modules import Shuffle
from wattnas.space import Candidate, Layer, Layout, load_space
from wattnas.space.count import count_candidate, count_head, count_stem
from wattnas.space.layout import strided

LAYOUT = Layout.resolve(load_space("cifar"), classes=10)


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    size, stride = draw(st.integers(1, 9)), draw(st.integers(1, 3))
    widths = st.sampled_from([4, 8])
    return Layer(0, 0, draw(widths), draw(widths), stride, size, strided(size, stride))


@pytest.mark.parametrize(("channels", "groups"), [(4, 2), (12, 3), (12, 4), (6, 6), (6, 1)])
def test_shuffle_is_torchs(channels: int, groups: int) -> None:
    x = torch.arange(2 * channels * 6.0).view(2, channels, 2, 3)
    assert torch.equal(Shuffle(groups)(x), nn.ChannelShuffle(groups)(x))


def test_shuffle_by_hand() -> None:
    """Two groups of three, dealt in turn: 0 1 2 | 3 4 5 becomes 0 3 1 4 2 5."""
    x = torch.arange(6.0).view(1, 6, 1, 1)
    assert Shuffle(2)(x).flatten().tolist() == [0, 3, 1, 4, 2, 5]


@given(layers(), candidates)
@settings(deadline=None, max_examples=60)
def test_shape_params_and_macs_of_any_candidate(layer: Layer, candidate: Candidate) -> None:
    module = make_candidate(layer, candidate)
    out, macs = run_counting_macs(module, torch.randn(2, layer.in_channels, layer.in_size, layer.in_size))
    assert out.shape == (2, layer.out_channels, layer.out_size, layer.out_size)
    assert count_candidate(layer, candidate) == (count_params(module), macs)


def test_block_is_pointwise_shuffle_depthwise_pointwise() -> None:
    """Kernels, groups, strides and where ReLU and shuffle stand, read off the modules in order."""
    block = make_candidate(LAYOUT.layers[1], Candidate.parse("k5_e1_g2"))
    assert isinstance(block, Block)
    found = [module for module in block.modules() if not list(module.children())]
    names = " ".join(type(module).__name__ for module in found)
    assert names == "Conv2d BatchNorm2d ReLU Shuffle DepthwiseConv2d BatchNorm2d ReLU Conv2d BatchNorm2d"
    convolutions = [module for module in found if isinstance(module, nn.Conv2d)]
    shapes = [(c.in_channels, c.out_channels, c.kernel_size[0], c.stride[0], c.groups) for c in convolutions]
    assert shapes == [(16, 16, 1, 1, 2), (16, 16, 5, 2, 16), (16, 24, 1, 1, 2)]
    assert all(convolution.bias is None for convolution in convolutions)


def test_without_groups_there_is_no_shuffle() -> None:
    block = make_candidate(LAYOUT.layers[0], Candidate.parse("k3_e3"))
    assert not any(isinstance(module, Shuffle) for module in block.modules())


@pytest.mark.parametrize("layer", LAYOUT.layers, ids=lambda layer: str(layer.index))
def test_input_is_added_where_shapes_match_and_nowhere_else(layer: Layer) -> None:
    """With its last norm silenced, a block gives its input where it adds it, and zeros elsewhere."""
    block = make_candidate(layer, Candidate.parse("k3_e1"))
    assert isinstance(block, Block)
    nn.init.zeros_(block.last_norm.weight)
    x = torch.randn(2, layer.in_channels, layer.in_size, layer.in_size)
    out = block(x)
    if layer.stride == 1 and layer.in_channels == layer.out_channels:
        assert torch.equal(out, x)
    else:
        assert not out.any()


def test_training_leaves_the_input_as_it_was() -> None:
    """ReLUs work in place, on a block's own tensors alone."""
    block = make_candidate(LAYOUT.layers[0], Candidate.parse("k3_e1"))
    x = torch.randn(2, 16, 8, 8, requires_grad=True)
    before = x.detach().clone()
    block(x).sum().backward()
    assert torch.equal(x.detach(), before)
    assert x.grad is not None


def test_skip_is_the_identity_where_shapes_match() -> None:
    module = make_candidate(LAYOUT.layers[2], Candidate.parse("skip"))
    x = torch.randn(2, 24, 16, 16)
    assert module(x) is x


def test_skip_is_a_strided_pointwise_convolution_elsewhere() -> None:
    module = make_candidate(LAYOUT.layers[1], Candidate.parse("skip"))
    assert isinstance(module, ConvNorm)
    assert [type(part).__name__ for part in module] == ["StridedPointwise", "BatchNorm2d", "ReLU"]
    convolution = module[0]
    assert isinstance(convolution, nn.Conv2d)
    assert (convolution.kernel_size, convolution.stride) == ((1, 1), (2, 2))


@pytest.mark.parametrize("name", ["cifar", "imagenet", "tiny"])
def test_stem_and_head_params(name: str) -> None:
    layout = Layout.resolve(load_space(name), classes=7)
    assert count_params(make_stem(layout)) == count_stem(layout).params
    assert count_params(make_head(layout)) == count_head(layout).params


def test_head_of_the_paper() -> None:
    """1x1 convolution with bias and no norm, dropout 0.2, flatten (1280), linear."""
    head = make_head(LAYOUT)
    assert isinstance(head, nn.Sequential)
    assert [type(part).__name__ for part in head] == ["Conv2d", "Dropout", "Flatten", "Linear"]
    dropout, linear = head[1], head[3]
    assert isinstance(dropout, nn.Dropout)
    assert isinstance(linear, nn.Linear)
    assert (dropout.p, linear.in_features, linear.out_features) == (0.2, 1280, 10)


def test_head_of_fbnet() -> None:
    head = make_head(Layout.resolve(load_space("imagenet"), classes=1000))
    names = " ".join(type(part).__name__ for part in head.children())
    assert names == "Conv2d BatchNorm2d ReLU AdaptiveAvgPool2d Dropout Flatten Linear"


def test_a_shuffle_trains_as_it_predicts_and_keeps_channels_last() -> None:
    x = torch.randn(2, 6, 4, 4).to(memory_format=torch.channels_last).requires_grad_()
    shuffle = Shuffle(2)
    training, predicting = shuffle.train()(x), shuffle.eval()(x)
    assert torch.equal(training, predicting)
    grad = torch.randn(2, 6, 4, 4).to(memory_format=torch.channels_last)
    of_training, of_predicting = (torch.autograd.grad(out, [x], grad)[0] for out in (training, predicting))
    assert torch.equal(of_training, of_predicting)
    for tensor in (training, of_training):
        assert tensor.is_contiguous(memory_format=torch.channels_last) and not tensor.is_contiguous()
