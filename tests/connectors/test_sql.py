from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.contract import Ask, Everything, Keys, Page, Since
from connectors.retry import retrying
from connectors.sql import SqlConnector
from connectors.sql.values import plain, text_of
from hub.config import connection
from hub.errors import ConfigError, Rejected, Unavailable
from hub.mapping.grammar import SystemMapping

Run = Callable[..., None]
Fetch = Callable[..., list[dict[str, Any]]]


class Bench:
    """A database, and one stream on it."""

    def __init__(self, url: str) -> None:
        self.url, self.admin = url, sa.create_engine(url, poolclass=sa.NullPool)
        self.connectors: list[SqlConnector] = []
        self.pages: list[Page] = []
        self.slept: list[float] = []
        self.timeout = "60s"
        self.text: dict[str, Any] | None = None

    def run(self, *statements: str) -> None:
        with self.admin.begin() as conn:
            for statement in statements:
                conn.exec_driver_sql(statement)

    def connector(self, read: dict[str, Any], **stream: Any) -> SqlConnector:
        said: dict[str, Any] = {"system": "wms", "connector": "sql", "time": {"zone": "Asia/Shanghai"}}
        said |= {"limits": {"timeout": self.timeout}} | ({"text": self.text} if self.text else {})
        mapping = SystemMapping.model_validate({**said, "streams": {"rows": {"read": read, **stream}}})
        spoken = json.dumps({"conn_type": "sql", "extra": {"sqlalchemy_url": self.url}})
        reached = connection("wms", {"AIRFLOW_CONN_WMS": spoken})
        retry = retrying(self.slept.append)
        self.connectors.append(SqlConnector(mapping, reached, lambda: datetime.now(UTC), retry))
        return self.connectors[-1]

    def fetch(self, read: dict[str, Any], ask: Ask | None = None, **stream: Any) -> list[dict[str, Any]]:
        self.pages = list(self.connector(read, **stream).fetch("rows", ask or Since({})))
        return [record for page in self.pages for record in page.records]

    @property
    def state(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for page in self.pages:
            merged |= page.state
        return merged


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(f"sqlite:///{tmp_path / 'wms.db'}")
    yield bench
    for connector in bench.connectors:
        connector.close()


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Bench]:
    bench = Bench(postgres_url)
    yield bench
    for connector in bench.connectors:
        connector.close()


# Values


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (0.1, Decimal("0.1")),
        (0.1 + 0.2, Decimal("0.30000000000000004")),
        (1200.0, 1200),
        (4500012345.0, 4500012345),
        (1e22, 10**22),
        (Decimal("10.500"), Decimal("10.500")),
        (True, True),
        (time(8, 5), "08:05:00"),
        (timedelta(hours=8, minutes=5), "08:05:00"),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ({"a": [0.5, b"\xd6\xd0"]}, {"a": [Decimal("0.5"), "中"]}),
        (memoryview(b"abc"), "abc"),
        ("padded   ", "padded   "),
    ],
)
def test_values_are_exact_and_plain(raw: Any, expected: Any) -> None:
    found = plain(raw)
    assert found == expected
    assert not isinstance(found, float)


def test_no_number_is_lost_that_is_none() -> None:
    assert str(plain(float("inf"))) == "Infinity"
    assert str(plain(float("nan"))) == "NaN"


def test_text_in_no_known_charset_is_kept() -> None:
    assert text_of("中文".encode("gb18030")) == "中文"
    assert text_of(b"abc\xff\xff") == "abc\\xff\\xff"
    assert text_of(b"\x00\x01\x02") == "0x000102"


def test_sqlite_values(sqlite: Bench, tmp_path: Path) -> None:
    sqlite.run(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, qty NUMERIC, real REAL, at DATETIME, note TEXT, pad CHAR(8))"
    )
    with sqlite3.connect(tmp_path / "wms.db") as raw:
        raw.execute(
            "INSERT INTO t VALUES (1, 12.5, 0.1, '2026-03-01 08:00:00', CAST(? AS TEXT), 'A1      ')",
            (b"\xd6\xd0!",),
        )
    raw.close()
    (record,) = sqlite.fetch({"table": "t", "cursor": ["at", "id"]})
    assert record == {
        "id": 1,
        "qty": Decimal("12.5"),
        "real": Decimal("0.1"),
        "at": "2026-03-01 08:00:00",
        "note": "中!",
        "pad": "A1      ",
    }


