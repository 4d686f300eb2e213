"""The texts of the statements that bulk work runs: made once for a table and a choice of columns."""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa

from hub.store.columns import array_type

STAGE = "hub_stage"
"""The table that rows lie in on PostgreSQL on their way to an upsert by COPY."""


IN_KEY_ORDER = (
    "SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"
)
"""Holds PostgreSQL to the index for the rest of a transaction."""


def quoted(dialect: sa.Dialect, name: str) -> str:
    """Return `name` as it stands in a statement."""
    return dialect.identifier_preparer.quote(name)


def listed(dialect: sa.Dialect, names: tuple[str, ...], prefix: str = "") -> str:
    """Return column names separated by commas."""
    return ", ".join(prefix + quoted(dialect, name) for name in names)


def mark(dialect: sa.Dialect) -> str:
    """Return the place of one parameter."""
    return "?" if dialect.name == "sqlite" else "%s"


@cache
def spelled(dialect: sa.Dialect, sql: str) -> str:
    """Return a statement written with "?" as the engine's driver takes it: what runs with every page."""
    return sql.replace("?", mark(dialect))


@cache
def insert(dialect: sa.Dialect, table: sa.Table, columns: tuple[str, ...]) -> str:
    """Return the insert of one row (SQLite) or of one array a column (PostgreSQL)."""
    start = f"INSERT INTO {quoted(dialect, table.name)} ({listed(dialect, columns)})"
    if dialect.name == "sqlite":
        return f"{start} VALUES ({', '.join('?' for _ in columns)})"
    return f"{start} SELECT * FROM {_unnested(table, columns)}"


@cache
def staged(dialect: sa.Dialect, table: sa.Table, columns: tuple[str, ...]) -> tuple[str, str]:
    """Return how the staging table is made, and how its rows are inserted."""
    target, names = quoted(dialect, table.name), listed(dialect, columns)
    return (
        f"CREATE TEMP TABLE {STAGE} ON COMMIT DROP AS SELECT {names} FROM {target} WITH NO DATA",
        f"INSERT INTO {target} ({names}) SELECT {names} FROM {STAGE}",
    )


@cache
def conflict(
    dialect: sa.Dialect, table: sa.Table, key: tuple[str, ...], rest: tuple[str, ...], told: tuple[str, ...]
) -> str:
    """Return the clause that updates `rest` of a row with the same `key` if one of `told` differs."""
    start = f" ON CONFLICT ({listed(dialect, key)}) DO "
    if not told:
        return start + "NOTHING"
    target = quoted(dialect, table.name)
    moves = ", ".join(f"{quoted(dialect, name)} = excluded.{quoted(dialect, name)}" for name in rest)
    stored, given = listed(dialect, told, f"{target}."), listed(dialect, told, "excluded.")
    differs = "IS NOT" if dialect.name == "sqlite" else "IS DISTINCT FROM"
    return f"{start}UPDATE SET {moves} WHERE ({stored}) {differs} ({given})"


@cache
def delete(dialect: sa.Dialect, table: sa.Table, key: tuple[str, ...]) -> str:
    """Return the deletion of the row (SQLite) or the rows (PostgreSQL, one array a column) with a key."""
    target = quoted(dialect, table.name)
    if dialect.name == "sqlite":
        return f"DELETE FROM {target} WHERE {' AND '.join(f'{quoted(dialect, name)} = ?' for name in key)}"
    return f"DELETE FROM {target} AS t USING {_unnested(table, key)} AS k({_numbered(key)}) WHERE " + _equal(
        dialect, key, [f"k.k{number}" for number in range(len(key))]
    )


@cache
def look_up(
    dialect: sa.Dialect,
    table: sa.Table,
    key: tuple[str, ...],
    chosen: tuple[str, ...],
    fixed: tuple[str, ...] = (),
) -> str:
    """Return the look-up by many keys: they travel as one JSON text (SQLite) or one array a column.

    `fixed` are columns that must equal one value each; those values come last.
    """
    return f"SELECT {listed(dialect, chosen, 't.')} {_found(dialect, table, key, fixed)}"


@cache
def gathered(
    dialect: sa.Dialect, table: sa.Table, key: tuple[str, ...], column: str, fixed: tuple[str, ...]
) -> str:
    """Return the same look-up with all values of one binary column put together: hex text on SQLite."""
    name = f"t.{quoted(dialect, column)}"
    told = f"group_concat(hex({name}), '')" if dialect.name == "sqlite" else f"string_agg({name}, '')"
    return f"SELECT {told} {_found(dialect, table, key, fixed)}"


