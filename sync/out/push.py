"""Changes out of the outbox into their systems: decided anew, marked as sent, sent, and what came of it kept.

No transaction spans the network. Before a change leaves it is asked once more whether it is still wanted
exactly so. Whatever happens in between is told from the state in which it is found: sent without an answer is
unknown, and is looked up before anything is tried again (`sync.out.resolve`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from connectors.contract import OutgoingChange, Receipt, Step, Writer
from connectors.registry import open_connector
from hub.errors import (
    AuthExpired,
    ConfigError,
    Exists,
    HubError,
    LeaseBusy,
    MappingError,
    Missing,
    OutcomeUnknown,
    RateLimited,
    RecordLocked,
    Rejected,
    Stale,
    Unavailable,
)
from hub.mapping.expressions import NameMissing
from hub.redact import redact
from hub.store import Store, lookup, runs
from hub.store.leases import Lease, lease
from hub.store.tables import dirty
from hub.store.turns import LEASE, holder, stay, wall
from sync import dirt
from sync.out import bearing, outbox, receipts, resolve
from sync.out.outbox import OrderNo, Reason
from sync.out.propose import Outgoing
from sync.out.situations import know
from sync.out.speaking import outgoing, there
from sync.out.targets import Target
from sync.place import IntakeOf

Sleep = Callable[[float], None]

_READY = (outbox.PENDING, outbox.WAITING)
"""The states from which a change leaves."""

_SOME = 50
"""So many changes are fetched at a time."""

_FIRST, _LONGEST = timedelta(seconds=5), timedelta(hours=1)
"""How long a change waits before its next try: twice as long each time."""


@dataclass(slots=True)
class PushResult:
    """What came of the changes of one system, by state; whether another worker was at it, why it stopped.

    `moved` tells that something was sent or settled just now.
    """

    system: str
    counts: Counter[str] = field(default_factory=Counter)
    skipped: LeaseBusy | None = None
    stopped: Reason | None = None
    error: HubError | None = None
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """What pushing needs of the hub: store, the way out, intakes, environment, clock and sleep."""

    store: Store
    out: Outgoing
    inlet: IntakeOf
    env: dict[str, str]
    clock: Callable[[], datetime]
    sleep: Sleep = time.sleep


class _Stop(Exception):
    """Nothing more is sent to this system just now: the reason is kept."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.reason: Reason = (key, values)


def push_system(desk: Desk, system: str) -> PushResult:
    """Send what is ready for one system; a busy lease and errors end in the result."""
    result = PushResult(system)
    try:
        if not _anything(desk, system):
            return result
        with lease(desk.store, f"push:{system}", holder(), wall(), LEASE) as held:
            _Pushing(desk, system, held, result).run()
    except LeaseBusy as busy:
        result.skipped = busy
    except HubError as error:
        result.error = error
    result.moved = bool(result.counts) and result.stopped is None and result.error is None
    return result


def _anything(desk: Desk, system: str) -> bool:
    with desk.store.read() as conn:
        return bool(outbox.ready(conn, system, desk.clock(), 0, 1))


