"""Follow-up documents of shipped orders: invoices that are owed, orders nobody billed, shipments by order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.errors import ConfigError
from hub.model import Money, Side, Status
from hub.store import Store, bulk
from hub.store.tables import links, orders, views
from reconciler.payments.goods import shipments, unbilled
from reconciler.payments.reports import Given
from reconciler.payments.reports.page import build
from tests.hub.rows import view
from tests.reconciler.payments.desk import COMPANY, LEFT, TODAY, ZONE, Desk, link, order, payments_of

BOTH = "receivables_from: [receivable, invoice]"
FREE = ("sample",)


def keep(store: Store, *rows: dict[str, Any]) -> None:
    with store.write() as conn:
        bulk.insert(conn, orders, rows)


def found(store: Store) -> list[str]:
    with store.read() as conn:
        return [one.order_no for one in unbilled(conn, COMPANY, FREE, ZONE)]


def test_orders_shipped_and_not_billed_are_named(store: Store) -> None:
    desk = Desk(store)
    desk.owes("R1", "120.50", order_no="SO1")
    desk.owes("I2", "120.50", order_no="SO2", kind="invoice")
    keep(
        store,
        order("SO1"),
        order("SO2"),
        order("SO3", Status.DELIVERED),
        order("SO4", Status.PARTLY_SHIPPED),
        order("SO5", side=Side.CANCELLED),
        order("SO6", money=Money.INVOICED),
        order("SO7", order_type="sample"),
        order("SO8", money=Money.TO_INVOICE, side=Side.ON_HOLD),
        order("SO9", company="OTHER"),
    )
    assert found(store) == ["SO3", "SO8"]
    desk.forgets("I2")
    assert found(store) == ["SO2", "SO3", "SO8"]


def test_what_is_known_of_them_is_told(store: Store) -> None:
    Desk(store).owes("R1", "120.50", order_no="SO1")
    keep(store, order("SO2"), order("SO3", amount=None), order("SO4", currency=None, customer_name=None))
    with store.write() as conn:
        shipped = view("SO2", "wms", shipped_at=LEFT, company=COMPANY)
        bulk.insert(conn, views, [shipped, shipped | {"system": "tms", "shipped_at": None}])
    with store.read() as conn:
        first, *rest = unbilled(conn, COMPANY, FREE, ZONE)
    assert (first.order_no, first.shipped, first.amount, first.currency) == (
        "SO2",
        date(2026, 6, 21),
        12_050,
        "CNY",
    )
    assert [(one.amount, one.currency, one.name) for one in rest] == [(None, "", "Ace"), (None, "", "K1")]
    page = build(Given((), (), TODAY, unbilled=[first, *rest]))["unbilled"]
    assert (page["count"], page["sums"]) == ("3", "CNY 120.50")
    assert page["rows"][0]["age"] == "9 days"


def test_where_no_document_names_an_order_nobody_can_tell(store: Store) -> None:
    Desk(store).owes("R1", "120.50")
    keep(store, order("SO2"))
    assert found(store) == []


def test_an_order_is_followed_by_its_waybills_else_by_its_deliveries(store: Store) -> None:
    with store.write() as conn:
        bulk.insert(
            conn,
            links,
            [
                link("waybill", "SF2", "SO1"),
                link("waybill", "SF1", "SO1"),
                link("delivery", "80001", "SO1"),
                link("delivery", "80002", "SO2"),
                link("customer_po", "PO1", "SO2"),
                link("waybill", "SF3", "SO3", until=LEFT),
            ],
        )
    with store.read() as conn:
        assert shipments(conn, COMPANY, ["SO1", "SO2", "SO3", ""]) == {
            "SO1": ["SF1", "SF2"],
            "SO2": ["80002"],
        }


# invoices that count as receivables


def test_an_invoice_is_owed_where_its_order_has_no_receivable(store: Store) -> None:
    desk = Desk(store, payments_of(BOTH))
    desk.owes("I1", "120.50", order_no="SO1", kind="invoice")
    desk.pays("B1", "120.50", "I1 货款")
    assert desk.match().posted == 1
    assert [line.receivable.ref for line in desk.lines()] == ["finance/I1"]
    assert desk.match().posted == 0


@pytest.mark.parametrize(
    ("invoice", "receivable"),
    [
        ({"number": "I1", "order_no": "SO1"}, {"number": "R1", "order_no": "SO1"}),
        ({"number": "I1"}, {"number": "R1", "invoice_no": "I1"}),
        ({"number": "I1", "receivable_no": "R1"}, {"number": "R1"}),
        ({"number": "X1"}, {"number": "X1"}),
    ],
    ids=["its order has one", "its number has one", "it names one", "it is one"],
)
def test_nothing_is_owed_twice(store: Store, invoice: dict[str, Any], receivable: dict[str, Any]) -> None:
    desk = Desk(store, payments_of(BOTH))
    desk.owes(**{"amount": "120.50", "kind": "invoice"} | invoice)
    desk.owes(**{"amount": "120.50"} | receivable)
    assert [item.id for item in desk.match().receivables] == [f"finance/{receivable['number']}"]


def test_by_default_invoices_are_not_owed_and_invoices_alone_may_be(store: Store) -> None:
    desk = Desk(store)
    desk.owes("I1", "120.50", order_no="SO1", kind="invoice")
    desk.owes("R1", "120.50", order_no="SO1")
    assert [item.id for item in desk.match().receivables] == ["finance/R1"]
    desk.payments = payments_of("receivables_from: invoice")
    assert [item.id for item in desk.match().receivables] == ["finance/I1"]


# what cannot be


@pytest.mark.parametrize("discount", ["120.51", "-1"])
def test_a_discount_that_is_no_part_of_the_amount_is_named(store: Store, discount: str) -> None:
    desk = Desk(store)
    desk.owes("R1", "120.50", discount=discount)
    booked = desk.match()
    ((key, told),) = booked.faults
    assert (key, told["number"]) == ("cash.bad_discount", "R1")
    assert [item.discount_rate for item in booked.receivables] == [None]


def test_an_amount_finer_than_its_currency_is_named(store: Store) -> None:
    desk = Desk(store)
    desk.owes("R1", "120.505")
    with pytest.raises(ConfigError, match="R1: amount 120.505 CNY has more decimals"):
        desk.match()
