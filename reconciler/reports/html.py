"""The report as one HTML file that needs no network: style and charts are inside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.reports.page import build
from reconciler.reports.pages import style, templates
from reconciler.reports.words import Words
from reconciler.result import Result

_TEMPLATES = Path(__file__).parent / "templates"


def write_html(result: Result, path: Path, words: Words, files: Sequence[str] = ()) -> None:
    """Write the page to `path`; `files` names the files in which the long lists are whole."""
    colon = "：" if words.locale == "zh-CN" else ": "
    page = build(result, words, files)
    template = templates(_TEMPLATES).get_template("report.html.j2")
    path.write_text(template.render(page, say=words.say, css=style(), colon=colon), "utf-8")
