"""A file becomes sheets of rows: text, a web page, or a workbook, told by what stands in it."""

from __future__ import annotations

from connectors.statements.charset import text_of
from connectors.statements.exports import delimited, markup, workbooks
from connectors.statements.exports.delimited import Row, Sheet
from connectors.statements.exports.names import recognised
from connectors.statements.exports.workbooks import Unreadable

__all__ = ["Row", "Sheet", "Unreadable", "sheets"]

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_HEAD = 2000


def sheets(content: bytes) -> list[Sheet]:
    """Return the tables of a file, none if it has none. Raises Unreadable for a broken or locked workbook."""
    if content.startswith(_ZIP):
        return workbooks.read_xlsx(content)
    if content.startswith(_OLE):
        return workbooks.read_xls(content)
    text = text_of(content, "gb18030")
    head = text[:_HEAD].lstrip("\ufeff \t\r\n").lower()
    if "urn:schemas-microsoft-com:office:spreadsheet" in head:
        return markup.read_spreadsheet(text)
    if head.startswith("<"):
        page = markup.read_html(text)
        return [page] if page else []
    return [delimited.read(text, recognised)] if text.strip() else []
