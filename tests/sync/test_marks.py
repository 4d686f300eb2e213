"""Marks: who has to look at which order again, and on which of them all systems agreed when it was merged."""

from __future__ import annotations

from hub.store import Store
from hub.store.tables import dirty
from reconciler.run import reconcile
from sync import dirt
from tests.sync.conftest import Company
from tests.sync.test_sync import event


def marked(company: Company) -> dict[str, bool]:
    """Return the orders marked for the reconciliation, and whether all systems agreed on each."""
    rows = company.rows(dirty)
    assert not [row for row in rows if row["consumer"] == dirt.MERGE]
    return {row["order_no"]: row["agreed"] for row in rows if row["consumer"] == dirt.RECONCILE}


def test_the_merge_notes_on_which_orders_all_systems_agree(company: Company) -> None:
    for number in (1, 2, 3, 4):
        company.outbound(number)
    company.sync("wms")
    assert marked(company) == dict.fromkeys("1234", False), "a birth is looked at by nobody but the full look"
    company.later(minutes=10)
    for number in (1, 2, 3):
        company.outbound(number, state="SENT", sent="10")
    now = f"{company.now:%Y-%m-%dT%H:%M:%S+00:00}"
    company.drop(event(1, "1", "DEP", now, qty="10"), event(2, "2", "DEP", now, qty="9"))
    company.drop(event(4, "4", "DEP", now, qty="10"))
    company.sync()
    assert marked(company) == {"1": True, "2": False, "3": False, "4": False}
    company.later(hours=1)
    company.outbound(4, state="SENT", sent="10")
    company.drop(event(9, "1", "ARR", f"{company.now:%Y-%m-%dT%H:%M:%S+00:00}", qty="9"))
    company.sync()
    assert marked(company) == {"1": False, "2": False, "3": False, "4": True}, "what is said last counts"


def test_an_order_changed_since_it_was_merged_is_judged_though_all_agreed(company: Company) -> None:
    company.outbound(1, state="SENT", sent="10")
    company.drop(event(1, "1", "DEP", "2026-03-02T04:00:00+00:00", qty="10"))
    company.sync()
    rules = company.hub().rules
    assert reconcile(company.store, rules, company.now).findings == []
    company.later(minutes=10)
    company.outbound(1, state="SENT", sent="10", customer="Bee")
    company.sync()
    assert marked(company) == {"1": True}
    company.later(hours=8)
    company.sync()
    with company.store.write() as conn:
        conn.exec_driver_sql("UPDATE views SET shipped = 9000000 WHERE system = 'tms'")
        dirt.mark(conn, [("C1", "1")])
    found = reconcile(company.store, rules, company.now).findings
    assert ("quantity", "1", "tms") in {(one.kind, one.order_no, one.system) for one in found}


def test_whole_stamps_are_cleared_but_not_what_was_marked_anew(store: Store) -> None:
    orders = [("A", f"{number:04}") for number in range(1_200)]
    with store.write() as conn:
        for at in range(0, 1_200, 2):
            dirt.mark(conn, orders[at : at + 2], consumer=dirt.RECONCILE)
        read = dirt.lots(conn, dirt.RECONCILE)
        assert sorted(key for lot in read for key in lot.keys) == orders
    with store.write() as conn:
        dirt.mark(conn, [orders[5]], consumer=dirt.RECONCILE, agreed=[orders[5]])
        dirt.mark(conn, [orders[7]])
    with store.write() as conn:
        dirt.clear_all(conn, dirt.RECONCILE, read, but={orders[10], orders[900]})
        left = {(key, lot.agreed) for lot in dirt.lots(conn, dirt.RECONCILE) for key in lot.keys}
        assert left == {(orders[5], True), (orders[10], False), (orders[900], False)}
        assert [mark[:2] for mark in dirt.marks(conn, dirt.MERGE)] == [orders[7]]
