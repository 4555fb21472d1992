"""HTML pages. The templates in `templates/` are all the HTML there is; what they are given is text, and is escaped.

Names come from folders, files and configurations of other people, and pages are shared: no name may become markup. `drawing` is
the one exception. A page carries its own style and script, and forbids the browser every other script and every host.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


@cache
def environment() -> Environment:
    """The templates. All of them escape; a value that a page lacks is an error, not a gap."""
    loader = PackageLoader("orderless.reports")
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    style, script = (loader.get_source(pages, name)[0] for name in ("style.css", "tables.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    pages.globals |= {"style": Markup(style), "script": Markup(script), "script_hash": f"sha256-{digest}"}
    return pages


def render(template: str, **values: Any) -> str:
    """A whole page. Every page has a `title`; what else it needs stands in its template."""
    return environment().get_template(template).render(**values)


def write_page(path: str | Path, page: str) -> None:
    """Write a page in the encoding that it names, whatever the locale. Bytes of a name that are not UTF-8 are spelt out."""
    Path(path).write_text(page, encoding="utf-8", errors="backslashreplace")


def drawing(path: str | Path) -> Markup:
    """A plot of `plots`, to stand inside a page as it is: matplotlib has escaped the words in it."""
    svg = Path(path).read_text(encoding="utf-8")
    return Markup(svg[svg.index("<svg") :])
