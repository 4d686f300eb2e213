"""Records that could not be understood, and records that wait for a link: kept whole, replayable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.errors import RecordError
from hub.model import Link
from hub.redact import redact
from hub.store import bulk, jsons, lookup
from hub.store.runs import Run
from hub.store.tables import quarantine, unlinked
from sync.place import Place
from sync.speakers import speakers

ANEW = ""
"""The kind of link that a record waits for which must only be placed anew; it never waits long."""


class Broken(NamedTuple):
    """A record that could not be read: its key (may be empty), raw form, the reason, and its `meta`.

    `order` is the company and the number that it went by when it was last understood, if it was.
    """

    key: str
    raw: bytes
    error: RecordError
    meta: Mapping[str, Any]
    order: tuple[str | None, str | None] = (None, None)


def keep(conn: sa.Connection, place: Place, broken: Sequence[Broken], at: datetime, run: Run) -> None:
    """Keep bad records whole with their reason; one that lies there already is left as it is."""
    if not broken:
        return
    found = {}
    for one in broken:
        digest = place.seal.digest(one.raw)
        found[one.key or digest.hex(), digest] = one
    lying = _lying(conn, place, found)
    fresh = [
        _row(place, key, digest, one) | {"run": run.enter(conn), "at": at}
        for (key, digest), one in found.items()
        if (key, digest) not in lying
    ]
    bulk.insert(conn, quarantine, fresh)
    back = [lying[where] for where in found if where in lying and lying[where].solved_at is not None]
    if back:
        conn.execute(
            sa.update(quarantine)
            .where(quarantine.c.id.in_([row.id for row in back]))
            .values(solved_at=None, at=at)  # it is the newest form again
        )


def _row(place: Place, key: str, digest: bytes, one: Broken) -> dict[str, Any]:
    values = {name: str(value)[:500] for name, value in one.error.values.items()}
    return {
        "system": place.system,
        "stream": place.stream,
        "record": key,
        "digest": digest,
        "raw": place.seal.encrypt(one.raw, f"{place.system}/{place.stream}/{key}"),
        "meta": jsons.dumps(dict(one.meta)),
        "reason": one.error.key,
        "values": redact(jsons.dumps(values)),
        "field": one.error.field,
        "company": one.order[0],
        "order_no": one.order[1],
        "mapping": place.reader.version,
        "attempts": 1,
        "solved_at": None,
    }


def _lying(
    conn: sa.Connection, place: Place, keys: Iterable[tuple[str, bytes]]
) -> dict[tuple[str, bytes], Any]:
    rows = lookup.fetch_many(
        conn,
        quarantine,
        ("system", "stream", "record"),
        {(place.system, place.stream, key) for key, _ in keys},
        ("id", "record", "digest", "solved_at"),
    )
    return {(row.record, bytes(row.digest)): row for row in rows}


def solve(conn: sa.Connection, place: Place, keys: Callable[[], Iterable[str]], at: datetime) -> None:
    """Note that records which lay in quarantine were understood now; `keys` is asked if any lie there."""
    here = (
        quarantine.c.system == place.system,
        quarantine.c.stream == place.stream,
        quarantine.c.solved_at.is_(None),
    )
    if not lookup.exists(conn, quarantine, system=place.system, stream=place.stream, solved_at=None):
        return
    rows = [{"key": key} for key in sorted(keys())]
    if rows:
        conn.execute(
            sa.update(quarantine)
            .where(*here, quarantine.c.record == sa.bindparam("key"))
            .values(solved_at=at),
            rows,
        )


def wait(
    conn: sa.Connection,
    place: Place,
    waiting: Sequence[tuple[str, str, Sequence[Link]]],
    at: datetime,
    run: int,
) -> None:
    """Note records (key, company, links) whose order is not known yet; forget those that found theirs."""
    key_of = ("system", "stream", "record", "kind", "value")
    known: set[tuple[str, ...]] = set()
    if lookup.exists(conn, unlinked, system=place.system, stream=place.stream):
        records = {(place.system, place.stream, key) for key, _, _ in waiting}
        known = {tuple(row) for row in lookup.fetch_many(conn, unlinked, key_of[:3], records, key_of)}
    rows = {
        (place.system, place.stream, key, link.kind, link.value): {
            "system": place.system,
            "stream": place.stream,
            "record": key,
            "kind": link.kind,
            "value": link.value,
            "company": company,
            "since": at,
            "run": run,
        }
        for key, company, lacking in waiting
        for link in lacking
    }
    bulk.delete(conn, unlinked, key_of, list(known - rows.keys()))
    bulk.insert(conn, unlinked, [row for where, row in rows.items() if where not in known])


def place_again(
    conn: sa.Connection, ended: Iterable[Mapping[str, Any]], at: datetime, run: int, own: set[tuple[str, ...]]
) -> None:
    """Let the records of orders that lost a link find their order anew, be it to wait for it again.

    `ended` are the rows of `links` that hold no more; `own` the (system, stream, record) at hand.
    """
    orders = {(row["company"], row["order_no"]) for row in ended}
    rows = {
        place: {
            **dict(zip(("system", "stream", "record"), place, strict=True)),
            "kind": ANEW,
            "value": "",
            "company": one.company,
            "since": at,
            "run": run,
        }
        for one in speakers(conn, orders)
        if (place := (one.system, one.stream, one.record)) not in own
    }
    bulk.upsert(conn, unlinked, list(rows.values()), incidental=("run",), at_birth=("since",))