def test_postgres_values(postgres: Bench) -> None:
    postgres.run(
        "CREATE TABLE t (id uuid PRIMARY KEY, qty numeric(12,3), real float8, at timestamp, seen timestamptz,"
        " day date, clock time, doc jsonb, tags text[], yes boolean, pad char(6))",
        "INSERT INTO t VALUES ('00000000-0000-0000-0000-000000000001', 12.500, 0.1, '2026-03-01 08:00', "
        "'2026-03-01 08:00+08', '2026-03-01', '08:00', '{\"w\": 0.1}', '{a,b}', true, 'A1')",
    )
    (record,) = postgres.fetch({"table": "t", "cursor": ["at", "id"]})
    assert record == {
        "id": "00000000-0000-0000-0000-000000000001",
        "qty": Decimal("12.500"),
        "real": Decimal("0.1"),
        "at": datetime(2026, 3, 1, 8),  # noqa: DTZ001  # the mapping knows the zone
        "seen": datetime(2026, 3, 1, tzinfo=UTC),
        "day": date(2026, 3, 1),
        "clock": "08:00:00",
        "doc": {"w": Decimal("0.1")},
        "tags": ["a", "b"],
        "yes": True,
        "pad": "A1    ",
    }
    assert str(record["qty"]) == "12.500"
    assert postgres.fetch({"table": "t", "cursor": ["at", "id"]}, Since(postgres.state)) == [record]


# Order and completeness


@pytest.mark.parametrize("bench", ["sqlite", "postgres"])
def test_rows_with_equal_stamp_and_key_are_never_parted(bench: str, request: pytest.FixtureRequest) -> None:
    here: Bench = request.getfixturevalue(bench)
    here.run("CREATE TABLE v (order_no TEXT, line_no INTEGER, at INTEGER)")
    for order in range(5):
        here.run(*(f"INSERT INTO v VALUES ('SO{order}', {line}, 7)" for line in range(3)))
    found = here.fetch({"table": "v", "cursor": ["at", "order_no"], "size": 2})
    assert sorted((row["order_no"], row["line_no"]) for row in found) == [
        (f"SO{order}", line) for order in range(5) for line in range(3)
    ]


@pytest.mark.parametrize("sorted_", [True, False])
@pytest.mark.parametrize("bench", ["sqlite", "postgres"])
def test_rows_without_stamp_or_key_are_read_each_time(
    bench: str, request: pytest.FixtureRequest, sorted_: bool
) -> None:
    here: Bench = request.getfixturevalue(bench)
    here.run("CREATE TABLE t (id INTEGER, changed INTEGER, created INTEGER)")
    here.run("INSERT INTO t VALUES (1, 10, 1), (2, NULL, 11), (3, NULL, NULL), (NULL, 12, 12), (5, 9, 9)")
    read = {"table": "t", "cursor": ["changed || created", "id"], "sorted": sorted_, "size": 2}
    first = here.fetch(read)
    assert sorted(str(row["id"]) for row in first) == ["1", "2", "3", "5", "None"]
    again = here.fetch(read, Since(here.state))
    assert {row["id"] for row in again} == {2, 3, None}


def test_an_unsorted_stream_moves_its_mark_only_at_the_end(sqlite: Bench) -> None:
    sqlite.run("CREATE TABLE t (id INTEGER NOT NULL, changed INTEGER, created INTEGER NOT NULL)")
    sqlite.run("INSERT INTO t VALUES (1, 10, 1), (2, NULL, 11), (3, 4, 4)")
    sqlite.fetch({"table": "t", "cursor": ["changed || created", "id"], "sorted": False, "size": 1})
    assert [bool(page.state) for page in sqlite.pages] == [False, False, False, True]
    assert sqlite.state["cursor"]["stamp"] == 11


def test_without_cursor_all_is_read_by_primary_key(sqlite: Bench) -> None:
    sqlite.run("CREATE TABLE t (a TEXT NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b))")
    sqlite.run("INSERT INTO t VALUES ('x', 2), ('x', 1), ('w', 9)")
    assert sqlite.fetch({"table": "t", "size": 2}) == [
        {"a": "w", "b": 9},
        {"a": "x", "b": 1},
        {"a": "x", "b": 2},
    ]
    assert sqlite.state == {}
    sqlite.run("CREATE VIEW v AS SELECT * FROM t")
    assert len(sqlite.fetch({"table": "v", "size": 2})) == 3


def test_where_and_columns(sqlite: Bench) -> None:
    sqlite.run("CREATE TABLE t (id INTEGER PRIMARY KEY, at INTEGER, state TEXT, wide TEXT)")
    sqlite.run("INSERT INTO t VALUES (1, 1, 'A', 'w'), (2, 2, 'X', 'w')")
    read = {
        "table": "t",
        "cursor": ["at", "id"],
        "where": "state = 'A' OR state = 'B'",
        "columns": ["id", "state"],
    }
    assert sqlite.fetch(read) == [{"id": 1, "state": "A"}]
    assert sqlite.pages[0].expected == 1
    assert sqlite.fetch(read, Since(sqlite.state)) == [{"id": 1, "state": "A"}]
    assert sqlite.pages[0].expected is None


