"""Exports as each source writes them: preamble, padding, tabs, trailers. Names and numbers are invented."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

_FILES = sorted((Path(__file__).parent / "samples").glob("*.csv"))
TEXTS = {file.stem: file.read_text("utf-8") for file in _FILES}
SAMPLES = {
    name: text for name, text in TEXTS.items() if name not in ("ccb_corporate_old", "alipay_merchant_summary")
}
"""One for each profile with entries, by its name."""

Table = list[list[Any]]


def table(text: str) -> Table:
    """Return the cells of a sample, as `csv` reads them."""
    return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text))]


def xlsx(*sheets: Table, merged: str = "") -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
        if merged:
            sheet.merge_cells(merged)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(rows: Table) -> bytes:
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("明细")
    styles = {"date": xlwt.easyxf(num_format_str="yyyy-mm-dd")}
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            if hasattr(cell, "year"):
                sheet.write(at, column, cell, styles["date"])
            else:
                sheet.write(at, column, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def page(rows: Table) -> str:
    body = "\n".join("<tr>" + "".join(f"<td>{cell}&nbsp;</td>" for cell in row) + "</tr>" for row in rows)
    head = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"></head>'
    return f"{head}<body><table border=1>\n{body}\n</table></body></html>"
