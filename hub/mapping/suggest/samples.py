"""Samples: the records of a file, and what a reading call has to say to find them again."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hub.errors import ConfigError
from hub.mapping.suggest.lexicon import bare
from hub.mapping.suggest.sheet import header_at, trailer_of, unguarded
from hub.model import Record

ENOUGH = 2_000
"""So many records tell all that more would."""

_ENCODINGS = ("utf-8-sig", "gb18030")
_DELIMITERS = ",;\t|"
_HEAD = 50
"""The header of a table is among so many rows."""

_DIGITS = re.compile(r"\d{3,}")
_LINKS = frozenset(
    {"odatanextlink", "next", "nextlink", "nextrecordsurl", "nextpageurl", "nextpage", "nexturl"}
)
_TOTALS = frozenset(
    {"total", "totalcount", "totalsize", "totalresults", "odatacount", "count", "totalelements"}
)
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Sample:
    """Records of one kind; `call` is what a reading call says of them (`records`, `delimiter`, `skip_rows`).

    `file` is the pattern of their files' names, `read` the whole reading call where they came through one;
    `root` is the outermost XML element, which an answer's paths begin with and a file's do not.
    """

    records: Sequence[Record]
    call: dict[str, Any] = field(default_factory=dict)
    file: str = ""
    read: dict[str, Any] | None = None
    connector: str = "rest"
    """The kind of connector that such a file suggests."""
    root: str = ""
    around: dict[str, str] = field(default_factory=dict)
    """Where an answer says what comes next (a link) and how many there are: paths by `next` and `total`."""


def read_sample(name: str, raw: bytes) -> Sample:
    """Return the records of a file; ConfigError for one that holds none.

    What it is is told by what it holds, not by its name.
    """
    if raw.startswith(_ZIP):
        sample = _xlsx(raw)
    else:
        text, encoding = _text(raw)
        head = text.lstrip()[:1]
        sample = _json(text) if head in ("{", "[") else _xml(raw) if head == "<" else _csv(text, encoding)
    if not sample.records:
        raise ConfigError("suggest.no_records", file=name)
    pattern = _DIGITS.sub("*", name)
    return replace(sample, records=sample.records[:ENOUGH], file=pattern)


def together(samples: Sequence[Sample]) -> Sample:
    """Return several files of one kind as one sample; the first one says how they are read."""
    records = [record for one in samples for record in one.records]
    return replace(samples[0], records=records[:ENOUGH])


def _text(raw: bytes) -> tuple[str, str]:
    for encoding in _ENCODINGS:
        try:
            return raw.decode(encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1"), "latin-1"


def _json(text: str) -> Sample:
    try:
        return _of_data(json.loads(text, parse_float=Decimal))
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
    try:
        records = [json.loads(line, parse_float=Decimal) for line in lines[:ENOUGH]]
    except ValueError as error:
        raise ConfigError("suggest.no_json", reason=str(error)) from error
    return Sample([one for one in records if isinstance(one, dict)], {"format": "jsonl"})


def _of_data(data: Any) -> Sample:
    """Return the largest list of objects in an answer, wherever it is; else the answer as one record."""
    path, rows = max(_lists(data, ()), key=lambda found: len(found[1]), default=((), []))
    if rows:
        call = {"records": ".".join(map(_step, path))} if path else {}
        return Sample(rows, call, around=_around(data, path))
    return Sample([data] if isinstance(data, dict) else [])


def _lists(data: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[Record]]]:
    """Yield the lists of objects outside of any record."""
    if isinstance(data, list):
        if data and all(isinstance(one, dict) for one in data):
            yield path, data
    elif isinstance(data, dict) and len(path) < 5:
        for name, inner in data.items():
            yield from _lists(inner, (*path, str(name)))


def _around(data: Any, path: tuple[str, ...]) -> dict[str, str]:
    """Return where the link to the next page and the total stand: beside the records, or further out."""
    found: dict[str, str] = {}
    for depth in range(len(path)):
        for name, value in data.items():
            role = "total" if bare(name) in _TOTALS else "next" if bare(name) in _LINKS else ""
            text = str(value)
            if role and (text.isdecimal() if role == "total" else "/" in text or "?" in text):
                found[role] = ".".join(map(_step, (*path[:depth], name)))
        data = data[path[depth]]
    return found


def _step(name: str) -> str:
    return name if re.fullmatch(r"[^\W\d]\w*", name) else json.dumps(name, ensure_ascii=False)


def _xml(raw: bytes) -> Sample:
    from lxml import etree  # late: few samples are XML

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise ConfigError("suggest.no_xml", reason=str(error)) from error
    sample = _of_data({_local(root): _plain(root)})
    steps = sample.call.get("records", "").split(".")[1:]
    where = {"records": ".".join(steps)} if steps else {}
    return Sample(sample.records, {"format": "xml", **where}, root=_step(_local(root)))


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _plain(element: Any) -> Any:
    """Return an element as plain data: only text, or children and attributes by name, several as a list."""
    children = [child for child in element if isinstance(child.tag, str)]
    if not children and not element.attrib:
        return (element.text or "").strip()
    found: dict[str, Any] = {f"@{name.rpartition('}')[2]}": value for name, value in element.attrib.items()}
    for child in children:
        name, value = _local(child), _plain(child)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def _csv(text: str, encoding: str) -> Sample:
    lines = text.splitlines(keepends=True)
    if not lines:
        return Sample([])
    delimiter = max(_DELIMITERS, key=lambda sign: max(line.count(sign) for line in lines[:_HEAD]))
    reader = csv.reader(io.StringIO("".join(lines[: ENOUGH + 1])), delimiter=delimiter)
    rows, begins = [], []
    for row in reader:
        rows.append([unguarded(cell) for cell in row])
        begins.append(reader.line_num - sum(cell.count("\n") for cell in row))
    first = header_at(rows[:_HEAD])
    records, trailer = _table(rows[first:])
    above = begins[first] - 1 if rows else 0
    call: dict[str, Any] = {"delimiter": delimiter} if delimiter != "," else {}
    call |= {"encoding": encoding} if encoding != "utf-8" else {}
    call |= {"skip_rows": above} if above else {}
    return Sample(records, call | trailer, connector="files")


def _xlsx(raw: bytes) -> Sample:
    from openpyxl import load_workbook  # late: it is heavy

    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    sheet = book.worksheets[0]
    rows = [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True, max_row=ENOUGH)]
    book.close()
    first = header_at(rows)
    records, trailer = _table(rows[first:])
    above = {"skip_rows": first} if first else {}
    return Sample(records, above | trailer, connector="files")


def _table(rows: Sequence[Sequence[Any]]) -> tuple[list[Record], dict[str, Any]]:
    """Return the records below a header, and what is to be said of a trailer."""
    filled = [row for row in rows if any(cell not in (None, "") for cell in row)]
    header = [str(cell or "").strip() for cell in filled[0]] if filled else []
    trailer = trailer_of(filled[1:])
    body = filled[1:-1] if trailer else filled[1:]
    return [{name: cell for name, cell in zip(header, row, strict=False) if name} for row in body], trailer


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else Decimal(repr(value))
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return value.isoformat() if isinstance(value, date) else value
