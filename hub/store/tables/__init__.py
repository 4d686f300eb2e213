"""The tables of the store (design, section 4): one definition for both engines, made only by migrations.

`facts` holds what is known of orders, `reading` what was read and how far, `differences` the findings,
`outgoing` what is to be written and how that went, `payments` what was paid, `house` marks, runs, leases,
audit and settings; what they share stands in `base`.

Times are `Utc` (BIGINT microseconds), quantities and amounts `Fixed` (BIGINT millionths), statuses the
rank of `hub.model.Status`. JSON columns are text written by `hub.store.jsons`.
"""

from __future__ import annotations

from hub.store.tables.base import Id, metadata
from hub.store.tables.differences import causes, finding_events, findings, latencies
from hub.store.tables.facts import (
    ALIVE,
    UNDER_WAY,
    USUAL,
    WAITING,
    links,
    observations,
    order_history,
    orders,
    views,
)
from hub.store.tables.house import audit, dirty, leases, runs, settings
from hub.store.tables.outgoing import (
    OPEN_CHANGES,
    adoptions,
    approvals,
    breakers,
    change_steps,
    forms,
    outbox,
    pauses,
)
from hub.store.tables.payments import matches, payers, standings, statements
from hub.store.tables.reading import (
    absent,
    cursors,
    documents,
    ledger,
    quarantine,
    reads,
    seen_keys,
    unlinked,
)

__all__ = [
    "ALIVE",
    "OPEN_CHANGES",
    "UNDER_WAY",
    "USUAL",
    "WAITING",
    "Id",
    "absent",
    "adoptions",
    "approvals",
    "audit",
    "breakers",
    "causes",
    "change_steps",
    "cursors",
    "dirty",
    "documents",
    "finding_events",
    "findings",
    "forms",
    "latencies",
    "leases",
    "ledger",
    "links",
    "matches",
    "metadata",
    "observations",
    "order_history",
    "orders",
    "outbox",
    "pauses",
    "payers",
    "quarantine",
    "reads",
    "runs",
    "seen_keys",
    "settings",
    "standings",
    "statements",
    "unlinked",
    "views",
]
