"""Values on their way to the driver: one function a column, for statements and for COPY."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import sqlalchemy as sa

from hub.store.types import Fixed, Utc, to_fixed, to_micros

Bind = Callable[[Any], Any]

_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
NULL = r"\N"


@cache
def binder(column: sa.Column[Any]) -> Bind:
    """Return the function that turns a value (never None) of `column` into what both drivers take.

    It raises ValueError or TypeError, naming the column, for what the column cannot hold on PostgreSQL:
    text too long or with a NUL, a naive time, a decimal past six places. SQLite would take some of it.
    """
    kind = column.type
    if isinstance(kind, Utc):
        return to_micros
    if isinstance(kind, Fixed):
        return to_fixed
    if isinstance(kind, sa.Boolean):
        return bool
    if isinstance(kind, sa.Integer):
        return int  # statuses are IntEnums, which psycopg would send by name
    if isinstance(kind, sa.LargeBinary):
        return bytes
    if isinstance(kind, sa.String):
        return _text_binder(str(column), kind.length)
    raise TypeError(f"{column}: {kind!r} has no bulk form")


def copy_form(column: sa.Column[Any]) -> Callable[[Any], str]:
    """Return the function that writes a bound value (never None) in PostgreSQL's COPY text format."""
    if isinstance(column.type, sa.Boolean):
        return _copy_boolean
    if isinstance(column.type, sa.LargeBinary):
        return _copy_bytes
    return _copy_text if isinstance(column.type, sa.String) else str


def _text_binder(name: str, length: int | None) -> Bind:
    """Return a check for text: a string, without NUL, at most `length` characters."""

    def bind(value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{name}: {type(value).__name__} is no text")
        text = str(value)  # a StrEnum is one, which psycopg would send by name
        if "\0" in text:
            raise ValueError(f"{name}: text with a NUL character")
        if length is not None and len(text) > length:
            raise ValueError(f"{name}: {len(text)} characters, at most {length}")
        return text

    return bind


def _copy_text(value: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], value) if _SPECIAL.search(value) else value


def _copy_bytes(value: bytes) -> str:
    return r"\\x" + value.hex()


def _copy_boolean(value: bool) -> str:
    return "t" if value else "f"