class _Pushing:
    """One round over one system."""

    def __init__(self, desk: Desk, system: str, held: Lease, result: PushResult) -> None:
        self._desk, self._system, self._held, self._result = desk, system, held, result
        self._run = runs.start("push", system, desk.clock())
        self._mapping = desk.out.mappings[system]

    def run(self) -> None:
        """Send until nothing is ready, or the system had better be left alone."""
        desk = self._desk
        connector = open_connector(self._mapping, desk.env, desk.clock)
        if not isinstance(connector, Writer):
            connector.close()
            raise ConfigError("outbox.reads_only", system=self._system, kind=self._mapping.connector)
        error: str | None = None
        try:
            self._all(connector)
        except _Stop as stop:
            self._result.stopped = stop.reason
        except Exception as fault:
            error = redact(str(fault) or type(fault).__name__)
            raise
        finally:
            connector.close()
            outcome = "failed" if error else "done"
            runs.finish(desk.store, self._run, desk.clock(), outcome, self._result.counts, error)

    def _all(self, connector: Writer) -> None:
        after = 0
        while True:
            with self._desk.store.read() as conn:
                rows = outbox.ready(conn, self._system, self._desk.clock(), after, _SOME)
            if not rows:
                return
            for row in rows:
                after = row["id"]
                target = self._desk.out.target(self._system, row["write"])
                if target is None:
                    self._end(row, outbox.SUPERSEDED, ("outbox.no_write", {"write": row["write"]}))
                elif row["state"] in (outbox.SENT, outbox.UNKNOWN):
                    self._resolve(connector, target, row)
                else:
                    self._send(connector, target, row)

    def _send(self, connector: Writer, target: Target, row: outbox.Row) -> None:
        change, wait = self._begin(target, row)
        if change is None:
            return
        if wait > timedelta():
            self._desk.sleep(wait.total_seconds())
        try:
            receipt = connector.push(change, lambda step: self._committed(row, step))
        except HubError as error:
            self._failed(connector, target, row, error)
        else:
            self._arrived(target, row, receipt)

    def _begin(self, target: Target, row: outbox.Row) -> tuple[OutgoingChange | None, timedelta]:
        """Decide once more, and mark as sent; (None, …) where it does not go now."""
        desk, key, now = self._desk, (row["company"], row["order_no"]), self._desk.clock()
        with desk.store.write() as conn:
            stay(self._held, conn)
            self._require_open(conn, now)
            if lookup.exists(conn, dirty, consumer=dirt.MERGE, company=key[0], order_no=key[1]):
                self._result.counts["postponed"] += 1
                return None, timedelta()
            current = outbox.fetch(conn, row["id"])
            if current is None or current["state"] not in _READY or current["digest"] != row["digest"]:
                return None, timedelta()
            here = know(conn, [key], [target]).situation(key, target, now)
            want = desk.out.wants.look(target, here) if here is not None else None
            if here is None or want is None or want.digest(target, *key) != row["digest"]:
                self._superseded(conn, row, key, now)
                return None, timedelta()
            if want.not_before is not None:
                ripens = ("outbox.ripens", {"system": self._system, "until": want.not_before})
                outbox.change(
                    conn, [row["id"]], outbox.WAITING, now, reason=ripens, only=_READY, due_at=want.not_before
                )
                return None, timedelta()
            known = there(conn, key, target, desk.store.seal)
            change = outgoing(target, here, known, row, outbox.steps(conn, row["id"]))
            wait = bearing.turn(conn, self._system, self._mapping.limits.per_second, now)
            self._run.enter(conn)
            sent = {"attempts": current["attempts"] + 1, "sent_at": now, "due_at": None}
            if not outbox.change(conn, [row["id"]], outbox.SENT, now, only=_READY, **sent):
                return None, timedelta()  # somebody was quicker: it is another one by now
        return change, wait

    def _require_open(self, conn: sa.Connection, now: datetime) -> None:
        paused = bearing.paused(conn, self._system)
        if paused is not None:
            raise _Stop("outbox.paused", system=self._system, who=paused["who"], reason=paused["reason"])
        until = bearing.open_until(conn, self._system, now)
        if until is not None:
            raise _Stop("outbox.left_alone", system=self._system, until=until)

    def _superseded(self, conn: sa.Connection, row: outbox.Row, key: OrderNo, now: datetime) -> None:
        outbox.change(conn, [row["id"]], outbox.SUPERSEDED, now, only=_READY)
        dirt.mark(conn, [key])
        self._result.counts[outbox.SUPERSEDED] += 1

    def _committed(self, row: outbox.Row, step: Step) -> None:
        with self._desk.store.write() as conn:
            stay(self._held, conn)
            outbox.keep_step(conn, row["id"], step, self._desk.clock())

    def _arrived(self, target: Target, row: outbox.Row, receipt: Receipt) -> None:
        now = self._desk.clock()
        with self._desk.store.write() as conn:
            stay(self._held, conn)
            bearing.well(conn, self._system)
            state = receipts.keep(conn, self._desk.inlet, target, row, receipt, self._run, now)
        self._result.counts["adopted" if receipt.adopted else state] += 1

    def _resolve(self, connector: Writer, target: Target, row: outbox.Row) -> None:
        with self._desk.store.write() as conn:
            stay(self._held, conn)
            self._require_open(conn, self._desk.clock())
        state = resolve.resolve(self._desk, connector, target, row, self._held, self._run)
        if state is not None:
            self._result.counts[state] += 1

    def _end(self, row: outbox.Row, state: str, reason: Reason | None, **more: Any) -> None:
        with self._desk.store.write() as conn:
            stay(self._held, conn)
            outbox.change(conn, [row["id"]], state, self._desk.clock(), reason=reason, **more)
            if state in (outbox.REJECTED, outbox.UNKNOWN):
                dirt.mark(conn, [(row["company"], row["order_no"])])
        self._result.counts[state] += 1

    def _failed(self, connector: Writer, target: Target, row: outbox.Row, error: HubError) -> None:
        """Keep what an error asks for: try later, look up, decide again, wait, or a person."""
        now, reason = self._desk.clock(), outbox.reason_of(error)
        later = now + _pause(row["attempts"])
        match error:
            case NameMissing() | ConfigError():
                self._end(row, outbox.WAITING, reason, due_at=later)
                if isinstance(error, ConfigError) and not isinstance(error, MappingError):
                    raise _Stop(reason[0], **reason[1])
            case OutcomeUnknown():
                self._end(row, outbox.UNKNOWN, reason, due_at=now + resolve.patience(target, row))
                self._unwell(error, now)
            case Exists() | Stale():
                self._end(row, outbox.UNKNOWN, reason, due_at=now, sent_at=None)
                self._result.counts[outbox.UNKNOWN] -= 1  # it is looked up at once
                self._resolve(
                    connector, target, {**row, "state": outbox.UNKNOWN, "sent_at": None, "due_at": now}
                )
            case Rejected() | Missing():
                self._end(row, outbox.REJECTED, reason)
            case RecordLocked():
                self._end(row, outbox.PENDING, reason, due_at=later)
            case RateLimited():
                wait = timedelta(seconds=error.retry_after or _FIRST.total_seconds())
                self._end(row, outbox.PENDING, reason, due_at=now + wait)
                self._leave_alone(now + wait, error)
            case Unavailable() | AuthExpired():
                self._end(row, outbox.PENDING, reason, due_at=later)
                self._unwell(error, now)
            case _:
                self._end(row, outbox.UNKNOWN, reason, due_at=now + resolve.patience(target, row))
                raise error

    def _unwell(self, error: HubError, now: datetime) -> None:
        with self._desk.store.write() as conn:
            over = bearing.failed(conn, self._system, str(error), now)
        if over or isinstance(error, AuthExpired):
            key, values = outbox.reason_of(error)
            raise _Stop(key, **values)

    def _leave_alone(self, until: datetime, error: HubError) -> None:
        with self._desk.store.write() as conn:
            bearing.leave_alone(conn, self._system, until, str(error))
        raise _Stop("outbox.left_alone", system=self._system, until=until)


def _pause(attempts: int) -> timedelta:
    doubled: int = 2 ** min(attempts, 12)
    return min(_FIRST * doubled, _LONGEST)
