"""Values on their way to the driver, a column at a time: for statements, for COPY and as arrays.

What a whole column shows at once (its types, its longest text) is not asked of each value, and what is the
same in every row is turned into its driver form once (`Same`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from typing import Any, TypeVar

import sqlalchemy as sa

from hub.store.types import Fixed, Utc, to_fixed, to_micros


@dataclass(frozen=True, slots=True)
class Same:
    """One value that stands in every row."""

    value: Any

    def __iter__(self) -> Iterator[Any]:
        return repeat(self.value)


Values = Sequence[Any]
Bind = Callable[[Values], Values]
Columns = Mapping[str, Values | Same]
"""The values of many rows by the column's name."""

T = TypeVar("T")

_BLOCK = 5_000
_NULL = r"\N"
_NONE = type(None)
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_QUOTED = re.compile(r'["\\]')


def bind(table: sa.Table, columns: Columns) -> dict[str, Values | Same]:
    """Return `columns` in the form that both drivers take; raises what `binder` raises."""
    return {name: _bound(binder(table.c[name]), values) for name, values in columns.items()}


def checked(table: sa.Table, columns: Columns) -> dict[str, Values | Same]:
    """Return `columns` that are in driver form already, their texts checked as `binder` checks them."""
    texts = {name: values for name, values in columns.items() if isinstance(table.c[name].type, sa.String)}
    return {**columns, **bind(table, texts)}


def _bound(bind: Bind, values: Values | Same) -> Values | Same:
    return Same(bind([values.value])[0]) if isinstance(values, Same) else bind(values)


def told(columns: Columns) -> dict[str, Values | Same]:
    """Return `columns` without those that say nothing in any row."""
    return {name: values for name, values in columns.items() if not _empty(values)}


def _empty(values: Values | Same) -> bool:
    if isinstance(values, Same):
        return values.value is None
    return (not values or values[0] is None) and set(map(type, values)) <= {_NONE}


def listed(values: Values | Same, count: int) -> Values:
    """Return the values of `count` rows one by one."""
    return [values.value] * count if isinstance(values, Same) else values


@cache
def binder(column: sa.Column[Any]) -> Bind:
    """Return the function that turns values of `column` into what both drivers take; None stays None.

    It raises ValueError or TypeError for what the column cannot hold on PostgreSQL, even if SQLite would
    take it: text too long or with a NUL, a naive time, a decimal past six places.
    """
    kind = column.type
    if isinstance(kind, sa.String):
        return _text_binder(str(column), kind.length)
    if isinstance(kind, sa.LargeBinary):
        return _each(bytes, bytes)
    if isinstance(kind, Utc):
        return _each(to_micros)
    if isinstance(kind, Fixed):
        return _each(to_fixed)
    if isinstance(kind, sa.Boolean):
        return _each(bool, bool)
    if isinstance(kind, sa.Integer):
        return _each(int, int)  # statuses are IntEnums, which psycopg would send by name
    raise TypeError(f"{column}: {kind!r} has no bulk form")


def copy_form(column: sa.Column[Any], values: Values | Same) -> Iterable[str]:
    """Return bound `values` of `column` in PostgreSQL's COPY text format."""
    if isinstance(values, Same):
        return repeat(next(iter(copy_form(column, [values.value]))))
    if isinstance(column.type, sa.String):
        return _copy_texts(values)
    write = _writer(column)
    return [_NULL if value is None else write(value) for value in values]


def array_form(column: sa.Column[Any], values: Values | Same, count: int) -> str:
    """Return `count` bound values of `column` as the text of one PostgreSQL array."""
    values = listed(values, count)
    if isinstance(column.type, sa.String):
        told = ["NULL" if value is None else f'"{value}"' for value in map(_in_quotes(values), values)]
    elif isinstance(column.type, sa.LargeBinary):
        told = ["NULL" if value is None else f'"{_copy_bytes(value)}"' for value in values]
    else:
        write = _writer(column)
        told = ["NULL" if value is None else write(value) for value in values]
    return f"{{{','.join(told)}}}"


def in_blocks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield so many at a time as are turned into driver form together: that bounds memory."""
    return (items[start : start + _BLOCK] for start in range(0, len(items), _BLOCK))


def array_type(column: sa.Column[Any]) -> str:
    """Return the type that an array of bound values of `column` has on PostgreSQL."""
    kinds = {sa.String: "text", sa.LargeBinary: "bytea", sa.Boolean: "boolean"}
    return next((told for kind, told in kinds.items() if isinstance(column.type, kind)), "bigint") + "[]"


def _each(convert: Callable[[Any], Any], plain: type | None = None) -> Bind:
    """Return a binder that converts each value, unless all are of the type `plain` already."""

    def bind(values: Values) -> Values:
        kinds = set(map(type, values))
        if kinds <= {plain, _NONE}:
            return values
        if _NONE not in kinds:
            return [*map(convert, values)]
        return [None if value is None else convert(value) for value in values]

    return bind


def _text_binder(name: str, length: int | None) -> Bind:
    """Return a check for text: strings, without NUL, of at most `length` characters."""

    def bind(values: Values) -> Values:
        kinds = set(map(type, values))
        others = kinds - {str, _NONE}
        if others:
            if not all(issubclass(kind, str) for kind in others):
                raise TypeError(f"{name}: {', '.join(sorted(kind.__name__ for kind in others))} is no text")
            # StrEnums, which psycopg would send by name
            values = [None if value is None else str(value) for value in values]
        texts = [value for value in values if value is not None] if _NONE in kinds else values
        if "\0" in "".join(texts):
            raise ValueError(f"{name}: text with a NUL character")
        longest = max(map(len, texts), default=0)
        if length is not None and longest > length:
            raise ValueError(f"{name}: {longest} characters, at most {length}")
        return values

    return bind


def _copy_texts(values: Values) -> Iterable[str]:
    written = [_NULL if value is None else value for value in values]
    if not _SPECIAL.search("".join([value for value in values if value is not None])):
        return written
    return [_NULL if value is None else _SPECIAL.sub(_escape, value) for value in values]


def _escape(found: re.Match[str]) -> str:
    return _ESCAPED[found[0]]


def _in_quotes(values: Values) -> Callable[[str | None], str | None]:
    """Return what makes each of `values` fit between double quotes: most columns need nothing."""
    if not _QUOTED.search("".join([value for value in values if value is not None])):
        return lambda value: value
    return lambda value: None if value is None else value.replace("\\", r"\\").replace('"', r"\"")


def _writer(column: sa.Column[Any]) -> Callable[[Any], str]:
    """Return how PostgreSQL's text formats write a value of `column` that is no text."""
    if isinstance(column.type, sa.LargeBinary):
        return _copy_bytes
    return _copy_boolean if isinstance(column.type, sa.Boolean) else str


def _copy_bytes(value: bytes) -> str:
    return r"\\x" + value.hex()


def _copy_boolean(value: bool) -> str:
    return "t" if value else "f"
