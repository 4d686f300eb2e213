"""`orderhub report`: what finance opens in the morning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import context, show
from cli.options import AsOf, Json
from cli.reconcile import compared
from hub.errors import ConfigError


def report(
    out: Annotated[Path, typer.Option(help="The folder it goes to; made if need be.")] = Path("out/report"),
    formats: Annotated[
        str,
        typer.Option("--format", metavar="LIST", help="Any of html, xlsx, csv, json; separated by commas."),
    ] = "html,xlsx,csv,json",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Write the report that finance opens: HTML, XLSX, CSV, JSON.

    It compares as of now (or --as-of); findings keep the life that `reconcile` gives them.
    """
    from reconciler.reports import FORMATS, write_reports

    wanted = [name.strip().lower() for name in formats.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown or not wanted:
        raise ConfigError("cli.no_format", formats=", ".join(unknown) or formats, known=", ".join(FORMATS))
    result = compared(context.here(), as_of, write=False)
    paths = write_reports(result, out, context.language(), wanted)
    if as_json:
        show.print_json({name: path.absolute() for name, path in paths.items()})
        return
    for path in paths.values():
        show.print_text(str(path))
