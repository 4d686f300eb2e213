"""What the ledger remembers of records past the gate: digest, sealed raw form, what they spoke of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.store import bulk, jsons
from hub.store.columns import Same, Values, bind
from hub.store.tables import ledger
from sync.gate import Arrival
from sync.place import Place
from sync.raw import pack


def keep(conn: sa.Connection, place: Place, arrivals: Sequence[Arrival], read_at: datetime, run: int) -> None:
    """Remember `arrivals`; one that is remembered just so already (a replay) is left as it is."""
    moved = [
        arrival
        for arrival in arrivals
        if arrival.before is None or _differs(arrival, place) or arrival.before.gave != arrival.gave
    ]
    last = {arrival.key: arrival for arrival in moved}  # of several events under one key the last one
    new = sorted((one for one in last.values() if one.before is None), key=lambda one: one.key)
    stamp: dict[str, Any] = {"system": place.system, "stream": place.stream, "mapping": place.reader.version}
    stamp |= {"run": run, "read_at": read_at}
    if new:
        shared = {name: Same(value) for name, value in stamp.items()}
        bulk.insert_bound(conn, ledger, bind(ledger, {**_columns(place, new), **shared}), len(new))
    known = [one for one in last.values() if one.before is not None]
    if known:
        columns = _columns(place, known)
        columns["read_at"] = [_read_at(one, read_at) for one in known]
        rows = zip(*columns.values(), strict=True)
        bulk.upsert(conn, ledger, [stamp | dict(zip(columns, row, strict=True)) for row in rows])


def _columns(place: Place, arrivals: Sequence[Arrival]) -> dict[str, Values]:
    where = f"{place.system}/{place.stream}/"
    return {
        "record": [one.key for one in arrivals],
        "digest": [one.digest for one in arrivals],
        "raw": place.seal.encrypt_all(_enclosed(arrivals), [where + one.key for one in arrivals]),
        "version": [one.version for one in arrivals],
        "gave": jsons.dumps_all(one.spoken for one in arrivals),
    }


def _enclosed(arrivals: Sequence[Arrival]) -> list[bytes]:
    """Return raw records with their meta, which is packed once for all that share it."""
    packed: dict[int, bytes] = {}
    for one in arrivals:
        if one.meta and id(one.meta) not in packed:
            packed[id(one.meta)] = b"\n" + pack(dict(one.meta))
    return [one.raw + packed.get(id(one.meta), b"") for one in arrivals]


def _read_at(arrival: Arrival, read_at: datetime) -> datetime:
    """Return when a form was read: one that is only understood anew keeps its time."""
    before = arrival.before
    return before.read_at if before is not None and before.digest == arrival.digest else read_at


def _differs(arrival: Arrival, place: Place) -> bool:
    before = arrival.before
    return before is None or (before.digest, before.mapping) != (arrival.digest, place.reader.version)
