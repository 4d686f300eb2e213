"""Looks at list rows: whose details were fetched need not be fetched again while the row stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import sqlalchemy as sa

from connectors.contract import Known, Page
from hub.store import Store, bulk
from hub.store.tables import glances

KEY = ("system", "stream", "record")


class Place(Protocol):
    """A stream of a system."""

    @property
    def system(self) -> str:
        """The system's name."""
        ...

    @property
    def stream(self) -> str:
        """The stream's name."""
        ...


def known(store: Store, place: Place) -> Known:
    """Return what tells a connector the digests of list rows by record key; it looks when it is asked."""

    def look(keys: Sequence[str]) -> Mapping[str, str]:
        wanted = {(place.system, place.stream, key) for key in keys}
        with store.read() as conn:
            rows = bulk.fetch_many(conn, glances, KEY, wanted, ("record", "digest"))
        return {row.record: row.digest for row in rows}

    return look


def keep(conn: sa.Connection, place: Place, pages: Iterable[Page]) -> int:
    """Keep the digests that pages give, with their page; return how many records stand as they were."""
    pages = list(pages)
    said = {key: digest for page in pages for key, digest in page.glances.items()}
    rows = [
        {"system": place.system, "stream": place.stream, "record": key, "digest": digest}
        for key, digest in said.items()
    ]
    bulk.upsert(conn, glances, rows)
    return sum(len(page.stand) for page in pages)


def forget(conn: sa.Connection, place: Place, records: Iterable[str]) -> None:
    """Let the details of `records` be fetched again whatever their list rows say."""
    bulk.delete(conn, glances, KEY, [(place.system, place.stream, record) for record in records])
