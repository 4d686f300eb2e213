"""Many rows at once, inside the caller's transaction: COPY on PostgreSQL, prepared statements on SQLite.

Nothing is compiled for a row: a table's statements are made once, values go through one function a column,
rows reach the driver as plain tuples. They are sorted by key first, so that two writers meet in one order.
What comes as rows (dicts in the hub's own types) may also come as columns in the driver's form (`*_bound`):
the way of whole pages, on which a value is turned into its driver form once however many tables take it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import count, pairwise
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy as sa

from hub.store import driver, jsons, statements
from hub.store.columns import Columns, Values, array_form, bind, binder, copy_form, listed, told
from hub.store.types import Fixed, Utc, from_fixed, from_micros

COPY_FROM = 100
"""So many rows and more are inserted by COPY on PostgreSQL; fewer travel as one array a column."""

STAGE_FROM = 2_000
"""So many rows and more are upserted out of a staging table: to make one costs more than fewer rows do."""

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
    for block in _blocks(rows):
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
        for block in _blocks(rows)
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
        for block in _blocks(sorted(set(keys)))
    )


def fetch_many(
    conn: sa.Connection,
    table: sa.Table,
    key_columns: Sequence[str],
    keys: Collection[tuple[Any, ...]],
    columns: Sequence[str] | None = None,
) -> list[sa.Row[Any]]:
    """Return the rows whose `key_columns` (text or numbers) equal one of `keys`, in no order.

    `columns` names those to fetch, all that are not computed by default: leave sealed bodies where they are
    not needed.
    """
    names = tuple(key_columns)
    chosen = tuple(columns or (column.name for column in table.c if column.computed is None))
    statement = _typed(conn.dialect, table, names, chosen)
    found: list[sa.Row[Any]] = []
    for block in _blocks(sorted(set(keys))):
        given = _key_parameters(conn.dialect, table, names, block)
        found += conn.execute(statement, {f"k{at}": value for at, value in enumerate(given)}).all()
    return found


def look_up(
    conn: sa.Connection,
    table: sa.Table,
    key_columns: Sequence[str],
    keys: Collection[tuple[Any, ...]],
    columns: Sequence[str],
) -> sa.TextualSelect:
    """Return the query that `fetch_many` runs, for few `keys`: other queries may build on it."""
    names = tuple(key_columns)
    typed: sa.TextualSelect = _typed(conn.dialect, table, names, tuple(columns))
    given = _key_parameters(conn.dialect, table, names, sorted(set(keys)))
    return typed.bindparams(**{f"k{at}": value for at, value in enumerate(given)})


def fetch_bound(
    conn: sa.Connection,
    table: sa.Table,
    key_columns: Sequence[str],
    keys: Collection[tuple[Any, ...]],
    columns: Sequence[str],
    **fixed: str,
) -> list[tuple[Any, ...]]:
    """Return `columns` of the rows whose `key_columns` equal one of `keys`, as the driver gives them.

    Times are microseconds, quantities millionths; `fixed` are columns that must equal one value (text).
    """
    names = tuple(key_columns)
    sql = statements.look_up(conn.dialect, table, names, tuple(columns), tuple(fixed))
    found: list[tuple[Any, ...]] = []
    for block in _blocks(sorted(set(keys))):
        given = _key_parameters(conn.dialect, table, names, block)
        found += driver.fetch(conn, sql, (*given, *fixed.values()))
    return found


def in_key_order(conn: sa.Connection) -> None:
    """Let scans in key order follow the index, for the rest of the transaction.

    Until PostgreSQL has statistics of a table just loaded it would sort the whole of it each time.
    """
    if conn.dialect.name == "postgresql":
        driver.run(conn, statements.IN_KEY_ORDER)


def fetch_set(
    conn: sa.Connection,
    table: sa.Table,
    key_column: str,
    keys: Collection[str],
    column: str,
    size: int,
    **fixed: str,
) -> set[bytes]:
    """Return the values of a binary `column` of always `size` bytes, of the rows with one of `keys` at least.

    `fixed` are the columns of the key before `key_column`, and others after them. The values come out of the
    database in one piece: a row and an object for each would cost several times that. Keys that lie close
    together (a source read in key order) are one walk along the index; more than asked for may come of it.
    """
    if not keys:
        return set()
    walked = walk_set(conn, table, key_column, (min(keys), max(keys)), len(keys), column, size, **fixed)
    if walked is not None:
        return walked
    sql = statements.gathered(conn.dialect, table, (key_column,), column, tuple(fixed))
    found: set[bytes] = set()
    for block in _blocks(list(keys)):
        given = _key_parameters(conn.dialect, table, (key_column,), [(key,) for key in block])
        [(told,)] = driver.fetch(conn, sql, (*given, *fixed.values()))
        found |= _cut(told, size)
    return found


def walk_set(
    conn: sa.Connection,
    table: sa.Table,
    key_column: str,
    ends: tuple[str, str],
    keys: int,
    column: str,
    size: int,
    **fixed: str,
) -> set[bytes] | None:
    """Do as `fetch_set` for some number of `keys` that lie between `ends`; None where many others do, too."""
    most = keys + keys // 4
    walk = statements.walked(conn.dialect, table, key_column, column, tuple(fixed), most)
    [(count, told)] = driver.fetch(conn, walk, (*fixed.values(), *ends))
    return _cut(told, size) if count < most else None


def _cut(told: str | bytes | None, size: int) -> set[bytes]:
    """Return values of `size` bytes each out of what they were put together to (hex text on SQLite)."""
    whole = bytes.fromhex(told) if isinstance(told, str) else bytes(told or b"")
    return {whole[at : at + size] for at in range(0, len(whole), size)}


def scan_bound(
    conn: sa.Connection,
    table: sa.Table,
    columns: Sequence[str],
    after: Sequence[str],
    upto: Sequence[str] | None = None,
    limit: int | None = None,
) -> list[tuple[Any, ...]]:
    """Return rows in key order as the driver gives them, up to `limit` of them.

    They come after `after` and not after `upto`, which hold values of as many leading columns of the key.
    """
    sql = statements.scan(conn.dialect, table, tuple(columns), len(after), upto is not None, limit)
    return driver.fetch(conn, sql, (*after, *(upto or ())))


def between(conn: sa.Connection, table: sa.Table, column: str, low: str, high: str, **fixed: str) -> bool:
    """Tell whether a row with the values `fixed` (the leading columns of the key) lies from `low` to `high`.

    One step in the index: what comes in key order for the first time needs no look-up key by key.
    """
    sql = statements.between(conn.dialect, table, column, tuple(fixed))
    return bool(driver.fetch(conn, sql, (*fixed.values(), low, high))[0][0])


def exists(conn: sa.Connection, table: sa.Table, **fixed: str | None) -> bool:
    """Tell whether a row has these values (texts; None: no value): asked with every page, so kept cheap."""
    given = {name: value for name, value in fixed.items() if value is not None}
    empty = tuple(name for name in fixed if name not in given)
    sql = statements.exists(conn.dialect, table, tuple(given), empty)
    return bool(driver.fetch(conn, sql, tuple(given.values()))[0][0])


def fetch_rows(
    conn: sa.Connection, table: sa.Table, key_columns: Sequence[str], keys: Collection[tuple[Any, ...]]
) -> list[dict[str, Any]]:
    """Return whole rows as `fetch_many` does, as dicts in the hub's own types: cheaper for a page of them."""
    names = tuple(column.name for column in table.c)
    found = [dict(zip(names, row, strict=True)) for row in fetch_bound(conn, table, key_columns, keys, names)]
    for name in names:
        turn = _turned(table.c[name])
        if turn is not None:
            for row in found:
                if row[name] is not None:
                    row[name] = turn(row[name])
    return found


