"""Records on their way in: pages that are taken in together, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from connectors.contract import Page, Unread
from hub.model import Record


class Incoming(NamedTuple):
    """A record on its way in, with what mapping paths see as `meta`.

    `digest` is that of the form in which the ledger holds it, where it comes from there.
    """

    record: Record
    meta: Mapping[str, Any]
    digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of pages that are taken in together, each with its meta: a column of either.

    `digests` are those by which the ledger knows records that come from there, None for one that does not.
    """

    records: Sequence[Record]
    metas: Sequence[Mapping[str, Any]]
    digests: Sequence[bytes | None] = ()

    def __iter__(self) -> Iterator[Incoming]:
        return map(Incoming, self.records, self.metas)

    @classmethod
    def of(cls, incoming: Iterable[Incoming]) -> Batch:
        """Return what is on its way in as a batch."""
        if isinstance(incoming, Batch):
            return incoming
        given = list(incoming)
        return cls([one.record for one in given], [one.meta for one in given], [one.digest for one in given])

    @classmethod
    def of_pages(cls, pages: Sequence[Page]) -> Batch:
        """Return the records of some pages together, unread if all are."""
        metas = [meta for page in pages for meta in _metas(page)]
        filled = [page.records for page in pages if page.records]
        unread = [records for records in filled if isinstance(records, Unread)]
        if unread and len(unread) == len(filled):
            return cls(Unread.joined(unread), metas)
        return cls([record for records in filled for record in records], metas)


def _metas(page: Page) -> list[Mapping[str, Any]]:
    """Return the meta of each record of a page."""
    if not page.lines:
        return [page.meta] * len(page.records)
    return [{**page.meta, "line": line} for line in page.lines]
