"""The trading world as a whole: people at work, what is held, and the hub's mappings of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.contract import Since
from connectors.registry import open_connector
from hub.config import connection
from hub.mapping import Reader, check, load_system, run_examples
from hub.mapping.webhook import Refused, verify
from hub.model import Status
from hub.rules import load_rules
from simulators.trading.serving import Asked, Reply, Server
from simulators.trading.trading import HOME, SYSTEMS, WEBHOOK_SECRET, Held, Trading
from simulators.trading.watch import Watch


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def trading(tmp_path: Path, watch: Watch) -> Iterator[Trading]:
    with Trading(tmp_path, watch, sleep=watch.forward) as world:
        yield world


def entered_by_hand(trading: Trading, ref: str) -> None:
    """Let people enter an order everywhere, as they did before there was a hub."""
    (order,) = trading.crm.find(ref)
    lines = {line["sku"]: Decimal(line["qty"]) for line in order["lines"]}
    trading.wms.receive(ref, lines)
    items = [
        {"pos": pos, "material": sku, "qty": str(qty)} for pos, (sku, qty) in enumerate(lines.items(), 1)
    ]
    trading.erp.create(ref, {"customer": order["customer"], "lines": items}, "clerk")
    path = trading.tms.folder / "in" / f"{ref}.csv"
    path.write_text(f"action,order,customer,quantity\nSHIP,{ref},x,{sum(lines.values())}\n", "utf-8")
    path.with_suffix(".ok").touch()
    trading.tms.work()


def test_an_order_can_be_followed_through_all_systems(trading: Trading) -> None:
    (ref,) = trading.customer_orders(lines=1, quantity=Decimal("10.005"))
    trading.approve(ref)
    entered_by_hand(trading, ref)
    trading.fulfil(ref)
    trading.tms.deliver(ref)
    trading.erp.pay(ref)
    ten = Decimal("10.005")
    assert {system: trading.holds(system)[ref] for system in SYSTEMS} == {
        "crm": Held("confirmed", ten, Decimal(0), False, False),
        "erp": Held("completed", ten, Decimal(0), False, False),
        "wms": Held("shipped", ten, ten, False, False),
        "tms": Held("delivered", ten, None, False, False),
    }


def test_people_change_cancel_and_hold(trading: Trading) -> None:
    one, other = trading.customer_orders(2, lines=1, approved=True)
    trading.change_quantity(one, 99)
    trading.hold(one)
    trading.cancel(other)
    assert trading.holds("crm") == {
        one: Held("confirmed", Decimal(99), Decimal(0), False, True),
        other: trading.holds("crm")[other]._replace(cancelled=True),
    }


def test_what_stands_there_twice_shows_in_holdings_and_what_the_hub_doubled_in_journals(
    trading: Trading,
) -> None:
    (ref,) = trading.customer_orders()
    for who in ("clerk", "hub", "hub"):
        trading.erp.create(ref, {"lines": [{"pos": 1, "material": "1", "qty": "1"}]}, who)
    assert len(trading.all_holds("erp")[ref]) == 3
    assert (trading.doubled("erp"), trading.doubled("crm")) == ([ref], [])


def test_the_same_seed_gives_the_same_people(tmp_path: Path) -> None:
    told = []
    for at in ("one", "two"):
        with Trading(tmp_path / at, Watch(), seed=11) as world:
            refs = world.customer_orders(3)
            for ref in refs:
                entered_by_hand(world, ref)
            done = [world.people_do_something(refs) for _ in range(60)]
            told.append((done, [world.all_holds(system) for system in SYSTEMS]))
    assert told[0] == told[1]
    words = {what.split(" ", 1)[1] for what in told[0][0] if " " in what}
    assert {"approved", "ship", "DELIVERED", "invoiced", "paid"} <= words


def test_a_world_goes_on_where_it_stood(tmp_path: Path) -> None:
    with Trading(tmp_path, Watch()) as world:
        (ref,) = world.customer_orders(approved=True)
        entered_by_hand(world, ref)
        before = [world.all_holds(system) for system in SYSTEMS]
    with Trading(tmp_path, Watch()) as world:
        assert [world.all_holds(system) for system in SYSTEMS] == before
        assert [len(world.journal(system)) > 0 for system in SYSTEMS] == [True] * 4


def test_the_mappings_have_no_errors() -> None:
    assert [problem for problem in check(HOME) if problem.severity == "error"] == []
    for system in SYSTEMS:
        results = run_examples(load_system(HOME / "mappings" / "systems" / f"{system}.yaml"))
        assert results
        assert [result.differences for result in results if result.differences] == []


@pytest.mark.parametrize(
    ("system", "stream", "status", "quantities"),
    [
        ("crm", "orders", "confirmed", ("20.010", "0")),
        ("erp", "orders", "confirmed", ("20.010", "0")),
        ("wms", "outbound", "shipped", ("20.010", "20.010")),
        ("tms", "events", "delivered", (None, "20.010")),
    ],
)
def test_the_hub_reads_each_system_by_its_mapping(
    trading: Trading,
    watch: Watch,
    system: str,
    stream: str,
    status: str,
    quantities: tuple[str | None, str],
) -> None:
    refs = trading.customer_orders(60, lines=2, quantity=Decimal("10.005"), approved=True)
    for ref in refs:
        entered_by_hand(trading, ref)
        trading.fulfil(ref)
        trading.tms.deliver(ref)
    mapping = load_system(HOME / "mappings" / "systems" / f"{system}.yaml")
    reader = Reader(mapping, stream, load_rules(HOME))
    connector = open_connector(mapping, trading.connections(), watch)
    facts = [
        fact
        for page in connector.fetch(stream, Since({}))
        for record in page.records
        for fact in reader.read(record, page.meta, watch.now).facts
    ]
    connector.close()
    assert {fact.order_no for fact in facts} == set(refs)
    assert {fact.status for fact in facts} == {Status.of(status)}
    said = {(fact.ordered, fact.shipped) for fact in facts}
    assert said == {tuple(one and Decimal(one) for one in quantities)}
    assert {len(fact.lines or ()) for fact in facts} == {0 if system == "tms" else 2}


def test_a_wake_up_call_is_believed_by_the_mapping_and_a_changed_one_is_not(
    trading: Trading, watch: Watch
) -> None:
    calls: list[Asked] = []

    def inbox(asked: Asked) -> Reply:
        calls.append(asked)
        return Reply(204)

    with Server(inbox) as server:
        trading.webhooks.register(server.url, WEBHOOK_SECRET)
        (ref,) = trading.customer_orders()
        trading.webhooks.wait()
    (call,) = calls
    webhook = load_system(HOME / "mappings" / "systems" / "crm.yaml").webhook
    conn = {"extra": connection("crm", trading.connections()).extra}
    assert webhook is not None
    woken = verify(webhook, call.body, call.headers, watch.now, conn)
    assert (woken.stream, woken.keys) == ("orders", (trading.crm.find(ref)[0]["id"],))
    with pytest.raises(Refused):
        verify(webhook, call.body.replace(b"C1", b"C2"), call.headers, watch.now, conn)


def test_the_world_can_run_as_a_process_of_its_own(tmp_path: Path) -> None:
    commands = [
        {"do": "customer_orders", "count": 2},
        {"do": "approve", "refs": ["SO-100001"]},
        {"do": "fault", "system": "erp", "way": "lost", "operation": "create"},
        {"do": "holds", "system": "crm"},
        {"do": "dance"},
        {"do": "approve", "refs": ["SO-9"]},
        {"do": "stop"},
    ]
    said = subprocess.run(
        [sys.executable, "-m", "simulators.trading", str(tmp_path)],
        input="".join(f"{json.dumps(one)}\n" for one in commands),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    ready, orders, _, fault, held, unknown, wrong = map(json.loads, said.stdout.splitlines())
    assert set(ready["connections"]) == {f"AIRFLOW_CONN_{name.upper()}" for name in SYSTEMS}
    assert orders["done"] == ["SO-100001", "SO-100002"]
    assert [held["done"][ref][0][0] for ref in orders["done"]] == ["confirmed", "draft"]
    assert fault == {"done": None}
    assert "dance" in unknown["error"]
    assert "error" in wrong
