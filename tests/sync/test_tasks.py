"""Work as a scheduler calls it: everything from the environment, counts as the answer."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.errors import ConfigError
from hub.store import Store
from hub.store.leases import lease
from hub.store.tables import audit, cursors, quarantine, reads
from hub.store.turns import LEASE, wall
from sync import tasks
from sync.out import approvals
from sync.out.asks import asks
from tests.conftest import KEY
from tests.sync.out.house import HUB_YAML, House

FUSED = HUB_YAML.replace(
    "fuse: {rules: []}",
    "fuse:\n  roles: {sales_director: {people: [chen, li]}, second_level: {people: [wu]}}\n",
)


@pytest.fixture
def house(tmp_path: Path, sqlite_store: Store) -> Iterator[House]:
    """A house whose systems are all adopted while nothing is in them."""
    here = House(tmp_path / "house", sqlite_store, hub_yaml=FUSED)
    here.sync()
    here.adopt()
    yield here
    here.close()


def env(house: House) -> dict[str, str]:
    return {
        **house.env,
        "ORDERHUB_HOME": str(house.home),
        "ORDERHUB_STORE": house.store.engine.url.render_as_string(hide_password=False),
        "ORDERHUB_KEY": base64.b64encode(KEY).decode(),
    }


def rows(house: House, table: sa.Table) -> list[Any]:
    with house.store.read() as conn:
        return [tuple(row) for row in conn.execute(sa.select(table))]


def orders(house: House) -> set[str]:
    with house.store.read() as conn:
        return set(conn.scalars(sa.text("SELECT order_no FROM orders")))


def test_a_sync_reads_merges_and_sends_and_tells_what_is_held(house: House) -> None:
    house.born("S1")
    house.born("S2", worth=6000)
    house.later(minutes=1)
    counts = tasks.sync_system("shop", env(house), lambda: house.now)
    assert (counts["records"], counts["held"]) == (2, 2)
    assert house.holds("wms", "S1") is not None
    assert house.holds("wms", "S2") is None


def test_a_system_that_cannot_be_written_to_fails_its_own_task_and_is_counted_in_others(house: House) -> None:
    house.born("S1")
    house.later(minutes=1)
    without = {name: value for name, value in env(house).items() if name != "AIRFLOW_CONN_WMS"}
    assert tasks.sync_system("shop", without, lambda: house.now)["unsent"] == 1
    with pytest.raises(ConfigError, match="AIRFLOW_CONN_WMS"):
        tasks.sync_system("wms", without, lambda: house.now)
    assert house.holds("ledger", "S1") is not None


def test_a_window_reads_again_and_moves_no_cursor(house: House) -> None:
    """What was changed behind the cursor is read; what is new is left to the next sync."""
    house.born("S1")
    house.sync(2)
    old = house.now - timedelta(days=20)
    house.run("shop", "DROP TRIGGER moved")
    for ref, changed in (("OLD", old), ("OLDER", old - timedelta(days=3))):
        house.born(ref, changed=f"{changed:%Y-%m-%d %H:%M:%S.%f}")
    house.sync(2)
    assert orders(house) == {"S1"}
    before = rows(house, cursors), rows(house, reads)
    house.born("NEW", changed=f"{house.now + timedelta(hours=1):%Y-%m-%d %H:%M:%S.%f}")
    start, end = old - timedelta(days=1), old + timedelta(days=1)
    counts = tasks.sync_window("shop", start.isoformat(), end.isoformat(), env(house), lambda: house.now)
    assert counts["records"] == 1
    assert orders(house) == {"S1", "OLD"}
    assert (rows(house, cursors), rows(house, reads)) == before
    house.later(hours=2)
    house.sync()
    assert orders(house) == {"S1", "OLD", "NEW"}


@pytest.mark.parametrize(
    ("start", "end", "key"),
    [
        ("2026-03-02T00:00:00+00:00", "2026-03-01T00:00:00+00:00", "sync.bad_window"),
        ("2026-03-02", None, "sync.no_moment"),
        ("", "2026-03-01T00:00:00+00:00", "sync.no_moment"),
    ],
)
def test_what_is_no_window_is_refused(house: House, start: str, end: str | None, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        tasks.sync_window("shop", start, end, env(house))
    assert caught.value.key == key


def test_a_sweep_is_done_now_whether_it_is_due_or_not(house: House) -> None:
    house.born("S1")
    house.sync(2)
    house.run("shop", "DELETE FROM orders")
    for _ in range(2):
        house.later(minutes=1)
        counts = tasks.sweep_system("shop", env(house), lambda: house.now)
    assert counts["gone"] == 1
    with house.store.read() as conn:
        swept = conn.scalar(sa.select(reads.c.complete_at).where(reads.c.kind == "sweep"))
    assert swept == house.now


def test_what_another_worker_does_is_skipped(house: House) -> None:
    with lease(house.store, "sync:shop", "elsewhere/1", wall(), LEASE):
        assert tasks.sync_system("shop", env(house)) == {"busy": 1}


def test_a_system_without_a_right_mapping_is_refused_by_name(house: House) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        tasks.sync_system("nowhere", env(house))


def test_tidying_forgets_what_was_understood_long_ago_and_nothing_else(house: House) -> None:
    now = house.now
    row = {
        "system": "shop", "stream": "orders", "raw": b"", "reason": "mapping.no_order_no", "mapping": "m",
        "attempts": 1, "run": 1, "at": now,
    }  # fmt: skip
    solved = {"old": now - timedelta(days=181), "young": now - timedelta(days=179), "open": None}
    with house.store.write() as conn:
        for number, (record, at) in enumerate(solved.items()):
            digest = bytes([number]) * 16
            conn.execute(quarantine.insert().values(record=record, digest=digest, solved_at=at, **row))
    wanted = {"unanswered": 0, "quarantined": 1}
    assert tasks.tidy(env(house), dry=True, clock=lambda: now) == wanted
    assert len(rows(house, quarantine)) == 3
    assert tasks.tidy(env(house), clock=lambda: now) == wanted
    with house.store.read() as conn:
        assert set(conn.scalars(sa.select(quarantine.c.record))) == {"young", "open"}


def test_tidying_asks_anew_at_once_what_nobody_answered(house: House) -> None:
    house.born("S1", worth=6000)
    house.sync(2)
    house.later(days=8)
    counts = tasks.tidy(env(house), clock=lambda: house.now)
    assert counts["unanswered"] == 2
    assert [row["created_at"] for row in house.changes(state="held")] == [house.now, house.now]


def asked(house: House) -> list[str]:
    with house.store.read() as conn:
        return [ask.ref for ask in asks(conn, house.hub().rules, house.now)]


def answer(house: House, ref: str, who: str, granting: bool = True) -> tasks.Decided:
    return tasks.answer(ref, granting=granting, who=who, at=house.now, env=env(house))


def test_an_answer_in_airflow_is_a_decision_with_name_and_time(house: House) -> None:
    house.born("S1", worth=6000)
    house.sync(2)
    refs = asked(house)
    assert [answer(house, ref, "chen").outcome for ref in refs] == ["granted", "granted"]
    house.sync(2)
    assert house.holds("wms", "S1") is not None
    with house.store.read() as conn:
        kept = conn.execute(sa.select(audit).where(audit.c.what == "change.granted")).all()
    assert [(row.who, row.at) for row in kept] == [("chen", house.now - timedelta(seconds=20))] * 2
    assert "answered in Airflow" in kept[0].details


def test_two_roles_are_two_answers(house: House) -> None:
    house.born("S1", worth=60000)
    house.sync(2)
    ref = asked(house)[0]
    assert answer(house, ref, "chen").outcome == "partly"
    assert ref in asked(house)
    assert answer(house, ref, "wu").outcome == "granted"


def test_what_was_decided_at_the_other_door_is_left_alone(house: House) -> None:
    house.born("S1", worth=6000)
    house.sync(2)
    ref, other = asked(house)
    with house.store.write() as conn:
        rules, now = house.hub().rules, house.now
        held = approvals.held(conn)
        approvals.decide(conn, held, granting=False, who="li", reason="no", rules=rules, now=now)
    late = answer(house, ref, "chen")
    assert (late.outcome, ref in late.told) == ("gone", True)
    assert {row["state"] for row in house.changes()} == {"rejected"}
    assert answer(house, other, "chen", granting=False).outcome == "gone"


def test_what_has_changed_since_it_was_shown_is_left_alone(house: House) -> None:
    house.born("S1", worth=6000, qty=10)
    house.sync(2)
    ref = asked(house)[0]
    house.edit("shop", "S1", qty=12)
    house.sync(2)
    late = answer(house, ref, "chen")
    assert late.outcome == "gone"
    assert asked(house)[0] in late.told
    assert all(row["state"] in ("held", "superseded") for row in house.changes())


def test_a_batch_that_is_gone_is_told(house: House) -> None:
    assert answer(house, "wms-20260302:0a1b2c3d", "chen").outcome == "gone"


def test_who_may_not_is_told_so(house: House) -> None:
    house.born("S1", worth=6000, seller="Chen")
    house.sync(2)
    ref = asked(house)[0]
    for who, key in (("somebody", "outbox.not_his"), ("chen", "outbox.own_change")):
        with pytest.raises(ConfigError) as caught:
            answer(house, ref, who)
        assert caught.value.key == key
    assert ref in asked(house)
