"""What people read of a reconciliation: HTML, XLSX, CSV, and JSON for machines; English and 简体中文."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.reports.csv import write_csv
from reconciler.reports.html import write_html
from reconciler.reports.json import write_json
from reconciler.reports.words import Words
from reconciler.reports.xlsx import write_xlsx
from reconciler.result import Result

FORMATS = ("html", "xlsx", "csv", "json")

__all__ = ["FORMATS", "Words", "write_reports"]


def write_reports(
    result: Result, folder: Path, locale: str = "en", formats: Sequence[str] = FORMATS
) -> dict[str, Path]:
    """Write the report in `formats` into `folder` (made if need be); return the path of each.

    File names carry the locale, so that two languages lie side by side; JSON has none. ValueError for a
    format that is not one of `FORMATS`.
    """
    if unknown := set(formats) - set(FORMATS):
        raise ValueError(f"no such report format: {', '.join(sorted(unknown))}")
    folder.mkdir(parents=True, exist_ok=True)
    words = Words(locale, result.zone)
    paths = {name: folder / _file_name(name, locale) for name in FORMATS if name in formats}
    whole = [paths[name].name for name in ("xlsx", "csv") if name in paths]
    for name, path in paths.items():
        match name:
            case "html":
                write_html(result, path, words, whole)
            case "xlsx":
                write_xlsx(result, path, words)
            case "csv":
                write_csv(result, path, words)
            case _:
                write_json(result, path)
    return paths


def _file_name(name: str, locale: str) -> str:
    stem = "findings" if name == "csv" else "report"
    return f"{stem}.json" if name == "json" else f"{stem}.{locale}.{name}"
