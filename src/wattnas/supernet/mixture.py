"""The exact mixture (FBNet, equation 6): the candidates of a layer, weighted by their gates, all at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import reduce
from itertools import groupby
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from wattnas.blocks import Block, batch_norm, depthwise_conv, make_candidate
from wattnas.space import Candidate, Layer


class _Norm(Protocol):
    """A BatchNorm with scale, shift and running statistics, as every candidate has."""

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float | None
    eps: float


class MixtureLayer(nn.Module):
    """All candidates of one layer, each a module of its own; the sum is computed for all blocks together.

    The candidates share their input. So per kernel size there is one pointwise convolution for all of them
    (grouped ones enter as a matrix with zeros, their channel shuffle as an order of its rows), one BatchNorm,
    one depthwise convolution; the projections write side by side into one tensor, whose BatchNorm takes
    gate * scale and gate * shift as its own, so that gating costs nothing. Values, gradients and running
    statistics are those of the plain sum, but for rounding.

    Args:
        checkpointed: keep the blocks' input alone for the backward pass, and compute them again there.
    """

    def __init__(self, layer: Layer, candidates: tuple[Candidate, ...], checkpointed: bool = False) -> None:
        super().__init__()
        self.candidates = nn.ModuleList(make_candidate(layer, candidate) for candidate in candidates)
        self.checkpointed, self.stride, self.is_residual = checkpointed, layer.stride, layer.is_residual
        blocks = [index for index, candidate in enumerate(candidates) if not candidate.is_skip]
        by_kernel = sorted(blocks, key=lambda index: candidates[index].kernel)
        self._kernels = [
            list(group) for _, group in groupby(by_kernel, lambda index: candidates[index].kernel)
        ]
        self._skips = [index for index, candidate in enumerate(candidates) if candidate.is_skip]
        self._tracks = True

    def forward(self, x: Tensor, gates: Tensor) -> Tensor:
        """Sum over candidates of gate times output, (N, out, H/stride, W/stride); gates (candidates,)."""
        outputs: list[Tensor] = []
        if self._kernels and self.checkpointed and torch.is_grad_enabled():
            outputs += [checkpoint(self._blocks, x, gates, use_reentrant=False, context_fn=self._contexts)]
        elif self._kernels:
            outputs += [self._blocks(x, gates)]
        if self.is_residual:  # identity skips, and what blocks add to: all the same x
            outputs.append(gates.sum() * x)
        else:
            outputs += [gates[index] * self.candidates[index](x) for index in self._skips]
        return reduce(torch.add, outputs)

    def _blocks(self, x: Tensor, gates: Tensor) -> Tensor:
        """Sum over blocks of gate times what the block computes, its input not added."""
        hidden = [self._hidden(x, [self._block(index) for index in indices]) for indices in self._kernels]
        order = [index for indices in self._kernels for index in indices]
        blocks = [self._block(index) for index in order]
        weights = [_dense(block.project[0]) for block in blocks]
        projected = _Projections.apply(len(hidden), *hidden, *weights)  # type: ignore[no-untyped-call]
        scaled = self._norm(projected, [_bn(block.last_norm) for block in blocks], gates=gates[order])
        # Summed as rows: the gradient of a sum over channels would come back channels first.
        rows = _rows(scaled)
        return _maps(rows.view(len(rows), len(blocks), -1).sum(1), scaled.shape)

    def _hidden(self, x: Tensor, blocks: Sequence[Block]) -> Tensor:
        """Pointwise and depthwise part of blocks of one kernel size, side by side."""
        orders = [_shuffled(block) for block in blocks]
        rows = [_ordered(_dense(block.expand[0]), order) for block, order in zip(blocks, orders, strict=True)]
        filters = torch.cat([_conv(block.depthwise[0]).weight for block in blocks])
        wide = F.conv2d(x, torch.cat(rows)[:, :, None, None])
        wide = F.relu_(self._norm(wide, [_bn(block.expand[1]) for block in blocks], orders))
        deep = depthwise_conv(wide, filters, self.stride)
        return F.relu_(self._norm(deep, [_bn(block.depthwise[1]) for block in blocks]))

    def _norm(
        self,
        x: Tensor,
        norms: Sequence[_Norm],
        orders: Sequence[Tensor | None] | None = None,
        gates: Tensor | None = None,
    ) -> Tensor:
        """BatchNorm of candidates side by side.

        Args:
            orders: where a candidate's channels stand in another order than in its own BatchNorm.
            gates: (norms,), each candidate's output times its gate.
        """
        places = list(zip(norms, orders or [None] * len(norms), strict=True))
        weight = torch.cat([_ordered(norm.weight, order) for norm, order in places])
        bias = torch.cat([_ordered(norm.bias, order) for norm, order in places])
        mean = torch.cat([_ordered(norm.running_mean, order) for norm, order in places])
        var = torch.cat([_ordered(norm.running_var, order) for norm, order in places])
        if gates is not None:
            every = gates.repeat_interleave(len(weight) // len(norms))
            weight, bias = weight * every, bias * every
        if not self.training:
            return F.batch_norm(x, mean, var, weight, bias, False, 0.0, norms[0].eps)
        momentum = norms[0].momentum
        assert momentum is not None  # a plain mean over all batches is not among torch's defaults
        out = batch_norm(x, mean, var, weight, bias, momentum, norms[0].eps)
        if self._tracks:
            _write_back(places, mean, var)
        return out

    def _block(self, index: int) -> Block:
        block = self.candidates[index]
        assert isinstance(block, Block)
        return block

    def _contexts(self) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), self._again()

    @contextmanager
    def _again(self) -> Iterator[None]:
        """While a checkpoint computes the layer anew: statistics were taken the first time."""
        self._tracks = False
        try:
            yield
        finally:
            self._tracks = True


class _Projections(torch.autograd.Function):
    """Pointwise convolutions of channel ranges, written side by side, without a copy of any range.

    Takes the number of tensors, the tensors (N, C_t, H, W), and one weight (out, C_b) per block; the blocks'
    ranges follow each other through the tensors. Returns (N, blocks * out, H, W), channels last.
    """

    @staticmethod
    def forward(ctx: Any, tensors: int, *arguments: Tensor) -> Tensor:
        hidden, weights = arguments[:tensors], arguments[tensors:]
        rows = [_rows(x) for x in hidden]
        ctx.save_for_backward(*rows, *weights)
        ctx.tensors, ctx.shape = tensors, hidden[0].shape
        out = weights[0].shape[0]
        projected = rows[0].new_empty(len(rows[0]), out * len(weights))
        for column, (part, weight) in enumerate(zip(_ranges(rows, weights), weights, strict=True)):
            torch.mm(part, weight.to(part.dtype).t(), out=projected[:, column * out : (column + 1) * out])
        return _maps(projected, ctx.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        saved = ctx.saved_tensors  # once: a checkpoint gives them out a single time
        rows, weights = saved[: ctx.tensors], saved[ctx.tensors :]
        slopes = _rows(grad).chunk(len(weights), dim=1)
        of_rows = [torch.empty_like(part) for part in rows]
        for slope, weight, target in zip(slopes, weights, _ranges(of_rows, weights), strict=True):
            torch.mm(slope, weight.to(slope.dtype), out=target)
        of_weights: list[Tensor | None] = [None] * len(weights)
        for index, (part, weight) in enumerate(zip(_ranges(rows, weights), weights, strict=True)):
            if ctx.needs_input_grad[1 + ctx.tensors + index]:
                of_weights[index] = (slopes[index].t() @ part).to(weight.dtype)
        return None, *(_maps(part, ctx.shape) for part in of_rows), *of_weights


def _rows(x: Tensor) -> Tensor:
    """(N, C, H, W) as (N * H * W, C); a view where channels come last."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def _maps(rows: Tensor, like: torch.Size) -> Tensor:
    """(N * H * W, C) as (N, C, H, W) with N, H, W of `like`; a view."""
    return rows.view(like[0], like[2], like[3], -1).permute(0, 3, 1, 2)


