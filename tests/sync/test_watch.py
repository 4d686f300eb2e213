"""A watch: what comes in is merged and sent at once, whoever fails; and it ends without a trace."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.errors import FenceLost, LeaseBusy
from hub.store import Store
from hub.store.leases import lease
from hub.store.tables import leases, orders, runs, views
from hub.store.turns import LEASE, wall
from simulators.trading.trading import WEBHOOK_SECRET
from sync.out import bearing
from sync.run import Hub, sync_system
from sync.watch import heartbeat
from sync.watch.calls import MOST, Calls
from sync.watch.loop import Watch
from sync.watch.merging import LOOK, Merging
from sync.watch.pace import LONGEST, Pace
from sync.watch.reading import SETTLE, Reading
from sync.watch.sending import Sending
from tests.sync.out.house import House
from tests.sync.out.market import Market
from tests.sync.watching import PATIENCE, Ear, port, watching


@pytest.fixture
def market(tmp_path: Path, sqlite_store: Store) -> Iterator[Market]:
    """The trading world, adopted while nothing is in it."""
    here = Market(tmp_path / "market", sqlite_store, systems=("crm", "erp", "wms"))
    here.sync()
    here.adopt()
    yield here
    here.close()


@pytest.fixture
def house(tmp_path: Path, sqlite_store: Store) -> Iterator[House]:
    """A house whose systems are all adopted while nothing is in them."""
    here = House(tmp_path / "house", sqlite_store)
    here.sync()
    here.adopt()
    here.later(seconds=30)
    yield here
    here.close()


class Timer:
    """Seconds that a test lets go by."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def known(store: Store) -> set[str]:
    with store.read() as conn:
        return set(conn.scalars(sa.select(orders.c.order_no)))


def creates(market: Market, system: str) -> list[str]:
    return [one.order_ref for one in market.trading.journal(system) if one.operation == "create"]


def call_here(market: Market, ear: Ear) -> None:
    market.trading.webhooks.register(f"http://127.0.0.1:{port(ear)}/hooks/crm", WEBHOOK_SECRET)


# Calls


def test_a_call_brings_an_order_into_the_store_without_any_pull(market: Market) -> None:
    market.trading.customer_orders(1)
    ear = Ear()
    with watching(market.hub(), ["crm"], ear):
        ear.hear("read", "crm")
        call_here(market, ear)
        (ref,) = market.trading.customer_orders(1)
        ear.hear("woken", "crm")
        ear.until(lambda: ref in known(market.store))
    assert ear.kinds("crm").count("read") == 1
    with market.store.read() as conn:
        assert "wake" in conn.scalars(sa.select(runs.c.kind)).all()


def test_what_a_call_brought_is_sent_on_at_once(market: Market) -> None:
    ear = Ear()
    with watching(market.hub(), ["crm"], ear):
        call_here(market, ear)
        (ref,) = market.trading.customer_orders(1, approved=True)
        ear.until(lambda: creates(market, "erp") and creates(market, "wms"))
    assert (creates(market, "erp"), creates(market, "wms")) == ([ref], [ref])


def test_calls_that_come_twice_and_in_disorder_write_nothing_twice(market: Market) -> None:
    hooks = market.trading.webhooks
    ear = Ear()
    with watching(market.hub(), ["crm"], ear):
        call_here(market, ear)
        hooks.twice = hooks.reorder = True
        refs = market.trading.customer_orders(4, approved=True)
        hooks.wait()
        ear.until(lambda: set(refs) <= set(creates(market, "erp")) & set(creates(market, "wms")))
    for system in ("erp", "wms"):
        assert sorted(creates(market, system)) == sorted(refs)
        assert not market.trading.doubled(system)


def reading(market: Market, timer: Timer) -> tuple[Reading, list[str]]:
    """Return the CRM's reader, which has pulled once, and what it says is news."""
    news: list[str] = []
    found = Reading(market.hub(), "crm", 1e6, Ear(), lambda: news.append("news"), timer)
    found.turn()
    news.clear()
    return found, news


def test_a_replica_that_lags_is_asked_once_more(market: Market) -> None:
    timer = Timer()
    reader, news = reading(market, timer)
    market.trading.faults("crm").order("lag", operation="get", value="3")
    market.trading.customer_orders(1)
    reader.ask("orders", [market.trading.crm.orders()[0]["id"]])
    reader.turn()
    assert not news
    market.later(seconds=5)
    reader.turn()
    assert not news
    timer.now += SETTLE
    reader.turn()
    assert news
    assert reader._calls.next_at() is None
    reader._close()


