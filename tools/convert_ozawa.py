"""Make the built-in profile `ozawa-2021` from the authors' public table.

python tools/convert_ozawa.py LOOKUP_TABLES.csv src/wattnas/device/builtin/ozawa-2021.json
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from wattnas.device.profile import Entry, Position, Profile
from wattnas.files import write_text
from wattnas.space import Layout, load_space
from wattnas.units import Quantity

TABLES = "public tables of Ozawa et al. and of their reference [13] (Srinivas et al., arXiv 1906.07214)"
LATENCY = f"Intel Core i7-6950X, batch 1; {TABLES}"
ENERGY = f"Raspberry Pi 3B; {TABLES}"
ZERO = "; the table states 0 J although a strided or widening 1x1 convolution runs here: not credible"
NOTES = (
    "Raw field measurements, noise included. The authors publish no spread: no entry has an interval, and "
    "n = 1 means one published figure, not one run.",
    "Runtime, threads and date of the measurements are not stated by the authors.",
    "Latency and energy come from two different machines: an i7-6950X and a Raspberry Pi 3B.",
    "The i7 latency of layer 0 `k3_e1` (1732 us) was taken before warm-up.",
    "Several Pi energies are not monotonic in the amount of work; grouped blocks read 10 to 30 times cheaper "
    "than ungrouped ones in the early layers.",
    "`skip` reads 0 J at every layer where it is a 1x1 convolution (1, 5, 9, 13, 17, 21), and at layer 0; "
    "the i7 times these convolutions at 206 to 594 us. The zeros are kept: the published sums rest on them.",
    "How many images one energy figure stands for is not stated; joules are per published run.",
    "Energies of a network are the sum over its 22 searchable layers; stem and head are not in the table.",
    "Layers with identical shapes were measured separately and differ by several times. In space `cifar` "
    "each layer takes its own measurement, any other space takes the median of those with its shapes.",
)


def convert(table: Path) -> Profile:
    """The profile in the CSV file `table`; ValueError where its shapes are not those of space `cifar`."""
    layout = Layout.resolve(load_space("cifar"), classes=10)
    with table.open(encoding="utf-8", newline="") as file:
        entries = tuple(_entry(row, layout) for row in csv.DictReader(file))
    return Profile(
        name="ozawa-2021",
        description="Published tables of Ozawa et al.: latency on an i7-6950X, energy on a Raspberry Pi 3B",
        notes=NOTES,
        hardware="Intel Core i7-6950X (latency), Raspberry Pi 3B (energy)",
        scope="layers",
        entries=entries,
    )


def _entry(row: dict[str, str], layout: Layout) -> Entry:
    layer, operation = layout.layers[int(row["layer"])], row["op"]
    shapes = tuple(int(row[name]) for name in ("in_channels", "out_channels", "stride", "input_size"))
    if shapes != (layer.in_channels, layer.out_channels, layer.stride, layer.in_size):
        raise ValueError(f"layer {layer.index}: the table has {shapes}, space cifar has {layer}")
    seconds, joules = float(row["i7_6950x_latency_us"]) / 1e6, float(row["rpi3b_energy_j"])
    doubt = ZERO if joules == 0 and not layer.is_residual else ""
    return Entry(
        key=layer.key(operation),
        position=Position(space="cifar", space_hash=layout.space.hash, layer=layer.index),
        latency=Quantity(value=seconds, unit="s", origin="measured", n=1, source=LATENCY),
        energy=Quantity(value=joules, unit="J", origin="measured", n=1, source=ENERGY + doubt),
    )


if __name__ == "__main__":
    write_text(Path(sys.argv[2]), convert(Path(sys.argv[1])).to_json())
