"""Tables as a workbook: frozen heads, filters, cells to fill in, and nothing that runs as a formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from hub.errors import ConfigError
from sync.sheets.columns import safe

Value = str | int | Decimal | date | datetime | None

_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_BLANK_ROWS = 200
"""So many rows below the last one may be chosen from a list too."""


@dataclass(slots=True)
class Sheet:
    """One table. `fill` are the heads of columns that people fill in, `choices` what they may choose there.

    `wide` are columns of longer texts (`width` signs), `shares` of shares (0 to 1). Times are shown in
    the zone that they are told in.
    """

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Value]] = ()
    fill: Sequence[str] = ()
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    wide: Sequence[str] = ()
    width: int = 48
    shares: Sequence[str] = ()
    filters: bool = True


def write_book(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write a workbook to `path`; ConfigError if it is no XLSX or its folder is not there."""
    import xlsxwriter  # late: only few commands need it

    if path.suffix.lower() != ".xlsx":
        raise ConfigError("dual_run.no_workbook", file=path.name)
    if not path.absolute().parent.is_dir():
        raise ConfigError("sync.sheet_folder", folder=path.absolute().parent)
    with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
        formats = _formats(book)
        for sheet in sheets:
            _write(book.add_worksheet(sheet.name[:31]), sheet, formats)


def _formats(book: Any) -> dict[str, Any]:
    head = {"bold": True, "border": 1, "border_color": "#B8C2CC", "text_wrap": True, "valign": "top"}
    cell = {"valign": "top", "text_wrap": True}
    made = {
        "head": {**head, "bg_color": "#E8EDF1"},
        "head_fill": {**head, "bg_color": "#FFD966"},
        "fill": {**cell, "bg_color": "#FFF6DC", "border": 1, "border_color": "#E6D9A8", "num_format": "@"},
        "text": cell,
        "int": {**cell, "num_format": "#,##0"},
        "number": {**cell, "num_format": "#,##0.######"},
        "share": {**cell, "num_format": "0.0%"},
        "time": {**cell, "num_format": "yyyy-mm-dd hh:mm", "align": "left"},
        "day": {**cell, "num_format": "yyyy-mm-dd", "align": "left"},
    }
    return {name: book.add_format(one) for name, one in made.items()}


def _write(sheet: Any, table: Sheet, formats: Mapping[str, Any]) -> None:
    sheet.freeze_panes(1, 0)
    for column, head in enumerate(table.heads):
        fill = head in table.fill
        sheet.set_column(column, column, _width(table, column), formats["fill"] if fill else formats["text"])
        sheet.write_string(0, column, safe(head), formats["head_fill" if fill else "head"])
        if choices := table.choices.get(head):
            last = len(table.rows) + _BLANK_ROWS
            sheet.data_validation(
                1,
                column,
                last,
                column,
                {"validate": "list", "source": list(choices), "error_type": "warning"},
            )
    for at, row in enumerate(table.rows, 1):
        for column, value in enumerate(row):
            head = table.heads[column]
            _cell(sheet, at, column, value, formats, head in table.shares, head in table.fill)
    if table.filters and table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.heads) - 1)


def _width(table: Sheet, column: int) -> int:
    if table.heads[column] in table.wide:
        return table.width
    texts = [table.heads[column], *(_shown(row[column]) for row in table.rows[:500])]
    return min(30, max(10, 2 + max(sum(2 if ord(sign) > 0x2E7F else 1 for sign in one) for one in texts)))


def _shown(value: Value) -> str:
    """Return about what a cell shows."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)


def _cell(
    sheet: Any, row: int, column: int, value: Value, formats: Mapping[str, Any], share: bool, fill: bool
) -> None:
    if value is None or value == "":
        if fill:
            sheet.write_blank(row, column, None, formats["fill"])
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value.replace(tzinfo=None), formats["time"])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats["day"])
    elif isinstance(value, str):
        sheet.write_string(row, column, safe(value), formats["fill" if fill else "text"])
    else:
        kind = "share" if share else "int" if isinstance(value, int) else "number"
        sheet.write_number(row, column, value, formats[kind])
