"""One stream of one system, read to its end: every page in one transaction with the cursor it moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connectors.contract import GATE, Connector, Everything, Keys, Page, Since, Window
from hub.errors import HubError, SourceError
from hub.redact import redact
from hub.store import Store, bulk, cursors, driver
from hub.store.leases import Lease
from hub.store.runs import Run
from hub.store.statements import spelled
from hub.store.tables import reads
from hub.store.turns import Turn
from hub.store.types import to_micros
from sync import statements
from sync.batch import Batch
from sync.place import Intake

FULL = 2000
"""So many records fill a transaction; a larger page is one by itself.

After a stream's first read three times as many do: most of them are known, and write nothing.
"""

WINDOW = "window"
"""The kind of a read that nothing remembers: how far a stream is known does not follow from it."""

_READ_BY = "read by"
"""The slot that names the mapping under which the page gates beside it hold."""

FEW = 20
"""So many records are too few to judge the share of bad ones."""


class TooManyBad(SourceError):
    """More records than allowed cannot be read: the source changed its words, this is no dirt."""


@dataclass(slots=True)
class StreamResult:
    """What came of one stream: counts by word, warnings by text, and the error that ended it, if any."""

    system: str
    stream: str
    kind: str
    counts: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    error: SourceError | None = None


Progress = Callable[[str, int, int | None], None]
"""Told after each page: the stream, how many records came, how many are expected in all (None if unknown)."""

Watch = Callable[[sa.Connection, Callable[[], list[str]], Run], int]
"""Told in each page's transaction, with what gives the keys of its records; returns how many are back."""


def pull_stream(
    store: Store,
    connector: Connector,
    inlet: Intake,
    lease: Lease,
    run: Run,
    clock: Callable[[], datetime],
    progress: Progress,
    ask: Keys | Everything | Window | None = None,
    watch: Watch | None = None,
) -> StreamResult:
    """Read what is new, or what a sweep asks; a SourceError ends the stream and is kept in the result.

    That the stream was read completely is noted here for what is new; a sweep is complete only as a whole. A
    Window reads again what changed then: nothing of it is noted, and no cursor moves.
    """
    kind = WINDOW if isinstance(ask, Window) else "sweep" if ask else "since"
    result = StreamResult(inlet.system, inlet.stream, kind)
    begun = clock()
    with store.read() as conn:
        state = cursors.load_state(conn, inlet.system, inlet.stream)
        first = _never_read(conn, inlet)
    turn = Turn(lease)
    asked = ask or Since(_gated(store, turn, inlet, state))
    try:
        full = FULL if first else 3 * FULL
        for pages in _together(connector.fetch(inlet.stream, asked), result, full):
            same = sum(page.same for page in pages)
            result.counts.update(records=same, unchanged=same)
            if turn.ages or any(map(_tells, pages)):
                _take(store, pages, inlet, turn, run, clock, result, first, watch)
            progress(inlet.stream, result.counts["records"], pages[-1].expected)
    except SourceError as error:  # too many bad ones, or one that proves unreadable only when looked at
        result.error = error
    with store.write() as conn:
        lease.check(conn)
        if result.error is not None and kind != WINDOW:
            note_failure(conn, inlet.system, inlet.stream, result.error, begun, kind)
        elif ask is None:
            note_complete(conn, inlet, begun, kind)
    return result


def _gated(store: Store, turn: Turn, inlet: Intake, state: dict[str, Any]) -> dict[str, Any]:
    """Return what a stream remembers; gates of pages that were read under another mapping are taken away."""
    read_by = state.pop(_READ_BY, None)
    gates = [slot for slot in state if slot.startswith(GATE)]
    if not gates or read_by == inlet.reader.version:
        return state
    with store.write() as conn:
        turn.stay(conn)
        cursors.save_state(conn, inlet.system, inlet.stream, dict.fromkeys(gates))
    return {slot: value for slot, value in state.items() if slot not in gates}


def _tells(page: Page) -> bool:
    """Tell whether a page says anything beside that nothing changed."""
    return bool(page.records or page.bad or page.state or page.warnings or page.statements)


