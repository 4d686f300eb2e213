"""What a file that is written holds: rows as CSV or fixed width, a structure as JSON or XML."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from connectors.calls import jsons
from connectors.calls.fill import GONE, compiled
from connectors.files.csvs import WORDS
from connectors.http.wire import text
from hub.errors import ConfigError
from hub.mapping.grammar import CallSpec

ENCODING = "utf-8"
"""The charset of a file where the mapping names none."""

_BY_ENDING = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".xml": "xml", ".xlsx": "xlsx"}
_INPUTS = ("row", "rows", "json_", "xml")
_BLANKS = "\r\n"


class Unwritable(Exception):
    """A value that has no place in a file: of which `field`, and why (`code`, `what`)."""

    def __init__(self, code: str, field: str, what: str) -> None:
        """Take what the message says."""
        super().__init__(code)
        self.code, self.field, self.what = code, field, what


def said_of(call: CallSpec) -> Any:
    """Return the one structure that a call writes; ConfigError if there is none, or more than one."""
    said = [getattr(call, name) for name in _INPUTS if getattr(call, name) is not None]
    if len(said) != 1:
        raise ConfigError("files.one_content", operation=call.name)
    return said[0]


def format_of(call: CallSpec, name: str) -> str:
    """Return the format in which a call writes a file; ConfigError for one that cannot be written."""
    ending = _BY_ENDING.get(PurePosixPath(name).suffix.lower(), "csv")
    if call.xml is not None:
        form = "xml"
    elif call.json_ is not None:
        form = "jsonl" if "jsonl" in (call.format, ending) else "json"
    else:
        form = call.format or ("fixed" if call.widths else ending)
    if form not in {"csv", "fixed", "json", "jsonl"} and call.xml is None:
        raise ConfigError("files.not_written_so", operation=call.name, format=form)
    return form


def content(call: CallSpec, name: str, names: Mapping[str, Any], encoding: str) -> bytes:
    """Return the bytes of the file `name`, filled from the names of the write.

    Columns are those of `columns`, a file with which has no header, as when it is read; else those of the
    structure, in its order, under a header. Raises Unwritable for what the charset, or a width, cannot hold.
    """
    form, said = format_of(call, name), said_of(call)
    filled = compiled(said).render(names)
    if form == "xml":
        return _xml(filled, encoding)
    if form == "json":
        return _encoded(jsons.written(filled).decode() + "\n", encoding, name)
    rows = _rows(filled)
    if form == "jsonl":
        return _encoded("".join(jsons.written(row).decode() + "\n" for row in rows), encoding, name)
    columns = list(call.columns) or _columns(said, rows)
    cells = [[_cell(row.get(column), column, encoding) for column in columns] for row in rows]
    for unknown in (column for row in rows for column in row if column not in columns):
        raise ConfigError("files.column_not_listed", operation=call.name, column=unknown)
    if form == "fixed":
        return _fixed(call, columns, cells, encoding)
    head = [] if call.columns else [[_cell(column, column, encoding) for column in columns]]
    return _csv(call, [*head, *cells], encoding)


def _csv(call: CallSpec, rows: Sequence[Sequence[str]], encoding: str) -> bytes:
    out = io.StringIO()
    delimiter = WORDS.get(call.delimiter or "", call.delimiter) or ","
    csv.writer(out, delimiter=delimiter, quotechar=call.quote or '"').writerows(rows)
    return out.getvalue().encode(encoding)


def _fixed(call: CallSpec, columns: Sequence[str], rows: Sequence[Sequence[str]], encoding: str) -> bytes:
    if len(call.widths) != len(columns):
        raise ConfigError("files.no_widths")
    whole = io.StringIO()
    for row in rows:
        for cell, width, column in zip(row, call.widths, columns, strict=True):
            whole.write(_padded(cell, width, column, encoding if call.widths_in == "bytes" else ""))
        whole.write("\r\n")
    return whole.getvalue().encode(encoding)


def _padded(cell: str, width: int, column: str, encoding: str) -> str:
    """Return a cell with blanks up to its width, in bytes of a charset where one is given.

    Unwritable if it is longer: nothing is cut in silence.
    """
    long = len(cell.encode(encoding)) if encoding else len(cell)
    if long > width or any(sign in cell for sign in _BLANKS):
        raise Unwritable("width", column, f"{cell!r} ({width})")
    return cell + " " * (width - long)


def _xml(filled: Any, encoding: str) -> bytes:
    from connectors.http import xmls  # late: lxml is heavy

    try:
        return xmls.written(filled, "utf-8" if encoding == "utf-8-sig" else encoding)
    except (
        ValueError,
        TypeError,
        AttributeError,
    ) as error:  # more than one root, signs that XML does not have
        raise Unwritable("xml", "xml", str(error)) from error


def _rows(filled: Any) -> list[Mapping[str, Any]]:
    if filled is GONE:
        return []
    return list(filled) if isinstance(filled, list) else [filled]


def _columns(said: Any, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the columns of a structure as it is said, and of rows that an expression gave."""
    return list(dict.fromkeys([*_named(said), *(name for row in rows for name in row)]))


def _named(said: Any) -> Iterator[str]:
    if isinstance(said, Mapping):
        if "as" in said and set(said) <= {"each", "if", "as"}:
            yield from _named(said["as"])
        else:
            yield from said
    elif isinstance(said, list | tuple):
        for one in said:
            yield from _named(one)


def _cell(value: Any, column: str, encoding: str) -> str:
    cell = "" if value is None else text(value)
    _encoded(cell, encoding, column)
    return cell


def _encoded(said: str, encoding: str, field: str) -> bytes:
    """Return a text in the target's charset; Unwritable, naming the sign that it does not have."""
    try:
        return said.encode(encoding)
    except UnicodeEncodeError as error:
        raise Unwritable(encoding, field, said[error.start]) from error
