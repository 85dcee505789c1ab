"""A page as one HTML text."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Protocol

from wattnas.report.palette import THEME

BASIC = "plotly-basic.min.js"
"""Plotly's bundle for lines, bars and dots."""
CARTESIAN = "plotly-cartesian.min.js"
"""Plotly's bundle that has heat maps too."""
_EMPTY_STYLES = ("plotly.js-style-global", "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53")
"""Style elements that Plotly makes unless they are there; those of a script would break the page's policy."""


class Renderable(Protocol):
    """A page as plain data."""

    @property
    def template(self) -> str:
        """Name of its template."""

    @property
    def scripts(self) -> tuple[str, ...]:
        """Names of the scripts that it needs, in order."""

    @property
    def plotly(self) -> str:
        """Name of the bundle of Plotly that draws its figures."""

    def data(self) -> Mapping[str, Any]:
        """What its scripts work with: JSON with figures in `charts`."""


def render(page: Renderable, refresh_s: int = 0) -> str:
    """The whole document. All text of users is escaped; nothing in it asks for anything over a network.

    Args:
        refresh_s: seconds after which a browser reads the page again; 0 for never.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("wattnas.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = environment.get_template("style.css.j2").render(theme=THEME)
    # The page's own script starts Plotly once the answer has been painted: it is a megabyte of script.
    script, plotly = "\n".join(static(name) for name in page.scripts), static(page.plotly)
    text = environment.get_template(page.template).render(
        page=page,
        policy=policy([plotly, script], [style, ""]),
        style=Markup(style),  # no text of users in it
        empty_styles=_EMPTY_STYLES,
        plotly=Markup(plotly),
        script=Markup(script),
        data=Markup(embedded(page.data())),
        refresh_s=refresh_s,
    )
    # A name may hold half a surrogate pair, which UTF-8 has no bytes for.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def embedded(content: Mapping[str, Any]) -> str:
    """JSON for the inside of a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """The page's content security policy: these scripts and style sheets by their hashes, and nothing else.

    Plotly writes style attributes into its drawings and draws heat maps as pictures inside the page, so those
    are allowed; they can load nothing.
    """
    ours = {"script-src": " ".join(map(_hash, scripts)), "style-src-elem": " ".join(map(_hash, styles))}
    rules = {"default-src": "'none'", **ours, "style-src-attr": "'unsafe-inline'"}
    rules |= {"img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def static(name: str) -> str:
    """A script that pages carry."""
    return (resources.files("wattnas.report") / "static" / name).read_text(encoding="utf-8")
