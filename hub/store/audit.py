"""What people did, as a hash chain: a row that is altered, removed or slipped in breaks it from there on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.store import jsons
from hub.store.tables import audit
from hub.store.types import to_micros

_START = bytes(32)
_LOCK = 0x0_0DE8_0A0  # PostgreSQL's advisory lock: two appends would otherwise follow the same row


def append(conn: sa.Connection, who: str, what: str, details: Mapping[str, Any], now: datetime) -> None:
    """Write down, in this transaction, that `who` did `what` ("finding.assigned") with `details`."""
    if conn.dialect.name == "postgresql":
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    last = conn.scalar(sa.select(audit.c.hash).order_by(audit.c.id.desc()).limit(1))
    told = jsons.dumps(details)
    link = _hash(last or _START, now, who, what, told)
    conn.execute(audit.insert().values(at=now, who=who, what=what, details=told, hash=link))


def verify(conn: sa.Connection) -> int | None:
    """Return the id of the first row that does not follow from the one before it, None if the chain holds.

    Rows cut off at the end leave no trace in the chain: keep the last hash elsewhere to notice that.
    """
    before = _START
    chain = sa.select(audit).order_by(audit.c.id).execution_options(yield_per=1_000)
    with conn.execute(chain) as rows:
        for row in rows:
            if row.hash != _hash(before, row.at, row.who, row.what, row.details):
                return int(row.id)
            before = row.hash
    return None


def _hash(before: bytes, at: datetime, who: str, what: str, details: str) -> bytes:
    told = jsons.dump_bytes([to_micros(at), who, what, details])
    return hashlib.blake2b(before + told, digest_size=32).digest()
