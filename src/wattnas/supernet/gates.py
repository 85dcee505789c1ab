"""Gates: how theta decides which candidates a step runs, and how the step's loss reaches theta.

All tensors are (layers, candidates) unless said otherwise; theta is in nats, unbounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor


def gumbel_noise(like: Tensor) -> Tensor:
    """Standard Gumbel noise of `like`'s shape and dtype, from torch's global generator."""
    return -torch.empty_like(like).exponential_().log()


def mixture_gates(theta: Tensor, temperature: float, noise: Tensor) -> Tensor:
    """Gumbel-softmax gates, rows summing to 1 (Jang et al.; FBNet, equation 8)."""
    return ((theta + noise) / temperature).softmax(dim=-1)


def sample_path(theta: Tensor, noise: Tensor) -> Tensor:
    """One candidate per layer, (layers,) int64, drawn with probabilities softmax(theta) (the Gumbel-max
    trick).

    The temperature does not enter: it changes how soft gates are, not which one is largest.
    """
    return (theta.detach() + noise).argmax(dim=-1)


def straight_through(
    theta: Tensor, path: Tensor, noise: Tensor, temperature: float, estimator: Literal["score", "gdas"]
) -> Tensor:
    """Gates of the sampled candidates, (layers,): exactly 1 in value, with a gradient that reaches theta.

    The gradient is a first-order effect at the full branch. Weights that have settled sit where scaling a
    branch up or down changes nothing, so that effect goes to 0 however much the branch is worth, and the cost
    term wins: on the digits (method s1, 80 steps of theta) it left `skip` everywhere where `contrast`, which
    compares whole paths, kept three blocks of six.

    With s = dL/dgate, the first-order effect of the sampled candidate's branch on the loss L:

    "score": dL/dtheta_j = s (delta_ij - p_j), p = softmax(theta), from the gate 1 + log p_i - stop(log p_i).
        Candidate i is drawn with probability p_i, so the expectation is sum_i p_i s_i (delta_ij - p_j): the
        gradient that ProxylessNAS (Cai et al., equation 4) gets from running all candidates, here from one.
        It does not depend on the temperature. Its bias is that of s alone (see above).
    "gdas": the hard gate of GDAS (Dong and Yang, equation 7), h + soft - stop(soft), soft = mixture gates:
        dL/dtheta_j = s soft_i (delta_ij - soft_j) / temperature. Being drawn *and* weighted by its own
        probability, a frequent candidate learns faster (bias towards it), and at high temperature the cost
        term, which does not shrink with it, outweighs accuracy.
    """
    rows = torch.arange(len(path))
    if estimator == "score":
        chosen = theta.log_softmax(dim=-1)[rows, path]
    else:
        chosen = mixture_gates(theta, temperature, noise)[rows, path]
    # The difference first: (1 + x) - x is not 1 in floats.
    return 1.0 + (chosen - chosen.detach())


def sample_two(theta: Tensor, noise: Tensor) -> Tensor:
    """Two different candidates per layer, (layers, 2) int64, drawn one after the other by softmax(theta)
    without putting back (the Gumbel-top-2 trick; Kool et al., "Stochastic beams and where to find them")."""
    return (theta.detach() + noise).topk(2, dim=-1).indices


def two_path_gates(theta: Tensor, pair: Tensor, noise: Tensor) -> Tensor:
    """Binary gates of two candidates per layer, (layers, 2): one is 1, the other 0, with a gradient for both.

    ProxylessNAS (Cai et al., section 3.2.2 and equation 4): of the pair, one is active with probability
    q = softmax(theta of the pair); both run, so that with s_j = dL/dgate_j

        dL/dtheta_i = sum over j of the pair s_j q_j (delta_ij - q_i),

    here from the gate hard_j + q_j - stop(q_j). Theta of candidates outside the pair gets no gradient (there,
    the pair's are rescaled so that the others keep their probabilities; here their sum keeps its value, as
    the gradients of a pair add up to 0).

    Its bias: s_j is a first-order effect, as in `straight_through`, and the effect of the inactive branch is
    that of adding it to the active one, not of standing in for it. Its variance is lower than one path's,
    as two candidates are compared on the same images in the same place; it costs about two paths.

    Args:
        pair: (layers, 2), from `sample_two`.
        noise: Gumbel noise (layers, 2); decides which one is active.
    """
    chosen = theta.gather(1, pair)
    q = chosen.softmax(dim=-1)
    hard = torch.nn.functional.one_hot((chosen.detach() + noise).argmax(dim=-1), 2).to(theta.dtype)
    return hard + (q - q.detach())


def log_probability(theta: Tensor, path: Tensor) -> Tensor:
    """Log-probability of drawing `path` (layers,), (), in nats; differentiable in theta."""
    return theta.log_softmax(dim=-1).gather(1, path.unsqueeze(1)).sum()


def contrast(theta: Tensor, paths: Sequence[Tensor], losses: Tensor) -> Tensor:
    """Mean loss of sampled paths, (), whose gradient in theta is that of the expected loss, without bias.

    REINFORCE with a leave-one-out baseline (Williams; Kool et al., "Buy 4 REINFORCE samples, get a baseline
    for free"; ProxylessNAS offers the plain form, section 3.3.2): for K paths on the same images,

        dL/dtheta = 1/K sum_k (L_k - mean of the other L) d log p(path_k) / dtheta.

    What the paths share, above all how hard the images are, cancels. No backward pass through the network is
    needed, so two paths cost less than one straight-through step.

    Args:
        paths: K >= 2 paths, (layers,) each, drawn from softmax(theta).
        losses: (K,), in nats; used as constants.
    """
    count = len(paths)
    values = losses.detach()
    others = (values.sum() - values) / (count - 1)
    log_p = torch.stack([log_probability(theta, path) for path in paths])
    carrier = ((values - others) * log_p).mean()
    return values.mean() + (carrier - carrier.detach())


def expected_cost(gates: Tensor, cost: Tensor) -> Tensor:
    """Sum over layers of gate times cost, (), in the unit of `cost` (FBNet, equation 9)."""
    return (gates * cost).sum()


def entropy(theta: Tensor) -> Tensor:
    """Mean entropy of softmax(theta) over layers, (), in nats: 0 when decided."""
    log_p = theta.log_softmax(dim=-1)
    return -(log_p.exp() * log_p).sum(dim=-1).mean()
