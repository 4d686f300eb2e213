"""Writing by SQL: one transaction, one row, bound parameters, and what the database's errors tell of it."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.contract import BusinessKey, Move, OutgoingChange, Receipt, Step, Writer
from connectors.retry import retrying
from connectors.sql import SqlConnector
from hub.config import connection
from hub.errors import (
    ConfigError,
    Exists,
    HubError,
    RateLimited,
    RecordLocked,
    Rejected,
    Stale,
)
from hub.locale import LOCALES
from hub.mapping.expressions import NameMissing
from hub.mapping.grammar import CallSpec, SystemMapping

HEAD = """CREATE TABLE dispatch (id INTEGER PRIMARY KEY, order_ref VARCHAR(20) NOT NULL UNIQUE,
    state VARCHAR(10), rev INTEGER NOT NULL, qty NUMERIC(14, 3), changed TIMESTAMP)"""
LINE = """CREATE TABLE dispatch_line (dispatch INTEGER NOT NULL, pos INTEGER NOT NULL, sku VARCHAR(20),
    qty NUMERIC(14, 3) CHECK (qty >= 0), PRIMARY KEY (dispatch, pos))"""
INSERT = "INSERT INTO dispatch (id, order_ref, state, rev) VALUES (:id_new, :order_no, :status, 1)"
LINES = "INSERT INTO dispatch_line VALUES (:new_id, :line_no, :sku, :quantity)"
UPDATE = """UPDATE dispatch SET state = :status, rev = rev + 1
    WHERE order_ref = :order_no AND rev = :version"""
FIND = {"table": "dispatch", "where": "order_ref = :order_no"}
NAMES = {"order_no": "SO1", "status": "NEW", "version": 1, "id": {}, "conn": {}}


class Bench:
    """A database with dispatches, and a connector that writes them."""

    def __init__(self, url: str) -> None:
        self.url, self.admin = url, sa.create_engine(url, poolclass=sa.NullPool)
        self.opened: list[SqlConnector] = []
        self.steps: list[Step] = []
        self.done: list[Step] = []
        self.slept: list[float] = []
        self.said: dict[str, Any] = {"time": {"zone": "Europe/Berlin"}}
        self.run(HEAD, LINE)

    def run(self, *statements: str) -> None:
        with self.admin.begin() as conn:
            for statement in statements:
                conn.exec_driver_sql(statement)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.admin.connect() as conn:
            return [tuple(row) for row in conn.exec_driver_sql(statement).all()]

    def connector(self, **write: Any) -> SqlConnector:
        said: dict[str, Any] = {"system": "wms", "connector": "sql", "mode": "live", **self.said}
        streams = {"dispatches": {"read": {"table": "dispatch"}}}
        writes = {"dispatch": {"stream": "dispatches", "find": FIND, **write}}
        mapping = SystemMapping.model_validate({**said, "streams": streams, "writes": writes})
        spoken = json.dumps({"conn_type": "sql", "extra": {"sqlalchemy_url": self.url}})
        reached = connection("wms", {"AIRFLOW_CONN_WMS": spoken})
        made = SqlConnector(mapping, reached, lambda: datetime.now(UTC), retrying(self.slept.append))
        self.opened.append(made)
        return made

    def create(self, *calls: Any, **names: Any) -> Receipt:
        return self.push(self.connector(create=list(calls)), "create", **names)

    def update(self, *calls: Any, **names: Any) -> Receipt:
        return self.push(self.connector(update=list(calls)), "update", **names)

    def push(self, connector: SqlConnector, kind: Any, **names: Any) -> Receipt:
        spec = connector._mapping.writes["dispatch"]
        calls: Sequence[CallSpec] = spec.create if kind == "create" else spec.update.whole  # type: ignore[union-attr]
        moves, self.steps = [Move(kind, calls)], []
        change = OutgoingChange("dispatch", kind, "SO1", "k1", {**NAMES, **names}, moves, self.done)
        return connector.push(change, self.steps.append)

    def close(self) -> None:
        for one in self.opened:
            one.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(f"sqlite:///{tmp_path / 'wms.db'}")
    yield bench
    bench.close()


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Bench]:
    bench = Bench(postgres_url)
    yield bench
    bench.close()


@pytest.fixture(params=["sqlite", "postgres_url", "mariadb_url"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """The same on every engine: nothing may tell them apart."""
    here = f"sqlite:///{tmp_path / 'wms.db'}"
    bench = Bench(here if request.param == "sqlite" else request.getfixturevalue(request.param))
    yield bench
    bench.close()


def said_well(error: HubError) -> None:
    """Every value of a message is there, in every language."""
    for locale in LOCALES:
        text = error.say(locale)
        assert "{" not in text
        assert error.key not in text


# What is done


def test_it_writes(sqlite: Bench) -> None:
    connector = sqlite.connector()
    assert isinstance(connector, Writer)
    assert connector.capabilities.writes


def test_calls_of_a_move_are_one_transaction(anywhere: Bench) -> None:
    lines = [
        {"line_no": 10, "sku": "0042", "quantity": Decimal("1200.5")},
        {"line_no": 20, "sku": "A'; --", "quantity": Decimal("3")},
    ]
    calls = [
        {"sql": "INSERT INTO dispatch (id, order_ref, rev) VALUES (7, :order_no, 1)"},
        {"sql": "SELECT id, rev FROM dispatch WHERE order_ref = :order_no", "take": {"new_id": "id"}},
        {"sql": LINES, "each": "lines"},
    ]
    receipt = anywhere.create(*calls, lines=lines)
    assert receipt == Receipt()
    found = anywhere.rows("SELECT dispatch, pos, sku, qty FROM dispatch_line ORDER BY pos")
    assert [(*row[:3], Decimal(str(row[3]))) for row in found] == [
        (7, 10, "0042", Decimal("1200.5")),
        (7, 20, "A'; --", Decimal(3)),
    ]
    assert [step.name for step in anywhere.steps] == ["create"]
    assert anywhere.steps[0].took == {"new_id": 7}
    json.dumps(anywhere.steps[0].took)


def test_an_error_in_the_midst_undoes_all(anywhere: Bench) -> None:
    lines = [{"line_no": 1, "sku": "a", "quantity": 1}, {"line_no": 2, "sku": "b", "quantity": -1}]
    calls = [
        {"sql": "INSERT INTO dispatch (id, order_ref, rev) VALUES (7, :order_no, 1)"},
        {"sql": "SELECT id FROM dispatch WHERE order_ref = :order_no", "take": {"new_id": "id"}},
        {"sql": LINES, "each": "lines"},
    ]
    with pytest.raises(Rejected) as caught:
        anywhere.create(*calls, lines=lines)
    assert (caught.value.system, caught.value.operation, caught.value.record) == ("wms", "dispatch", "SO1")
    assert caught.value.code
    said_well(caught.value)
    assert anywhere.rows("SELECT * FROM dispatch") == []
    assert anywhere.rows("SELECT * FROM dispatch_line") == []
    assert anywhere.steps == []


def test_a_name_missing_in_the_midst_undoes_all_and_waits(sqlite: Bench) -> None:
    calls = [
        {"sql": "INSERT INTO dispatch (id, order_ref, rev) VALUES (7, :order_no, 1)"},
        {"sql": LINES.replace(":new_id", "7"), "each": "lines"},
    ]
    with pytest.raises(NameMissing) as caught:
        sqlite.create(*calls, lines=[{"line_no": 1, "quantity": 1}])
    assert caught.value.name == "sku"
    assert sqlite.rows("SELECT * FROM dispatch") == []
    sqlite.create(*calls, lines=[{"line_no": 1, "sku": None, "quantity": 1}])
    assert sqlite.rows("SELECT sku FROM dispatch_line") == [(None,)]


def test_what_a_look_up_did_not_find_is_named_with_what_it_was_asked_for(anywhere: Bench) -> None:
    look = {"sql": "SELECT id AS customer FROM dispatch WHERE order_ref = :customer_no"}
    head = {"sql": f"INSERT INTO dispatch (id, order_ref, rev) VALUES (:customer, :order_no, {'1':>90})"}
    with pytest.raises(NameMissing) as caught:
        anywhere.create({**look, "take": {"customer": "customer"}}, head, customer_no="K666")
    assert caught.value.name == "customer (customer_no K666)"
    said_well(caught.value)
    for locale in LOCALES:
        text = caught.value.say(locale)
        assert "customer (customer_no K666)" in text
        assert "sql INSERT INTO dispatch" in text
        assert ":order_no" not in text
    assert anywhere.rows("SELECT * FROM dispatch") == []


def test_what_lacks_is_known_before_the_database_is_asked(sqlite: Bench) -> None:
    with pytest.raises(NameMissing) as caught:
        sqlite.update({"sql": UPDATE}, version=None)
    assert caught.value.name == "version"
    with pytest.raises(NameMissing, match="id"):
        sqlite.update({"sql": "UPDATE dispatch SET rev = 2 WHERE id = :id_own"})


def test_what_a_statement_chooses_another_value_for_may_be_missing(anywhere: Bench) -> None:
    head = (
        "INSERT INTO dispatch (id, order_ref, state, rev) VALUES (7, :order_no, COALESCE(:note, 'none'), 1)"
    )
    line = "INSERT INTO dispatch_line VALUES (7, :line_no, coalesce( :sku , 'any'), :quantity)"
    lines = [{"line_no": 1, "quantity": 1}, {"line_no": 2, "sku": "b", "quantity": 1}]
    anywhere.create({"sql": head}, {"sql": line, "each": "lines"}, lines=lines)
    assert anywhere.rows("SELECT state FROM dispatch") == [("none",)]
    assert anywhere.rows("SELECT sku FROM dispatch_line ORDER BY pos") == [("any",), ("b",)]
    anywhere.update({"sql": "UPDATE dispatch SET state = COALESCE(:note, 'none') WHERE id = 7"}, note="N")
    assert anywhere.rows("SELECT state FROM dispatch") == [("N",)]
    with pytest.raises(NameMissing) as caught:
        anywhere.update({"sql": "UPDATE dispatch SET state = COALESCE(:note, :other) WHERE state = :note"})
    assert caught.value.name == "note"


def test_names_with_parts(anywhere: Bench) -> None:
    anywhere.run("INSERT INTO dispatch (id, order_ref, state, rev) VALUES (7, 'SO1', 'NEW', 1)")
    guarded = "UPDATE dispatch SET state = :status WHERE id = :id_own AND state = :was_state"
    names = {"status": "SENT", "id": {"own": 7}, "was": {"state": "NEW", "rev": 1}}
    anywhere.update({"sql": guarded}, **names)
    assert anywhere.rows("SELECT state FROM dispatch") == [("SENT",)]


def test_generated_keys_become_ids(sqlite: Bench) -> None:
    insert = "INSERT INTO dispatch (order_ref, rev) VALUES (:order_no, 1)"
    assert sqlite.create({"sql": insert, "id": "id"}).ids == {"own": "1"}
    returning = {"sql": f"{insert} RETURNING id, rev", "id": {"dispatch": "id"}, "take": {"version": "rev"}}
    then = {"sql": "UPDATE dispatch SET state = 'X' WHERE id = :id_dispatch AND rev = :version"}
    assert sqlite.create(returning, then, order_no="SO2").ids == {"dispatch": "2"}
    assert sqlite.rows("SELECT state FROM dispatch ORDER BY id") == [(None,), ("X",)]


def test_generated_keys_of_a_server(postgres: Bench, mariadb_url: str) -> None:
    postgres.run("CREATE TABLE made (id SERIAL PRIMARY KEY, no TEXT)")
    insert = "INSERT INTO made (no) VALUES (:order_no)"
    assert postgres.create({"sql": f"{insert} RETURNING id", "id": "id"}).ids == {"own": "1"}
    with pytest.raises(ConfigError, match="gives no id"):
        postgres.create({"sql": insert, "id": "id"})
    assert postgres.rows("SELECT count(*) FROM made") == [(1,)]
    maria = Bench(mariadb_url)
    maria.run("CREATE TABLE made (id INT AUTO_INCREMENT PRIMARY KEY, no VARCHAR(9))")
    assert maria.create({"sql": insert, "id": "id"}).ids == {"own": "1"}
    maria.close()


def test_a_second_try_does_not_repeat_a_committed_move(sqlite: Bench) -> None:
    sqlite.done = [Step("create", {"id": {"own": "7"}})]
    receipt = sqlite.create({"sql": "INSERT INTO dispatch (order_ref, rev) VALUES ('x', 1)"})
    assert receipt.ids == {"own": "7"}
    assert sqlite.rows("SELECT * FROM dispatch") == []


# Look-ups


def test_find_tells_none_one_and_several(anywhere: Bench) -> None:
    anywhere.run(
        "INSERT INTO dispatch (id, order_ref, state, rev) VALUES (1, 'SO1', 'A', 1), (2, 'SO2', 'A', 1)",
        "INSERT INTO dispatch_line VALUES (1, 10, 'x', 2)",
    )
    find = {**FIND, "nest": {"lines": {"table": "dispatch_line", "on": {"dispatch": "id"}}}}
    connector = anywhere.connector(find=find)
    (found,) = connector.lookup("dispatch", _key("SO1"))
    assert (found["id"], [line["sku"] for line in found["lines"]]) == (1, ["x"])
    assert connector.lookup("dispatch", _key("SO9")) == []
    by_state = anywhere.connector(find={"table": "dispatch", "on": {"state": "status"}, "columns": ["id"]})
    several = by_state.lookup("dispatch", BusinessKey("SO1", {"status": "A"}))
    assert sorted(one["id"] for one in several) == [1, 2]
    by_hand = anywhere.connector(find={"sql": "SELECT id FROM dispatch WHERE order_ref = :order_no"})
    assert by_hand.lookup("dispatch", _key("SO2")) == [{"id": 2}]


def test_a_column_is_asked_for_in_its_own_type(anywhere: Bench) -> None:
    anywhere.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (7, 'SO1', 1)")
    connector = anywhere.connector(find={"table": "dispatch", "on": {"id": "id.own"}})
    (found,) = connector.lookup("dispatch", BusinessKey("SO1", {"id": {"own": "7"}}))
    assert found["order_ref"] == "SO1"
    assert connector.lookup("dispatch", BusinessKey("SO1", {"id": {"own": "x"}})) == []
    with pytest.raises(NameMissing):
        connector.lookup("dispatch", BusinessKey("SO1", {"id": {}}))


def test_find_only_reads_and_is_tried_again(sqlite: Bench, tmp_path: Path) -> None:
    sqlite.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (7, 'SO1', 1)")
    connector = sqlite.connector(
        find={"sql": "DELETE FROM dispatch WHERE order_ref = :order_no RETURNING id"}
    )
    with pytest.raises(Rejected):
        connector.lookup("dispatch", _key("SO1"))
    assert len(sqlite.rows("SELECT * FROM dispatch")) == 1
    connector.close()
    file, away = tmp_path / "wms.db", tmp_path / "away"
    file.rename(away)
    again = sqlite.connector()
    paused: list[object] = []
    again._database.retry = retrying(lambda seconds: paused.append(away.replace(file)))
    assert len(again.lookup("dispatch", _key("SO1"))) == 1
    assert len(paused) == 1


def test_what_is_there_already_is_adopted(sqlite: Bench) -> None:
    sqlite.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (7, 'SO1', 1)")
    receipt = sqlite.create({"sql": "INSERT INTO dispatch (order_ref, rev) VALUES (:order_no, 1)"})
    assert receipt.adopted
    assert receipt.records[0]["id"] == 7


def test_a_find_that_would_read_all_is_refused(sqlite: Bench) -> None:
    with pytest.raises(ConfigError, match="whole table") as caught:
        sqlite.connector(find={"table": "dispatch"}).lookup("dispatch", _key("SO1"))
    said_well(caught.value)
    with pytest.raises(ConfigError, match="only looked up") as caught:
        sqlite.update({"table": "dispatch"})
    said_well(caught.value)


def _key(order_no: str) -> BusinessKey:
    return BusinessKey(order_no, {"order_no": order_no})


# One row


def test_no_row_is_stale(anywhere: Bench) -> None:
    anywhere.run("INSERT INTO dispatch (id, order_ref, state, rev) VALUES (7, 'SO1', 'NEW', 2)")
    with pytest.raises(Stale) as caught:
        anywhere.update({"sql": UPDATE})
    said_well(caught.value)
    anywhere.update({"sql": UPDATE}, version=2)
    assert anywhere.rows("SELECT state, rev FROM dispatch") == [("NEW", 3)]


def test_a_row_that_is_as_wanted_already_is_a_row(anywhere: Bench) -> None:
    anywhere.run("INSERT INTO dispatch (id, order_ref, state, rev) VALUES (7, 'SO1', 'NEW', 2)")
    anywhere.update({"sql": "UPDATE dispatch SET state = :status WHERE order_ref = :order_no"})


def test_more_than_one_row_is_rolled_back(anywhere: Bench) -> None:
    anywhere.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (1, 'SO1', 1), (2, 'SO2', 1)")
    call = {"sql": "UPDATE dispatch SET state = :status WHERE rev = :version"}
    with pytest.raises(Rejected) as caught:
        anywhere.update(call)
    assert (caught.value.code, caught.value.reason) == ("rows", "2")
    said_well(caught.value)
    assert anywhere.rows("SELECT DISTINCT state FROM dispatch") == [(None,)]
    anywhere.update({**call, "ok": "rows == `2`"})
    assert anywhere.rows("SELECT DISTINCT state FROM dispatch") == [("NEW",)]


def test_rows_that_come_back_are_counted_too(postgres: Bench) -> None:
    postgres.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (1, 'SO1', 1), (2, 'SO2', 1)")
    with pytest.raises(Stale):
        postgres.update({"sql": f"{UPDATE} RETURNING rev"}, version=9)
    with pytest.raises(Rejected, match="2 rows"):
        postgres.update({"sql": "UPDATE dispatch SET state = 'X' WHERE rev = :version RETURNING rev"})
    update = "UPDATE dispatch SET state = 'X' WHERE rev = :version RETURNING id"
    moved = f"WITH moved AS ({update}) SELECT * FROM moved"
    postgres.update({"sql": moved})  # what it touched it does not say: that is for `ok`
    assert postgres.rows("SELECT DISTINCT state FROM dispatch") == [("X",)]


def test_what_ok_does_not_allow_is_said(sqlite: Bench) -> None:
    sqlite.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (1, 'SO1', 1)")
    select = "SELECT id FROM dispatch WHERE order_ref = :order_no"
    with pytest.raises(Stale):
        sqlite.update({"sql": select, "ok": "rows == `1`"}, order_no="SO9")
    sqlite.update({"sql": select, "ok": "rows == `1`"})


def test_an_insert_that_finds_it_there_says_so(sqlite: Bench) -> None:
    sqlite.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (7, 'SO1', 1)")
    quiet = "INSERT INTO dispatch (order_ref, rev) VALUES (:order_no, 1) ON CONFLICT DO NOTHING"
    with pytest.raises(Exists) as caught:
        sqlite.push(sqlite.connector(find=None, create=[{"sql": quiet}]), "create")
    said_well(caught.value)


# Errors


def test_a_double_key_is_exists(anywhere: Bench) -> None:
    anywhere.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (7, 'SO1', 1)")
    insert = "INSERT INTO dispatch (id, order_ref, rev) VALUES (8, :order_no, 1)"
    with pytest.raises(Exists) as caught:
        anywhere.push(anywhere.connector(find=None, create=[{"sql": insert}]), "create")
    said_well(caught.value)
    primary = "INSERT INTO dispatch (id, order_ref, rev) VALUES (7, 'SO2', 1)"
    with pytest.raises(Exists):
        anywhere.push(anywhere.connector(find=None, create=[{"sql": primary}]), "create")


def test_what_the_database_refuses_is_kept_word_by_word(postgres: Bench) -> None:
    with pytest.raises(Rejected) as caught:
        postgres.create({"sql": "INSERT INTO dispatch (id, order_ref, rev) VALUES (1, :order_no, NULL)"})
    assert caught.value.code == "23502"
    assert 'null value in column "rev"' in caught.value.reason
    with pytest.raises(Rejected) as caught:
        postgres.create({"sql": "INSERT INTO nowhere VALUES (:order_no)"})
    assert caught.value.code == "42P01"


def test_a_text_too_long_is_refused_not_cut(postgres: Bench, mariadb_url: str) -> None:
    maria = Bench(mariadb_url)
    maria.run("SET GLOBAL sql_mode = ''")
    insert = {"sql": "INSERT INTO dispatch (id, order_ref, rev) VALUES (1, :order_no, 1)"}
    try:
        for bench in (postgres, maria):
            with pytest.raises(Rejected):
                bench.create(insert, order_no="S" * 21)
            assert bench.rows("SELECT * FROM dispatch") == []
    finally:
        maria.run("SET GLOBAL sql_mode = DEFAULT")
        maria.close()


def test_two_statements_in_one_are_refused(sqlite: Bench) -> None:
    with pytest.raises(Rejected):
        sqlite.update({"sql": "SELECT :order_no; DELETE FROM dispatch WHERE rev = 1"})


def test_errors_may_be_named_by_the_mapping(postgres: Bench) -> None:
    postgres.run(
        "CREATE FUNCTION edited() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'document is being edited by Li'; END $$",
        "CREATE TRIGGER t BEFORE INSERT ON dispatch FOR EACH ROW EXECUTE FUNCTION edited()",
    )
    postgres.said["errors"] = {"locked": ["P0001 *being edited*"]}
    with pytest.raises(RecordLocked):
        postgres.create({"sql": "INSERT INTO dispatch (id, order_ref, rev) VALUES (1, :order_no, 1)"})


def test_a_pause_keeps_writes_away(sqlite: Bench) -> None:
    sqlite.said["limits"] = {"pause": ["00:00-12:00", "12:00-00:00"]}
    with pytest.raises(RateLimited):
        sqlite.push(sqlite.connector(find=None, update=[{"sql": UPDATE}]), "update")


# Locks


def test_a_locked_file_is_a_lock(sqlite: Bench, tmp_path: Path) -> None:
    sqlite.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (7, 'SO1', 1)")
    sqlite.said["limits"] = {"timeout": "1ms"}
    other = sqlite3.connect(tmp_path / "wms.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordLocked) as caught:
        sqlite.update({"sql": UPDATE})
    said_well(caught.value)
    other.execute("COMMIT")
    sqlite.update({"sql": UPDATE})
    other.close()


def test_readers_at_the_time_of_commit_are_a_lock_too(sqlite: Bench, tmp_path: Path) -> None:
    """Without a write-ahead log a commit waits for readers; one that gives up is not done."""
    sqlite.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (7, 'SO1', 1)")
    sqlite.said["limits"] = {"timeout": "1ms"}
    reader = sqlite3.connect(tmp_path / "wms.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM dispatch").fetchall()
    with pytest.raises(RecordLocked):
        sqlite.update({"sql": UPDATE})
    reader.execute("COMMIT")
    assert sqlite.rows("SELECT rev FROM dispatch") == [(1,)]
    sqlite.update({"sql": UPDATE})
    reader.close()


@pytest.mark.parametrize("engine", ["postgres_url", "mariadb_url"])
def test_a_locked_row_is_a_lock(engine: str, request: pytest.FixtureRequest) -> None:
    bench = Bench(request.getfixturevalue(engine))
    bench.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (7, 'SO1', 1)")
    bench.said["limits"] = {"timeout": "2s"}
    with bench.admin.begin() as other:
        other.exec_driver_sql("UPDATE dispatch SET rev = 5 WHERE id = 7")
        with pytest.raises(RecordLocked) as caught:
            bench.update({"sql": UPDATE})
    said_well(caught.value)
    with pytest.raises(Stale):
        bench.update({"sql": UPDATE})
    bench.close()


def test_a_deadlock_is_a_lock_and_undone(postgres: Bench) -> None:
    postgres.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (1, 'SO1', 1), (2, 'SO2', 1)")
    other = postgres.admin.connect()
    other.exec_driver_sql("UPDATE dispatch SET rev = 5 WHERE id = 2")
    crossed = threading.Thread(
        target=lambda: other.exec_driver_sql("UPDATE dispatch SET rev = 5 WHERE id = 1")
    )
    first = {"sql": "UPDATE dispatch SET state = 'X' WHERE id = 1"}
    patience = {"sql": "SET LOCAL deadlock_timeout = '10ms'"}
    cross = {"sql": "SELECT pg_backend_pid()"}
    second = {"sql": "UPDATE dispatch SET state = 'X' WHERE id = 2"}
    connector = postgres.connector(update=[patience, first, cross, second])
    hand = connector._hand
    send = hand.move

    def move() -> Any:
        return _Crossing(send(), crossed)

    hand.move = move  # type: ignore[method-assign]
    with pytest.raises(RecordLocked) as caught:
        postgres.push(connector, "update")
    assert caught.value.values["code"] == "40P01"
    crossed.join()
    other.commit()
    other.close()
    assert postgres.rows("SELECT state, rev FROM dispatch ORDER BY id") == [(None, 5), (None, 5)]


class _Crossing:
    """A move in the midst of which somebody else asks for what it has."""

    def __init__(self, move: Any, crossed: threading.Thread) -> None:
        self._move, self._crossed, self._sent = move, crossed, 0

    def __enter__(self) -> Any:
        send = self._move.__enter__()

        def crossing(call: CallSpec, names: Mapping[str, Any]) -> Any:
            self._sent += 1
            if self._sent == 3:
                self._crossed.start()
            return send(call, names)

        return crossing

    def __exit__(self, *error: Any) -> Any:
        return self._move.__exit__(*error)


# Values

MOMENT = datetime(2026, 7, 5, 6, 30, tzinfo=UTC)
SET = "UPDATE dispatch SET qty = :ordered, changed = :occurred_at WHERE order_ref = :order_no"


def test_quantities_are_exact_and_moments_in_the_time_of_the_source(anywhere: Bench) -> None:
    anywhere.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (7, 'SO1', 1)")
    anywhere.update({"sql": SET}, ordered=Decimal("12345678901.125"), occurred_at=MOMENT)
    ((qty, changed),) = anywhere.rows("SELECT qty, changed FROM dispatch")
    assert Decimal(str(qty)) == Decimal("12345678901.125")
    assert str(changed) == "2026-07-05 08:30:00"
    anywhere.update({"sql": f"{SET} AND qty = :was_ordered"}, ordered=Decimal("5.000"), occurred_at=MOMENT,
                    was={"ordered": Decimal("12345678901.125")})  # fmt: skip
    assert [Decimal(str(one)) for (one,) in anywhere.rows("SELECT qty FROM dispatch")] == [5]


def test_a_moment_without_a_declared_zone(anywhere: Bench) -> None:
    anywhere.said.pop("time")
    anywhere.run("INSERT INTO dispatch (id, order_ref, rev) VALUES (7, 'SO1', 1)")
    anywhere.update({"sql": SET}, ordered=1, occurred_at=MOMENT)
    ((changed,),) = anywhere.rows("SELECT changed FROM dispatch")
    assert str(changed).removesuffix("+00:00") == "2026-07-05 06:30:00"


def test_a_moment_in_a_column_with_a_zone_stays_that_moment(postgres: Bench) -> None:
    postgres.run(
        "ALTER TABLE dispatch ALTER COLUMN changed TYPE TIMESTAMPTZ",
        "INSERT INTO dispatch (id, order_ref, rev) VALUES (7, 'SO1', 1)",
    )
    postgres.update({"sql": SET}, ordered=1, occurred_at=MOMENT)
    ((changed,),) = postgres.rows("SELECT changed FROM dispatch")
    assert changed == MOMENT


def test_what_is_taken_can_be_kept_and_used(anywhere: Bench) -> None:
    anywhere.run(
        "INSERT INTO dispatch (id, order_ref, rev, qty, changed) VALUES "
        "(7, 'SO1', 1, 12.5, '2026-07-05 08:30:00')"
    )
    took = {"sql": "SELECT qty, changed FROM dispatch WHERE order_ref = :order_no",
            "take": {"quantity": "qty", "stamp": "changed"}}  # fmt: skip
    then = {"sql": "UPDATE dispatch SET state = 'X' WHERE qty = :quantity AND changed = :stamp"}
    anywhere.update(took, then)
    (step,) = anywhere.steps
    assert Decimal(json.loads(json.dumps(step.took))["quantity"]) == Decimal("12.5")
    assert anywhere.rows("SELECT state FROM dispatch") == [("X",)]


def test_a_structure_goes_as_json(postgres: Bench) -> None:
    postgres.run("CREATE TABLE doc (no TEXT, body JSONB)")
    lines = [{"sku": "加急", "quantity": Decimal("1.50")}]
    postgres.create({"sql": "INSERT INTO doc VALUES (:order_no, :lines)"}, lines=lines)
    assert postgres.rows("SELECT body->0->>'sku', body->0->>'quantity' FROM doc") == [("加急", "1.50")]


@pytest.mark.parametrize("charset", ["gbk", "utf-8"])
def test_text_in_the_charset_that_the_mapping_declares(sqlite: Bench, charset: str) -> None:
    sqlite.said["text"] = {"encoding": [charset]}
    insert = {"sql": "INSERT INTO dispatch (order_ref, state, rev) VALUES (:order_no, :status, 1)"}
    sqlite.create(insert, order_no="出库1", status="加急")
    raw = sqlite.rows("SELECT CAST(order_ref AS BLOB), typeof(state) FROM dispatch")
    assert raw == [("出库1".encode(charset), "text")]
    (found,) = sqlite.connector().lookup("dispatch", _key("出库1"))
    assert found["state"] == "加急"
    on = sqlite.connector(find={"table": "dispatch", "on": {"order_ref": "order_no"}})
    assert len(on.lookup("dispatch", _key("出库1"))) == 1


def test_text_that_the_charset_lacks_is_named_before_it_is_sent(sqlite: Bench) -> None:
    sqlite.said["text"] = {"encoding": ["gbk"]}
    insert = {"sql": "INSERT INTO dispatch (order_ref, state, rev) VALUES (:order_no, :status, 1)"}
    with pytest.raises(Rejected) as caught:
        sqlite.create(insert, status="ok 😀")
    assert (caught.value.code, caught.value.reason) == ("gbk", ":status 😀")
    said_well(caught.value)
    assert sqlite.rows("SELECT * FROM dispatch") == []


def test_text_in_a_latin_column_of_a_server(mariadb_url: str) -> None:
    """Old systems keep GBK in columns that say latin1, and others in columns that say what they hold."""
    bench = Bench(mariadb_url)
    columns = "no VARCHAR(20), lies VARCHAR(20) CHARSET latin1, honest VARCHAR(20) CHARSET gbk"
    bench.run(f"CREATE TABLE old ({columns})")
    bench.said["text"] = {"encoding": ["gbk"]}
    bench.create({"sql": "INSERT INTO old VALUES (:order_no, :status, :status)"}, status="加急")
    raw = bench.rows("SELECT HEX(lies), HEX(honest), CONVERT(honest USING utf8mb4) FROM old")
    assert raw == [("加急".encode("gbk").hex().upper(),) * 2 + ("加急",)]
    bench.close()


def test_a_charset_that_only_the_server_knows(postgres_server: sa.URL) -> None:
    admin = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as conn:
        conn.exec_driver_sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    bench = Bench(postgres_server.set(database="latin").render_as_string(hide_password=False))
    insert = {"sql": "INSERT INTO dispatch (id, order_ref, state, rev) VALUES (1, :order_no, :status, 1)"}
    try:
        with pytest.raises(Rejected) as caught:
            bench.create(insert, status="加急")
        assert "加" in caught.value.reason
        said_well(caught.value)
        bench.create(insert, status="für")
        assert bench.rows("SELECT state FROM dispatch") == [("für",)]
    finally:
        bench.close()
        with admin.connect() as conn:
            conn.exec_driver_sql("DROP DATABASE latin WITH (FORCE)")


def test_reading_opens_nothing_that_writes(sqlite: Bench) -> None:
    connector = sqlite.connector()
    connector.lookup("dispatch", _key("SO1"))
    assert not connector._hand._engine
