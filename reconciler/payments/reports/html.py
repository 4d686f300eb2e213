"""The report as one HTML file that needs no network: style and charts are inside."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from hub.errors import ConfigError
from reconciler.payments.reports.given import Given
from reconciler.payments.reports.page import build
from reconciler.payments.reports.words import Words

_TEMPLATES = Path(__file__).parent / "templates"


def write_page(path: Path, given: Given) -> None:
    """Write the page to `path`; ConfigError if its folder is not there."""
    if not path.absolute().parent.is_dir():
        raise ConfigError("sync.sheet_folder", folder=path.absolute().parent)
    say = Words(given.locale).say
    path.write_text(_template().render(build(given), say=say, css=_css()), "utf-8")


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
    return environment.get_template("payments.html.j2")


@cache
def _css() -> Any:
    """Return the style of all reports, and what this one adds."""
    from markupsafe import Markup  # ours, not a source's text

    shared = files("reconciler.reports").joinpath("templates/report.css").read_text("utf-8")
    return Markup(shared + (_TEMPLATES / "payments.css").read_text("utf-8"))
