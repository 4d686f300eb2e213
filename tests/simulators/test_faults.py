"""The truth says exactly what is wrong in the raw records, and nothing else is."""

from __future__ import annotations

from collections import Counter, defaultdict

from simulators.clock import DAY
from simulators.erp.documents import Document
from simulators.faults import SILENCE, UNKNOWN_STATE
from simulators.wms import OUT, WmsRow, rows_of
from tests.simulators.worlds import Systems, faulty, healthy, world

CLASSES = {
    "missing", "extra", "status", "quantity", "line", "wrong_shipment", "skew", "not_compared",
    "unknown_code",
}  # fmt: skip
COMPANIES = ("HS01", "HS02")

Mark = tuple[str, str, str]


def truths(class_: str, system: str) -> list[Mark]:
    return [
        (one["company"], one["order_no"], one["system"])
        for one in faulty().truth
        if (one["class"], one["system"]) == (class_, system)
    ]


def marked() -> set[Mark]:
    """Company, order and system of every entry that names an order."""
    return {(t["company"], t["order_no"], t["system"]) for t in faulty().truth if t["order_no"] != "*"}


def told(systems: Systems) -> dict[Mark, object]:
    """What each system's raw records say of each order, the wrong zone left aside."""
    said: dict[Mark, object] = {}
    for order in systems.world.orders:
        name = COMPANIES[order.company], str(order.number)
        documents: list[Document] = systems.documents(order)
        if documents:
            said[*name, "erp"] = documents
    by_order: dict[Mark, list[WmsRow]] = defaultdict(list)
    for row in systems.warehouse.rows():
        row.utc = None
        company = COMPANIES[("HSDQ", "HSJG").index(row.company)]
        row.remark = row.remark if row.remark != "循环盘点" else None
        by_order[company, row.order_ref.partition("-")[2], "wms"].append(row)
    said |= by_order
    owner = {d.number: o for o in systems.world.orders for d in o.deliveries}
    for event in systems.carrier.events():
        order = owner[event.delivery_note]
        events = said.setdefault((COMPANIES[order.company], str(order.number), "tms"), [])
        assert isinstance(events, list)
        events.append(event)
    return said


def test_every_class_is_seeded_at_least_twice() -> None:
    truth = faulty().truth
    assert {one["class"] for one in truth} == CLASSES
    assert all(list(one) == ["company", "order_no", "system", "class"] or set(one) == {
        "class", "company", "order_no", "system"
    } for one in truth)  # fmt: skip
    counts = Counter((one["class"], one["system"]) for one in truth if one["order_no"] != "*")
    assert min(counts.values()) >= 2
    assert {system for _, system in counts} == {"erp", "wms", "tms"}
    wide = {(t["class"], t["company"], t["system"]) for t in truth if t["order_no"] == "*"}
    assert wide == {("unknown_code", "*", "wms"), ("skew", "HS02", "wms"), ("not_compared", "*", "tms")}


def test_no_order_bears_two_faults() -> None:
    orders = Counter((t["company"], t["order_no"]) for t in faulty().truth if t["order_no"] != "*")
    assert set(orders.values()) == {1}


def test_only_what_the_truth_names_is_altered() -> None:
    before, after = told(healthy()), told(faulty())
    altered = {mark for mark in before.keys() | after.keys() if before.get(mark) != after.get(mark)}
    unknown = {mark for mark in altered if any(row.state == UNKNOWN_STATE for row in rows_at(after, mark))}
    mistyped = {mark for mark in altered - marked() - unknown if mark[2] == "wms" and mark not in before}
    assert marked() <= altered
    assert altered == marked() | unknown | mistyped
    assert len(unknown) >= 3
    assert len(mistyped) == 2


def rows_at(said: dict[Mark, object], mark: Mark) -> list[WmsRow]:
    rows = said.get(mark) if mark[2] == "wms" else None
    return rows if isinstance(rows, list) else []


