"""docs/agent.md says what the code does."""

from __future__ import annotations

import re

from tests.documents import DOCS, rows, section
from wattnas.agent.facts import INSTALL
from wattnas.device.link import Patience, Target
from wattnas.device.link.open import SSH_CONFIG
from wattnas.device.link.target import FORM

PAGE = "docs/agent.md"


def test_the_form_of_a_device() -> None:
    table = {row[0]: row[1] for row in rows(section(PAGE, "How a device is named"))}
    assert f"`{FORM}`" in DOCS[PAGE] and SSH_CONFIG in DOCS[PAGE]
    assert (table["python"], table["dir"]) == (Target.python, Target.folder)
    assert list(table) == [*re.findall(r"user|host|port", FORM), *re.findall(r"python|dir", FORM)]


def test_the_commands_that_install() -> None:
    (commands,) = re.findall(r"python3 -m venv[^;]*", INSTALL)
    assert commands in DOCS[PAGE] and re.findall(r"\?python=\S+(?= )", INSTALL)[0] in DOCS[PAGE]


def test_numbers_in_sentences() -> None:
    assert Patience().tries == 10 and "ten times in a" in DOCS[PAGE]
