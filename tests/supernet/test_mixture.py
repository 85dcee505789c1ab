"""The fused mixture against the plain sum over candidates: values, gradients, running statistics, memory."""

from __future__ import annotations

import copy
from itertools import product

import pytest
import torch
from torch import Tensor, nn

from wattnas.blocks import Block
from wattnas.space import Candidate, Layer
from wattnas.supernet import MixtureLayer

SETS = {
    "the paper's": "k3_e1 k3_e1_g2 k3_e3 k3_e6 k5_e1 k5_e1_g2 k5_e3 k5_e6 skip",
    "one kernel": "k3_e1 k3_e3",
    "one block": "skip k5_e6",
    "three groups, kernels mixed": "k5_e3_g3 skip k3_e1_g3 k5_e1 k3_e6_g2",
    "skip alone": "skip",
}
LAYERS = {
    "identity": Layer(0, 0, 12, 12, 1, 6, 6),
    "wider": Layer(0, 0, 6, 12, 1, 5, 5),
    "stride": Layer(0, 0, 6, 12, 2, 7, 4),
    "stride, same width": Layer(0, 0, 12, 12, 2, 4, 2),
    "two pixels": Layer(0, 0, 12, 12, 1, 2, 2),
}
# Largest difference, relative to the largest value of the tensor compared. In float32 both sides round sums
# of some thousand terms, in another order; what is wrong, and not rounding, shows in float64.
TOLERANCE = {torch.float64: 1e-10, torch.float32: 2e-5}


def made(layer: Layer, names: str, dtype: torch.dtype, checkpointed: bool = False) -> MixtureLayer:
    """A mixture as training would leave it: scales, shifts and statistics of BatchNorm are anything."""
    torch.manual_seed(0)
    candidates = tuple(Candidate.parse(name) for name in names.split())
    mixture = MixtureLayer(layer, candidates, checkpointed).to(dtype)
    for module in mixture.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            for tensor in (module.weight, module.running_var):
                tensor.data.uniform_(0.5, 1.5)
            for tensor in (module.bias, module.running_mean):
                tensor.data.uniform_(-0.5, 0.5)
    return mixture


def naive(mixture: MixtureLayer, x: Tensor, gates: Tensor) -> Tensor:
    """The sum written out, candidate by candidate."""
    total = torch.zeros((), dtype=x.dtype)
    for gate, module in zip(gates, mixture.candidates, strict=True):
        total = total + gate * module(x.clone())
    return total


def compare(found: Tensor | None, expected: Tensor | None, name: str) -> None:
    """Both absent, or close relative to the largest value expected."""
    assert (found is None) == (expected is None), name
    if found is not None and expected is not None:
        difference = float((found - expected).detach().abs().max())
        # The floor: weights before a BatchNorm may have no gradient but rounding.
        size = max(float(expected.detach().abs().max()), 1e-2)
        assert difference <= TOLERANCE.get(expected.dtype, 0) * size, f"{name}: {difference} of {size}"


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("shape", "names"), list(product(LAYERS, SETS)))
def test_it_is_the_plain_sum(shape: str, names: str, dtype: torch.dtype, training: bool) -> None:
    layer = LAYERS[shape]
    ours = made(layer, SETS[names], dtype).train(training)
    plain = copy.deepcopy(ours)
    torch.manual_seed(1)
    x = torch.randn(7, layer.in_channels, layer.in_size, layer.in_size, dtype=dtype)
    gates = torch.rand(len(ours.candidates), dtype=dtype)
    results = []
    for mixture, run in ((ours, lambda a, b: ours(a, b)), (plain, lambda a, b: naive(plain, a, b))):
        inputs = [x.clone().requires_grad_(), gates.clone().requires_grad_()]
        out = run(*inputs)
        torch.manual_seed(2)
        out.backward(torch.randn(out.shape, dtype=dtype))  # randn_like would follow the memory format
        results.append((mixture, out, inputs))
    (_, found, found_inputs), (_, expected, expected_inputs) = results
    compare(found, expected, "output")
    compare(found_inputs[0].grad, expected_inputs[0].grad, "gradient of x")
    compare(found_inputs[1].grad, expected_inputs[1].grad, "gradient of the gates")
    for (name, a), (_, b) in zip(ours.named_parameters(), plain.named_parameters(), strict=True):
        compare(a.grad, b.grad, name)
    for (name, ours_is), (_, plain_is) in zip(ours.named_buffers(), plain.named_buffers(), strict=True):
        compare(ours_is, plain_is, name)


def test_statistics_move_in_training_alone() -> None:
    mixture = made(LAYERS["identity"], SETS["the paper's"], torch.float32)
    x, gates = torch.randn(4, 12, 6, 6), torch.rand(9)
    for training, moves in ((False, False), (True, True)):
        before = [buffer.clone() for buffer in mixture.buffers()]
        mixture.train(training)(x, gates)
        changed = [not torch.equal(a, b) for a, b in zip(mixture.buffers(), before, strict=True)]
        assert all(changed) if moves else not any(changed)


def test_a_checkpointed_layer_computes_the_same_and_counts_a_batch_once() -> None:
    layer, names = LAYERS["stride"], SETS["the paper's"]
    x, gates = torch.randn(4, 6, 7, 7, dtype=torch.float64), torch.rand(9, dtype=torch.float64)
    results = []
    for checkpointed in (False, True):
        mixture = made(layer, names, torch.float64, checkpointed).train()
        mixture(x, gates).square().sum().backward()
        results.append(mixture)
    plain, kept = results
    for (name, a), (_, b) in zip(kept.named_parameters(), plain.named_parameters(), strict=True):
        compare(a.grad, b.grad, name)
    for (name, kept_is), (_, plain_is) in zip(kept.named_buffers(), plain.named_buffers(), strict=True):
        compare(kept_is, plain_is, name)


def test_a_checkpointed_layer_keeps_less() -> None:
    kept = {}
    for checkpointed in (False, True):
        mixture = made(LAYERS["identity"], SETS["the paper's"], torch.float32, checkpointed).train()
        sizes: list[int] = []

        def pack(tensor: Tensor, sizes: list[int] = sizes) -> Tensor:
            sizes.append(tensor.numel())
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            mixture(torch.randn(16, 12, 6, 6, requires_grad=True), torch.rand(9))
        kept[checkpointed] = sum(sizes)
    assert kept[True] < kept[False] / 10


def test_candidates_keep_their_own_parameters() -> None:
    mixture = made(LAYERS["identity"], SETS["the paper's"], torch.float32)
    block = mixture.candidates[3]
    assert isinstance(block, Block)
    assert set(block.state_dict()) == {
        name.removeprefix("candidates.3.")
        for name in mixture.state_dict()
        if name.startswith("candidates.3.")
    }
    assert sum(p.numel() for p in mixture.parameters()) == sum(
        p.numel() for candidate in mixture.candidates for p in candidate.parameters()
    )


def test_it_runs_in_lower_precision() -> None:
    mixture = made(LAYERS["stride"], SETS["the paper's"], torch.float32).train()
    x, gates = torch.randn(4, 6, 7, 7), torch.rand(9)
    expected = copy.deepcopy(mixture)(x, gates).detach()
    with torch.autocast("cpu", torch.bfloat16):
        found = mixture(x, gates)
    found.float().square().sum().backward()
    assert float((found.detach().float() - expected).abs().max()) < 0.1 * float(expected.abs().max())
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in mixture.parameters())
