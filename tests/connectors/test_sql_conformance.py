"""The sql connector on SQLite and PostgreSQL, by table and by hand-written SELECT."""

from __future__ import annotations

import contextlib
import gc
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.contract import Connector
from connectors.retry import retrying
from connectors.sql import SqlConnector
from hub.config import connection
from hub.errors import AuthExpired, Rejected, Unavailable
from hub.mapping.grammar import SystemMapping
from hub.model import Record
from tests.connectors.conformance import Case, Fault, Reading, Row

CREATE = """CREATE TABLE "出库单" (id VARCHAR(20) PRIMARY KEY, changed TIMESTAMP, created TIMESTAMP NOT NULL,
    qty NUMERIC(12, 3), note VARCHAR(200))"""
FORMAT = "%Y-%m-%d %H:%M:%S"
TABLE = {
    "table": "出库单",
    "cursor": ["changed || created", "id"],
    "size": Case.size,
    "overlap": Case.overlap,
}
BY_HAND = """SELECT * FROM "出库单" WHERE coalesce(changed, created) > :since
    OR (coalesce(changed, created) = :since AND id > :last)
    ORDER BY coalesce(changed, created), id LIMIT {limit}"""
SWEEP = {"every": "1h", "sql": 'SELECT * FROM "出库单" WHERE id IN :keys'}
PAGED = {
    "sql": BY_HAND.format(limit=":size"),
    "cursor": ["changed || created", "id"],
    "size": Case.size,
    "overlap": Case.overlap,
}
READS: dict[str, dict[str, Any]] = {
    "table": {"read": TABLE},
    "unsorted": {"read": TABLE | {"sorted": False}},
    "paged": {"read": PAGED, "sweep": SWEEP},
    "capped": {"read": PAGED | {"sql": BY_HAND.format(limit=3)}, "sweep": SWEEP},
    "whole": {"read": PAGED | {"sql": 'SELECT * FROM "出库单"'}, "sweep": SWEEP},
}


class SqlCase(Case):
    """A table in a real database; every third row has never been changed since it was created."""

    def __init__(self, url: sa.URL, conn_type: str, read: str) -> None:
        self.url, self.opened = url, list[Connector]()
        self.can = frozenset({"late", "pages"} if read != "whole" else {"late"})
        self.admin = sa.create_engine(url, poolclass=sa.NullPool)
        self.conn_type, self.streams = conn_type, {self.stream: READS[read]}
        self.run(CREATE)

    def open(self) -> Connector:
        said = {"system": self.system, "connector": "sql", "streams": self.streams}
        mapping = SystemMapping.model_validate(said | {"time": {"zone": "UTC", "format": FORMAT}})
        url = self.url.render_as_string(hide_password=False)
        spoken = {"conn_type": self.conn_type, "password": self.secret, "extra": {"sqlalchemy_url": url}}
        reached = connection("source", {"AIRFLOW_CONN_SOURCE": json.dumps(spoken)})
        retry = retrying(sleep=lambda seconds: None)
        self.opened.append(SqlConnector(mapping, reached, lambda: datetime.now(UTC), retry))
        return self.opened[-1]

    def put(self, rows: Sequence[Row]) -> None:
        for at, row in enumerate(rows):
            created = row.stamp.strftime(FORMAT)
            changed = None if at % 3 == 1 else created
            self.run('DELETE FROM "出库单" WHERE id = :id', id=row.key)
            self.run(
                'INSERT INTO "出库单" VALUES (:id, :changed, :created, 12.5, :note)',
                **{"id": row.key, "note": row.note, "created": created, "changed": changed},
            )

    def key(self, record: Record) -> str:
        return str(record["id"])

    def note(self, record: Record) -> str:
        return str(record["note"])

    def mend(self) -> None:
        self.run('ALTER TABLE moved RENAME TO "出库单"')

    def run(self, statement: str, **values: object) -> None:
        with self.admin.begin() as conn:
            conn.execute(sa.text(statement), values)

    def close(self) -> None:
        for connector in self.opened:
            connector.close()


