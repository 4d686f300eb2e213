"""Questions about findings and causes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from hub.findings.model import LIVE, Cause, Event, Finding, State
from hub.store import jsons
from hub.store.tables import causes, finding_events, findings


def list_findings(
    conn: sa.Connection,
    *,
    states: Collection[str] = LIVE,
    kinds: Collection[str] | None = None,
    company: str | None = None,
    order_no: str | None = None,
    system: str | None = None,
    cause: str | None = None,
    owner: str | None = None,
    limit: int | None = None,
) -> list[Finding]:
    """Return the findings in `states` (all but closed by default) that fit every filter given, by order."""
    chosen = sa.select(findings).where(findings.c.state.in_([str(state) for state in states]))
    if kinds is not None:
        chosen = chosen.where(findings.c.kind.in_(list(kinds)))
    filters = {"company": company, "order_no": order_no, "system": system, "cause": cause, "owner": owner}
    for name, value in filters.items():
        if value is not None:
            chosen = chosen.where(findings.c[name] == value)
    order = ("company", "order_no", "kind", "system", "field")
    rows = conn.execute(chosen.order_by(*(findings.c[name] for name in order)).limit(limit))
    return [_finding(row) for row in rows]


def count_findings(conn: sa.Connection) -> dict[str, int]:
    """Return how many findings ask for somebody, by kind: those open or assigned."""
    f = findings.c
    asking = f.state.in_([str(State.OPEN), str(State.ASSIGNED)])
    rows = conn.execute(sa.select(f.kind, sa.func.count()).where(asking).group_by(f.kind).order_by(f.kind))
    return {kind: count for kind, count in rows}


def load_finding(conn: sa.Connection, finding: str) -> Finding | None:
    """Return the finding with this id and its events, oldest first; None if there is none."""
    row = conn.execute(sa.select(findings).where(findings.c.id == finding)).one_or_none()
    return None if row is None else _finding(row, _events(conn, finding))


def list_causes(conn: sa.Connection, *, states: Collection[str] = LIVE) -> list[Cause]:
    """Return the causes in `states` (all but closed by default), those with most unclosed findings first."""
    behind = (
        sa.select(findings.c.cause, sa.func.count().label("findings"))
        .where(findings.c.state != State.CLOSED.value, findings.c.cause.is_not(None))
        .group_by(findings.c.cause)
        .subquery()
    )
    count = sa.func.coalesce(behind.c.findings, 0)
    rows = conn.execute(
        sa.select(causes, count.label("findings"))
        .outerjoin(behind, behind.c.cause == causes.c.id)
        .where(causes.c.state.in_([str(state) for state in states]))
        .order_by(count.desc(), causes.c.kind, causes.c.company, causes.c.system, causes.c.slice)
    )
    return [Cause(**_plain(row)) for row in rows]


def _events(conn: sa.Connection, finding: str) -> tuple[Event, ...]:
    chosen = (
        sa.select(finding_events).where(finding_events.c.finding == finding).order_by(finding_events.c.id)
    )
    return tuple(
        Event(row.what, row.at, row.who, row.run, jsons.loads(row.details) or {})
        for row in conn.execute(chosen)
    )


def _finding(row: sa.Row[Any], events: tuple[Event, ...] = ()) -> Finding:
    return Finding(**_plain(row), events=events)


def _plain(row: sa.Row[Any]) -> dict[str, Any]:
    """Return a row's values with its state and details in their own types."""
    return {**row._mapping, "state": State(row.state), "details": jsons.loads(row.details)}