def test_keys_in_the_type_of_their_column(sqlite: Bench) -> None:
    sqlite.run("CREATE TABLE t (id INTEGER PRIMARY KEY, no CHAR(6), at INTEGER)")
    sqlite.run("INSERT INTO t VALUES (1, 'A1    ', 1), (2, 'A2    ', 2)")
    read = {"table": "t", "cursor": ["at", "id"]}
    assert [row["id"] for row in sqlite.fetch(read, Keys(["2", "x", "7"]))] == [2]
    assert [row["id"] for row in sqlite.fetch(read, Keys(["A1"]), key="no")] == [1]
    with pytest.raises(ConfigError, match="cannot be read by key"):
        sqlite.fetch(read, Keys(["1"]), key="a || b")


def test_a_sweep_lists_or_takes_keys(sqlite: Bench) -> None:
    sqlite.run("CREATE TABLE t (id INTEGER PRIMARY KEY, at INTEGER, open TEXT)")
    sqlite.run("INSERT INTO t VALUES (1, 1, 'Y'), (2, 2, 'N'), (3, 3, 'Y')")
    read = {"table": "t", "cursor": ["at", "id"]}
    listing = {"every": "1h", "where": "open = 'Y'"}
    assert [row["id"] for row in sqlite.fetch(read, Everything(), sweep=listing)] == [1, 3]
    assert [row["id"] for row in sqlite.fetch(read, Keys(["2"]), sweep=listing)] == [2]
    assert [row["id"] for row in sqlite.fetch(read, sweep=listing)] == [1, 2, 3]


# Nested tables


@pytest.mark.parametrize("bench", ["sqlite", "postgres"])
def test_lines_come_with_their_heads(bench: str, request: pytest.FixtureRequest) -> None:
    here: Bench = request.getfixturevalue(bench)
    here.run(
        "CREATE TABLE head (id INTEGER PRIMARY KEY, at INTEGER)",
        "CREATE TABLE line (head_id INTEGER, pos INTEGER, sku VARCHAR(9), PRIMARY KEY (head_id, pos))",
        "CREATE TABLE batch (head_id INTEGER, pos INTEGER, lot VARCHAR(9))",
        "INSERT INTO head VALUES (1, 1), (2, 2), (3, 3)",
        "INSERT INTO line VALUES (2, 2, 'b'), (2, 1, 'a'), (1, 1, 'c')",
        "INSERT INTO batch VALUES (2, 1, 'L1'), (2, 1, 'L2')",
    )
    lots = {"table": "batch", "on": ["head_id", "pos"]}
    lines = {"table": "line", "on": {"head_id": "id"}, "columns": ["sku", "pos"], "nest": {"lots": lots}}
    found = here.fetch({"table": "head", "cursor": ["at", "id"], "size": 2, "nest": {"lines": lines}})
    assert [[line["sku"] for line in row["lines"]] for row in found] == [["c"], ["a", "b"], []]
    assert [lot["lot"] for lot in found[1]["lines"][0]["lots"]] == ["L1", "L2"]
    assert found[1]["lines"][1]["lots"] == []
    by_name = {"table": "line", "on": "head_id"}  # the parent has no such column: its key is meant
    assert here.fetch({"table": "head", "cursor": ["at", "id"], "nest": {"lines": by_name}})[0]["lines"]
    for keys in (":keys", "(:keys)"):
        text = f"SELECT sku, head_id AS id FROM line WHERE head_id IN {keys} ORDER BY pos"
        by_hand = {"sql": text, "on": "id"}
        found = here.fetch({"table": "head", "cursor": ["at", "id"], "nest": {"lines": by_hand}})
        assert [[line["sku"] for line in row["lines"]] for row in found] == [["c"], ["a", "b"], []]


def test_names_of_columns_with_blanks_stand_in_quotes_everywhere(sqlite: Bench) -> None:
    sqlite.run(
        'CREATE TABLE "Order Head" ("Order No." TEXT, "upd at" TEXT)',
        'CREATE TABLE "Order Line" ("Order No." TEXT, sku TEXT)',
        "INSERT INTO \"Order Head\" VALUES ('A1', '2026-03-01 08:00:00'), ('A2', '2026-03-01 08:00:00')",
        "INSERT INTO \"Order Line\" VALUES ('A2', 'K'), ('A1', 'L'), ('A2', 'M')",
    )
    read = {"table": "Order Head", "cursor": ['"upd at"', '"Order No."'], "size": 1}
    nest = {"lines": {"table": "Order Line", "on": {'"Order No."': '"Order No."'}}}
    found = sqlite.fetch({**read, "nest": nest})
    assert [[line["sku"] for line in one["lines"]] for one in found] == [["L"], ["K", "M"]]
    assert [one["Order No."] for one in sqlite.fetch(read, Keys(["A2"]))] == ["A2"]


