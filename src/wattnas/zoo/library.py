"""Networks that libraries have: pytorchcv (the extra `zoo`), torchvision and timm where the user has them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from torch import nn

from wattnas.errors import ConfigError, MissingExtraError

EXTERNAL = ("torchvision", "timm")


def from_pytorchcv(module: str, function: str, **options: Any) -> Callable[[], nn.Module]:
    """A maker of a network that pytorchcv has; the library is imported when the maker is called.

    Its modules of models need torch alone, while its `model_provider` imports torchvision.
    """
    return partial(_pytorchcv, module, function, options)


def _pytorchcv(module: str, function: str, options: dict[str, Any]) -> nn.Module:
    network: nn.Module = getattr(pytorchcv_module(module), function)(**options)
    return network


def pytorchcv_module(name: str) -> Any:
    """One module of models of pytorchcv; MissingExtraError where the package is not installed."""
    try:
        return import_module(f"pytorchcv.models.{name}")
    except ImportError as error:
        raise MissingExtraError(
            f"The package `pytorchcv`, which builds this network, cannot be used: {error}.",
            "Install wattnas[zoo], or without the torchvision it asks for: pip install --no-deps pytorchcv.",
        ) from error


def external(name: str) -> nn.Module:
    """The network "torchvision:NAME" or "timm:NAME", without trained weights.

    Raises:
        ConfigError: the library has none of that name, or cannot make it.
        MissingExtraError: the library is not installed.
    """
    library, _, model = name.partition(":")
    if library not in EXTERNAL:
        raise ConfigError(f"{library!r} is no library of networks.", f"Known are {', '.join(EXTERNAL)}.")
    if find_spec(library) is None:
        raise MissingExtraError(f"{name} needs the package `{library}`.", f"pip install {library}.")
    try:
        maker = import_module("torchvision.models").get_model if library == "torchvision" else None
        maker = maker or partial(import_module("timm").create_model, pretrained=False)
        network: nn.Module = maker(model)
    except Exception as error:  # these libraries raise what they like for unknown names
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(f"{library} cannot make {model!r}: {reason}.", "Check the name there.") from error
    return network
