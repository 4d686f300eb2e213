"""Findings: differences with an identity that is stable over runs, and a life.

in_flight → open → assigned → explained → closed. The reconciler says what it found (`Found`), `settle`
compares that with what is known and writes only what changed, each change with an event; people `assign` and
`explain`. Identity is (kind, company, order_no, system, field) for a finding, (kind, company, system, slice)
for a cause. A birth has no event: the row itself tells it.
"""

from __future__ import annotations

from hub.findings.compared import compared
from hub.findings.model import IS_LIVE, KINDS, LIVE, Cause, CauseFound, Counts, Event, Finding, Found, State
from hub.findings.people import assign, explain
from hub.findings.queries import count_findings, list_causes, list_findings, load_finding
from hub.findings.settle import settle

__all__ = [
    "IS_LIVE",
    "KINDS",
    "LIVE",
    "Cause",
    "CauseFound",
    "Counts",
    "Event",
    "Finding",
    "Found",
    "State",
    "assign",
    "compared",
    "count_findings",
    "explain",
    "list_causes",
    "list_findings",
    "load_finding",
    "settle",
]
