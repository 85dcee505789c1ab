"""The page as one HTML text."""

from __future__ import annotations

from wattnas.report.figures import draw
from wattnas.report.page import Page
from wattnas.report.palette import THEME


def render(page: Page) -> str:
    """The whole document. All text of users is escaped; nothing in it asks for anything over a network."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("wattnas.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = lambda chart: Markup(draw(chart))  # Matplotlib escapes the texts in it
    template = environment.get_template("report.html.j2")
    text = template.render(page=page, theme=THEME)
    # A name may hold half a surrogate pair, which UTF-8 has no bytes for.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