def _together(pages: Iterator[Page], result: StreamResult, full: int = FULL) -> Iterator[list[Page]]:
    """Yield pages as they come, small ones (a drop of many little files) together up to a `full` transaction.

    What ends the stream early is kept in `result` after the pages before it were given out.
    """
    some: list[Page] = []
    filled = 0
    try:
        for page in pages:
            some.append(page)
            filled += len(page.records) + page.same
            if page.commit or filled >= full:
                yield some
                some, filled = [], 0
    except SourceError as error:
        result.error = error
    if some:
        yield some


def _take(
    store: Store,
    pages: list[Page],
    inlet: Intake,
    turn: Turn,
    run: Run,
    clock: Callable[[], datetime],
    result: StreamResult,
    first: bool,
    watch: Watch | None,
) -> None:
    incoming = Batch.of_pages(pages)
    bad = [one for page in pages for one in page.bad]
    read_at = clock()
    with store.write() as conn:
        turn.stay(conn)
        taken = inlet.take(conn, incoming, read_at=read_at, run=run, bad=bad, first=first)
        result.counts += taken.counts
        result.warnings += taken.warnings
        result.warnings.update(warning for page in pages for warning in page.warnings)
        _judge(result, inlet)
        if any(page.statements for page in pages):
            statements.keep(conn, inlet, pages, read_at)
        if watch is not None and (back := watch(conn, lambda: _keys(inlet, incoming, pages), run)):
            result.counts["back"] += back
        if result.kind == WINDOW:
            return
        state = {slot: value for page in pages for slot, value in page.state.items()}
        if any(slot.startswith(GATE) for slot in state):
            state[_READ_BY] = inlet.reader.version
        cursors.save_state(conn, inlet.system, inlet.stream, state)
        if taken.newest is not None:
            _newest(conn, inlet, result.kind, taken.newest)


def _keys(inlet: Intake, incoming: Batch, pages: list[Page]) -> list[str]:
    """Return the keys of all records that pages speak of, those that could not be read among them."""
    told = (one.key for page in pages for one in page.bad if one.key)
    return [*told, *inlet.reader.keys_of(incoming.records)]


def _judge(result: StreamResult, inlet: Intake) -> None:
    """Stop before this page is committed if too large a share of what was read so far is bad."""
    records, bad = result.counts["records"], result.counts["quarantined"]
    if records >= FEW and bad > inlet.rules.limits.bad_share * records:
        raise TooManyBad(
            "sync.too_many_bad", system=inlet.system, operation=inlet.stream, bad=bad, records=records
        )


def _never_read(conn: sa.Connection, inlet: Intake) -> bool:
    here = (reads.c.system == inlet.system, reads.c.stream == inlet.stream, reads.c.kind == "since")
    return conn.execute(sa.select(reads.c.complete_at).where(*here)).scalar() is None


def _row(conn: sa.Connection, system: str, stream: str, kind: str) -> dict[str, Any]:
    """Return what is noted of a stream, empty if nothing is."""
    keys = {"system": system, "stream": stream, "kind": kind}
    here = (reads.c[name] == value for name, value in keys.items())
    row = conn.execute(sa.select(reads).where(*here)).first()
    return dict(row._mapping) if row else {**keys, **dict.fromkeys(_NOTES)}


_NOTES = ("complete_at", "newest_at", "failed_at", "error", "missed")


def _newest(conn: sa.Connection, inlet: Intake, kind: str, newest: datetime) -> None:
    given = (inlet.system, inlet.stream, kind, to_micros(newest))
    driver.run(conn, spelled(conn.dialect, _NEWER), given)


_NEWER = (
    "INSERT INTO reads (system, stream, kind, newest_at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (system, stream, kind) DO UPDATE SET newest_at = excluded.newest_at"
    " WHERE reads.newest_at IS NULL OR reads.newest_at < excluded.newest_at"
)


def note_complete(conn: sa.Connection, inlet: Intake, begun: datetime, kind: str, **more: int) -> None:
    """Note that a stream was read completely, with `more` columns of `reads`."""
    row = _row(conn, inlet.system, inlet.stream, kind)
    told = {"complete_at": begun, "failed_at": None, "error": None, **more}
    bulk.upsert(conn, reads, [row | told])


def note_failure(
    conn: sa.Connection, system: str, stream: str, error: HubError, at: datetime, kind: str = "since"
) -> None:
    """Note that a stream could not be read; it stands beside the last complete read, not in its place."""
    row = _row(conn, system, stream, kind)
    bulk.upsert(conn, reads, [row | {"failed_at": at, "error": redact(str(error))}])
