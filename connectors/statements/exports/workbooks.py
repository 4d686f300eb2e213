"""Workbooks: XLSX and the older binary XLS. Cells as a person sees them, but never rounded."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.statements.exports.cells import clean
from connectors.statements.exports.delimited import Row, Sheet
from connectors.statements.model import Remark

_ZEROS = re.compile(r"0{2,}")
_EXACT = 10**15
"""Excel keeps fifteen digits of a number; the ones behind are zeros, whatever stood there."""

_LOCKED = "EncryptedPackage".encode("utf-16-le")


class Unreadable(Exception):
    """The file is a workbook, or says so, that cannot be opened."""

    def __init__(self, key: str) -> None:
        """Take the key of the message."""
        super().__init__(key)
        self.key = key


def read_xlsx(content: bytes) -> list[Sheet]:
    """Return the sheets that are shown. Raises Unreadable for a workbook that is damaged or cut."""
    from openpyxl import load_workbook  # late: it is heavy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and validations that we do not read
        try:
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            return [_xlsx_sheet(sheet) for sheet in book.worksheets if sheet.sheet_state == "visible"]
        except Exception as error:  # a damaged part fails in whatever way its reader does
            raise Unreadable("exports.damaged_workbook") from error


def _xlsx_sheet(sheet: Any) -> Sheet:
    sheet.reset_dimensions()  # some writers give them wrong, and rows would be lost
    rows = ([(cell.value, getattr(cell, "number_format", "")) for cell in row] for row in sheet.iter_rows())
    return _sheet(sheet.title, rows)


def read_xls(content: bytes) -> list[Sheet]:
    """Return the sheets that are shown. Raises Unreadable for a workbook that is damaged, cut or locked."""
    import xlrd  # late: few files are that old
    from xlrd.biffh import XLRDError

    if _LOCKED in content:
        raise Unreadable("exports.locked_workbook")
    with Path(os.devnull).open("w") as nowhere:
        try:
            book = xlrd.open_workbook(file_contents=content, logfile=nowhere, formatting_info=False)
            return [
                _sheet(sheet.name, _xls_rows(book, sheet)) for sheet in book.sheets() if not sheet.visibility
            ]
        except XLRDError as error:
            locked = "encrypted" in str(error)
            raise Unreadable("exports.locked_workbook" if locked else "exports.damaged_workbook") from error
        except Exception as error:  # a damaged record fails in whatever way its reader does
            raise Unreadable("exports.damaged_workbook") from error


def _xls_rows(book: Any, sheet: Any) -> Iterator[list[tuple[Any, str]]]:
    from xlrd import XL_CELL_BOOLEAN, XL_CELL_DATE, XL_CELL_ERROR
    from xlrd.xldate import xldate_as_datetime

    for number in range(sheet.nrows):
        row: list[tuple[Any, str]] = []
        for cell in sheet.row(number):
            value = cell.value
            if cell.ctype == XL_CELL_DATE:
                value = xldate_as_datetime(value, book.datemode) if value >= 1 else value
            elif cell.ctype in (XL_CELL_BOOLEAN, XL_CELL_ERROR):
                value = None
            row.append((value, ""))
        yield row


def _sheet(name: str, rows: Iterator[Sequence[tuple[Any, str]]] | Any) -> Sheet:
    sheet = Sheet(name, [])
    for line, row in enumerate(rows, 1):
        sheet.rows.append(Row(line, tuple(_text(value, form) for value, form in row)))
        if any(isinstance(value, int | float) and abs(value) >= _EXACT for value, _ in row):
            sheet.warnings.append(Remark("exports.cut_number", line))
    return sheet


def _text(value: Any, form: str) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, int | float) and value == value // 1 and _ZEROS.fullmatch(form or ""):
        return str(int(value)).zfill(len(form))
    if isinstance(value, float):
        whole = value.is_integer()
        return str(int(value)) if whole else format(Decimal(f"{value:.15g}"), "f")
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return clean(str(value))
