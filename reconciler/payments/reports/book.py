"""The report as a workbook for the accountant: filters, real numbers, and cells in which to decide."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from hub.errors import ConfigError
from reconciler.payments.money import decimals
from reconciler.payments.reports import columns
from reconciler.payments.reports.columns import Money, Row, Share, Value, number_of
from reconciler.payments.reports.figures import figures
from reconciler.payments.reports.given import Given
from reconciler.payments.reports.summary import summary
from reconciler.payments.reports.words import Words
from sync.sheets.columns import safe

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_MOST = 1_048_000
"""Rows that a sheet can hold, nearly."""

_WIDTHS = {
    "text": 44, "facts": 44, "doubts": 50, "payer": 32, "customer": 32, "payer_account": 26, "remark": 30,
    "rule": 38, "paid_beside": 32, "shipments": 24, "rank": 7, "currency": 9, "owed_in": 9, "lines": 9,
    "decision": 11, "open_sum": 16,
}  # fmt: skip
_USUAL = 15

DECISIONS = ("accept", "reject")
"""What people may decide, by the names of their words."""


def write_book(path: Path, given: Given) -> None:
    """Write the workbook to `path`; ConfigError if it is no XLSX or its folder is not there."""
    import xlsxwriter  # late: only reports need it

    if path.suffix.lower() != ".xlsx":
        raise ConfigError("payments.no_workbook", file=path.name)
    if not path.absolute().parent.is_dir():
        raise ConfigError("sync.sheet_folder", folder=path.absolute().parent)
    words, told = Words(given.locale), figures(given)
    with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
        styles = _Styles(book)
        _summary(book.add_worksheet(words.say("sheet_summary")), summary(given, told, words), styles)
        for name, rows in columns.rows_of(given, told, words).items():
            _Sheet(book.add_worksheet(words.say(f"sheet_{name}")), name, words, styles).write(rows)


class _Styles:
    """The formats of cells, each made once."""

    def __init__(self, book: Any) -> None:
        self._book, self._made = book, dict[tuple[str, bool], Any]()

    def __call__(self, style: str, band: bool = False) -> Any:
        """Return a format: head, head_fill, title, bold, fill, or the number format of a cell."""
        if (style, band) not in self._made:
            head = {"bold": True, "border": 1, "border_color": "#B8C2CC", "text_wrap": True, "valign": "top"}
            edge = {"border": 1, "border_color": "#E6D9A8"}
            known: dict[str, dict[str, Any]] = {
                "head": head | {"bg_color": "#E8EDF1"},
                "head_fill": head | {"bg_color": "#FFD966"},
                "title": {"bold": True, "font_size": 14},
                "bold": {"bold": True},
                "note": {"text_wrap": True, "valign": "top"},
                "fill": {"bg_color": "#FFF6DC", "num_format": "@", "valign": "top", "text_wrap": True} | edge,
            }
            shade = {"bg_color": "#F2F5F8"} if band else {}
            look = known.get(style, {"num_format": style, "valign": "top"} | shade)
            self._made[style, band] = self._book.add_format(look)
        return self._made[style, band]


class _Sheet:
    """One table of the workbook; proposals are banded, so that the candidates of an entry stay together."""

    def __init__(self, sheet: Any, name: str, words: Words, styles: _Styles) -> None:
        self._sheet, self._words, self._styles = sheet, words, styles
        self._columns = columns.SHEETS[name]
        self._deciding = name == "proposals"

    def write(self, rows: Iterable[Row]) -> None:
        """Write heads and rows."""
        self._head()
        last, band, before = 0, False, None
        for last, row in enumerate(rows, 1):
            if last > _MOST:
                break
            band = band != (row.get("bank_id") != before) if self._deciding else False
            before = row.get("bank_id")
            for at, name in enumerate(self._columns):
                if name in columns.FILL:
                    self._sheet.write_blank(last, at, None, self._styles("fill"))
                else:
                    _cell(self._sheet, last, at, row.get(name), self._styles, band)
        self._sheet.autofilter(0, 0, max(last, 1), len(self._columns) - 1)
        if self._deciding:
            self._choices(max(last, 1))

    def _head(self) -> None:
        for at, name in enumerate(self._columns):
            hidden = {"hidden": True} if name in columns.HIDDEN else {}
            self._sheet.set_column(at, at, _WIDTHS.get(name, _USUAL), None, hidden)
            style = "head_fill" if name in columns.FILL else "head"
            self._sheet.write_string(0, at, self._words.say(f"column_{name}"), self._styles(style))
        self._sheet.freeze_panes(1, 3 if self._deciding else 1)

    def _choices(self, last: int) -> None:
        at = self._columns.index("decision")
        choices = [self._words.say(f"word_{word}") for word in DECISIONS]
        listed = {
            "validate": "list",
            "source": choices,
            "input_title": self._words.say("column_decision"),
            "input_message": self._words.say("how_to_decide"),
            "error_message": self._words.say("only_words", words=self._words.joined(choices)),
        }
        self._sheet.data_validation(1, at, last, at, listed)


def _summary(sheet: Any, rows: Iterable[tuple[str, list[Value]]], styles: _Styles) -> None:
    """Write the first page: each row a style and its cells."""
    sheet.set_column(0, 0, 52)
    sheet.set_column(1, 12, 17)
    for at, (style, cells) in enumerate(rows):
        for column, value in enumerate(cells):
            if style and isinstance(value, str):
                sheet.write_string(at, column, safe(value), styles(style))
            else:
                _cell(sheet, at, column, value, styles)


def _cell(sheet: Any, row: int, column: int, value: Value, styles: _Styles, band: bool = False) -> None:
    if value is None or value == "":
        if band:
            sheet.write_blank(row, column, None, styles("@", band))
    elif isinstance(value, str):
        sheet.write_string(row, column, safe(value), styles("@", band))
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, styles("yyyy-mm-dd", band))
    else:
        number, style = _number(value)
        sheet.write_number(row, column, number, styles(style, band))


def _number(value: int | Decimal | Money | Share) -> tuple[Decimal | int, str]:
    """Return a number, and how a cell shows it."""
    match value:
        case Money():
            places = decimals(value.currency)
            return number_of(value), "#,##0." + "0" * places if places else "#,##0"
        case Share():
            return value.share, "0.0%"
        case Decimal():
            return value, "#,##0.0"
        case _:
            return value, "#,##0"
