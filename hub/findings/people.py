"""What people do with findings. Each act leaves an event and a line in the audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.errors import HubError
from hub.findings.model import State
from hub.store import audit, jsons
from hub.store.tables import finding_events, findings


def assign(
    conn: sa.Connection, finding: str, owner: str, who: str, now: datetime, due_at: datetime | None = None
) -> None:
    """Give `finding` to `owner`, to be settled by `due_at`; nothing is written if it stands so already.

    HubError if there is no such finding or it is closed.
    """
    row = _live_row(conn, finding)
    if (row.state, row.owner, row.due_at) == (State.ASSIGNED, owner, due_at):
        return
    moved = {"state": State.ASSIGNED.value, "owner": owner, "due_at": due_at}
    _act(conn, finding, "assigned", moved, {"owner": owner, "due_at": due_at}, who, now)


def explain(
    conn: sa.Connection, finding: str, why: str, who: str, now: datetime, until: datetime | None = None
) -> None:
    """Accept `finding` as explained: for the values compared now, and `until` then at most.

    It reopens when the values change or the time is over and it is still found. HubError as for `assign`.
    """
    _live_row(conn, finding)
    moved = {"state": State.EXPLAINED.value, "due_at": until}
    _act(conn, finding, "explained", moved, {"why": why, "until": until}, who, now)


def _live_row(conn: sa.Connection, finding: str) -> sa.Row[Any]:
    row = conn.execute(sa.select(findings).where(findings.c.id == finding)).one_or_none()
    if row is None:
        raise HubError("store.no_finding", id=finding)
    if row.state == State.CLOSED:
        raise HubError("store.finding_closed", id=finding)
    return row


def _act(
    conn: sa.Connection,
    finding: str,
    what: str,
    moved: Mapping[str, Any],
    told: Mapping[str, Any],
    who: str,
    now: datetime,
) -> None:
    conn.execute(findings.update().where(findings.c.id == finding).values(**moved, changed_at=now))
    event = {"finding": finding, "what": what, "details": jsons.dumps(told), "who": who, "at": now}
    conn.execute(finding_events.insert().values(event))
    audit.append(conn, who, f"finding.{what}", {"finding": finding, **told}, now)