@cache
def walked(
    dialect: sa.Dialect,
    table: sa.Table,
    key_column: str,
    column: str,
    fixed: tuple[str, ...],
    most: int,
) -> str:
    """Return a walk along a range of a column that ends after `most` rows: their count, and `gathered`."""
    where = [f"{quoted(dialect, name)} = {mark(dialect)}" for name in fixed]
    where.append(f"{quoted(dialect, key_column)} BETWEEN {mark(dialect)} AND {mark(dialect)}")
    name = quoted(dialect, column)
    told = f"group_concat(hex({name}), '')" if dialect.name == "sqlite" else f"string_agg({name}, '')"
    return (
        f"SELECT count(*), {told} FROM (SELECT {name} FROM {quoted(dialect, table.name)}"
        f" WHERE {' AND '.join(where)} LIMIT {most:d}) AS t"
    )


@cache
def exists(dialect: sa.Dialect, table: sa.Table, fixed: tuple[str, ...], empty: tuple[str, ...]) -> str:
    """Return the question whether a row has values in `fixed` and none in `empty`."""
    where = [f"{quoted(dialect, name)} = {mark(dialect)}" for name in fixed]
    where += [f"{quoted(dialect, name)} IS NULL" for name in empty]
    which = f" WHERE {' AND '.join(where)}" if where else ""
    return f"SELECT EXISTS (SELECT 1 FROM {quoted(dialect, table.name)}{which})"


@cache
def between(dialect: sa.Dialect, table: sa.Table, column: str, fixed: tuple[str, ...]) -> str:
    """Return the question whether a row has values in `fixed` and one in a range in `column`."""
    where = [f"{quoted(dialect, name)} = {mark(dialect)}" for name in fixed]
    where.append(f"{quoted(dialect, column)} BETWEEN {mark(dialect)} AND {mark(dialect)}")
    which = f" WHERE {' AND '.join(where)}" if where else ""
    return f"SELECT EXISTS (SELECT 1 FROM {quoted(dialect, table.name)}{which})"


@cache
def scan(
    dialect: sa.Dialect,
    table: sa.Table,
    columns: tuple[str, ...],
    leading: int,
    bounded: bool,
    limit: int | None,
) -> str:
    """Return a scan in key order past one key (of `leading` columns), and up to another one if `bounded`."""
    key = tuple(column.name for column in table.primary_key)
    start = f"({listed(dialect, key[:leading])})"
    marks = f"({', '.join([mark(dialect)] * leading)})"
    where = f"{start} > {marks}" + (f" AND {start} <= {marks}" if bounded else "")
    sql = f"SELECT {listed(dialect, columns)} FROM {quoted(dialect, table.name)} WHERE {where}"
    sql += f" ORDER BY {listed(dialect, key)}"
    return sql if limit is None else f"{sql} LIMIT {limit:d}"


def _found(dialect: sa.Dialect, table: sa.Table, key: tuple[str, ...], fixed: tuple[str, ...]) -> str:
    """Return the source and condition of a look-up in which the keys lead and the table's index follows.

    Either engine is held to that order (CROSS JOIN; OFFSET 0): right after a first load no statistics say how
    large the table is, and the other way round it is read whole.
    """
    target = quoted(dialect, table.name)
    where = [f"t.{quoted(dialect, name)} = {mark(dialect)}" for name in fixed]
    if dialect.name == "sqlite":
        told = [f"json_extract(k.value, '$[{number}]')" for number in range(len(key))]
        where.append(_equal(dialect, key, told if len(key) > 1 else ["k.value"]))
        return f"FROM json_each(?) AS k CROSS JOIN {target} AS t WHERE {' AND '.join(where)}"
    where.append(_equal(dialect, key, [f"k.k{number}" for number in range(len(key))]))
    found = f"SELECT * FROM {target} AS t WHERE {' AND '.join(where)} OFFSET 0"
    return f"FROM {_unnested(table, key)} AS k({_numbered(key)}) CROSS JOIN LATERAL ({found}) AS t"


def _equal(dialect: sa.Dialect, key: tuple[str, ...], told: list[str]) -> str:
    return " AND ".join(f"t.{quoted(dialect, name)} = {one}" for name, one in zip(key, told, strict=True))


def _numbered(columns: tuple[str, ...]) -> str:
    return ", ".join(f"k{number}" for number in range(len(columns)))


def _unnested(table: sa.Table, columns: tuple[str, ...]) -> str:
    return f"unnest({', '.join(f'CAST(%s AS {array_type(table.c[name])})' for name in columns)})"
