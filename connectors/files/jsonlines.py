"""JSON lines: one record a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, BinaryIO

import orjson

from connectors.files.encoding import text_of
from connectors.files.rows import BadLine, Line, Rows, Torn
from hub.errors import RecordError
from hub.mapping.grammar import CallSpec
from hub.mapping.paths import compile_path

DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=str)
"""Reads every number as it is written; slow."""

_MAYBE = re.compile(rb"\d(?:[.eE]|\d{18})")
_EXACT = re.compile(rb'(?:"\s*:|[\[,])\s*-?(?:\d{19}|\d+[.eE])')
"""A number that the fast reader would round: a fraction, an exponent, or more than 18 digits. What has no
`_MAYBE` in it has none, which is faster to see."""

_UTF8 = frozenset({"utf-8", "utf-8-sig", "ascii"})
_MARK = b"\xef\xbb\xbf"


def read_jsonl(file: BinaryIO, call: CallSpec, encoding: str, numbers: str | None) -> Rows:
    """Yield the record of each line, fractions as Decimal; with `records` what each line has there.

    A line that is no JSON is a BadLine; but the last one means that the file is Torn.
    """
    pick = compile_path(call.records) if call.records else None
    with _lines(file, encoding) as lines:
        for number, line, last in _held(lines):
            try:
                value = decode(line)
            except ValueError as error:
                if last:
                    raise Torn("files.cut_json", number) from error
                yield BadLine(number, line, RecordError("files.bad_line", line=number))
                continue
            found = pick(value) if pick else value
            for one in found if pick and isinstance(found, list) else (found,):
                yield record_of(number, one, line, call.columns)


def count_lines(file: BinaryIO, encoding: str) -> int:
    """Return how many lines are filled; Torn if the last of them is no JSON."""
    count, end = 0, (0, b"")
    with _lines(file, encoding) as lines:
        for number, line, _ in _held(lines):
            count, end = count + 1, (number, line)
    try:
        decode(end[1])
    except ValueError as error:
        raise Torn("files.cut_json", end[0]) from error
    return count


def decode(line: bytes) -> Any:
    """Return the value of a line, its numbers exact; ValueError if it is no JSON."""
    if _MAYBE.search(line) is None or _EXACT.search(line) is None:
        try:
            return orjson.loads(line)
        except orjson.JSONDecodeError:
            pass  # NaN, half a surrogate pair: the other reader is patient
    return DECODER.decode(line.decode())


def record_of(number: int, value: Any, raw: str | bytes, columns: tuple[str, ...]) -> Line | BadLine:
    """Return a value as a record; an array in the order of `columns` is one, too."""
    if isinstance(value, dict):
        return Line(number, value)
    if columns and isinstance(value, list) and len(value) == len(columns):
        return Line(number, dict(zip(columns, value, strict=True)))
    kept = raw if isinstance(raw, bytes) else raw.encode()
    return BadLine(number, kept, RecordError("files.not_a_record", line=number))


def _held(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Yield (number, line, whether it is the last) of all lines that are not blank."""
    held: tuple[int, bytes] | None = None
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        if held is not None:
            yield *held, False
        held = (number, line)
    if held is None:
        raise Torn("files.empty")
    yield *held, True


@contextmanager
def _lines(file: BinaryIO, encoding: str) -> Iterator[Iterable[bytes]]:
    """Yield the lines of a file in UTF-8."""
    if encoding in _UTF8:
        file.seek(0)
        if file.read(len(_MARK)) != _MARK:
            file.seek(0)
        yield file
        return
    with text_of(file, encoding) as text:
        yield (line.encode() for line in text)
