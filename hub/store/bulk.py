"""Many rows written at once, in the caller's transaction: COPY on PostgreSQL, prepared statements on SQLite.

Nothing is compiled for a row: a table's statements are made once, values go through one function a column,
rows reach the driver as plain tuples. They are sorted by key first, so that two writers meet in one order.
What comes as rows (dicts in the hub's own types) may also come as columns in the driver's form (`*_bound`):
the way of whole pages, on which a value is turned into its driver form once however many tables take it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from itertools import pairwise
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from hub.store import driver, statements
from hub.store.columns import Columns, Values, array_form, bind, copy_form, in_blocks, listed, told

COPY_FROM = 100
"""So many rows and more are inserted by COPY on PostgreSQL; fewer travel as one array a column."""

STAGE_FROM = 2_000
"""So many rows and more are upserted out of a staging table: to make one costs more than fewer rows do."""

Row = Mapping[str, Any]


def insert(conn: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert `rows`, which all give the same columns; what they leave out takes the column's default.

    ValueError for a value that a column cannot hold, IntegrityError for a key that is there already.
    """
    if not rows:
        return
    columns, rows = _shaped(table, rows)
    key = _key(table, None)
    if set(key) <= set(columns):
        rows = sorted(rows, key=itemgetter(*key))
    for block in in_blocks(rows):
        insert_bound(conn, table, bind(table, _by_column(columns, block)), len(block))


def insert_bound(conn: sa.Connection, table: sa.Table, columns: Columns, rows: int) -> None:
    """Insert `rows` rows given as columns in driver form, sorted by key; IntegrityError as for `insert`."""
    if not rows:
        return
    columns = told(columns)  # an order has many columns that a source never fills
    if conn.dialect.name == "postgresql" and rows >= COPY_FROM:
        _copy(conn, table, columns, table.name)
    else:
        _run(conn, statements.insert(conn.dialect, table, tuple(columns)), table, columns, rows)


def upsert(
    conn: sa.Connection,
    table: sa.Table,
    rows: Sequence[Row],
    *,
    key: Sequence[str] | None = None,
    incidental: Collection[str] = (),
    at_birth: Collection[str] = (),
) -> int:
    """Insert new `rows`, update those that differ, leave the rest untouched; return how many were written.

    `key` is the primary key unless given. Columns in `incidental` (the run, the time of reading) go along
    with a change and are none by themselves; those in `at_birth` are never updated. All rows give the same
    columns. ValueError for two rows with one key or a value that a column cannot hold.
    """
    if not rows:
        return 0
    columns, rows = _shaped(table, rows)
    names = _key(table, key)
    rows = _in_order(rows, itemgetter(*names))
    if conn.dialect.name == "postgresql" and len(rows) >= STAGE_FROM:
        clause = _clause(conn.dialect, table, columns, names, tuple(incidental), tuple(at_birth))
        return _through_stage(conn, table, columns, rows, clause)
    return sum(
        upsert_bound(
            conn,
            table,
            bind(table, _by_column(columns, block)),
            len(block),
            key=names,
            incidental=incidental,
            at_birth=at_birth,
        )
        for block in in_blocks(rows)
    )


def upsert_bound(
    conn: sa.Connection,
    table: sa.Table,
    columns: Columns,
    rows: int,
    *,
    key: Sequence[str] | None = None,
    incidental: Collection[str] = (),
    at_birth: Collection[str] = (),
) -> int:
    """Do as `upsert` with some thousand `rows` rows given as columns in driver form, each key once."""
    if not rows:
        return 0
    names = tuple(columns)
    clause = _clause(conn.dialect, table, names, _key(table, key), tuple(incidental), tuple(at_birth))
    return _run(conn, statements.insert(conn.dialect, table, names) + clause, table, columns, rows)


def delete(
    conn: sa.Connection, table: sa.Table, key_columns: Sequence[str], keys: Collection[tuple[Any, ...]]
) -> int:
    """Delete the rows whose `key_columns` equal one of `keys`; return how many there were."""
    names = tuple(key_columns)
    sql = statements.delete(conn.dialect, table, names)
    return sum(
        _run(conn, sql, table, bind(table, _transposed(names, block)), len(block))
        for block in in_blocks(sorted(set(keys)))
    )


