"""Workbooks that are really web pages, or Excel's XML of 2003: their rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

from lxml import etree, html

from connectors.statements.exports.cells import clean
from connectors.statements.exports.delimited import Row, Sheet

_ASIDE = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "caption", "title", "li"}
_WIDEST = 200
_DECLARED = re.compile(r"^\s*<\?xml[^>]*\?>")


def read_html(text: str) -> Sheet | None:
    """Return the rows of all tables of a page, with the paragraphs between them; None if it has no table.

    A cell over several columns is followed by empty ones, and one over several rows leaves an empty one in
    the rows below. A page that ends within a table is torn there, and its last row is left out.
    """
    try:
        page = html.document_fromstring(_DECLARED.sub("", text))
    except (etree.LxmlError, ValueError):
        return None
    rows: list[Row] = []
    below: dict[int, int] = {}
    for tag in page.iter("tr", "table", *_ASIDE):
        if tag.tag == "table":
            below = {}
        elif tag.tag == "tr" and not tag.xpath(".//table"):
            rows.append(Row(_line(tag), tuple(_cells(tag, below))))
        elif tag.tag in _ASIDE and not tag.xpath("ancestor::tr | .//table"):
            rows.append(Row(_line(tag), (clean(_said(tag)),)))
    if page.find(".//table") is None or not rows:
        return None
    sheet = Sheet("", rows)
    if len(re.findall(r"</table\s*>", text, re.IGNORECASE)) < len(
        re.findall(r"<table\b", text, re.IGNORECASE)
    ):
        sheet.torn = rows[-1].line
    return sheet


def _cells(row: html.HtmlElement, below: dict[int, int]) -> Iterator[str]:
    """Yield the cells of a row; `below` holds, by column, over how many rows a cell still reaches."""
    cells = iter([cell for cell in row if cell.tag in ("td", "th")])
    for at in count():
        if below.get(at):
            below[at] -= 1
            yield ""
            continue
        cell = next(cells, None)
        if cell is None and not any(column > at for column, left in below.items() if left):
            return
        yield clean(_said(cell)) if cell is not None else ""
        if cell is not None:
            wide, high = _span(cell, "colspan"), _span(cell, "rowspan")
            below |= {at + more: (high - 1) + (more > 0) for more in range(wide)}


def _span(cell: html.HtmlElement, name: str) -> int:
    said = str(cell.get(name) or "1")
    return min(int(said), _WIDEST) if said.isdecimal() and int(said) else 1


def _said(tag: html.HtmlElement) -> str:
    return re.sub(r"[ \t\r\n\xa0]+", " ", " ".join(str(part) for part in tag.itertext()))


def _line(tag: etree._Element) -> int:
    return int(str(tag.sourceline or 0))


def read_spreadsheet(text: str) -> list[Sheet]:
    """Return the sheets of Excel's XML of 2003; rows and cells that are left out are counted."""
    root = etree.fromstring(
        _DECLARED.sub("", text).encode(), etree.XMLParser(resolve_entities=False, recover=True)
    )
    if root is None:
        return []
    torn = "</Workbook" not in text and ":Workbook>" not in text
    sheets = []
    for table in root.iter("{*}Worksheet"):
        rows = [Row(_line(row), tuple(_data(row))) for row in table.iter("{*}Row")]
        sheets.append(Sheet("", rows))
    if torn and sheets and sheets[-1].rows:
        sheets[-1].torn = sheets[-1].rows[-1].line
    return sheets


def _data(row: etree._Element) -> Iterator[str]:
    at = 1
    for cell in row.iter("{*}Cell"):
        told = next((str(value) for name, value in cell.attrib.items() if str(name).endswith("}Index")), "")
        for _ in range(at, min(int(told), _WIDEST) if told.isdecimal() else at):
            yield ""
            at += 1
        yield clean(" ".join(str(part) for part in cell.itertext()))
        at += 1
