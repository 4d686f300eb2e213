"""Cursors, runs and the audit."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.store import Store, audit, cursors, runs
from hub.store.tables import audit as audit_table
from hub.store.tables import cursors as cursors_table
from hub.store.tables import runs as runs_table
from tests.hub.rows import NOW


def test_a_page_moves_its_own_slots_and_nothing_that_stands(store: Store) -> None:
    with store.write() as conn:
        assert cursors.load_state(conn, "erp", "orders") == {}
        moved = [
            cursors.save_state(
                conn, "erp", "orders", {"after": ["2026-03-02", 7], "file:a.csv": {"size": 3}}
            ),
            cursors.save_state(conn, "erp", "orders", {"after": ["2026-03-02", 7]}),
            cursors.save_state(conn, "erp", "orders", {"after": ["2026-03-03", 1], "file:b.csv": 1}),
            cursors.save_state(conn, "erp", "orders", {"file:a.csv": None, "file:never.csv": None}),
            cursors.save_state(conn, "erp", "orders", {}),
            cursors.save_state(conn, "erp", "lines", {"after": 1}),
        ]
        assert moved == [2, 0, 2, 1, 0, 1]
        assert cursors.load_state(conn, "erp", "orders") == {"after": ["2026-03-03", 1], "file:b.csv": 1}


def test_a_slot_may_be_as_long_as_a_path_and_no_longer(store: Store) -> None:
    with store.write() as conn:
        cursors.save_state(conn, "tms", "drop", {"目" * 300: 1})
        with pytest.raises(ValueError, match="cursors.slot"):
            cursors.save_state(conn, "tms", "drop", {"目" * 301: 1})
        assert conn.scalar(sa.select(sa.func.count()).select_from(cursors_table)) == 1


def all_runs(store: Store) -> list[tuple[object, ...]]:
    with store.read() as conn:
        return [tuple(row)[1:] for row in conn.execute(sa.select(runs_table).order_by(runs_table.c.id))]


def test_a_run_that_found_nothing_leaves_no_row(store: Store) -> None:
    runs.finish(store, runs.start("pull", "erp", NOW), NOW)
    assert all_runs(store) == []


def test_a_run_that_wrote_has_one_row_for_all_its_pages(store: Store) -> None:
    run = runs.start("pull", "erp", NOW)
    for _ in range(2):
        with store.write() as conn:
            assert run.enter(conn) == run.number
    runs.finish(store, run, NOW + timedelta(seconds=3), counts={"changed": 2})
    assert all_runs(store) == [
        ("pull", "erp", NOW, NOW + timedelta(seconds=3), "done", '{"changed":2}', None)
    ]


def test_a_run_that_failed_has_a_row_even_without_a_page(store: Store) -> None:
    runs.finish(store, runs.start("pull", "erp", NOW), NOW, "failed", error="503")
    assert all_runs(store) == [("pull", "erp", NOW, NOW, "failed", "{}", "503")]


def test_a_rolled_back_page_takes_the_row_along_and_the_next_page_writes_it_again(store: Store) -> None:
    run = runs.start("pull", "erp", NOW)

    def crash() -> None:
        with store.write() as conn:
            run.enter(conn)
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError):
        crash()
    assert run.number is None
    other = runs.start("merge", None, NOW)
    with store.write() as conn:
        assert other.enter(conn) != run.enter(conn)
    assert [row[0] for row in all_runs(store)] == ["merge", "pull"]


def test_the_audit_is_a_chain_that_shows_where_it_was_broken(store: Store) -> None:
    with store.write() as conn:
        for number in range(4):
            audit.append(conn, "王伟", "link.join", {"order": f"SO-{number}"}, NOW)
        assert audit.verify(conn) is None
    ids = _ids(store)
    for harm, first in (
        (audit_table.update().where(audit_table.c.id == ids[1]).values(who="somebody else"), ids[1]),
        (audit_table.update().where(audit_table.c.id == ids[2]).values(at=NOW + timedelta(1)), ids[2]),
        (audit_table.delete().where(audit_table.c.id == ids[0]), ids[1]),
    ):
        with store.engine.connect() as conn, conn.begin() as transaction:
            conn.execute(harm)
            assert audit.verify(conn) == first
            transaction.rollback()


def _ids(store: Store) -> list[int]:
    with store.read() as conn:
        return list(conn.scalars(sa.select(audit_table.c.id).order_by(audit_table.c.id)))
