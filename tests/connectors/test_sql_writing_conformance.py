"""The sql connector passes the writing half of the contract on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import contextlib
import gc
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from connectors.retry import retrying
from connectors.sql import SqlConnector
from hub.config import connection
from hub.errors import AuthExpired, Exists, OutcomeUnknown, RecordLocked, Rejected, Unavailable
from hub.mapping import parse_system
from hub.mapping.grammar import SystemMapping
from hub.model import Record
from tests.connectors.conformance_writing import Fault, Kept, WriteCase, Writing, kept
from tests.connectors.cutting import Cut, cutting_line

MAPPING = """
system: target
connector: sql
mode: live
limits: {timeout: 1s}
streams:
  orders: {read: {table: orders, cursor: [rev, id], nest: {lines: {table: items, on: {order_id: id}}}},
           version: rev, extras: {note: note},
           fields: {order_no: no, status: {from: state, codes: {NEW: confirmed, SHIP: shipped}},
                    ordered: {sum: "lines[].qty"}}}
writes:
  orders:
    find: &find {table: orders, where: "no = :order_no"}
    create:
      - sql: "INSERT INTO orders (no, state, note, rev) VALUES (:order_no, :status, :note, 1) RETURNING id"
        id: id
        take: {new_id: id}
      - {each: lines, sql: "INSERT INTO items (order_id, sku, qty) VALUES (:new_id, :sku, :quantity)"}
    update:
      status: {sql: "UPDATE orders SET state = :status, rev = rev + 1 WHERE id = :part AND rev = :version"}
      note: {sql: "UPDATE orders SET note = :note WHERE id = :part AND rev = :version", if: note != was.note}
      ordered:
        - {sql: "UPDATE orders SET rev = rev + 1 WHERE id = :part AND rev = :version"}
        - {each: lines, sql: "UPDATE items SET qty = :quantity WHERE order_id = :part AND sku = :sku"}
  steps:
    find: *find
    create:
      - {sql: "INSERT INTO orders (no, state, note, rev) VALUES (:order_no, :status, '', 1) RETURNING id",
         id: id, take: {new_id: id}}
      - {sql: "UPDATE orders SET note = :note WHERE id = :new_id"}
