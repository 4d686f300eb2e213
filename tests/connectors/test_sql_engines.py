"""What is odd about single engines: charsets nobody declared, padding, bits, zero dates, their errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.contract import Everything, Keys, Since
from connectors.sql.engine import open_engine
from connectors.sql.errors import named
from connectors.sql.tables import Table, beyond, bound, pages
from hub.config import Connection
from hub.errors import AuthExpired, ConfigError, Rejected, SourceError, Unavailable
from hub.mapping import Reader
from hub.mapping.grammar import SystemMapping
from hub.rules import Rules
from tests.connectors.test_sql import Bench

GBK = "出库单甲".encode("gb18030")


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(f"sqlite:///{tmp_path / 'wms.db'}")
    yield bench
    _close(bench)


@pytest.fixture
def maria(mariadb_url: str) -> Iterator[Bench]:
    bench = Bench(mariadb_url)
    yield bench
    _close(bench)


@pytest.fixture
def ascii_postgres(postgres_server: sa.URL, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A PostgreSQL database whose charset nobody knows."""
    name = "nobody_knows"
    admin = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as conn:
        conn.exec_driver_sql(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    bench = Bench(postgres_server.set(database=name).render_as_string(hide_password=False))
    latin = {"client_encoding": "LATIN1"}
    bench.admin = sa.create_engine(bench.url, poolclass=sa.NullPool, connect_args=latin)
    yield bench
    _close(bench)
    with admin.connect() as conn:
        conn.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def _close(bench: Bench) -> None:
    for connector in bench.connectors:
        connector.close()


def _gbk_rows(count: int) -> list[tuple[bytes, str]]:
    return [
        ("甲乙丙丁戊己庚"[at].encode("gb18030") + b"-1", f"2026-03-0{at + 1} 08:00:00") for at in range(count)
    ]


TABLE = {"table": "t", "cursor": ["changed", "id"], "size": 2, "overlap": "0s"}
NAMES = [f"{sign}-1" for sign in "甲乙丙丁戊己庚"]


def _read_in_steps(bench: Bench, put: Callable[[bytes, str], None], **more: Any) -> None:
    """Read keys that are no ASCII page by page, then what is new, then by key: none is lost."""
    rows = _gbk_rows(7)
    for key, changed in rows[:5]:
        put(key, changed)
    assert [row["id"] for row in bench.fetch(TABLE, **more)] == NAMES[:5]
    state = bench.state
    for key, changed in rows[5:]:
        put(key, changed)
    assert [row["id"] for row in bench.fetch(TABLE, Since(state), **more)][-2:] == NAMES[5:]
    assert [row["id"] for row in bench.fetch({"table": "t", "size": 2}, Everything(), key="id")] != []
    assert {row["id"] for row in bench.fetch(TABLE, Keys([NAMES[1], NAMES[6], "无"]), **more)} == {
        NAMES[1],
        NAMES[6],
    }


def test_sqlite_text_in_a_charset_of_its_own(sqlite: Bench, tmp_path: Path) -> None:
    sqlite.run("CREATE TABLE t (id TEXT PRIMARY KEY, changed TEXT)")

    def put(key: bytes, changed: str) -> None:
        with sqlite3.connect(tmp_path / "wms.db") as conn:
            conn.execute("INSERT INTO t VALUES (CAST(? AS TEXT), ?)", (key, changed))
        conn.close()

    _read_in_steps(sqlite, put)


def test_a_hand_written_select_goes_on_after_such_text(sqlite: Bench, tmp_path: Path) -> None:
    sqlite.run("CREATE TABLE t (id TEXT PRIMARY KEY, changed TEXT)")
    with sqlite3.connect(tmp_path / "wms.db") as conn:
        conn.executemany(
            "INSERT INTO t VALUES (CAST(? AS TEXT), '2026-03-01 08:00:00')",
            [(key,) for key, _ in _gbk_rows(5)],
        )
    conn.close()
    text = (
        "SELECT * FROM t WHERE changed > :since OR (changed = :since AND id > :last) "
        "ORDER BY changed, id LIMIT :size"
    )
    rows = sqlite.fetch({"sql": text, "cursor": ["changed", "id"], "size": 2, "overlap": "0s"})
    assert sorted(row["id"] for row in rows) == sorted(NAMES[:5])


def test_postgres_without_a_charset(ascii_postgres: Bench) -> None:
    ascii_postgres.run("CREATE TABLE t (id varchar(20) PRIMARY KEY, changed timestamp)")

    def put(key: bytes, changed: str) -> None:
        with ascii_postgres.admin.begin() as conn:
            conn.execute(
                sa.text("INSERT INTO t VALUES (convert_from(:key, 'SQL_ASCII'), CAST(:at AS timestamp))"),
                {"key": key, "at": changed},
            )

    _read_in_steps(ascii_postgres, put)


def test_mysql_text_in_a_column_that_says_latin1(maria: Bench) -> None:
    maria.run("CREATE TABLE t (id VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY, changed DATETIME)")

    def put(key: bytes, changed: str) -> None:
        with maria.admin.begin() as conn:
            conn.execute(
                sa.text("INSERT INTO t VALUES (CONVERT(:key USING latin1), :at)"), {"key": key, "at": changed}
            )

    maria.text = {"encoding": ["gb18030"]}
    _read_in_steps(maria, put)


@pytest.mark.parametrize("text", [None, {"encoding": ["utf-8", "gb18030"]}])
def test_mysql_values(maria: Bench, text: dict[str, Any] | None) -> None:
    maria.text = text
    maria.run(
        "CREATE TABLE t (id CHAR(10) PRIMARY KEY, gone BIT(1), qty DECIMAL(14,3), kg DOUBLE, day DATE, "
        "changed DATETIME NULL, took TIME, note VARCHAR(50), big TEXT)",
        "SET SESSION sql_mode = ''",
        "INSERT INTO t VALUES ('SO1', b'1', 1200.500, 0.1, '2026-03-01', '2026-03-01 08:00:00', '08:05:00', "
        "'加急 😀', '长')",
    )
    with maria.admin.connect() as conn:
        conn.exec_driver_sql("SET SESSION sql_mode = ''")
        conn.exec_driver_sql(
            "INSERT INTO t (id, day, changed) VALUES ('SO2', '0000-00-00', '0000-00-00 00:00:00')"
        )
        conn.commit()
    first, second = maria.fetch({"table": "t", "cursor": ["changed", "id"]})[-2:]
    if first["id"] != "SO1":
        first, second = second, first
    assert (first["gone"], str(first["qty"]), str(first["kg"])) == (1, "1200.500", "0.1")
    assert (first["note"], first["big"], first["took"]) == ("加急 😀", "长", "08:05:00")
    assert second["day"] in (None, "0000-00-00")
    assert [row["id"] for row in maria.fetch({"table": "t"}, Keys(["SO2"]), key="id")] == ["SO2"]


@pytest.mark.parametrize("also", [{}, {"sorted": False}])
def test_a_mysql_date_of_zeros_is_no_stamp(maria: Bench, also: dict[str, Any]) -> None:
    """It sorts before everything, so a row that is written with it later would never be read."""

    def write(key: str, created: str, changed: str) -> None:
        with maria.admin.begin() as conn:
            conn.exec_driver_sql("SET SESSION sql_mode = ''")
            conn.exec_driver_sql(f"INSERT INTO t VALUES ('{key}', '{created}', '{changed}')")

    maria.run("CREATE TABLE t (id CHAR(9) PRIMARY KEY, created DATETIME NOT NULL, changed DATETIME NOT NULL)")
    zero = "0000-00-00 00:00:00"
    write("SO1", "2026-02-01 08:00:00", zero)
    write("SO2", "2026-02-01 09:00:00", "2026-02-02 08:00:00")

    def ids(cursor: str, state: dict[str, Any]) -> list[str]:
        read = {"table": "t", "cursor": [cursor, "id"], **also}
        return sorted(row["id"] for row in maria.fetch(read, Since(state)))

    assert ids("changed || created", {}) == ["SO1", "SO2"]
    write("SO3", "2026-02-03 08:00:00", zero)
    assert "SO3" in ids("changed || created", maria.state)
    assert ids("changed", {}) == ["SO1", "SO2", "SO3"]
    write("SO4", "2026-02-04 08:00:00", zero)
    assert "SO4" in ids("changed", maria.state)


def test_mysql_is_only_read(maria: Bench) -> None:
    maria.run("CREATE TABLE t (id INT PRIMARY KEY)")
    with pytest.raises(Rejected, match="READ ONLY"):
        maria.fetch({"sql": "DELETE FROM t"})


def test_mysql_heads_and_lines(maria: Bench) -> None:
    maria.run(
        "CREATE TABLE heads (id INT PRIMARY KEY, changed DATETIME)",
        "CREATE TABLE rows_of (id INT, pos INT, qty DECIMAL(9,2), PRIMARY KEY (id, pos))",
        "INSERT INTO heads VALUES (1, '2026-03-01'), (2, '2026-03-01'), (3, '2026-03-01')",
        "INSERT INTO rows_of VALUES (1, 10, 5.5), (1, 20, 1), (3, 10, 2)",
    )
    read = {
        "table": "heads",
        "cursor": ["changed", "id"],
        "size": 2,
        "nest": {"lines": {"table": "rows_of", "on": "id"}},
    }
    rows = maria.fetch(read)
    assert {row["id"]: len(row["lines"]) for row in rows} == {1: 2, 2: 0, 3: 1}


@pytest.mark.parametrize("engine", ["sqlite", "maria", "postgres"])
def test_padded_keys_are_found_by_what_records_call_them(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    bench = (
        Bench(request.getfixturevalue("postgres_url"))
        if engine == "postgres"
        else request.getfixturevalue(engine)
    )
    bench.run(
        "CREATE TABLE t (id CHAR(10) PRIMARY KEY, gone CHAR(1))",
        "INSERT INTO t VALUES ('SO1       ', ' '), ('SO2', 'X')",
    )
    found = bench.fetch({"table": "t"}, Keys(["SO1", "SO2"]), key="id")
    assert sorted(str(row["id"]).strip() for row in found) == ["SO1", "SO2"]
    _close(bench)


def test_soft_deleted_rows_say_so(sqlite: Bench) -> None:
    sqlite.run(
        "CREATE TABLE t (id TEXT PRIMARY KEY, qty INT, removed_at TEXT)",
        "INSERT INTO t VALUES ('SO1', 5, NULL), ('SO2', 6, '2026-03-01 08:00:00')",
    )
    spec = {
        "system": "wms", "connector": "sql", "time": {"zone": "UTC", "format": "%Y-%m-%d %H:%M:%S"},
        "streams": {"rows": {
            "read": {"table": "t"}, "key": "id", "deleted": "removed_at",
            "fields": {
                "company": {"const": "C1"},
                "order_no": "id",
                "status": {"const": "confirmed"},
                "ordered": "qty",
            },
        }},
    }  # fmt: skip
    reader = Reader(SystemMapping.model_validate(spec), "rows", Rules.model_validate({}))
    facts = [reader.read(row, {}, _now()).facts[0] for row in sqlite.fetch({"table": "t"})]
    assert {fact.order_no: fact.deleted for fact in facts} == {"SO1": False, "SO2": True}


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 3, 5, tzinfo=UTC)


def test_the_check_looks_at_columns(sqlite: Bench) -> None:
    sqlite.run(
        "CREATE TABLE t (id TEXT PRIMARY KEY, quantity INT)", "CREATE TABLE lines_of (head TEXT, pos INT)"
    )
    fields = {"order_no": "id", "ordered": "quantity || 'x'"}
    assert sqlite.connector({"table": "t"}, fields=fields).check().ok
    wrong = sqlite.connector({"table": "t"}, fields={"order_no": "id", "ordered": "quantiy"}).check()
    assert (wrong.ok, wrong.key, wrong.values["near"]) == (False, "sql.no_column", "quantity")
    nested = {"table": "t", "nest": {"lines": {"table": "lines_of", "on": {"haed": "id"}}}}
    assert sqlite.connector(nested).check().values["near"] == "head"


# engines that cannot be installed here: their statements and the words of their errors


@pytest.mark.parametrize("dialect", ["mssql", "oracle", "mysql", "mariadb"])
def test_statements_can_be_said_to_every_engine(dialect: str) -> None:
    table = Table(
        "出库单",
        sa.table("出库单", sa.column("id"), sa.column("changed")),
        {"id": sa.String(), "changed": sa.DateTime()},
        frozenset(),
        ("id",),
    )
    order = (table.column("changed"), table.column("id"))
    statement = pages(table, (), (beyond(order, ("2026-03-01", "7")), order[1].is_not(None)), order).limit(5)
    said = str(statement.compile(dialect=sa.make_url(f"{dialect}://").get_dialect()()))
    assert "ORDER BY" in said
    assert any(word in said for word in ("TOP", "FETCH", "LIMIT", "ROWNUM"))
    assert (
        "CONVERT" in str(sa.select(bound(b"x")).compile(dialect=sa.make_url(f"{dialect}://").get_dialect()()))
    ) is False


class _Raised(Exception):
    """What a driver raises, by its words."""


@pytest.mark.parametrize(
    ("args", "kind"),
    [
        (("28000", "[28000] Login failed for user 'sa'. (18456)"), AuthExpired),
        (("42S02", "[42S02] Invalid object name 'orders'. (208)"), Rejected),
        (("40001", "[40001] deadlock victim (1205)"), Unavailable),
        (("08001", "[08001] TCP Provider: Error code 0x2749"), Unavailable),
        (("HYT00", "[HYT00] Login timeout expired"), Unavailable),
        (("ORA-01017: invalid credential or not authorized; logon denied",), AuthExpired),
        (("ORA-00942: table or view does not exist",), Rejected),
        (("ORA-12541: Cannot connect. No listener",), Unavailable),
        (("ORA-00060: deadlock detected while waiting for resource",), Unavailable),
        (("DPY-6005: cannot connect to database",), Unavailable),
        (("DPY-4011: the database or network closed the connection",), Unavailable),
    ],
)  # fmt: skip
def test_errors_of_sql_server_and_oracle(args: tuple[str, ...], kind: type[SourceError]) -> None:
    error = sa.exc.DatabaseError("SELECT 1", {}, _Raised(*args))
    assert type(named(error, "erp", "orders")) is kind


def test_a_missing_driver_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "oracledb", None)
    with pytest.raises(ConfigError, match=r"orderhub\[oracle\]"):
        open_engine(Connection("erp", "oracle", host="h", login="u", password="p", schema="x"))