def typed(table: sa.Table, name: str, value: Any) -> Any:
    """Return a value of column `name` as the hub knows it from the form in which the driver gives it."""
    turn = _turned(table.c[name])
    return value if value is None or turn is None else turn(value)


@cache
def _turned(column: sa.Column[Any]) -> Callable[[Any], Any] | None:
    """Return what makes a driver's value of `column` the hub's; None where they are the same."""
    kinds = {Utc: from_micros, Fixed: from_fixed, sa.LargeBinary: bytes, sa.Boolean: bool}
    return next((turn for kind, turn in kinds.items() if isinstance(column.type, kind)), None)


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


def _blocks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _BLOCK] for start in range(0, len(items), _BLOCK))


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
    for block in _blocks(rows):
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


def _key_parameters(
    dialect: sa.Dialect, table: sa.Table, names: tuple[str, ...], keys: Sequence[tuple[Any, ...]]
) -> list[str]:
    """Return what stands for many keys in a look-up: one JSON text, or one array a column."""
    by_column = zip(*keys, strict=True)
    bound = [binder(table.c[name])(values) for name, values in zip(names, by_column, strict=True)]
    if dialect.name == "sqlite":
        return [jsons.dumps(list(bound[0] if len(bound) == 1 else zip(*bound, strict=True)))]
    return [array_form(table.c[name], values, len(keys)) for name, values in zip(names, bound, strict=True)]


@cache
def _typed(dialect: sa.Dialect, table: sa.Table, key: tuple[str, ...], chosen: tuple[str, ...]) -> Any:
    """Return the look-up as a statement whose rows come in the hub's own types."""
    numbers = count()
    sql = re.sub(
        re.escape(statements.mark(dialect)),
        lambda _: f":k{next(numbers)}",
        statements.look_up(dialect, table, key, chosen),
    )
    return sa.text(sql).columns(*(table.c[name] for name in chosen))