"""
EVENTS = ("INSERT", "UPDATE")
LINES = "CREATE TABLE items (order_id INTEGER, sku VARCHAR(20), qty NUMERIC(12, 3))"


class SqlWrites(WriteCase):
    """Two tables in a real database; faults are made with its own means."""

    key = "INTEGER PRIMARY KEY"
    can = frozenset({"ids", "versions", "updates", "lines", "steps", "doubles"})

    def __init__(self, url: sa.URL) -> None:
        self.url, self.opened = url, list[SqlConnector]()
        self.admin = sa.create_engine(url, poolclass=sa.NullPool)
        self.overtaken = False
        self.run(
            f"CREATE TABLE orders (id {self.key}, no VARCHAR(20), state VARCHAR(9), note VARCHAR(90), "
            "rev INTEGER NOT NULL)",
            LINES,
        )

    @property
    def mapping(self) -> SystemMapping:
        return self._mapping

    _mapping = parse_system(MAPPING, "target.yaml")

    def open(self) -> SqlConnector:
        url = self.url.render_as_string(hide_password=False)
        spoken = json.dumps({"conn_type": "sql", "password": self.secret, "extra": {"sqlalchemy_url": url}})
        reached = connection("target", {"AIRFLOW_CONN_TARGET": spoken})
        retry = retrying(sleep=lambda seconds: None)
        made = SqlConnector(self.mapping, reached, lambda: datetime.now(UTC), retry)
        if self.overtaken:
            make = made._hand._make
            made._hand._make = lambda: self.put(kept(note="by somebody else")) or make()  # type: ignore[func-returns-value]
        self.opened.append(made)
        return made

    def rows(self) -> list[Kept]:
        with self.admin.connect() as conn:
            heads = conn.exec_driver_sql("SELECT id, no, state, note FROM orders ORDER BY no, id").all()
            lines = conn.exec_driver_sql("SELECT order_id, sku, qty FROM items").all()
        return [
            Kept(no, state, note, {sku: Decimal(str(qty)).normalize() for at, sku, qty in lines if at == id_})
            for id_, no, state, note in heads
        ]

    def put(self, *orders: Kept) -> None:
        insert = "INSERT INTO orders (no, state, note, rev) VALUES (:no, :state, :note, 1) RETURNING id"
        with self.admin.begin() as conn:
            for one in orders:
                values = {"no": one.number, "state": one.status, "note": one.note}
                made = conn.execute(sa.text(insert), values).scalar_one()
                for sku, qty in one.lines.items():
                    line = sa.text("INSERT INTO items VALUES (:at, :sku, :qty)")
                    conn.execute(line, {"at": made, "sku": sku, "qty": str(qty)})

    def edit(self, number: str, note: str) -> None:
        with self.admin.begin() as conn:
            conn.execute(
                sa.text("UPDATE orders SET note = :note, rev = rev + 1 WHERE no = :no"),
                {"note": note, "no": number},
            )

    def remove(self, number: str) -> None:
        with self.admin.begin() as conn:
            conn.execute(sa.text("DELETE FROM orders WHERE no = :no"), {"no": number})

    def known(self, record: Record) -> dict[str, Any]:
        return {"part": str(record["id"]), "version": record["rev"]}

    def run(self, *statements: str) -> None:
        with self.admin.begin() as conn:
            for statement in statements:
                conn.exec_driver_sql(statement)

    def fail(self, fault: Fault) -> None:
        if fault is Fault.OVERTAKEN:
            self.run("CREATE UNIQUE INDEX one ON orders (no)")
            self.overtaken = True

    def mend(self) -> None:
        self.overtaken = False

    def refuse(self, does: str) -> None:
        """Let what a trigger `does` keep rows from being written; `agree` undoes it."""
        self.run(*(f"CREATE TRIGGER no_{event} BEFORE {event} ON orders {does}" for event in EVENTS))

    def agree(self) -> None:
        self.run(*(f"DROP TRIGGER IF EXISTS no_{event}" for event in EVENTS))

    def close(self) -> None:
        for connector in self.opened:
            connector.close()


class SqliteWrites(SqlWrites):
    """A file: it goes away, is locked by another program, or its triggers refuse."""

    refusal = "SQLITE_CONSTRAINT_TRIGGER", "Kunde gesperrt: 加急 <x>"
    faults: ClassVar = {
        Fault.NOBODY: Unavailable,
        Fault.REJECTED: Rejected,
        Fault.LOCKED: RecordLocked,
        Fault.OVERTAKEN: Exists,
    }

    def __init__(self, folder: Path) -> None:
        self.file, self.away = folder / "target.db", folder / "away"
        self.other: sqlite3.Connection | None = None
        super().__init__(sa.URL.create("sqlite", database=str(self.file)))

    def fail(self, fault: Fault) -> None:
        super().fail(fault)
        if fault is Fault.NOBODY:
            self.close()
            self.file.rename(self.away)
        elif fault is Fault.LOCKED:
            self.other = sqlite3.connect(self.file, isolation_level=None)
            self.other.execute("BEGIN IMMEDIATE")
        elif fault is Fault.REJECTED:
            self.refuse(f"BEGIN SELECT RAISE(ABORT, '{self.refusal[1]}'); END")

    def mend(self) -> None:
        super().mend()
        if self.away.exists():
            self.away.rename(self.file)
        if self.other:
            self.other.execute("ROLLBACK")
            self.other.close()
        self.agree()


class ServerWrites(SqlWrites):
    """A server, reached by a line that can be cut: the login is refused, somebody has the rows, or its yes is
    never heard."""

    lock: ClassVar[str]

    def __init__(self, url: str, cut: Cut) -> None:
        self.cut, self.held = cut, contextlib.ExitStack()
        super().__init__(sa.make_url(url))
        self.url = self.near = self.admin.url.set(host="127.0.0.1", port=cut.port, query={})

    def fail(self, fault: Fault) -> None:
        super().fail(fault)
        if fault is Fault.DENIED:
            self.url = self.near.set(username="nobody-knows", password=self.secret)
        elif fault is Fault.LOST_AFTER:
            self.cut.word = b"COMMIT"
        elif fault is Fault.LOCKED:
            conn = self.held.enter_context(self.admin.connect())
            conn.exec_driver_sql(self.lock)

    def mend(self) -> None:
        super().mend()
        self.held.close()
        self.cut.word, self.url = b"", self.near


class PostgresWrites(ServerWrites):
    """PostgreSQL: it lets nobody in, kills us, or a row is refused."""

    lock = "LOCK TABLE orders IN EXCLUSIVE MODE"
    key = "SERIAL PRIMARY KEY"
    refusal = "P0001", "Kunde gesperrt: 加急 <x>"
    faults: ClassVar = {
        Fault.NOBODY: Unavailable,
        Fault.LOST_BEFORE: Unavailable,
        Fault.LOST_AFTER: OutcomeUnknown,
        Fault.DENIED: AuthExpired,
        Fault.REJECTED: Rejected,
        Fault.LOCKED: RecordLocked,
        Fault.OVERTAKEN: Exists,
    }

    def __init__(self, url: str, cut: Cut) -> None:
        own = sa.make_url(url).set(database="postgres")
        self.server = sa.create_engine(own, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        super().__init__(url, cut)

    def fail(self, fault: Fault) -> None:
        super().fail(fault)
        if fault is Fault.NOBODY:
            name = self.url.database
            self._serve(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            self._serve(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        elif fault is Fault.LOST_BEFORE:
            self._trigger("PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(9)")
        elif fault is Fault.REJECTED:
            self._trigger(f"RAISE EXCEPTION '{self.refusal[1]}'")

    def mend(self) -> None:
        super().mend()
        self._serve(f'ALTER DATABASE "{self.url.database}" ALLOW_CONNECTIONS true')
        self.run("DROP TRIGGER IF EXISTS t ON orders")

    def _trigger(self, does: str) -> None:
        self.run(
            f"CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does}; END $$",
            "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION f()",
        )

    def _serve(self, statement: str) -> None:
        with self.server.connect() as conn:
            conn.exec_driver_sql(statement)


class MariaWrites(ServerWrites):
    """MariaDB: nobody listens, or a row is refused."""

    lock = "SELECT * FROM orders FOR UPDATE"
    key = "INTEGER AUTO_INCREMENT PRIMARY KEY"
    refusal = "1644", "Kunde gesperrt: 加急 <x>"
    faults: ClassVar = {
        Fault.NOBODY: Unavailable,
        Fault.DENIED: AuthExpired,
        Fault.REJECTED: Rejected,
        Fault.LOCKED: RecordLocked,
        Fault.OVERTAKEN: Exists,
        Fault.LOST_AFTER: OutcomeUnknown,
    }

    def fail(self, fault: Fault) -> None:
        super().fail(fault)
        if fault is Fault.NOBODY:
            self.close()
            self.url = self.near.set(host=None, query={"unix_socket": "/nowhere/socket"})
        elif fault is Fault.REJECTED:
            self.refuse(f"FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{self.refusal[1]}'")

    def mend(self) -> None:
        super().mend()
        self.agree()


@contextlib.contextmanager
def over_a_line(kind: type[ServerWrites], url: str, socket: Any) -> Iterator[WriteCase]:
    """Give a case whose connector reaches the server's socket by a line that can be cut."""
    with cutting_line(str(socket)) as cut:
        case = kind(url, cut)
        yield case
        case.mend()
        case.close()


class TestSqlite(Writing):
    @pytest.fixture
    def case(self, tmp_path: Path) -> Iterator[WriteCase]:
        case = SqliteWrites(tmp_path)
        yield case
        case.close()


class TestPostgres(Writing):
    @pytest.fixture
    def case(self, postgres_url: str) -> Iterator[WriteCase]:
        socket = f"{sa.make_url(postgres_url).query['host']}/.s.PGSQL.5432"
        with over_a_line(PostgresWrites, postgres_url, socket) as case:
            yield case


# PyMySQL leaves the socket of a connection that failed to the garbage collector
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
class TestMariaDb(Writing):
    @pytest.fixture
    def case(self, mariadb_url: str) -> Iterator[WriteCase]:
        socket = sa.make_url(mariadb_url).query["unix_socket"]
        with over_a_line(MariaWrites, mariadb_url, socket) as case:
            yield case
        gc.collect()  # here, where its sockets are allowed for
