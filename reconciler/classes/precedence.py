"""One fault is one finding: what a more telling class has found, others need not say again."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.case import Verdict
from reconciler.sources import Key

_WHOLE = {
    "duplicate": ("quantity", "line", "wrong_shipment", "illegal_transition"),
    "changed_after_confirmation": ("quantity", "line", "wrong_shipment"),
}
"""What says it all of an order, whichever system is odd: and what then says nothing more."""

_OWN = {
    "illegal_transition": ("status",),
    "gone": ("status", "missing", "quantity", "illegal_transition"),
    "conflict": ("status", "quantity", "line"),
    "write_failed": ("status", "missing", "quantity", "line"),
}
"""What says it all of one system's share in an order."""

_LAST = ("stale",)
"""What is only said of an order of which nothing else is."""

_BESIDE = frozenset({"skew", "changed_after_confirmation", "possible_duplicate", *_LAST})
"""What says nothing of why an order stands still."""


def one_fault_each(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the verdicts that say something of their own."""
    verdicts = list(verdicts)
    wholes: dict[Key, set[str]] = {}
    owns: dict[tuple[str, str, str], set[str]] = {}
    for one in verdicts:
        if one.kind in _WHOLE and not one.noted:
            wholes.setdefault((one.company, one.order_no), set()).update(_WHOLE[one.kind])
        if one.kind in _OWN:
            owns.setdefault((one.company, one.order_no, one.system), set()).update(_OWN[one.kind])
    held_up = troubled(verdicts) if any(one.kind in _LAST for one in verdicts) else set()
    return [
        one
        for one in verdicts
        if one.kind not in wholes.get((one.company, one.order_no), ())
        and one.kind not in owns.get((one.company, one.order_no, one.system), ())
        and not (one.kind in _LAST and (one.company, one.order_no) in held_up)
    ]


def troubled(verdicts: Iterable[Verdict]) -> set[Key]:
    """Return the orders of which something is said that may be why they stand still: they are not stale."""
    found: set[Key] = set()
    for one in verdicts:
        if one.kind not in _BESIDE:
            found.add((one.company, one.order_no))
            if "found_as" in one.details:  # the same order under a mistyped number
                found.add((one.company, one.details["found_as"]))
    return found
