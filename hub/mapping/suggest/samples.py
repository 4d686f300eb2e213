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
from hub.model import Record

ENOUGH = 2_000
"""So many records tell all that more would."""

_ENCODINGS = ("utf-8-sig", "gb18030")
_DELIMITERS = ",;\t|"
_DIGITS = re.compile(r"\d{4,}")
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Sample:
    """Records of one kind; `call` is what a reading call says of them (`records`, `delimiter`, `skip_rows`).

    `file` is the pattern of their files' names, `read` the whole reading call where they came through one.
    """

    records: Sequence[Record]
    call: dict[str, Any] = field(default_factory=dict)
    file: str = ""
    read: dict[str, Any] | None = None
    connector: str = "rest"
    """The kind of connector that such a file suggests."""


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
        return Sample(rows, {"records": ".".join(map(_step, path))} if path else {})
    return Sample([data] if isinstance(data, dict) else [])


def _lists(data: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[Record]]]:
    """Yield the lists of objects outside of any record."""
    if isinstance(data, list):
        if data and all(isinstance(one, dict) for one in data):
            yield path, data
    elif isinstance(data, dict) and len(path) < 5:
        for name, inner in data.items():
            yield from _lists(inner, (*path, str(name)))


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
    return Sample(sample.records, {"format": "xml", **({"records": ".".join(steps)} if steps else {})})


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
    delimiter = max(_DELIMITERS, key=lines[0].count)
    rows = csv.reader(io.StringIO("".join(lines[: ENOUGH + 1])), delimiter=delimiter)
    header = [cell.strip() for cell in next(rows, [])]
    records: list[Record] = [
        dict(zip(header, row, strict=False)) for row in rows if any(cell.strip() for cell in row)
    ]
    call: dict[str, Any] = {"delimiter": delimiter} if delimiter != "," else {}
    charset = {"encoding": encoding} if encoding != "utf-8" else {}
    return Sample(records, {**call, **charset}, connector="files")


def _xlsx(raw: bytes) -> Sample:
    from openpyxl import load_workbook  # late: it is heavy

    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    sheet = book.worksheets[0]
    rows = [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True, max_row=ENOUGH)]
    book.close()
    widest = max((len([cell for cell in row if cell is not None]) for row in rows), default=0)
    first = next((at for at, row in enumerate(rows) if _is_header(row, widest)), 0)
    header = [str(cell or "").strip() for cell in rows[first]] if rows else []
    records = [
        {name: cell for name, cell in zip(header, row, strict=False) if name}
        for row in rows[first + 1 :]
        if any(cell not in (None, "") for cell in row)
    ]
    return Sample(records, {"skip_rows": first} if first else {}, connector="files")


def _is_header(row: Sequence[Any], widest: int) -> bool:
    """Tell whether a row names columns: texts only, and nearly as many as the widest row has cells."""
    said = [cell for cell in row if cell is not None]
    return len(said) * 2 > widest and all(isinstance(cell, str) for cell in said)


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else Decimal(repr(value))
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return value.isoformat() if isinstance(value, date) else value
