"""The report as a workbook: real numbers and dates, filters, frozen heads, nothing that runs as a formula."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from reconciler.reports import besides, sheets
from reconciler.reports.page import build
from reconciler.reports.words import Words
from reconciler.result import Result

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}
_LONG = 60
Formats = dict[str, Any]
_MOST = 1_048_000
"""Rows that a sheet can hold, nearly."""


def write_xlsx(result: Result, path: Path, words: Words) -> None:
    """Write the workbook to `path`."""
    import xlsxwriter  # late: only reports need it

    with xlsxwriter.Workbook(path, _OPTIONS) as book:
        formats = {
            "head": book.add_format({"bold": True, "bg_color": "#E8EDF1", "border": 1, "text_wrap": True}),
            "title": book.add_format({"bold": True, "font_size": 14}),
            "bold": book.add_format({"bold": True}),
            "text": book.add_format({"valign": "top", "text_wrap": True}),
            "int": book.add_format({"valign": "top", "num_format": "#,##0"}),
            "number": book.add_format({"valign": "top", "num_format": "#,##0.######"}),
            "money": book.add_format({"valign": "top", "num_format": "#,##0.00"}),
            "time": book.add_format({"valign": "top", "num_format": "yyyy-mm-dd hh:mm"}),
        }
        _summary(book, formats, result, words)
        for name, heads, rows in (
            ("sheet_causes", sheets.cause_heads(words), sheets.cause_rows(result, words)),
            ("sheet_findings", sheets.finding_heads(words), sheets.finding_rows(result, words)),
            ("sheet_systems", sheets.system_heads(words), sheets.system_rows(result, words)),
            ("sheet_totals", sheets.total_heads(words), sheets.total_rows(result, words)),
            ("section_late", sheets.late_heads(words), sheets.late_rows(result, words)),
        ):
            _sheet(book.add_worksheet(words.say(name)), formats, heads, rows, words)
        if result.accepted:
            sheet, rows = words.say("grace.sheet_accepted"), sheets.accepted_rows(result, words)
            _sheet(book.add_worksheet(sheet), formats, sheets.finding_heads(words), rows, words)
        if result.judged:
            sheet, table = words.say("grace.section_judged"), besides.longest_first(result.judged)
            cells = (besides.judged_cells(line, words) for line in table)
            _sheet(book.add_worksheet(sheet), formats, besides.judged_heads(words), cells, words)


def _summary(book: Any, formats: Formats, result: Result, words: Words) -> None:
    """Write what the first page says, line by line."""
    page = build(result, words)
    sheet = book.add_worksheet(words.say("sheet_summary"))
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 22)
    row = 0
    head = page["head"]
    for text, style in ((words.say("title"), "title"), (head["as_of"], "text"), (head["zone"], "text")):
        sheet.write_string(row, 0, sheets.safe(text), formats[style])
        row += 1
    for text in (head["headline"], head["sub"], head["note"], page["totals"]["said"], page["late"]["said"]):
        if text:
            sheet.write_string(row + 1, 0, sheets.safe(text), formats["bold"])
            row += 1
    row += 2
    for tile in page["tiles"]:
        sheet.write_string(row, 0, sheets.safe(tile["label"]))
        sheet.write_string(row, 1, sheets.safe(tile["value"]))
        row += 1
    row += 1
    for bar in page["chart"]:
        sheet.write_string(row, 0, sheets.safe(bar["label"]))
        sheet.write_number(row, 1, result.counts[bar["kind"]], formats["int"])
        row += 1
    for line in page["waiting"]:
        row += 1
        sheet.write_string(row, 0, sheets.safe(line))


def _sheet(
    sheet: Any,
    formats: Formats,
    heads: Sequence[str],
    rows: Iterable[Sequence[sheets.Value]],
    words: Words,
) -> None:
    """Write a table: its heads stay in sight and filter its rows."""
    sheet.freeze_panes(1, 0)
    wide = {words.say(name) for name in ("reason", "said", "next_step", "cause", "condition")}
    kinds = {words.say("at_risk"): "money", words.say("amount"): "money"}
    for column, head in enumerate(heads):
        sheet.set_column(column, column, _LONG if head in wide else 18)
        sheet.write_string(0, column, sheets.safe(head), formats["head"])
    last = 0
    for last, row in enumerate(rows, 1):
        if last > _MOST:
            break
        for column, value in enumerate(row):
            _cell(sheet, last, column, value, formats, kinds.get(heads[column], "number"), words)
    sheet.autofilter(0, 0, max(last, 1), len(heads) - 1)


def _cell(
    sheet: Any, row: int, column: int, value: sheets.Value, formats: Formats, decimal: str, words: Words
) -> None:
    if value is None or value == "":
        return
    if isinstance(value, datetime):
        sheet.write_datetime(row, column, words.local(value).replace(tzinfo=None), formats["time"])
    elif isinstance(value, str):
        sheet.write_string(row, column, sheets.safe(value), formats["text"])
    elif isinstance(value, Decimal):
        sheet.write_number(row, column, value, formats[decimal])
    else:
        sheet.write_number(row, column, value, formats["int"])
