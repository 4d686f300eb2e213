"""An order of a customer who owes for too long waits for a person, who is told days and money."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.locale import text
from hub.store import Store, bulk, jsons
from hub.store.tables import outbox, standings
from tests.sync.out.house import HUB_YAML, LEDGER, SHOP, START, WMS, House

RULE = '{name: overdue, customer: {overdue_days: "> 30"}, roles: [boss], systems: [wms]}'
NUMBERED = SHOP.replace("customer_name: customer,", "customer_name: customer, customer_no: customer,")


def owes(store: Store, customer: str, days: int, company: str = "C1") -> None:
    row = {
        "company": company, "customer": customer, "currency": "CNY", "name": None, "day": "2026-03-01",
        "open": Decimal(9000), "classes": jsons.dumps({}), "overdue": Decimal(8000), "overdue_count": 1,
        "overdue_days": days, "weighted_days": Decimal(days), "collection": None, "average_days": None,
        "grade": "C", "at": START,
    }  # fmt: skip
    with store.write() as conn:
        bulk.insert(conn, standings, [row])


@pytest.fixture
def strict(tmp_path: Path, store: Store) -> Iterator[House]:
    hub_yaml = HUB_YAML.replace("fuse: {rules: []}", f"fuse: {{rules: [{RULE}]}}")
    mappings = {"shop": NUMBERED, "wms": WMS, "ledger": LEDGER}
    here = House(tmp_path / "house", store, hub_yaml=hub_yaml, mappings=mappings)
    here.sync()
    here.adopt()
    yield here
    here.close()


def held(house: House) -> list[dict[str, Any]]:
    with house.store.read() as conn:
        rows = conn.execute(outbox.select().where(outbox.c.state == "held")).all()
    return [hold for row in rows for hold in jsons.loads(row.holds)]


def test_an_order_of_a_customer_forty_days_overdue_is_held_with_days_and_money(strict: House) -> None:
    owes(strict.store, "Late", 40)
    owes(strict.store, "Prompt", 30)
    owes(strict.store, "New", 90, company="C2")
    for at, customer in enumerate(("Late", "Prompt", "New"), 1):
        strict.born(f"S{at}", customer=customer)
    strict.sync(2)
    assert [strict.holds("wms", f"S{at}") is None for at in (1, 2, 3)] == [True, False, False]
    (hold,) = held(strict)
    assert (hold["rule"], hold["roles"]) == ("overdue", ["boss"])
    assert text(hold["reason"], **hold["values"]) == (
        "Order S1, outbound to wms: customer Late is 40 days overdue with 8,000 CNY (as of 2026-03-01,"
        " grade C), and > 30 days overdue needs approval."
    )
    assert "逾期 40 天" in text(hold["reason"], "zh-CN", **hold["values"])


def test_where_no_rule_asks_nothing_is_looked_up(
    tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.out.credit.read", lambda *_: pytest.fail("nobody asked"))
    here = House(tmp_path / "house", sqlite_store)
    owes(sqlite_store, "Late", 40)
    here.sync()
    here.adopt()
    here.born("S1", customer="Late")
    here.sync(2)
    assert here.holds("wms", "S1") is not None
    here.close()
