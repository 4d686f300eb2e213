"""Which line differs: deepdiff names it for orders whose totals agree while their lines do not."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from hub.store import lookup, tables
from reconciler.case import Verdict
from sync.facts import parse_lines, sums

LINE_KINDS = ("line", "wrong_shipment")
"""The classes that speak of order lines: entered wrongly, or picked wrongly."""

Lines = dict[str, Decimal]
"""Quantity by SKU."""


def name_lines(conn: sa.Connection, verdicts: Iterable[Verdict]) -> None:
    """Add to every verdict on lines which SKUs differ, and the lines of both sides."""
    verdicts = [verdict for verdict in verdicts if verdict.kind in LINE_KINDS]
    if not verdicts:
        return
    keys = [(verdict.company, verdict.order_no) for verdict in verdicts]
    told = _lines(conn, keys)
    for verdict in verdicts:
        key = verdict.company, verdict.order_no
        said = told.get((*key, verdict.system))
        against = verdict.details.get("against") or []
        other = next((lines for system in against if (lines := told.get((*key, system))) is not None), None)
        if said is not None and other is not None:
            verdict.details["changes"] = changes(other, said)


def changes(before: Lines, after: Lines) -> list[dict[str, Any]]:
    """Return the SKUs whose quantity differs between two sets of lines, in SKU order."""
    from deepdiff import DeepDiff  # late: 0.3 CPU s, and most runs have no swapped line

    # however few SKUs the two share, the diff must name SKUs and not the whole
    diff = DeepDiff(before, after, view="tree", threshold_to_diff_deeper=0)
    skus = {item.path(output_format="list")[0] for items in diff.values() for item in items}
    return [{"sku": sku, "expected": before.get(sku), "said": after.get(sku)} for sku in sorted(skus)]


def _lines(conn: sa.Connection, keys: list[tuple[str, str]]) -> dict[tuple[str, str, str], Lines]:
    """Return the newest lines by (company, order_no, system), summed over parts and by SKU."""
    columns = ("company", "order_no", "system", "part", "seq", "lines", "deleted", "is_return")
    newest: dict[tuple[str, str, str, str], Any] = {}
    for row in lookup.fetch_many(conn, tables.observations, ("company", "order_no"), keys, columns):
        part = row.company, row.order_no, row.system, row.part
        if row.lines is not None and (part not in newest or row.seq > newest[part].seq):
            newest[part] = row
    told: dict[tuple[str, str, str], Lines] = {}
    for (*key, _part), row in newest.items():
        if row.deleted or row.is_return:
            continue
        company, order_no, system = key
        lines = told.setdefault((company, order_no, system), {})
        for sku, quantity in sums(parse_lines(row.lines)):
            lines[sku] = lines.get(sku, Decimal(0)) + quantity
    return told
