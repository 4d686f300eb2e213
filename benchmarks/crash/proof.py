"""What is lost and what is doubled in a trading world that has come to rest, by its own records alone."""

from __future__ import annotations

from collections import Counter

from simulators.trading.holdings import Held
from simulators.trading.journal import HUB
from simulators.trading.trading import SYSTEMS, Trading

_CRM = {"ready": "allocated", "partly_shipped": "allocated"}
_ERP = {"allocated": "confirmed", "ready": "confirmed"}
"""What a system says of a warehouse's word that it has not itself."""


def proof(trading: Trading) -> dict[str, list[str]]:
    """Return what is lost (orders, and words of their owners), and what is doubled: a line for each."""
    held = {system: trading.all_holds(system) for system in SYSTEMS}
    return {
        "lost": [line for ref in held["crm"] for line in _lost(ref, held)],
        "doubled": [line for system in SYSTEMS for line in _doubled(trading, system, held)],
    }


def _doubled(trading: Trading, system: str, held: dict[str, dict[str, list[Held]]]) -> list[str]:
    """Return a line for each order too many: made twice by the journal, held twice, or nobody's."""
    made = Counter(
        entry.order_ref
        for entry in trading.journal(system)
        if entry.done and entry.who == HUB and entry.operation == "create"
    )
    times = {ref: max(made[ref], len(held[system].get(ref, ()))) for ref in {*made, *held[system]}}
    return [
        f"{system} {ref}" for ref, count in sorted(times.items()) for _ in range(count - (ref in held["crm"]))
    ]


def _lost(ref: str, held: dict[str, dict[str, list[Held]]]) -> list[str]:
    """Return what other systems lack of an order, or do not say as its owners do."""
    (owner,) = held["crm"][ref]
    billed, stored, carried = (next(iter(held[one].get(ref, [])), None) for one in ("erp", "wms", "tms"))
    if owner.cancelled:
        return [f"{ref} is not cancelled: {one}" for one in (billed, stored) if one and not one.cancelled]
    if owner.status == "draft":
        return []
    if owner.hold and (stored is None or billed is None):  # held back before everybody was told of it
        return [f"{ref} is not on hold: {one}" for one in (billed, stored) if one and not one.hold]
    if stored is None or billed is None:
        return [f"{ref} is missing: erp {billed}, wms {stored}"]
    if stored.status == "shipped" and (carried is None or carried.ordered != stored.shipped):
        return [f"{ref} is missing: tms {carried}, wms {stored}"]
    wanted = Held("", owner.ordered, stored.shipped, False, owner.hold)
    said = {
        "crm": (owner, _reached(stored, billed, carried)),
        "erp": (billed, _billed(stored, billed)),
        "wms": (stored, stored.status),
    }
    return [
        f"{ref} in {system}: {one}, not {wanted._replace(status=status)}"
        for system, (one, status) in said.items()
        if one != wanted._replace(status=status)
    ]


def _billed(stored: Held, billed: Held) -> str:
    """Return what the ERP says of an order: that it is paid is its own word."""
    return "completed" if billed.status == "completed" else _ERP.get(stored.status, stored.status)


def _reached(stored: Held, billed: Held, carried: Held | None) -> str:
    """Return what the CRM says of an order once it has heard of all."""
    if billed.status == "completed":
        return "completed"
    if carried is not None and carried.status == "delivered":
        return "delivered"
    return _CRM.get(stored.status, stored.status)