class SqliteCase(SqlCase):
    """A file: it goes away, is overwritten with noise, or loses its table."""

    faults = {Fault.UNREACHABLE: Unavailable, Fault.GARBAGE: Unavailable, Fault.CHANGED: Rejected}

    def __init__(self, folder: Path, read: str) -> None:
        self.file, self.away = folder / "wms.db", folder / "wms.away"
        super().__init__(sa.URL.create("sqlite", database=str(self.file)), "sqlite", read)

    def fail(self, fault: Fault) -> None:
        self.close()
        if fault is Fault.CHANGED:
            self.run('ALTER TABLE "出库单" RENAME TO moved')
            return
        self.file.rename(self.away)
        if fault is Fault.GARBAGE:
            self.file.write_bytes(b"<html>maintenance</html>" * 200)

    def mend(self) -> None:
        if self.away.exists():
            self.close()
            self.away.replace(self.file)
        else:
            super().mend()


class PostgresCase(SqlCase):
    """A server: it takes no connections, refuses the login, or loses its table."""

    faults = {Fault.UNREACHABLE: Unavailable, Fault.DENIED: AuthExpired, Fault.CHANGED: Rejected}

    def __init__(self, url: str, read: str) -> None:
        self.server = sa.create_engine(
            sa.make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        )
        super().__init__(sa.make_url(url), "postgres", read)

    def fail(self, fault: Fault) -> None:
        name = self.url.database
        if fault is Fault.CHANGED:
            self.run('ALTER TABLE "出库单" RENAME TO moved')
        elif fault is Fault.DENIED:
            self.url = self.url.set(username="nobody-knows", password=self.secret)
        else:
            self._serve(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            self._serve(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    def mend(self) -> None:
        self.url = self.admin.url
        self._serve(f'ALTER DATABASE "{self.url.database}" ALLOW_CONNECTIONS true')
        with contextlib.suppress(sa.exc.ProgrammingError):
            super().mend()

    def _serve(self, statement: str) -> None:
        with self.server.connect() as conn:
            conn.exec_driver_sql(statement)


class MariaCase(SqlCase):
    """MariaDB: the login is refused, or the table is lost."""

    faults = {Fault.UNREACHABLE: Unavailable, Fault.DENIED: AuthExpired, Fault.CHANGED: Rejected}

    def __init__(self, folder: Path, url: sa.URL, read: str) -> None:
        super().__init__(url, "mariadb", read)
        self.socket, self.real = folder / "socket", str(url.query["unix_socket"])
        self.mend()
        calls = self.streams[self.stream]
        spoken = {
            name: call | {"sql": _mysql(call["sql"])} if "sql" in call else call
            for name, call in calls.items()
        }
        self.streams = {self.stream: spoken}

    def fail(self, fault: Fault) -> None:
        self.close()
        if fault is Fault.CHANGED:
            self.run(_mysql('ALTER TABLE "出库单" RENAME TO moved'))
        elif fault is Fault.DENIED:
            self.url = self.url.set(username="nobody-knows", password=self.secret)
        else:
            self.socket.unlink()

    def mend(self) -> None:
        self.socket.unlink(missing_ok=True)
        self.socket.symlink_to(self.real)
        self.url = self.admin.url.update_query_dict({"unix_socket": str(self.socket)})
        with contextlib.suppress(sa.exc.ProgrammingError, sa.exc.OperationalError):
            super().mend()

    def run(self, statement: str, **values: object) -> None:
        super().run(_mysql(statement), **values)


def _mysql(statement: str) -> str:
    return (
        statement.replace('"', "`")
        .replace("changed TIMESTAMP", "changed DATETIME NULL")
        .replace("created TIMESTAMP", "created DATETIME")
    )


class TestSqlite(Reading):
    @pytest.fixture(params=sorted(READS))
    def case(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
        case = SqliteCase(tmp_path, request.param)
        yield case
        case.close()


class TestPostgres(Reading):
    @pytest.fixture(params=["paged", "table"])
    def case(self, request: pytest.FixtureRequest, postgres_url: str) -> Iterator[Case]:
        case = PostgresCase(postgres_url, request.param)
        yield case
        case.close()


# PyMySQL leaves the socket of a connection that failed to the garbage collector
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
class TestMariaDb(Reading):
    @pytest.fixture(params=["paged", "table"])
    def case(self, request: pytest.FixtureRequest, tmp_path: Path, mariadb_url: str) -> Iterator[Case]:
        case = MariaCase(tmp_path, sa.make_url(mariadb_url), request.param)
        yield case
        case.close()
        gc.collect()  # here, where its sockets are allowed for