def test_a_nest_must_say_on_what(sqlite: Bench) -> None:
    sqlite.run("CREATE TABLE head (id INTEGER PRIMARY KEY)", "INSERT INTO head VALUES (1)")
    with pytest.raises(ConfigError, match="needs `on`"):
        sqlite.fetch({"table": "head", "nest": {"lines": {"table": "line"}}})
    sqlite.run("CREATE TABLE line (x INTEGER)")
    with pytest.raises(ConfigError, match="no column 'nope'"):
        sqlite.fetch({"table": "head", "nest": {"lines": {"table": "line", "on": {"nope": "id"}}}})


# Text


@pytest.mark.parametrize(
    ("read", "message"),
    [
        ({"sql": "SELECT * FROM t WHERE id > :lats", "cursor": ["at", "id"]}, ":lats"),
        ({"sql": "SELECT * FROM t LIMIT :size", "cursor": ["at", "id"]}, ":last"),
        ({"sql": "SELECT * FROM t WHERE at > :since"}, "cursor"),
        (
            {"sql": "SELECT * FROM t WHERE :since IS NOT NULL OR :last = 1", "cursor": ["at", "id"]},
            "begins where",
        ),
        ({"sql": "SELECT 1 AS id, :last AS at", "cursor": ["at", "id"]}, "no value in its cursor"),
        ({"sql": "SELECT id FROM t", "cursor": ["at", "id"]}, "no column 'at'"),
        ({"table": "t", "cursor": ["att", "id"]}, "no column 'att'; the nearest is 'at'"),
    ],
)
def test_a_mapping_that_cannot_work_says_so(sqlite: Bench, read: dict[str, Any], message: str) -> None:
    sqlite.run("CREATE TABLE t (id INTEGER PRIMARY KEY, at INTEGER)", "INSERT INTO t VALUES (1, 1)")
    with pytest.raises(ConfigError, match=message):
        sqlite.fetch(read)


def test_keys_need_a_place_in_the_text(sqlite: Bench) -> None:
    sqlite.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    with pytest.raises(ConfigError, match="IN :keys"):
        sqlite.fetch({"sql": "SELECT * FROM t"}, Keys(["1"]))


# Errors


@pytest.mark.parametrize("bench", ["sqlite", "postgres"])
def test_the_source_is_only_read(bench: str, request: pytest.FixtureRequest) -> None:
    here: Bench = request.getfixturevalue(bench)
    here.run("CREATE TABLE t (id INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    with pytest.raises(Rejected):
        here.fetch({"sql": "DELETE FROM t RETURNING id"})
    assert here.fetch({"table": "t"}) == [{"id": 1}]


def test_what_the_database_says_is_kept_word_by_word(postgres: Bench) -> None:
    with pytest.raises(Rejected) as caught:
        postgres.fetch({"sql": "SELECT 1/0 AS x"})
    assert (caught.value.code, caught.value.reason) == ("22012", "division by zero")
    assert (caught.value.system, caught.value.operation) == ("wms", "rows")


def test_a_locked_database_is_tried_again(sqlite: Bench, tmp_path: Path) -> None:
    sqlite.run("CREATE TABLE t (id INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    sqlite.timeout = "1ms"
    connector = sqlite.connector({"table": "t"})
    writer = sqlite3.connect(tmp_path / "wms.db", isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")

    def unlock_at_third(seconds: float) -> None:
        sqlite.slept.append(seconds)
        if len(sqlite.slept) == 2:
            writer.execute("COMMIT")

    connector._database.retry = retrying(unlock_at_third)
    connector._database.engine.dispose()
    assert [page.records for page in connector.fetch("rows", Since({}))] == [[{"id": 1}]]
    assert len(sqlite.slept) == 2
    writer.close()


def test_a_missing_file_is_not_made(sqlite: Bench, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"wms\.db is not there"):
        sqlite.fetch({"table": "t"})
    assert not (tmp_path / "wms.db").exists()
    health = sqlite.connector({"table": "t"}).check()
    assert (health.ok, health.key) == (False, "sql.no_file")


def test_a_missing_table_shows_in_the_check(sqlite: Bench) -> None:
    sqlite.run("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    assert sqlite.connector({"table": "t"}).check().ok
    assert sqlite.connector({"table": "nope"}).check().key == "sql.no_table"


def test_an_unknown_driver_is_named() -> None:
    with pytest.raises(ConfigError, match="nosuchdb"):
        Bench.connector(_Elsewhere("nosuchdb://host/x"), {"table": "t"})


class _Elsewhere(Bench):
    def __init__(self, url: str) -> None:
        self.url, self.connectors, self.slept, self.timeout, self.text = url, [], [], "60s", None
