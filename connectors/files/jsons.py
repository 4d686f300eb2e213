"""JSON: an array of records, a document that holds them, or one record a line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from connectors.files.encoding import text_of
from connectors.files.jsonlines import DECODER, read_jsonl, record_of
from connectors.files.rows import Rows, Torn, Unusable
from hub.mapping.grammar import CallSpec
from hub.mapping.paths import compile_path

_CHUNK = 1 << 16
_LONGEST_WORD = 8
"""An error this near to the end of a file may be of a word that was cut (``fals``)."""


def read_json(file: BinaryIO, call: CallSpec, encoding: str, numbers: str | None) -> Rows:
    """Yield the records of a JSON file, fractions as Decimal.

    With `records` the document is held whole and each record's number is its place in it; an array, or one
    record a line, is read as it comes.
    """
    with text_of(file, encoding) as text:
        values = _values(text, call.records)
        for number, value, raw in values or ():
            yield record_of(number, value, raw, call.columns)
    if values is None:
        yield from read_jsonl(file, call, encoding, numbers)


def _values(text: io.TextIOWrapper, records: str | None) -> Iterable[_Value] | None:
    """Return the values of a text in its order, None if it has one a line."""
    if records:
        return _picked(text.read(), records)
    if _begins_with(text, "["):
        return _Array(text)
    return None if _first_line(text) else [(1, _document(text.read()), "")]


_Value = tuple[int, Any, str]
"""Line (from 1), value, and its text."""


def _picked(text: str, path: str) -> Iterator[_Value]:
    found = compile_path(path)(_document(text))
    if found is None:
        raise Unusable("files.no_records", path=path)
    for number, value in enumerate(found if isinstance(found, list) else [found], 1):
        yield number, value, str(value)


def _first_line(text: io.TextIOWrapper) -> bool:
    """Tell whether the first line is a whole value: then there is one a line. Goes back to the begin."""
    line = text.readline()
    text.seek(0)
    try:
        DECODER.decode(line)
    except json.JSONDecodeError:
        return False
    return True


def _document(text: str) -> Any:
    try:
        return DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _fault(error, text) from error


def _fault(error: json.JSONDecodeError, text: str, line: int = 1) -> Unusable:
    """Return Torn if the text ended too early, Unusable if it was never JSON."""
    end = len(text.rstrip())
    cut = error.msg.startswith("Unterminated string") or error.pos > end - _LONGEST_WORD
    return (Torn if cut else Unusable)("files.cut_json" if cut else "files.not_json", line + error.lineno - 1)


def _begins_with(text: io.TextIOWrapper, sign: str) -> bool:
    """Tell whether the first sign of a text that is no blank is `sign`; goes back to the begin."""
    head = " "
    while head.isspace():
        head = text.read(1)
    text.seek(0)
    if not head:
        raise Torn("files.empty")
    return head == sign


class _Array:
    """The items of a JSON array, decoded one after the other from chunks of its text."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text, self._held, self._at, self._line, self._ended = text, "", 0, 1, False

    def __iter__(self) -> Iterator[_Value]:
        opened = self._sign() == "["
        self._at += 1
        while (sign := self._sign()) != "]":
            if not opened:
                if sign != ",":
                    raise (
                        Unusable("files.not_json", self._line) if sign else Torn("files.cut_json", self._line)
                    )
                self._at += 1
                self._sign()
            yield self._item()
            opened = False
        self._at += 1
        if self._sign():
            raise Unusable("files.not_json", self._line)

    def _item(self) -> _Value:
        while True:
            try:
                value, end = DECODER.raw_decode(self._held, self._at)
            except json.JSONDecodeError as error:
                if self._ended:
                    raise _fault(error, self._held, self._line) from error
                self._more()
                continue
            if end == len(self._held) and not self._ended:
                self._more()  # a number may go on in the next chunk
                continue
            number, raw = self._line, self._held[self._at : end]
            self._line += raw.count("\n")
            self._at = end
            return number, value, raw

    def _sign(self) -> str:
        """Return the next sign that is no blank, "" at the end of the file."""
        while True:
            while self._at < len(self._held):
                sign = self._held[self._at]
                if sign not in " \t\r\n":
                    return sign
                self._line += sign == "\n"
                self._at += 1
            if self._ended:
                return ""
            self._more()

    def _more(self) -> None:
        chunk = self._text.read(max(_CHUNK, len(self._held) - self._at))
        self._held, self._at = self._held[self._at :] + chunk, 0
        self._ended = not chunk
