"""docs/meters.md says what the meters do: names, options, defaults, messages."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from tests.documents import DOCS, blocks, rows, section, shown
from wattnas.agent.energy import Protocol
from wattnas.agent.meters import AUTO, parse_log
from wattnas.agent.meters.ina219 import Wiring
from wattnas.agent.meters.open import OPTIONS
from wattnas.agent.meters.pmic import Line

NAME = "docs/meters.md"
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parents[1] / "src/wattnas/agent").rglob("*.py"))
)


def test_every_meter_is_in_the_table_and_has_a_section() -> None:
    table = [row[0] for row in rows(section(NAME, "Energy meters"))]
    assert sorted(table) == sorted([*(set(OPTIONS) - {"auto"}), "log", "replay"])
    assert all(f"\n## `{name}`\n" in DOCS[NAME] for name in table)


def test_the_order_of_auto() -> None:
    stated = ", ".join(f"`{name}`" for name in AUTO)
    assert f"`auto` takes the first that can be read of {stated}." in " ".join(DOCS[NAME].split())


def test_options_and_their_defaults() -> None:
    plain, line = Wiring(), Line()
    wired = {"bus": shown(plain.bus), "address": f"0x{plain.address:02x}", "shunt": shown(plain.shunt)}
    options = {row[0]: row[1] for row in rows(section(NAME, "`ina219`")) if len(row) == 3}
    assert options == wired and tuple(options) == OPTIONS["ina219"]
    corrected = {row[0]: row[1] for row in rows(section(NAME, "`pmic`"))}
    assert corrected == {"scale": shown(line.scale), "offset": shown(line.offset)}
    assert tuple(corrected) == OPTIONS["pmic"]


def test_the_protocol() -> None:
    table = {row[0]: row[1] for row in rows(section(NAME, "How an energy is measured"))}
    assert table == {field.name: shown(field.default) for field in fields(Protocol)}


def test_the_log_is_one() -> None:
    (text,) = [block for block in blocks(NAME, "") if block.startswith("time_s")]
    assert len(parse_log(text).samples) == 2


@pytest.mark.parametrize("row", rows(section(NAME, "When it does not work")), ids=lambda row: row[0])
def test_messages_are_those_of_the_program(row: list[str]) -> None:
    for message in row[0].split(" or "):
        for part in re.split(r" ?\.\.\. ?| at energy_uj|marker in 2| VDD_CORE", message):
            assert part.strip() in SOURCES, part
