"""The report as one HTML file that needs no network: style and charts are inside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.reports.page import build
from reconciler.reports.words import Words
from reconciler.result import Result

_BACKTICKS = re.compile(r"`([^`]+)`")
_TEMPLATES = Path(__file__).parent / "templates"


def write_html(result: Result, path: Path, words: Words, files: Sequence[str] = ()) -> None:
    """Write the page to `path`; `files` names the files in which the long lists are whole."""
    colon = "：" if words.locale == "zh-CN" else ": "
    page = build(result, words, files)
    path.write_text(_template().render(page, say=words.say, css=_css(), colon=colon), "utf-8")


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # late: most commands print no page

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _code
    return environment.get_template("report.html.j2")


def _code(text: str) -> Any:
    """Return `text` escaped, with what stands in backticks as code."""
    from markupsafe import Markup, escape

    return Markup(_BACKTICKS.sub(r"<code>\1</code>", str(escape(text))))


@cache
def _css() -> Any:
    from markupsafe import Markup  # ours, not a source's text

    return Markup((_TEMPLATES / "report.css").read_text("utf-8"))