def test_a_mistyped_number_is_one_digit_off_and_nobody_elses() -> None:
    numbers = {order.number for order in world().orders}
    lost = {order_no for company, order_no, _ in truths("missing", "wms")}
    strays = {int(order_no) for _, order_no, _ in truths("extra", "wms")}
    known = numbers | strays
    odd = [
        row.order_ref.partition("-")[2]
        for row in faulty().warehouse.rows()
        if int(row.order_ref.partition("-")[2]) not in known
    ]
    assert odd
    for number in odd:
        assert any(sum(a != b for a, b in zip(number, one, strict=True)) == 1 for one in lost)


def test_what_hangs_on_the_tms_is_told_by_name() -> None:
    """A WMS that lost an order lost its delivery number too: the carrier must name the order itself."""
    lost = set(truths("missing", "wms"))
    named = {(COMPANIES[o.company], str(o.number), "wms"): o for o in world().orders}
    for mark in lost:
        assert not any(delivery.nameless for delivery in named[mark].deliveries)


def test_faults_are_older_than_the_silence() -> None:
    shared = world()
    planned = {(company, order_no) for company, order_no, _ in truths("line", "wms")}
    marks = {(company, order_no) for company, order_no, _ in marked()} - planned
    for order in shared.orders:  # of what has not left yet the carrier knows nothing anyway
        if (COMPANIES[order.company], str(order.number)) in marks:
            assert order.entered < shared.now - 5 * DAY
    assert faulty().carrier.last_drop <= shared.now - SILENCE


def test_single_skews_are_no_zone() -> None:
    named = {(COMPANIES[o.company], str(o.number), "wms"): o for o in world().orders}
    skews = [mark for mark in truths("skew", "wms") if mark[1] != "*"]
    assert {company for company, _, _ in skews} == {"HS01"}
    for mark in skews:
        (delivery,) = named[mark].deliveries
        row = next(row for row in rows_at(told(faulty()), mark) if row.kind == OUT)
        off = abs((row.shipped_at or 0) - delivery.shipped)
        assert 600 <= off <= 5 * 3600
        assert min(off % 1800, 1800 - off % 1800) >= 400


def test_the_wrong_zone_shifts_the_second_company_for_a_while() -> None:
    shifted = set()
    for row in faulty().warehouse.rows():
        if row.utc and row.shipped_at and row.utc[0] <= row.shipped_at < row.utc[1]:
            shifted.add(row.company)
            assert row.utc[1] < world().now - 2 * DAY
    windows = {row.utc for row in faulty().warehouse.rows() if row.utc}
    assert shifted == {"HSJG"}
    assert len(windows) == 1
    count = sum(
        row.utc is not None and row.shipped_at is not None and row.utc[0] <= row.shipped_at < row.utc[1]
        for row in faulty().warehouse.rows()
    )
    assert count >= 30


def test_swapped_articles_keep_the_count() -> None:
    named = {(COMPANIES[o.company], str(o.number), "wms"): o for o in world().orders}
    after = told(faulty())
    for mark in [*truths("line", "wms"), *truths("wrong_shipment", "wms")]:
        before = [row for row in rows_of(named[mark], world().now) if row.kind == OUT]
        now = [row for row in rows_at(after, mark) if row.kind == OUT]
        changed = [
            (old.item_code, new.item_code)
            for old_row, new_row in zip(before, now, strict=True)
            for old, new in zip(old_row.lines, new_row.lines, strict=True)
            if old != new
        ]
        assert changed
        assert len(set(changed)) == 1
        for old_row, new_row in zip(before, now, strict=True):
            assert [(line.qty, line.unit) for line in old_row.lines] == [
                (line.qty, line.unit) for line in new_row.lines
            ]


def test_a_small_world_has_faults_of_every_class_too() -> None:
    small = Systems(world(orders=200, days=45), faults=True)
    assert {one["class"] for one in small.truth} == CLASSES


def test_another_seed_seeds_other_orders() -> None:
    assert Systems(world(), faults=True, seed=8).truth != faulty().truth
