"""The report as one HTML file that needs no network: style and charts are inside."""

from __future__ import annotations

from pathlib import Path

from hub.errors import ConfigError
from reconciler.payments.reports.given import Given
from reconciler.payments.reports.page import build
from reconciler.payments.reports.words import Words
from reconciler.reports.pages import style, templates

_TEMPLATES = Path(__file__).parent / "templates"


def write_page(path: Path, given: Given) -> None:
    """Write the page to `path`; ConfigError if its folder is not there."""
    if not path.absolute().parent.is_dir():
        raise ConfigError("sync.sheet_folder", folder=path.absolute().parent)
    say = Words(given.locale).say
    template = templates(_TEMPLATES).get_template("payments.html.j2")
    css = style(_TEMPLATES / "payments.css")
    path.write_text(template.render(build(given), say=say, css=css), "utf-8")
