"""The floors: what the databases themselves take, with nothing of OrderHub in the way.

The flat floor parses the pages and upserts them into one flat table. The own-tables floor parses them and
upserts the very rows that OrderHub wrote (a recording of its store, ready in the driver's form, sealed
bodies and all) into the same tables: no mapping, no validation, no digest, no seal, no look-up, no merge.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa

from benchmarks.measure import Cost, metered
from hub.store.tables import ledger, observations, order_history, orders, views

RECORDED = (observations, views, ledger, orders, order_history)
FIELDS = (
    "order_no", "company", "status", "quantity", "shipped", "changed", "customer_no", "customer_name",
    "amount", "currency",
)  # fmt: skip
_FLAT = (
    "CREATE TABLE IF NOT EXISTS flat (order_no {text} PRIMARY KEY, company text, status text,"
    " quantity numeric, shipped numeric, changed {time}, customer_no text, customer_name text,"
    " amount numeric, currency text)"
)
_GROUP = 10
"""Pages in one transaction on SQLite."""


def flat(url: str, folder: str, server: int | None) -> Cost:
    """Parse and upsert all pages of `folder` into one flat table."""
    pages = sorted(Path(folder).iterdir())
    run = _flat_postgres if server else _flat_sqlite
    return run(url, pages, server)


def own(url: str, recorded: str, folder: str, server: int | None) -> Cost:
    """Parse all pages of `folder` and upsert what OrderHub recorded of them into its own empty tables."""
    pages = sorted(Path(folder).iterdir())
    run = _own_postgres if server else _own_sqlite
    return run(url, recorded, pages, server)


def _flat_sqlite(url: str, pages: Sequence[Path], server: int | None) -> Cost:
    conn = _sqlite(url)
    conn.execute(_FLAT.format(text="text", time="text"))
    marks = ", ".join("?" * len(FIELDS))
    sql = f"INSERT INTO flat VALUES ({marks}) {_on_conflict(FIELDS[:1], FIELDS)}"
    with metered(server) as cost:
        for at in range(0, len(pages), _GROUP):
            conn.execute("BEGIN IMMEDIATE")
            for page in pages[at : at + _GROUP]:
                conn.executemany(sql, [tuple(one.values()) for one in orjson.loads(page.read_bytes())])
            conn.execute("COMMIT")
        conn.close()
    return cost


def _flat_postgres(url: str, pages: Sequence[Path], server: int | None) -> Cost:
    listed = ", ".join(FIELDS)
    with psycopg.connect(url) as conn:
        conn.execute(_FLAT.format(text='text COLLATE "C"', time="timestamptz"))
        conn.execute("CREATE UNLOGGED TABLE IF NOT EXISTS flat_stage (LIKE flat)")
        conn.execute("TRUNCATE flat_stage")
        conn.commit()
        with metered(server) as cost:
            with conn.cursor() as cursor, cursor.copy(f"COPY flat_stage ({listed}) FROM STDIN") as copy:
                for page in pages:
                    rows = (map(str, one.values()) for one in orjson.loads(page.read_bytes()))
                    copy.write("\n".join(map("\t".join, rows)) + "\n")
            conn.execute(f"INSERT INTO flat SELECT * FROM flat_stage {_on_conflict(FIELDS[:1], FIELDS)}")
            conn.commit()
        conn.execute("TRUNCATE flat_stage")
    return cost


def _own_sqlite(url: str, recorded: str, pages: Sequence[Path], server: int | None) -> Cost:
    source, conn = _sqlite(recorded), _sqlite(url)
    rows = {table: source.execute(_select(table)).fetchall() for table in RECORDED}
    source.close()
    size = {table: -(-len(found) // len(pages)) * _GROUP for table, found in rows.items()}
    with metered(server) as cost:
        for at in range(0, len(pages), _GROUP):
            for page in pages[at : at + _GROUP]:
                orjson.loads(page.read_bytes())
            conn.execute("BEGIN IMMEDIATE")
            for table, found in rows.items():
                start = at // _GROUP * size[table]
                conn.executemany(_insert(table), found[start : start + size[table]])
            conn.execute("COMMIT")
        conn.close()
    return cost


def _own_postgres(url: str, recorded: str, pages: Sequence[Path], server: int | None) -> Cost:
    with psycopg.connect(recorded) as source:
        ready = {table: list(_copied(source, table)) for table in RECORDED}
    with psycopg.connect(url) as conn:
        for table in RECORDED:
            conn.execute(
                f"CREATE UNLOGGED TABLE stage_{table.name} AS SELECT {', '.join(_names(table))}"
                f" FROM {table.name} WITH NO DATA"
            )
        conn.commit()
        with metered(server) as cost:
            for page in pages:
                orjson.loads(page.read_bytes())
            for table, blocks in ready.items():
                stage, listed = f"stage_{table.name}", ", ".join(_names(table))
                with conn.cursor() as cursor, cursor.copy(f"COPY {stage} ({listed}) FROM STDIN") as copy:
                    for block in blocks:
                        copy.write(block)
                key = [column.name for column in table.primary_key]
                conn.execute(
                    f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM {stage}"
                    f" {_on_conflict(key, _names(table))}"
                )
            conn.commit()
    return cost


def _copied(source: psycopg.Connection[Any], table: sa.Table) -> Iterator[bytes]:
    """Yield the rows of a table as COPY gives them, some thousand a block."""
    block: list[bytes] = []
    with source.cursor() as cursor, cursor.copy(f"COPY ({_select(table)}) TO STDOUT") as copy:
        for row in copy:
            block.append(bytes(row))
            if len(block) == 1000:
                yield b"".join(block)
                block = []
    yield b"".join(block)


def _names(table: sa.Table) -> list[str]:
    """Return the columns that are written: what the database computes is its own."""
    return [column.name for column in table.c if column.computed is None]


def _select(table: sa.Table) -> str:
    key = ", ".join(column.name for column in table.primary_key)
    return f"SELECT {', '.join(_names(table))} FROM {table.name} ORDER BY {key}"


def _insert(table: sa.Table) -> str:
    names = _names(table)
    marks = ", ".join("?" * len(names))
    key = [column.name for column in table.primary_key]
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}) {_on_conflict(key, names)}"


def _on_conflict(key: Sequence[str], names: Sequence[str]) -> str:
    moves = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {moves}"


def _sqlite(url: str) -> sqlite3.Connection:
    """Open a SQLite database as the store does."""
    conn = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for pragma in (
        "journal_mode = wal",
        "synchronous = normal",
        "wal_autocheckpoint = 8000",
        "cache_size = -32768",
    ):
        conn.execute(f"PRAGMA {pragma}")
    return conn
