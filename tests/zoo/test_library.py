"""Networks of libraries that may not be there."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest
from torch import nn

from wattnas.errors import ConfigError, MissingExtraError
from wattnas.zoo import get
from wattnas.zoo.library import external


def test_without_pytorchcv_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytorchcv.models.resnet", None)
    with pytest.raises(MissingExtraError, match=r"wattnas\[zoo\]"):
        get("resnet18").make()


def test_a_library_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattnas.zoo.library.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="needs the package `timm`"):
        external("timm:resnet18")


def test_an_unknown_library() -> None:
    with pytest.raises(ConfigError, match="'keras' is no library"):
        external("keras:resnet18")


def test_a_network_of_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def create_model(name: str, pretrained: bool) -> nn.Module:
        if name != "known":
            raise RuntimeError(f"Unknown model ({name})")
        assert not pretrained
        return nn.Identity()

    timm = ModuleType("timm")
    timm.__dict__["create_model"] = create_model
    timm.__spec__ = SimpleNamespace()  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "timm", timm)
    assert isinstance(external("timm:known"), nn.Identity)
    with pytest.raises(ConfigError, match="timm cannot make 'other': Unknown model"):
        external("timm:other")
