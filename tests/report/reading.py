"""A page read the way a browser would, by the standard library's parser."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

_VOID = {"meta", "link", "br", "img", "input", "hr"}


@dataclass(frozen=True)
class Tag:
    """An opening tag, and the id of the top-level section it stands in."""

    name: str
    attributes: dict[str, str]
    section: str


class Document(HTMLParser):
    """Tags, texts, table rows and `<data>` elements of a page.

    Attributes:
        html: the source.
        tags: all of them, in order.
        data: (section, text, value) of each `<data>`.
        rows: (section, texts of the cells) of each table row.
        unclosed: tags that were not closed in order; empty for a well-formed page.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.tags: list[Tag] = []
        self.data: list[tuple[str, str, float]] = []
        self.rows: list[tuple[str, list[str]]] = []
        self.unclosed: list[str] = []
        self._open: list[str] = []
        self._texts: list[tuple[str, tuple[str, ...], str]] = []
        self._section = ""
        self._value: float | None = None
        self.feed(html)
        self.close()
        self.unclosed += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag."""
        attributes = {name: value or "" for name, value in attrs}
        if tag == "section" and "id" in attributes:
            self._section = attributes["id"]
        if tag == "tr":
            self.rows.append((self._section, []))
        if tag in ("td", "th"):
            self.rows[-1][1].append("")
        if tag == "data":
            self._value = float(attributes["value"])
        self.tags.append(Tag(tag, attributes, self._section))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that closes itself, as in SVG."""
        self.tags.append(Tag(tag, {name: value or "" for name, value in attrs}, self._section))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost open tag, which has to be this one."""
        if not self._open or self._open[-1] != tag:
            self.unclosed.append(f"</{tag}>")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """Note a text where it stands."""
        self._texts.append((self._section, tuple(self._open), data))
        if self._value is not None:
            self.data.append((self._section, data, self._value))
            self._value = None
        if "td" in self._open or "th" in self._open:
            self.rows[-1][1][-1] += data

    def text(self, section: str = "") -> str:
        """All text that a reader sees, of one section or of the page."""
        parts = [
            text
            for where, open_, text in self._texts
            if (not section or where == section) and not {"style", "title", "script"} & set(open_)
        ]
        return " ".join(" ".join(parts).split())

    def inside(self, tag: str, section: str) -> list[str]:
        """The texts inside each run of `tag` in a section."""
        found: list[str] = []
        for where, open_, text in self._texts:
            if where == section and tag in open_:
                found.append(text)
        return found

    def row(self, section: str, first: str, width: int = 0) -> list[str]:
        """The cells of the one row of a section that begins with `first`, of those with `width` cells."""
        found = [cells for where, cells in self.rows if where == section and cells and cells[0] == first]
        found = [cells for cells in found if width in (0, len(cells))]
        assert len(found) == 1, f"{len(found)} rows of {section} begin with {first!r}"
        return [" ".join(cell.split()) for cell in found[0]]
