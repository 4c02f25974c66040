"""Pages of templates: every text is made visible and escaped, and nothing is loaded from outside.

A policy in a page of one file forbids the browser to load anything. It allows the scripts of
this package alone, each named by its digest.
"""

import base64
import functools
import hashlib
import json
import math
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from lionhunt.search.visible_text import visible

PACKAGE = "lionhunt.search.report_page"


def render(template: str, data: Any, **values: Any) -> str:
    """Return the page of a template.

    Args:
        template: its file name.
        data: JSON for the scripts of the page; None for a page without pictures.
        values: for the template; only `Markup` is HTML.
    """
    scripts = [_own("page.js")]
    if data is not None:
        scripts = [plotly_script(), *scripts, _own("charts.js")]
    return (
        make_environment(PACKAGE)
        .get_template(template)
        .render(
            **values,
            data=None if data is None else script_json(data),
            style=Markup(_own("page.css")),
            scripts=[Markup(script) for script in scripts],
            policy=_policy(scripts),
        )
    )


def script_json(value: Any) -> Markup:
    r"""Return JSON that no text in it can end, inside a `<script>`.

    Example:
        >>> print(script_json({"name": "</script>\u202e"}))
        {"name": "\u003c/script\u003e\\u202e"}
    """
    text = json.dumps(_shown(value), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def plotly_text(text: str) -> str:
    """Return a text that Plotly shows as it is: it would read some tags as its own."""
    for character, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, name)
    return text


def _shown(value: Any) -> Any:
    """Return JSON values with every text visible, and None for what is not finite."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {visible(str(key)): _shown(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(each) for each in value]
    return value


@functools.cache
def make_environment(package: str) -> jinja2.Environment:
    """Return the templates of a package, and those of this one, which they may extend.

    Args:
        package: its folder `templates` has them.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(each) for each in (package, PACKAGE)]),
        autoescape=True,
        finalize=_finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["decimals"] = lambda x: "" if x is None else f"{x:.4f}"
    environment.filters["percent"] = lambda x: "" if x is None else f"{x:.1%}"
    environment.filters["count"] = lambda x: "" if x is None else f"{x:,}"
    return environment


def _finalize(value: Any) -> Any:
    if isinstance(value, Markup):
        return value
    return visible(value) if isinstance(value, str) else value


def _own(name: str) -> str:
    folder = resources.files(PACKAGE) / "templates"
    return (folder / name).read_text("utf-8")


@functools.cache
def plotly_script() -> str:
    """Return the script of Plotly."""
    # It takes a while to import.
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


def _policy(scripts: list[str]) -> str:
    # A browser reads a page with the ends of lines of Unix.
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(each).decode()}'" for each in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
