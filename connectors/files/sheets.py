"""XLSX: the rows of one sheet, values as exact as the sheet shows them."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO

from connectors.files.cells import Cells, unwrapped
from connectors.files.rows import Around, Rows, Torn, Unusable
from connectors.files.tabular import records
from hub.mapping.grammar import CallSpec

_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_HEAD = 1 << 10
_PADDED = re.compile(r"0{2,}")


def read_xlsx(file: BinaryIO, call: CallSpec, encoding: str, numbers: str | None) -> Rows:
    """Yield the rows of a workbook's sheet (the first visible one where none is named); dates are datetimes.

    Raises Torn for a workbook that is cut or damaged, Unusable for what is none or lacks the sheet.
    """
    from openpyxl import load_workbook  # late: it is heavy

    _require_whole(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of styles and validations that we do not read
        try:
            book = load_workbook(file, read_only=True, data_only=True)
        except (KeyError, ValueError, SyntaxError) as error:  # parts are lacking; XML errors are SyntaxErrors
            raise Unusable("files.not_a_workbook") from error
        try:
            rows = _rows(_sheet(book, call.sheet))
            if skipped := [list(row.cells) for row in islice(rows, call.skip_rows)]:
                yield Around({"header": skipped})
            yield from records(rows, call, numbers, ragged=True)
        finally:
            book.close()


def _require_whole(file: BinaryIO) -> None:
    file.seek(0)
    head = file.read(_HEAD)
    if head and not _ZIP.startswith(head[: len(_ZIP)]):
        raise Unusable(_kind(head))
    try:
        with zipfile.ZipFile(file) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise Torn("files.cut_workbook") from error
    if damaged:
        raise Torn("files.cut_workbook")


def _kind(head: bytes) -> str:
    """Return the message for what is no workbook but goes by a workbook's name."""
    if head.startswith(_OLD_EXCEL):
        return "files.old_workbook"
    bare = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if bare.startswith((b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"<div")):
        return "files.html_workbook"
    if bare.startswith(b"<"):
        return "files.xml_workbook"
    printable = all(sign >= 32 or sign in b"\t\r\n\x0b\x0c\x1a" for sign in bare)
    return "files.text_workbook" if printable else "files.not_a_workbook"


def _sheet(book: Any, name: str | None) -> Any:
    if name is not None and name not in book.sheetnames:
        raise Unusable("files.no_sheet", sheet=name, known=", ".join(book.sheetnames))
    sheet = (
        book[name] if name else next((one for one in book.worksheets if one.sheet_state == "visible"), None)
    )
    if sheet is None:
        raise Unusable("files.no_sheet", sheet="", known=", ".join(book.sheetnames))
    sheet.reset_dimensions()  # some writers give them wrong, and rows would be lost
    return sheet


def _rows(sheet: Any) -> Iterator[Cells]:
    for number, row in enumerate(sheet.iter_rows(), 1):
        yield Cells(number, [_plain(cell.value, cell) for cell in row])


def _plain(value: Any, cell: Any) -> Any:
    """Return a cell's value as a person sees it, but never rounded.

    Whole numbers are ints, or text where the format pads them with zeros (a name, not a number); fractions
    are the Decimal of the 15 digits that spreadsheets show.
    """
    if isinstance(value, str):
        return unwrapped(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float) and value == int(value) and _PADDED.fullmatch(cell.number_format):
        return str(int(value)).zfill(len(cell.number_format))
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else Decimal(f"{value:.15g}")
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    return value
