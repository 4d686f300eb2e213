"""Many rows found by their keys, by ranges of keys, or by whether they are there at all.

Keys travel as one parameter a column, however many they are; the texts of the statements are made once. Rows
come in the hub's own types, or (`*_bound`) as the driver gives them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import cache
from itertools import count
from typing import Any

import sqlalchemy as sa

from hub.store import driver, jsons, statements
from hub.store.columns import array_form, binder, in_blocks
from hub.store.types import Fixed, Utc, from_fixed, from_micros


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
    for block in in_blocks(sorted(set(keys))):
        given = _given(conn.dialect, table, names, block)
        found += conn.execute(statement, {f"k{at}": value for at, value in enumerate(given)}).all()
    return found


def query(
    conn: sa.Connection,
    table: sa.Table,
    key_columns: Sequence[str],
    keys: Collection[tuple[Any, ...]],
    columns: Sequence[str],
) -> sa.TextualSelect:
    """Return the query that `fetch_many` runs, for few `keys`: other queries may build on it."""
    names = tuple(key_columns)
    asked: sa.TextualSelect = _typed(conn.dialect, table, names, tuple(columns))
    given = _given(conn.dialect, table, names, sorted(set(keys)))
    return asked.bindparams(**{f"k{at}": value for at, value in enumerate(given)})


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
    for block in in_blocks(sorted(set(keys))):
        given = _given(conn.dialect, table, names, block)
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
    for block in in_blocks(list(keys)):
        given = _given(conn.dialect, table, (key_column,), [(key,) for key in block])
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


def _given(
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
