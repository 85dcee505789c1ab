"""ENet as a classifier: the encoder of Paszke et al., global average pooling, a linear layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_EPS = 1e-3
_SCALE = 4
_STAGE = ("plain", "dilated 2", "asymmetric", "dilated 4", "plain", "dilated 8", "asymmetric", "dilated 16")
"""The blocks of stages 2 and 3 after the first (Paszke et al., table 1)."""


class Bottleneck(nn.Module):
    """Two ways that are added: reduce, convolve, expand; and the input, pooled and padded where needed.

    Paszke et al. (arXiv 1606.02147), figure 2b. `kind` is "plain", "asymmetric" or "dilated N".
    """

    def __init__(self, in_channels: int, out_channels: int, kind: str = "plain", down: bool = False) -> None:
        super().__init__()
        inner, stride = out_channels // _SCALE, 2 if down else 1
        self.extra = out_channels - in_channels
        self.main = nn.Sequential(
            nn.Conv2d(in_channels, inner, stride, stride, bias=False),
            nn.BatchNorm2d(inner, eps=_EPS),
            nn.PReLU(inner),
            *_middle(inner, kind),
            nn.BatchNorm2d(inner, eps=_EPS),
            nn.PReLU(inner),
            nn.Conv2d(inner, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels, eps=_EPS),
            nn.Dropout2d(0.1),
        )
        self.pool: nn.Module = nn.MaxPool2d(2, 2) if down else nn.Identity()
        self.activation = nn.PReLU(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) to (N, out, H', W'), halved where it pools."""
        other = self.pool(x)
        if self.extra:
            other = nn.functional.pad(other, (0, 0, 0, 0, 0, self.extra))
        out: Tensor = self.activation(self.main(x) + other)
        return out


def _middle(width: int, kind: str) -> list[nn.Module]:
    if kind == "asymmetric":
        return [
            nn.Conv2d(width, width, (1, 5), padding=(0, 2), bias=False),
            nn.Conv2d(width, width, (5, 1), padding=(2, 0)),
        ]
    dilation = int(kind.removeprefix("dilated ")) if kind != "plain" else 1
    return [nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)]


class Initial(nn.Module):
    """Convolution and pooling side by side (figure 2a), then BatchNorm and PReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.pool = nn.Conv2d(3, 13, 3, 2, 1), nn.MaxPool2d(2, 2)
        self.norm, self.activation = nn.BatchNorm2d(16, eps=_EPS), nn.PReLU(16)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, 16, H/2, W/2)."""
        out: Tensor = self.activation(self.norm(torch.cat((self.conv(x), self.pool(x)), dim=1)))
        return out


def enet() -> nn.Sequential:
    """(N, 3, 224, 224) to (N, 1000)."""
    return nn.Sequential(
        Initial(),
        Bottleneck(16, 64, down=True),
        *(Bottleneck(64, 64) for _ in range(4)),
        Bottleneck(64, 128, down=True),
        *(Bottleneck(128, 128, kind) for kind in (*_STAGE, *_STAGE)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(128, 1000),
    )
