"""docs/zoo.md says what the catalogue says."""

from __future__ import annotations

from tests.documents import DOCS, rows, section
from wattnas.units import format_count
from wattnas.zoo import ENTRIES, counts

SCALES = {1e9: " G", 1e6: " M", 1.0: ""}


def test_the_table_of_networks() -> None:
    table = {row[0]: row[1:] for row in rows(section("docs/zoo.md", "All of them"))}
    assert list(table) == [entry.name for entry in ENTRIES]
    for entry in ENTRIES:
        counted = counts().get(entry.name)
        shown = [format_count(number) for number in counted] if counted else ["-", "-"]
        published = [f.text + SCALES[f.scale] if f else "-" for f in (entry.params, entry.macs)]
        assert table[entry.name] == [
            entry.title,
            entry.group,
            "x".join(map(str, entry.input)),
            shown[0],
            published[0],
            shown[1],
            published[1],
            f"{entry.top1.value:.1%}" if entry.top1 else "-",
            entry.built_by if entry.is_published else "-",
        ]


def test_every_note_is_there() -> None:
    text = " ".join(DOCS["docs/zoo.md"].split())
    for entry in ENTRIES:
        assert not entry.note or f"- `{entry.name}`: {entry.note}" in text
