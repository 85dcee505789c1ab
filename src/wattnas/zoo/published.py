"""Tables 2 and 3 of Ozawa et al., and the architectures of figures 6 and 7."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from wattnas.errors import ConfigError
from wattnas.space import Architecture, Space, load_space

SOURCE = (
    "Ozawa et al., A Method for Automatic Construction of Neural Networks by Controlling Accuracy, "
    "Inference Speed and Power Consumption, tables 2 and 3"
)
IMAGES = 10_000
"""How many images the published times are for: the test images of CIFAR-10."""

TABLES = ("table2", "table3")
_REFERENCES = ("MobileNetV2", "ResNet18", "vgg11_bn", "densenet121", "DARTS", "FBNet1", "FBNet2", "FBNet3")


@dataclass(frozen=True)
class PublishedRow:
    """One network of the tables; None where the paper prints nothing.

    Attributes:
        accuracy_pct: percent of the CIFAR-10 test images, as printed.
        seconds: to classify 10,000 images on an Intel i7-6950X.
        energy_j: on a Raspberry Pi 3B; the paper does not say for how many images.
        params_m: millions of parameters, as printed.
    """

    name: str
    accuracy_pct: str
    seconds: float
    energy_j: float | None
    params_m: str

    @property
    def accuracy(self) -> float:
        """Share of the test images, 0 to 1."""
        return float(self.accuracy_pct) / 100


@cache
def published_rows() -> dict[str, PublishedRow]:
    """Every network of tables 2 and 3 by name, in the paper's order."""
    return {
        line["model"]: PublishedRow(
            name=line["model"],
            accuracy_pct=line["accuracy_pct"],
            seconds=float(line["time_10000_images_s"]),
            energy_j=float(line["energy_j"]) if line["energy_j"] else None,
            params_m=line["params_m"],
        )
        for line in _lines("ozawa_results.csv")
    }


@cache
def published_operations() -> dict[str, str]:
    """Name to candidates, first layer first, of the networks whose architecture the paper draws."""
    return {line["model"]: line["operations"] for line in _lines("ozawa_architectures.csv")}


def published_architecture(name: str) -> tuple[Architecture, Space]:
    """The architecture of a published network, and the space `cifar` it belongs to."""
    if name not in published_operations():
        raise ConfigError(
            f"The architecture of {name!r} was not published.",
            f"There are {', '.join(published_operations())}.",
        )
    space = load_space("cifar")
    return Architecture.parse(published_operations()[name], space), space


def table_rows(table: str) -> tuple[str, ...]:
    """Names in `table`: table2 compares S1 and S2 with other networks, table3 their goals with each other."""
    if table == "table2":
        return (*_REFERENCES, *(name for name in published_rows() if name.startswith("S1-")), "S2-Normal")
    if table == "table3":
        return tuple(name for name in published_rows() if name.startswith(("S1-", "S2-")))
    raise ConfigError(f"There is no {table!r} to reproduce.", f"There are {', '.join(TABLES)}.")


def _lines(name: str) -> list[dict[str, str]]:
    text = (resources.files("wattnas.zoo") / "tables" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
