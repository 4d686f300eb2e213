"""Many rows at once, inside the caller's transaction: COPY on PostgreSQL, prepared statements on SQLite.

Nothing is compiled for a row: a table's statements are made once, values go through one function a column,
rows reach the driver as plain tuples. They are sorted by key first, so that two writers meet in one order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy as sa

from hub.store import jsons
from hub.store.columns import Values, binder, copy_form

COPY_FROM = 2_000
"""So many rows and more go through COPY on PostgreSQL."""

_BLOCK = 5_000
"""Rows that are turned into driver form at a time: bounds memory."""

Row = Mapping[str, Any]
T = TypeVar("T")


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
    if _copies(conn, rows):
        _copy(conn, table, columns, rows, _quoted(conn.dialect, table.name))
    else:
        _execute(conn, _insert_sql(conn.dialect, table, columns), table, columns, rows)


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
    rest = [name for name in columns if name not in names and name not in at_birth]
    told = tuple(name for name in rest if name not in incidental)
    clause = _conflict_sql(conn.dialect, table, names, tuple(rest), told)
    if not _copies(conn, rows):
        return _execute(conn, _insert_sql(conn.dialect, table, columns) + clause, table, columns, rows)
    listed = ", ".join(_quoted(conn.dialect, name) for name in columns)
    target = _quoted(conn.dialect, table.name)
    conn.exec_driver_sql(
        f"CREATE TEMP TABLE hub_stage ON COMMIT DROP AS SELECT {listed} FROM {target} WITH NO DATA"
    )
    _copy(conn, table, columns, rows, "hub_stage")
    written = conn.exec_driver_sql(
        f"INSERT INTO {target} ({listed}) SELECT {listed} FROM hub_stage{clause}"
    ).rowcount
    conn.exec_driver_sql("DROP TABLE hub_stage")
    return written


def delete(
    conn: sa.Connection, table: sa.Table, key_columns: Sequence[str], keys: Sequence[tuple[Any, ...]]
) -> int:
    """Delete the rows whose `key_columns` equal one of `keys`; return how many there were."""
    if not keys:
        return 0
    names = tuple(key_columns)
    mark = _mark(conn.dialect)
    where = " AND ".join(f"{_quoted(conn.dialect, name)} = {mark}" for name in names)
    rows = [dict(zip(names, one, strict=True)) for one in sorted(set(keys))]
    return _execute(
        conn, f"DELETE FROM {_quoted(conn.dialect, table.name)} WHERE {where}", table, names, rows
    )


def fetch_many(
    conn: sa.Connection,
    table: sa.Table,
    key_columns: Sequence[str],
    keys: Collection[tuple[Any, ...]],
    columns: Sequence[str] | None = None,
) -> list[sa.Row[Any]]:
    """Return the rows whose `key_columns` (text or numbers) equal one of `keys`, in no order.

    `columns` names those to fetch, all by default: leave sealed bodies where they are not needed.
    """
    names = tuple(key_columns)
    chosen = tuple(columns) if columns is not None else tuple(column.name for column in table.c)
    statement = _fetch_statement(conn.dialect, table, names, chosen)
    found: list[sa.Row[Any]] = []
    for block in _blocks(sorted(set(keys))):
        by_column = zip(*block, strict=True)
        bound = [binder(table.c[name])(values) for name, values in zip(names, by_column, strict=True)]
        given: dict[str, Any] = {f"k{number}": list(values) for number, values in enumerate(bound)}
        if conn.dialect.name == "sqlite":
            given = {"keys": jsons.dumps(list(zip(*bound, strict=True)))}
        found += conn.execute(statement, given).all()
    return found


def _shaped(table: sa.Table, rows: Sequence[Row]) -> tuple[tuple[str, ...], Sequence[Row]]:
    """Return the columns that the rows give, and the rows with plain defaults filled in."""
    columns = tuple(rows[0])
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


def _copies(conn: sa.Connection, rows: Sequence[Row]) -> bool:
    return conn.dialect.name == "postgresql" and len(rows) >= COPY_FROM


def _blocks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _BLOCK] for start in range(0, len(items), _BLOCK))


def _bound(table: sa.Table, columns: Sequence[str], rows: Sequence[Row]) -> list[Values]:
    """Return `rows` column by column, in driver form."""
    pick = itemgetter(*columns)
    picked = map(pick, rows) if len(columns) > 1 else ((pick(row),) for row in rows)
    by_column = zip(*picked, strict=True)
    return [binder(table.c[name])(values) for name, values in zip(columns, by_column, strict=True)]


def _execute(
    conn: sa.Connection, sql: str, table: sa.Table, columns: Sequence[str], rows: Sequence[Row]
) -> int:
    """Run `sql` once for each row; return how many rows it touched."""
    return sum(
        conn.exec_driver_sql(sql, list(zip(*_bound(table, columns, block), strict=True))).rowcount
        for block in _blocks(rows)
    )


def _copy(
    conn: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[Row], target: str
) -> None:
    """COPY `rows` into `target`, in the transaction that `conn` is in."""
    import psycopg  # late: an embedded store needs none

    listed = ", ".join(_quoted(conn.dialect, name) for name in columns)
    sql = f"COPY {target} ({listed}) FROM STDIN"
    driver: Any = conn.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(sql) as copy:
            for block in _blocks(rows):
                copy.write(_copy_lines(table, columns, block))
    except psycopg.Error as error:  # as every other statement of the hub would raise it
        raise sa.exc.DBAPIError.instance(sql, None, error, psycopg.Error, dialect=conn.dialect) from error


def _copy_lines(table: sa.Table, columns: Sequence[str], rows: Sequence[Row]) -> str:
    bound = _bound(table, columns, rows)
    written = [copy_form(table.c[name], values) for name, values in zip(columns, bound, strict=True)]
    return "\n".join(map("\t".join, zip(*written, strict=True))) + "\n"


def _quoted(dialect: sa.Dialect, name: str) -> str:
    return dialect.identifier_preparer.quote(name)


def _mark(dialect: sa.Dialect) -> str:
    return "?" if dialect.name == "sqlite" else "%s"


@cache
def _insert_sql(dialect: sa.Dialect, table: sa.Table, columns: tuple[str, ...]) -> str:
    listed = ", ".join(_quoted(dialect, name) for name in columns)
    marks = ", ".join([_mark(dialect)] * len(columns))
    return f"INSERT INTO {_quoted(dialect, table.name)} ({listed}) VALUES ({marks})"


@cache
def _conflict_sql(
    dialect: sa.Dialect, table: sa.Table, key: tuple[str, ...], rest: tuple[str, ...], told: tuple[str, ...]
) -> str:
    """Return the clause that updates `rest` of a row with the same `key` if one of `told` differs."""
    start = f" ON CONFLICT ({', '.join(_quoted(dialect, name) for name in key)}) DO "
    if not told:
        return start + "NOTHING"
    target = _quoted(dialect, table.name)
    moves = ", ".join(f"{_quoted(dialect, name)} = excluded.{_quoted(dialect, name)}" for name in rest)
    stored = ", ".join(f"{target}.{_quoted(dialect, name)}" for name in told)
    given = ", ".join(f"excluded.{_quoted(dialect, name)}" for name in told)
    differs = "IS NOT" if dialect.name == "sqlite" else "IS DISTINCT FROM"
    return f"{start}UPDATE SET {moves} WHERE ({stored}) {differs} ({given})"


@cache
def _fetch_statement(
    dialect: sa.Dialect, table: sa.Table, key: tuple[str, ...], chosen: tuple[str, ...]
) -> Any:
    """Return the look-up by many keys: they travel as one parameter (SQLite) or one array a column."""
    listed = ", ".join(f"t.{_quoted(dialect, name)}" for name in chosen)
    target = _quoted(dialect, table.name)
    if dialect.name == "sqlite":  # CROSS JOIN: the keys lead, the table's index follows
        keys = f"json_each(:keys) AS k CROSS JOIN {target} AS t"
        told = [f"json_extract(k.value, '$[{number}]')" for number in range(len(key))]
    else:
        kinds = ["text" if isinstance(table.c[name].type, sa.String) else "bigint" for name in key]
        arrays = ", ".join(f"CAST(:k{number} AS {kind}[])" for number, kind in enumerate(kinds))
        names = ", ".join(f"k{number}" for number in range(len(key)))
        keys = f"unnest({arrays}) AS k({names}) JOIN {target} AS t ON true"
        told = [f"k.k{number}" for number in range(len(key))]
    where = " AND ".join(f"t.{_quoted(dialect, name)} = {one}" for name, one in zip(key, told, strict=True))
    return sa.text(f"SELECT {listed} FROM {keys} WHERE {where}").columns(*(table.c[name] for name in chosen))