def test_a_reader_waits_for_another_process_and_forgets_no_call(market: Market) -> None:
    timer = Timer()
    reader, news = reading(market, timer)
    market.trading.customer_orders(1)
    reader.ask("orders", [market.trading.crm.orders()[0]["id"]])
    with lease(market.store, "sync:crm", "another", wall(), LEASE):
        reader.turn()
    assert not news
    timer.now += 1
    reader.turn()
    assert news
    reader._close()


def test_a_system_that_fails_is_left_alone_for_a_while_and_no_call_is_forgotten(market: Market) -> None:
    timer = Timer()
    reader, news = reading(market, timer)
    market.trading.customer_orders(1)
    port = market.trading.crm_server.port
    reader._hub.env["AIRFLOW_CONN_CRM"]  # the connection stands; only what it leads to is away
    broken = dict(reader._hub.env) | {
        "AIRFLOW_CONN_CRM": reader._hub.env["AIRFLOW_CONN_CRM"].replace(str(port), "1")
    }
    whole = reader._hub.env
    object.__setattr__(reader._hub, "env", broken)
    reader.ask("orders", [market.trading.crm.orders()[0]["id"]])
    reader.turn()
    assert not news
    object.__setattr__(reader._hub, "env", whole)
    reader.turn()
    assert not news
    timer.now += 1e6
    reader.turn()
    assert news
    reader._close()


def test_a_stream_that_cannot_be_asked_by_key_is_pulled(tmp_path: Path, sqlite_store: Store) -> None:
    def without_sweep(name: str, text: str) -> str:
        read = text.partition("webhook:")[0].splitlines()
        return "\n".join(line for line in read if not line.strip().startswith("sweep:"))

    market = Market(tmp_path / "market", sqlite_store, systems=("crm",), change=without_sweep)
    reader, news = reading(market, Timer())
    (ref,) = market.trading.customer_orders(1)
    reader.ask("orders", ["C1"])
    reader.turn()
    with sqlite_store.read() as conn:
        assert list(conn.scalars(sa.select(views.c.order_no))) == [ref]
    assert news
    reader._close()
    market.close()


def test_keys_wait_each_once_and_too_many_become_a_pull() -> None:
    calls = Calls()
    calls.ask("a", ["1", "2", "1"], 5.0)
    assert (calls.take(4.0), calls.next_at()) == ({}, 5.0)
    assert (calls.take(5.0), calls.next_at()) == ({"a": ["1", "2"]}, None)
    calls.ask("a", map(str, range(MOST + 1)), 6.0)
    assert calls.take(6.0) == {"a": []}
    calls.put_back({"a": []}, 7.0)
    assert calls.take(7.0) == {"a": []}


def test_a_second_look_asks_for_no_third_but_a_new_call_does() -> None:
    calls = Calls()
    calls.was_read("a", ["1"], 5.0)
    assert calls.take(5.0) == {"a": ["1"]}
    calls.was_read("a", ["1"], 9.0)
    assert calls.next_at() is None
    calls.was_read("a", ["1"], 5.0)
    calls.ask("a", ["1"], 3.0)
    assert calls.take(3.0) == {"a": ["1"]}
    calls.was_read("a", ["1"], 9.0)
    assert calls.next_at() == 9.0


# Reading and sending


def test_a_system_that_fails_stops_no_other(house: House) -> None:
    house.run("wms", "ALTER TABLE orders RENAME TO away")
    house.born("SO1")
    ear = Ear()
    with watching(house.hub(), ["ledger", "shop", "wms"], ear, listen=False):
        ear.hear("failed", "wms")
        ear.hear("sent", "ledger")
    assert house.holds("ledger", "SO1") is not None


def test_a_system_that_answers_again_is_said_to(house: House) -> None:
    timer, ear = Timer(), Ear()
    house.run("wms", "ALTER TABLE orders RENAME TO away")
    reader = Reading(house.hub(), "wms", 1.0, ear, lambda: None, timer)
    for _ in range(3):
        reader.turn()
    assert ear.kinds("wms") == ["failed"]
    timer.now += 2
    reader.turn()
    assert ear.kinds("wms") == ["failed", "failed"]
    house.run("wms", "ALTER TABLE away RENAME TO orders")
    timer.now += LONGEST
    reader.turn()
    assert ear.kinds("wms")[-1] == "well"


def test_what_fails_is_tried_twice_as_seldom_each_time() -> None:
    pace = Pace(5.0)
    assert [pace.failed(0.0) for _ in range(8)] == [10, 20, 40, 80, 160, 300, 300, 300]
    assert pace.went_well(1.0)
    assert (pace.due, pace.went_well(6.0)) == (6.0, False)
    assert Pace(600.0).failed(0.0) == 600.0


