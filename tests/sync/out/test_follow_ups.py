"""Documents that follow an order: shipped → a bill in finance, once; a message; what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import Store
from tests.sync.out.house import LEDGER, SHOP, WMS, House

FINANCE = """
system: finance
connector: sql
connection: finance
mode: live
time: {zone: UTC, format: "%Y-%m-%d %H:%M:%S.%f"}
streams:
  bills:
    yields: receivable
    read: {table: bills, cursor: [changed, id], overlap: 1m}
    key: id
    fields: {number: id, order_no: ref, amount: worth, currency: {const: CNY}}
writes:
  bill:
    when: order.rank >= ('shipped' | rank)
    stream: bills
    find: {table: bills, where: "ref = :order_no"}
    create: {sql: "INSERT INTO bills (ref, worth, changed) VALUES (:order_no, :amount, :occurred_at)", id: id}
  notice:
    when: order.money == 'paid'
    message: {sql: "INSERT INTO notices (ref) VALUES (:order_no)"}
"""


@pytest.fixture
def house(tmp_path: Path, store: Store) -> Iterator[House]:
    """The house with a finance system beside it."""
    ledger = LEDGER.replace(
        "      ordered: qty\n", "      ordered: qty\n      money: {from: seller, codes: {P: paid}}\n"
    )
    mappings = {"shop": SHOP, "wms": WMS, "ledger": ledger, "finance": FINANCE}
    here = House(tmp_path / "house", store, mappings=mappings)
    here.run("finance", "CREATE TABLE bills (id INTEGER PRIMARY KEY, ref TEXT, worth NUMERIC, changed TEXT)")
    here.run("finance", "CREATE TABLE notices (ref TEXT)")
    here.sync()
    here.adopt()
    yield here
    here.close()


def rows(house: House, table: str) -> list[str]:
    with house.engines["finance"].connect() as conn:
        return [row[0] for row in conn.exec_driver_sql(f"SELECT ref FROM {table}")]


def test_what_was_shipped_is_billed_once_and_names_its_rule(house: House) -> None:
    house.born("S1", worth=100)
    house.sync(2)
    assert rows(house, "bills") == []
    house.edit("wms", "S1", state="90", sent=10)
    house.sync(5)
    assert rows(house, "bills") == ["S1"]
    (change,) = house.changes(system="finance")
    assert "when: order.rank >= ('shipped' | rank)" in change["rule"]


def test_a_bill_that_somebody_wrote_already_is_adopted(house: House) -> None:
    house.run("finance", "INSERT INTO bills (ref, worth, changed) VALUES ('S1', 90, '2026-03-02 00:00:00.0')")
    house.born("S1", worth=100)
    house.sync(2)
    house.edit("wms", "S1", state="90", sent=10)
    house.sync(4)
    assert rows(house, "bills") == ["S1"]


def test_a_message_is_sent_once(house: House) -> None:
    house.born("S1", worth=100)
    house.sync(3)
    house.edit("ledger", "S1", seller="P")
    house.sync(4)
    assert rows(house, "notices") == ["S1"]


def test_a_write_waits_for_what_the_order_does_not_say_yet(house: House) -> None:
    house.born("S1", worth=None)
    house.sync(2)
    (change,) = house.changes(system="ledger")
    assert change["state"] == "waiting" and "amount" in change["reason"]
    assert house.holds("wms", "S1") is not None
    house.edit("shop", "S1", worth=100)
    house.later(minutes=10)
    house.sync(3)
    assert house.holds("ledger", "S1") is not None