def _shaped(table: sa.Table, rows: Sequence[Row]) -> tuple[tuple[str, ...], Sequence[Row]]:
    """Return the columns that the rows give, none computed, and the rows with plain defaults added."""
    columns = tuple(name for name in rows[0] if table.c[name].computed is None)
    if any(row.keys() != rows[0].keys() for row in rows):
        raise ValueError(f"{table.name}: rows with different columns")
    defaults = {
        column.name: column.default.arg
        for column in table.c
        if column.name not in columns
        and isinstance(column.default, sa.ColumnDefault)
        and column.default.is_scalar
    }
    if not defaults:
        return columns, rows
    return columns + tuple(defaults), [{**row, **defaults} for row in rows]


def _key(table: sa.Table, key: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(key) if key is not None else tuple(column.name for column in table.primary_key)


def _in_order(rows: Sequence[Row], key: Callable[[Row], Any]) -> list[Row]:
    """Return `rows` sorted by key; ValueError if a key comes twice, for then one of them would be lost."""
    ordered = sorted(rows, key=key)
    for one, other in pairwise(ordered):
        if key(one) == key(other):
            raise ValueError(f"two rows with the key {key(one)!r}")
    return ordered


@cache
def _clause(
    dialect: sa.Dialect,
    table: sa.Table,
    columns: tuple[str, ...],
    key: tuple[str, ...],
    incidental: tuple[str, ...],
    at_birth: tuple[str, ...],
) -> str:
    rest = tuple(name for name in columns if name not in key and name not in at_birth)
    told = tuple(name for name in rest if name not in incidental)
    return statements.conflict(dialect, table, key, rest, told)


def _by_column(columns: tuple[str, ...], rows: Sequence[Row]) -> dict[str, Values]:
    pick = itemgetter(*columns)
    picked = map(pick, rows) if len(columns) > 1 else ((pick(row),) for row in rows)
    return _transposed(columns, picked)


def _transposed(names: Sequence[str], rows: Any) -> dict[str, Values]:
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def _run(conn: sa.Connection, sql: str, table: sa.Table, columns: Columns, rows: int) -> int:
    """Run `sql` for `rows` rows in driver form; return how many it touched."""
    if conn.dialect.name == "sqlite":
        given = list(zip(*(listed(values, rows) for values in columns.values()), strict=True))
        return driver.run_many(conn, sql, given)
    arrays = tuple(array_form(table.c[name], values, rows) for name, values in columns.items())
    return driver.run(conn, sql, arrays)


def _through_stage(
    conn: sa.Connection, table: sa.Table, columns: tuple[str, ...], rows: Sequence[Row], clause: str
) -> int:
    """Upsert by COPY into a staging table and one insert out of it (PostgreSQL)."""
    make, take = statements.staged(conn.dialect, table, columns)
    driver.run(conn, make)
    for block in in_blocks(rows):
        _copy(conn, table, bind(table, _by_column(columns, block)), statements.STAGE)
    written = driver.run(conn, take + clause)
    driver.run(conn, f"DROP TABLE {statements.STAGE}")
    return written


def _copy(conn: sa.Connection, table: sa.Table, columns: Columns, target: str) -> None:
    """COPY rows in driver form into `target`, in the transaction that `conn` is in."""
    import psycopg  # late: an embedded store needs none

    names = statements.listed(conn.dialect, tuple(columns))
    sql = f"COPY {statements.quoted(conn.dialect, target)} ({names}) FROM STDIN"
    connection: Any = conn.connection.driver_connection
    try:
        with connection.cursor() as cursor, cursor.copy(sql) as copy:
            copy.write(_copy_lines(table, columns))
    except psycopg.Error as error:
        raise driver.wrapped(conn, sql, error) from error


def _copy_lines(table: sa.Table, columns: Columns) -> str:
    written = [copy_form(table.c[name], values) for name, values in columns.items()]
    return "\n".join(map("\t".join, zip(*written, strict=False))) + "\n"  # what is the same has no end
