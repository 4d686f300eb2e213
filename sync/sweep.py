"""The slow second look (design, section 5): what the cursor misses, and what is no longer there.

A sweep that lists is one look at everything it lists; what it does not show is asked for by key where the
connector can. One that asks by key is one look at what is open. `sync.gone` concludes from complete looks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from connectors.contract import Capabilities, Connector, Everything, Keys
from hub.mapping.callspec import INPUTS, CallSpec
from hub.mapping.grammar import StreamMapping
from hub.rules import Rules
from hub.store import Store
from hub.store.leases import Lease
from hub.store.runs import Run
from hub.store.tables import reads, views
from hub.store.turns import stay
from sync.gone import MassGone, Roll
from sync.place import Intake, Stream
from sync.pull import Progress, StreamResult, note_complete, note_failure, pull_stream
from sync.still_open import open_records

_KEYED = ("table", "bapi")
"""Verbs whose connectors find records by key without being told how."""

_KEYS = re.compile(r"(?<![.\w])keys?\b")
_SAID = re.compile(r":keys?\b|=[^=].*|\{\{.*?\}\}")


@dataclass(frozen=True, slots=True)
class Looks:
    """How a stream can be looked at again: `lists` by a list, `whole` if that shows all, `asks` by key."""

    lists: bool
    whole: bool
    asks: bool

    @classmethod
    def of(cls, spec: StreamMapping, capabilities: Capabilities) -> Looks:
        """Return what the sweep of a stream says, as far as the connector can do it."""
        assert spec.sweep is not None
        again, read = spec.sweep.call, spec.read
        by_key = _takes_keys(again)
        asks = "keys" in capabilities.asks and (by_key or read.verb in _KEYED or _takes_keys(read))
        lists = "everything" in capabilities.asks and not by_key and (again != read or not asks)
        return cls(lists, lists and _shows_all(again, read), asks)


@dataclass(frozen=True, slots=True)
class Sweep:
    """All that a sweep of one stream works with."""

    store: Store
    rules: Rules
    connector: Connector
    inlet: Intake
    lease: Lease
    run: Run
    clock: Callable[[], datetime]
    progress: Progress

    def take(self, spec: StreamMapping) -> StreamResult:
        """Look at the stream again and conclude; what went wrong stands in the result."""
        looks = Looks.of(spec, self.connector.capabilities)
        begun = self.clock()
        roll = Roll(self.inlet, begun)
        result = StreamResult(self.inlet.system, self.inlet.stream, "sweep")
        with self.store.write() as conn:
            stay(self.lease, conn)
            roll.open(conn)
        if looks.lists:
            self._look(result, roll, Everything())
        if looks.asks and result.error is None:
            keys = self._to_ask(roll, looks)
            if keys:
                self._look(result, roll, Keys(keys))
        self._conclude(result, roll, looks, spec.yields)
        return result

    def _to_ask(self, roll: Roll, looks: Looks) -> list[str]:
        """Return what is asked for by key: what a list did not show, else all that is open."""
        with self.store.read() as conn:
            return roll.unseen(conn)[0] if looks.lists else open_records(conn, self.inlet)

    def _look(self, result: StreamResult, roll: Roll, ask: Everything | Keys) -> None:
        looked = pull_stream(
            self.store, self.connector, self.inlet, self.lease, self.run, self.clock, self.progress, ask,
            roll.see,
        )  # fmt: skip
        result.counts += looked.counts
        result.warnings += looked.warnings
        result.error = looked.error

    def _conclude(self, result: StreamResult, roll: Roll, looks: Looks, yields: str) -> None:
        """Note what the sweep brought, and what is gone; only a complete one says anything about that."""
        count = (looks.asks or looks.whole) + (looks.asks and looks.lists)
        missed = result.counts["observations"]
        if missed:
            result.counts["missed"] = missed
        if result.error is not None:
            return
        gone = 0
        try:
            with self.store.write() as conn:
                stay(self.lease, conn)
                if count and yields == "order":
                    gone = roll.close(conn, count, self.rules.limits.gone_share, self.clock(), self.run)
                note_complete(conn, self.inlet, roll.begun, "sweep", missed=missed)
        except MassGone as error:
            result.error = error
            with self.store.write() as conn:
                stay(self.lease, conn)
                note_complete(conn, self.inlet, roll.begun, "sweep", missed=missed)
                note_failure(conn, self.inlet.system, self.inlet.stream, error, roll.begun, "sweep")
        if gone:
            result.counts["gone"] = gone


def due(conn: sa.Connection, place: Stream, every: timedelta, now: datetime) -> bool:
    """Tell whether the last complete sweep of the stream is `every` or longer ago.

    A first read was complete in itself: the first sweep is due `every` after it.
    """
    last = conn.execute(
        sa.select(sa.func.max(reads.c.complete_at)).where(
            reads.c.system == place.system, reads.c.stream == place.stream, reads.c.kind == "sweep"
        )
    ).scalar()
    if last is None:
        last = conn.execute(
            sa.select(sa.func.min(views.c.first_seen)).where(views.c.system == place.system)
        ).scalar()
    return last is not None and now - last >= every


def _takes_keys(call: CallSpec) -> bool:
    """Tell whether a call mentions the keys that are asked for: `=keys`, `:keys`, `{{ key }}`."""
    return any(
        _KEYS.search(said) for text in _leaves(call.model_dump(by_alias=True)) for said in _SAID.findall(text)
    )


def _leaves(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _leaves(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in _leaves(inner)]
    return [value] if isinstance(value, str) else []


def _shows_all(again: CallSpec, read: CallSpec) -> bool:
    """Tell whether a list shows everything: the reading call with some of its conditions left out.

    A folder shows all if the sweep has files of its own there: those that are read anyway tell only news.
    """
    if read.verb == "file":
        return again.target != read.target
    if (again.verb, again.target) != (read.verb, read.target):
        return False
    said, before = (_conditions(call) for call in (again, read))
    return said.items() <= before.items()


def _conditions(call: CallSpec) -> dict[str, bytes]:
    """Return what a call sends, piece by piece."""
    told = call.model_dump(by_alias=True, include={*INPUTS, "json_", "where", "text", "xml"})
    pieces: dict[str, bytes] = {}
    for name, said in told.items():
        if said is not None:
            parts = said.items() if isinstance(said, Mapping) else [("", said)]
            pieces |= {f"{name}.{part}": orjson.dumps(value, default=str) for part, value in parts}
    return pieces