class Out:
    """Merger and sender, each turned once by hand."""

    def __init__(self, hub: Hub, timer: Timer) -> None:
        self.merging = Merging(hub, Ear(), lambda: None, timer)
        self.sending = Sending(hub, Ear(), self.merging.now, timer)

    def turn(self) -> None:
        self.merging.turn()
        self.sending.turn()


def test_a_pause_holds_within_one_look_and_a_resume_too(house: House) -> None:
    hub, timer = house.hub(), Timer()
    sending = Out(hub, timer)
    house.born("SO1")
    sync_system(hub, "shop")
    with house.store.write() as conn:
        bearing.pause(conn, "ledger", "anna", "month end", house.now)
    sending.turn()
    assert (house.holds("wms", "SO1") is None, house.holds("ledger", "SO1")) == (False, None)
    with house.store.write() as conn:
        bearing.resume(conn, "ledger", "anna", house.now)
    timer.now += LOOK
    sending.turn()
    assert house.holds("ledger", "SO1") is not None


def test_what_comes_due_later_is_sent_by_a_look(market: Market) -> None:
    hub, timer = market.hub(), Timer()
    sending = Out(hub, timer)
    market.trading.faults("erp").order("locked", operation="create")
    (ref,) = market.trading.customer_orders(1, approved=True)
    sync_system(hub, "crm")
    sending.turn()
    assert ref not in market.trading.holds("erp")
    market.later(hours=2)
    timer.now += LOOK
    sending.turn()
    assert ref in market.trading.holds("erp")


def test_it_ends_between_two_changes(house: House) -> None:
    hub = house.hub()
    for number in range(3):
        house.born(f"SO{number}")
    sync_system(hub, "shop")
    out = Out(hub, Timer())
    out.merging.turn()
    sending = out.sending
    stopped = sending._desk.out.target

    def stop_after_the_first(system: str, write: str) -> Any:
        found = stopped(system, write)
        sending.stop()
        return found

    sending._desk.out.target = stop_after_the_first  # type: ignore[method-assign]
    sending.run()
    states = [row["state"] for row in house.changes(system="ledger")]
    assert sorted(states) == ["confirmed", "pending", "pending"]
    with house.store.read() as conn:
        assert not conn.execute(sa.select(leases).where(leases.c.until > wall())).all()


def test_what_is_read_does_not_wait_for_a_system_that_is_slow_to_take_writes(market: Market) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow(_seconds: float) -> None:
        asked.set()
        assert go_on.wait(PATIENCE)

    market.trading.erp.desk._sleep = slow
    market.trading.faults("erp").order("slow", operation="create", value="9")
    ear = Ear()
    with watching(market.hub(), ["crm"], ear):
        call_here(market, ear)
        market.trading.customer_orders(1, approved=True)
        assert asked.wait(PATIENCE)
        (ref,) = market.trading.customer_orders(1)
        ear.until(lambda: ref in known(market.store))
        assert not go_on.is_set()
        go_on.set()


# The whole


def test_it_ends_without_a_trace(house: House) -> None:
    ear = Ear()
    with watching(house.hub(), ["shop", "wms"], ear, listen=False), house.store.read() as conn:
        found = heartbeat.watched(conn, wall())
        assert [one.system for one in found] == ["shop", "wms"]
    ear.hear("ended")
    with house.store.read() as conn:
        assert not heartbeat.watched(conn, wall())
        assert not conn.execute(sa.select(leases).where(leases.c.until > wall())).all()


def test_a_second_watch_of_a_system_waits_for_the_first_and_then_leaves_it(house: House) -> None:
    ear, timer = Ear(), Timer()
    second = Watch(house.hub(), ["wms"], Ear(), timer=timer)

    def rest(seconds: float) -> bool:
        timer.now += seconds
        return False

    with watching(house.hub(), ["shop", "wms"], ear, listen=False), pytest.raises(LeaseBusy):
        second.run(rest)
    second.run(lambda seconds: True)


def test_a_watch_that_was_taken_for_dead_ends(house: House) -> None:
    watch = Watch(house.hub(), ["shop"], Ear())

    def taken_over(seconds: float) -> bool:
        with house.store.write() as conn:
            conn.execute(sa.update(leases).where(leases.c.name == "watch:shop").values(fence=99))
        return False

    with pytest.raises(FenceLost):
        watch.run(taken_over)


def test_it_works_on_either_engine(tmp_path: Path, store: Store) -> None:
    house = House(tmp_path / "house", store)
    house.sync()
    house.adopt()
    house.later(seconds=30)
    ear = Ear()
    with watching(house.hub(), ["ledger", "shop", "wms"], ear, every=0.2, listen=False):
        house.born("SO1")
        ear.hear("sent", "ledger")
        ear.hear("sent", "wms")
    assert json.dumps([len(house.journal(name)) for name in ("ledger", "wms")]) == "[1, 1]"
    house.close()
