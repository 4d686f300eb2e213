"""From the bytes of an answer to plain data, whatever its content type claims.

What stands in the body decides: JSON, XML, HTML or text; the charset is the one forced by the mapping, else
that of the byte order mark, the header, the XML declaration, else UTF-8.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import Any

from connectors.calls import jsons
from connectors.http import wire

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_HTML = re.compile(rb"<(!doctype\s+html|html|head|body)\b", re.I)
_GUARDS = re.compile(rb"\)\]\}'[^\n]*\n?|(?:while|for)\s*\(.*?\)\s*;")
_JSONP = re.compile(rb"[A-Za-z_$][\w$.]*\s*\(\s*(.*?)\s*\)\s*;?\s*", re.S)
_TITLE = re.compile(r"<title[^>]*>\s*(.*?)\s*</title>", re.I | re.S)


class Unreadable(Exception):
    """A body that is none of what was expected: `key` of the message says why, `torn` if it ends early."""

    def __init__(self, key: str, *, torn: bool = False, **values: object) -> None:
        """Take the message."""
        super().__init__(key)
        self.key, self.torn, self.values = key, torn, values


@dataclass(frozen=True, slots=True)
class Style:
    """What a mapping says of answers: charsets (tried in order) and format, CSV's delimiter and columns.

    `many` are the XML elements that are lists even where there is but one; `read` makes data of JSON.
    """

    charsets: Sequence[str] = ()
    format: str | None = None
    delimiter: str | None = None
    columns: Sequence[str] = ()
    many: Collection[str] = ()
    read: Callable[[bytes], Any] = jsons.read


def decoded(body: bytes, header: str | None, style: Style) -> Any:
    """Return an answer's data. Raises Unreadable for HTML, nothing, broken JSON or XML, a wrong charset."""
    kind = wire.content_type(header)
    form = style.format or _sniffed(body, kind)
    if form == "json":
        return _json(body, kind, style)
    if form == "jsonl":
        return _jsonl(_utf8(body, kind, style))
    if form == "xml":
        return _xml(body, kind, style)
    if form == "empty":
        raise Unreadable("http.empty")
    text = _text(body, kind, style)
    if form == "html":
        raise Unreadable("http.html", title=title(text))
    return _csv(text, style) if form == "csv" else text


def title(html: str) -> str:
    """Return the title of a web page, "" without."""
    found = _TITLE.search(html)
    return " ".join(found[1].split()) if found else ""


def _sniffed(body: bytes, kind: Message) -> str:
    """Tell what a body is by how it begins."""
    begin = body[:512].lstrip(codecs.BOM_UTF8 + b" \t\r\n")
    if not begin.strip(b"\x00"):
        return "empty"
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        begin = begin[2:].replace(b"\x00", b"")
    if begin.startswith((b"{", b"[")) or _GUARDS.match(begin):
        return "json"
    if begin.startswith(b"<"):
        return "html" if _HTML.search(begin) else "xml"
    said = kind.get_content_type()
    if said in ("text/csv", "application/csv", "text/tab-separated-values"):
        return "csv"
    is_scalar = (
        begin.startswith((b'"', b"-")) or begin[:1].isdigit() or begin.strip() in (b"null", b"true", b"false")
    )
    if said.endswith(("/json", "+json")) or "javascript" in said:
        return "json"
    return "json" if is_scalar and not said.startswith("text/") else "text"


def _json(body: bytes, kind: Message, style: Style) -> Any:
    utf8 = _utf8(body, kind, style).strip()
    if not utf8:
        raise Unreadable("http.empty")
    try:
        return style.read(_bare(utf8))
    except ValueError as error:
        torn = utf8[:1] in (b"{", b"[") and utf8[-1:] not in (b"}", b"]")
        raise Unreadable(
            "http.torn" if torn else "http.malformed", torn=torn, reason=_short(error)
        ) from error


def _jsonl(utf8: bytes) -> list[Any]:
    """Return what stands on each line; only the last one can be torn."""
    lines = [line for line in utf8.splitlines() if line.strip()]
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(jsons.read(line))
        except ValueError as error:
            torn = number == len(lines)
            key = "http.torn" if torn else "http.malformed"
            raise Unreadable(key, torn=torn, reason=_short(error)) from error
    return found


def _bare(body: bytes) -> bytes:
    """Return JSON without the guards and calls that some servers put around it."""
    if body[:1] in (b"{", b"["):
        return body
    if guard := _GUARDS.match(body):
        return body[guard.end() :]
    called = _JSONP.fullmatch(body)
    return called[1] if called else body


def _xml(body: bytes, kind: Message, style: Style) -> Any:
    from connectors.http import xmls  # late: lxml is heavy, and most answers are JSON

    charset = style.charsets[0] if style.charsets else wire.charset(kind)
    if body.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        charset = None
    try:
        return xmls.read(body.strip(), charset, style.many)
    except ValueError as error:
        torn = not body.rstrip().endswith(b">") or "Premature end" in str(error)
        raise Unreadable(
            "http.torn" if torn else "http.malformed", torn=torn, reason=_short(error)
        ) from error


def _csv(text: str, style: Style) -> list[dict[str, Any]]:
    """Return the rows of a CSV text by the names of its first line, or by the declared columns."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=style.delimiter or _delimiter(text))
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    names = list(style.columns) or (filled.pop(0) if filled else [])
    return [dict(zip(names, row, strict=False)) for row in filled]


def _delimiter(text: str) -> str:
    line = text.partition("\n")[0]
    return max(",;\t|", key=line.count)


def _utf8(body: bytes, kind: Message, style: Style) -> bytes:
    """Return a body in UTF-8 without a mark; nothing is copied where it is that already."""
    charset = _charset(body, kind, style)
    if charset in _UTF8 and len(style.charsets) < 2 and not body.startswith(codecs.BOM_UTF8):
        return body
    return _text(body, kind, style).encode("utf-8", "surrogatepass")


def _text(body: bytes, kind: Message, style: Style) -> str:
    marked = next((name for mark, name in _BOMS if body.startswith(mark)), None)
    if marked:
        body = body.removeprefix(next(mark for mark, name in _BOMS if name == marked))
    for charset in style.charsets or (marked or _charset(body, kind, style),):
        try:
            return body.decode(charset)
        except UnicodeDecodeError:
            continue
        except LookupError as error:
            raise Unreadable("http.unknown_charset", charset=charset) from error
    raise Unreadable("http.wrong_charset", charset=", ".join(style.charsets) or _charset(body, kind, style))


def _charset(body: bytes, kind: Message, style: Style) -> str:
    if style.charsets:
        return style.charsets[0].lower()
    marked = next((name for mark, name in _BOMS if body.startswith(mark)), None)
    return marked or wire.charset(kind) or "utf-8"


def _short(error: Exception) -> str:
    return str(error)[:200]
