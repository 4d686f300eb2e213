"""What all pages share: how templates are read and escaped, and the one style.

A page is one file that needs no network: what it adds to the style lies beside its templates.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

_BACKTICKS = re.compile(r"`([^`]+)`")
_SHARED = Path(__file__).parent / "templates" / "report.css"


@cache
def templates(folder: Path) -> Any:
    """Return what reads templates out of a folder; whatever a source says is escaped in them."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # late: most commands print no page

    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _code
    return environment


@cache
def style(own: Path | None = None) -> Any:
    """Return the style of all pages, with what the file `own` adds."""
    from markupsafe import Markup  # ours, not a source's text

    return Markup(_SHARED.read_text("utf-8") + (own.read_text("utf-8") if own else ""))


def _code(text: str) -> Any:
    """Return `text` escaped, with what stands in backticks as code."""
    from markupsafe import Markup, escape

    return Markup(_BACKTICKS.sub(r"<code>\1</code>", str(escape(text))))
