"""What a table or view of the source has, and the statements that read it page by page.

Columns are taken untyped, so that values come as the driver gives them and go back as they came.
"""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connectors.sql import charsets
from connectors.sql.charsets import StoredText
from hub.errors import ConfigError, Rejected

Columns = tuple[sa.ColumnElement[Any], ...]
_MARK = "oh_mark_"
"""Selected after the columns: the values of the order by which pages go on."""

Place = tuple[Any, ...]
"""Where a row stands in the order: stamp and key, or key alone."""

Placed = tuple[dict[str, Any], Place]
"""A row and its place."""

_UNTYPED = sa.types.NullType()
_BRACKETS = re.compile(r"\b(in)\s*\(\s*:keys\s*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view: its columns with their types and whether they may be NULL, and its primary key."""

    name: str
    clause: sa.TableClause
    types: Mapping[str, sa.types.TypeEngine[Any]]
    nullable: frozenset[str]
    primary: tuple[str, ...]

    def column(self, name: str) -> sa.ColumnClause[Any]:
        """Return a column; ConfigError, naming the nearest one, if the table has none of that name.

        A name that is no word stands in quotes, as in a path.
        """
        name = unquoted(name)
        if name not in self.types:
            near = difflib.get_close_matches(name, self.types, n=1)
            raise ConfigError(
                "sql.no_column", table=self.name, column=name, near=", ".join(near or self.types)
            )
        return self.clause.c[name]

    def first_of(self, expression: str) -> tuple[sa.ColumnClause[Any], ...]:
        """Return the columns of `a || b`; ConfigError if it is more than that, or one is not there."""
        return tuple(self.column(part.strip()) for part in expression.split("||"))


def unquoted(name: str) -> str:
    """Return the name of a column that is written as a path."""
    return name[1:-1] if len(name) > 2 and name[0] == name[-1] == '"' else name


def reflect(conn: sa.Connection, target: str, system: str, operation: str) -> Table:
    """Return what the database says of `target` ("table" or "schema.table"); Rejected if it is not there."""
    schema, _, name = target.rpartition(".")
    inspector = sa.inspect(conn)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)  # of column types that we do not need to know
        try:
            found = inspector.get_columns(name, schema or None)
            primary = inspector.get_pk_constraint(name, schema or None)["constrained_columns"]
        except sa.exc.NoSuchTableError as error:
            raise Rejected("sql.no_table", system=system, operation=operation, table=target) from error
    names = [column["name"] for column in found]
    return Table(
        target,
        sa.table(name, *(sa.column(one) for one in names), schema=schema or None),
        {column["name"]: column["type"] for column in found},
        frozenset(column["name"] for column in found if column["nullable"]),
        tuple(primary),
    )


def bound(value: Any) -> sa.ColumnElement[Any]:
    """Return a value as a parameter that goes to the driver as it is; stored text goes as text."""
    if isinstance(value, StoredText):
        return charsets.parameter(value)
    return parameter(value)


def parameter(value: Any) -> sa.BindParameter[Any]:
    """Return a plain parameter."""
    return sa.bindparam(None, value, type_=_UNTYPED, unique=True)


def listing(text: str) -> str:
    """Return a text with `IN (:keys)` as `IN :keys`: the list comes in brackets of its own."""
    return _BRACKETS.sub(r"\1 :keys", text)


def pages(table: Table, names: Sequence[str], filters: Iterable[Any], order: Columns) -> sa.Select[Any]:
    """Return the SELECT of the named columns (all if none) in `order`, its values beside them as marks."""
    columns = [table.column(name) for name in names] or list(table.clause.c)
    marks = [column.label(f"{_MARK}{at}") for at, column in enumerate(order)]
    return sa.select(*columns, *marks).where(*filters).order_by(*order)


def placed_rows(conn: sa.Connection, statement: sa.Select[Any], marks: int) -> list[Placed]:
    """Return the rows of `pages` as dicts, each with its place in the order (the last `marks` columns)."""
    result = conn.execute(statement)
    names = list(result.keys())[:-marks]
    return [(dict(zip(names, row, strict=False)), tuple(row[-marks:])) for row in result.all()]


def among(column: sa.ColumnElement[Any], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a column holds one of `values`."""
    if any(isinstance(value, StoredText) for value in values):
        return column.in_([bound(value) for value in values])
    return column.in_(sa.bindparam(None, list(values), type_=_UNTYPED, unique=True, expanding=True))


def beyond(order: Columns, values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a row comes after `values` in `order`.

    Written with AND and OR, which every database knows (row values are not common), and with a plain
    lower bound in front, which lets an index find the place.
    """
    first, value = order[0], bound(values[0])
    if len(order) == 1:
        return first > value
    tied = sa.and_(first == value, beyond(order[1:], values[1:]))
    return sa.and_(first >= value, sa.or_(first > value, tied))


def same(order: Columns, values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a row stands exactly at `values`."""
    return sa.and_(*(column == bound(value) for column, value in zip(order, values, strict=True)))


def as_key(kind: sa.types.TypeEngine[Any], key: str, dialect: str, charsets_: Iterable[str]) -> list[Any]:
    """Return what a record key, which is text, may be in its column; [] if it cannot be one of its values.

    Text of a fixed width (CHAR) may be stored with its padding and compared with it. Where text is asked for
    as it is stored, `charsets_` are those it may be stored in.
    """
    try:
        wanted = kind.python_type
    except NotImplementedError:  # so SQLAlchemy says that a type has no Python type of its own
        wanted = str
    if wanted is str:
        width = (kind.length or 0) if isinstance(kind, sa.CHAR) and dialect != "postgresql" else 0
        forms = [] if key.isascii() else charsets.encoded(key, charsets_)
        plain = [key] if not forms or dialect == "sqlite" else []
        return [*plain, *forms, *([key.ljust(width)] if plain and len(key) < width else [])]
    try:
        return [wanted.fromisoformat(key) if hasattr(wanted, "fromisoformat") else wanted(key)]
    except (ValueError, ArithmeticError, TypeError):
        return []
