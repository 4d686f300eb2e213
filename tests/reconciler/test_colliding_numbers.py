"""Two companies that count from the same number, one system that pads it with zeros, and typing errors."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from hub.store import Store, tables
from reconciler.reports.words import Words
from tests.reconciler.house import ERP_YAML, House

NUMBERS = range(4_100_001, 4_100_501)
COMPANIES = ("C1", "C2")
PADDED = ERP_YAML.replace("order_no: number", 'order_no: {from: number, strip: "0"}')

SLIPS = {
    ("C1", 4_100_017): "1400017",
    ("C1", 4_100_123): "4100923",
    ("C1", 4_100_200): "410200",
    ("C1", 4_100_301): "41003301",
    ("C2", 4_100_123): "4100923",  # the same slip in the other company
    ("C2", 4_100_404): "4100804",
}
LOST = ("C1", 4_100_250)
STRAY = (
    "C2",
    "4100850",
)  # one slip from what the other company's warehouse lost, and the same goods

Held = dict[tuple[str, str], tuple[str | None, set[tuple[str, int]]]]
"""By company and number: the customer, and what each system says is ordered."""


def quantity(company: str, number: int) -> int:
    return number % 499 + (1 if company == "C1" else 600)


def write(house: House, system: str, orders: Iterable[tuple[str, str, int]]) -> None:
    """Write (company, number, quantity) into a system in one go."""
    state = "OK" if system == "erp" else "NEW"
    rows = [
        {
            "id": f"{company}/{number}", "company": company, "number": number, "document": number,
            "state": state, "void": "N", "qty": str(ordered), "sent": "0", "customer": f"K-{company}",
            "changed": house.local(house.now),
        }
        for company, number, ordered in orders
    ]  # fmt: skip
    table = sa.table("orders", *map(sa.column, rows[0]))
    with house.engines[system].begin() as conn:
        conn.execute(table.insert(), rows)


def held(store: Store) -> Held:
    """Return the customer of each order, and what each system says is ordered."""
    o, v = tables.orders.c, tables.views.c
    joined = tables.orders.join(tables.views, (o.company == v.company) & (o.order_no == v.order_no))
    chosen = sa.select(o.company, o.order_no, o.customer_no, v.system, v.ordered).select_from(joined)
    found: Held = {}
    with store.read() as conn:
        for row in conn.execute(chosen):
            said = found.setdefault((row.company, row.order_no), (row.customer_no, set()))[1]
            said.add((row.system, int(row.ordered)))
    return found


def test_colliding_numbers_stay_apart_and_mistyped_ones_are_proposed(any_house: House) -> None:
    house = any_house
    house.write(erp=PADDED)
    everything = [(company, number, quantity(company, number)) for company in COMPANIES for number in NUMBERS]
    write(house, "erp", ((company, f"{number:010}", ordered) for company, number, ordered in everything))
    typed = [
        (company, SLIPS.get((company, number), str(number)), ordered)
        for company, number, ordered in everything
        if (company, number) != LOST
    ]
    typed.append((*STRAY, quantity(*LOST)))
    write(house, "wms", typed)
    house.later(hours=30)
    result = house.look()

    wanted: Held = {
        (company, str(number)): (f"K-{company}", {("erp", ordered)})
        for company, number, ordered in everything
    }
    for company, order_no, ordered in typed:
        wanted.setdefault((company, order_no), (None, set()))[1].add(("wms", ordered))
    assert held(house.store) == wanted
    assert len(wanted) == 2 * 500 + len(SLIPS) + 1

    proposed = [one for one in result.findings if "found_as" in one.details]
    told = {(one.kind, one.system, one.company, one.order_no): one.details["found_as"] for one in proposed}
    assert told == {
        ("missing", "wms", company, str(number)): slip for (company, number), slip in SLIPS.items()
    }
    assert all(one.details["found_as"] in Words("en").reason(one) for one in proposed)
    others = {(one.kind, one.company, one.order_no, one.system) for one in result.findings} - {
        (one.kind, one.company, one.order_no, one.system) for one in proposed
    }
    assert others == {("missing", "C1", "4100250", "wms"), ("extra", *STRAY, "wms")}
    causes = {(one.kind, one.company, one.system): one.orders for one in result.causes}
    assert causes == {("mistyped_reference", "C1", "wms"): 4, ("mistyped_reference", "C2", "wms"): 2}