def _ranges(rows: Sequence[Tensor], weights: Sequence[Tensor]) -> Iterator[Tensor]:
    """For each weight (out, C_b) the next C_b columns."""
    tensors = iter(rows)
    current, start = next(tensors), 0
    for weight in weights:
        if start == current.shape[1]:
            current, start = next(tensors), 0
        yield current[:, start : start + weight.shape[1]]
        start += weight.shape[1]


def _conv(module: nn.Module) -> nn.Conv2d:
    assert isinstance(module, nn.Conv2d)
    return module


def _bn(module: nn.Module) -> _Norm:
    assert isinstance(module, nn.BatchNorm2d)
    return cast(_Norm, module)


def _dense(module: nn.Module) -> Tensor:
    """The matrix (out, in) of a pointwise convolution; zeros between its groups."""
    conv = _conv(module)
    weight = conv.weight.flatten(1)
    return weight if conv.groups == 1 else torch.block_diag(*weight.chunk(conv.groups))  # type: ignore[no-untyped-call]


def _shuffled(block: Block) -> Tensor | None:
    """The order in which the channel shuffle lays the expanded channels; None where there is none."""
    conv = _conv(block.expand[0])
    if conv.groups == 1:
        return None
    return torch.arange(conv.out_channels, device=conv.weight.device).view(conv.groups, -1).t().flatten()


def _ordered(rows: Tensor, order: Tensor | None) -> Tensor:
    return rows if order is None else rows.index_select(0, order)


@torch.no_grad()
def _write_back(places: Sequence[tuple[_Norm, Tensor | None]], mean: Tensor, var: Tensor) -> None:
    """Give each BatchNorm its part of the new running statistics."""
    sizes = [len(norm.running_mean) for norm, _ in places]
    for (norm, order), own_mean, own_var in zip(
        places, torch.split(mean, sizes), torch.split(var, sizes), strict=True
    ):
        everything = slice(None) if order is None else order
        norm.running_mean[everything] = own_mean
        norm.running_var[everything] = own_var
        norm.num_batches_tracked += 1
