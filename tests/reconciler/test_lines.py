"""A swapped article: the totals agree, the finding names the lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hub.model import Line
from hub.store import Store, bulk, jsons, tables
from reconciler.lines import changes
from reconciler.reports.words import Words
from reconciler.run import reconcile
from sync.facts import digest, sums
from tests.reconciler.faults import change, settled
from tests.reconciler.world import NOW, fill, hub_rules

RIGHT = [Line("1", "M8-BOLT", Decimal(40)), Line("2", "M8-NUT", Decimal(60))]
SWAPPED = [Line("1", "M8-BOLT", Decimal(40)), Line("2", "M6-NUT", Decimal(60))]


def observation(system: str, lines: list[Line], seq: int, key: dict[str, str]) -> dict[str, Any]:
    told = [{"line_no": one.line_no, "sku": one.sku, "quantity": str(one.quantity)} for one in lines]
    return key | {
        "system": system, "part": "", "seq": seq, "stream": "orders", "record": "1", "lo": 100, "hi": 130,
        "side": 0, "side_known": 0, "says": "event", "precision": 3, "mapping": "m", "run": 1,
        "read_at": NOW, "lines": jsons.dumps(told),
    }  # fmt: skip


def test_changes_name_the_articles() -> None:
    before, after = dict(sums(RIGHT)), dict(sums(SWAPPED))
    assert changes(before, after) == [
        {"sku": "M6-NUT", "expected": None, "said": Decimal(60)},
        {"sku": "M8-NUT", "expected": Decimal(60), "said": None},
    ]
    assert changes({"a": Decimal(2)}, {"a": Decimal(3)}) == [
        {"sku": "a", "expected": Decimal(2), "said": Decimal(3)}
    ]
    assert changes(before, dict(before)) == []


def test_a_swapped_article_is_named(store: Store) -> None:
    (one,) = settled(9, 1)
    one = change(one, "erp", line_digest=digest(sums(RIGHT)))
    one = change(one, "wms", line_digest=digest(sums(SWAPPED)))
    fill(store, [one])
    key = {"company": one.order.company, "order_no": one.order.order_no}
    with store.write() as conn:
        rows = [observation("erp", RIGHT, 1, key), observation("wms", RIGHT, 1, key)]
        bulk.insert(conn, tables.observations, [*rows, observation("wms", SWAPPED, 2, key)])
    (found,) = reconcile(store, hub_rules(), NOW).findings
    assert (found.kind, found.system) == ("wrong_shipment", "wms")
    assert [change["sku"] for change in found.details["changes"]] == ["M6-NUT", "M8-NUT"]
    said = Words("en").reason(found)
    assert (
        said
        == "Same total, but WMS shipped other articles: M6-NUT: 60 instead of 0, M8-NUT: 0 instead of 60."
    )
