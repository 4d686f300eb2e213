"""What became of a change whose answer was lost: looked up by business key before anything is tried again.

None, one and several are three answers. What is there was done (or was there before) and is adopted; what is
not there was not done, once the system has had its time to show it; several need a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from connectors.contract import Receipt, Step, Writer
from hub.errors import HubError, Rejected
from hub.mapping.expressions import NameMissing
from hub.mapping.paths import compile_path, is_empty
from hub.model import Record
from hub.store import bulk, jsons
from hub.store.leases import Lease
from hub.store.runs import Run
from hub.store.tables import forms
from hub.store.turns import stay
from sync import dirt
from sync.out import outbox, receipts
from sync.out.by_hand import said
from sync.out.outbox import OrderNo
from sync.out.situation import Situation
from sync.out.situations import know
from sync.out.speaking import There, business_key, there
from sync.out.targets import Target
from sync.out.wants import CREATE, MESSAGE, REVERSE

if TYPE_CHECKING:
    from sync.out.push import Desk

AGAIN = timedelta(seconds=30)
"""How long a look-up that could not be made waits for the next, and what an answer said no to for its own."""

LEAST = timedelta(seconds=5)
"""How long a create without an answer is left alone at least before it is looked up. Its system may still be
at it, on behalf of a caller that is gone by now: what is not there yet would be tried again, and made twice.
"""

NO_RESULT = "writing.no_result"
"""The reason of a change whose answer had nothing of what it was to give, and said something else."""

ACCEPTED = "outbox.accepted"
"""The reason of a change that its system took and will carry out later."""


def resolve(
    desk: Desk, connector: Writer, target: Target, row: outbox.Row, held: Lease, run: Run
) -> str | None:
    """Find out what became of a change; return its state now, None where it stays as it is."""
    return _Resolving(desk, connector, target, row, held, run).done()


def patience(target: Target, row: outbox.Row) -> timedelta:
    """Return how long a system has to show a change whose answer is not known, before it is looked up."""
    twice = row["kind"] == CREATE and not all(call.idempotent for call in target.spec.create)
    return max(target.settle, LEAST) if twice else target.settle


class _Resolving:
    """One change that was sent."""

    def __init__(
        self, desk: Desk, connector: Writer, target: Target, row: outbox.Row, held: Lease, run: Run
    ) -> None:
        self._desk, self._connector, self._target = desk, connector, target
        self._row, self._held, self._run = row, held, run
        self._key: OrderNo = row["company"], row["order_no"]

    def done(self) -> str | None:
        """Look up and decide."""
        row, target, now = self._row, self._target, self._desk.clock()
        confirms = row["state"] == outbox.SENT and _reason(row)[0] == ACCEPTED
        wait = patience(target, row)
        if not confirms and row["sent_at"] is not None and row["due_at"] is None and wait:
            return self._change(row["state"], now + wait)  # who sent it died, nobody knows how long ago
        if row["kind"] == MESSAGE or (target.spec.find is None and not confirms):
            return self._change(outbox.UNKNOWN, now + timedelta(days=3650), "outbox.nobody_knows")
        with self._desk.store.read() as conn:
            here = know(conn, [self._key], [target]).situation(self._key, target, now)
            known = there(conn, self._key, target, self._desk.store.seal)
            done = outbox.steps(conn, row["id"]) if confirms else []
        if here is None:
            return self._change(row["state"], now + AGAIN)
        try:
            return self._confirmed(here, known, done, now) if confirms else self._found(here, known, now)
        except NameMissing as missing:
            return self._change(outbox.UNKNOWN, now + AGAIN, missing.key, name=missing.name)
        except Rejected as error:
            return self._change(outbox.REJECTED, None, told=outbox.reason_of(error))
        except HubError as error:
            return self._change(row["state"], now + AGAIN, told=outbox.reason_of(error))

    def _found(self, here: Situation, known: There, now: datetime) -> str | None:
        key = business_key(self._target, here, known, self._row)
        inlet = self._desk.inlet(self._target.system, self._target.stream or self._first_stream())
        records = self._connector.lookup(self._target.name, key)
        found = receipts.speaking_of(inlet, records, self._key, now)
        if self._row["kind"] == CREATE:
            return self._created(found, now)
        if self._row["kind"] == REVERSE:
            return self._reversed(found, now)
        if not found:
            return self._change(outbox.REJECTED, None, "outbox.not_there", system=self._target.system)
        return self._updated(found, now)

    def _created(self, found: Sequence[Record], now: datetime) -> str | None:
        """Adopt what is there; what is not there was not created, and is tried again with the same key."""
        if len(found) > 1:
            count, system = len(found), self._target.system
            return self._change(outbox.REJECTED, None, "outbox.several_there", count=count, system=system)
        if not found:
            before, values = _reason(self._row)
            if before == NO_RESULT:
                reason = values["reason"]
                return self._change(outbox.PENDING, now + AGAIN, "outbox.not_done_said", reason=reason)
            return self._change(outbox.PENDING, now, "outbox.not_done")
        with self._desk.store.write() as conn:
            stay(self._held, conn)
            receipt = Receipt(adopted=True, records=found)
            return receipts.keep(conn, self._desk.inlet, self._target, self._row, receipt, self._run, now)

    def _reversed(self, found: Sequence[Record], now: datetime) -> str | None:
        """Take what is there no more, or is shown as taken back, as reversed; else it is tried again."""
        with self._desk.store.write() as conn:
            stay(self._held, conn)
            if self._target.stream:
                inlet = self._desk.inlet(self._target.system, self._target.stream)
                receipts.feed(conn, inlet, found, self._run, now)
            here = know(conn, [self._key], [self._target]).situation(self._key, self._target, now)
            if not found or (here is not None and not here.document):
                done = Receipt(adopted=True)
                return receipts.keep(conn, self._desk.inlet, self._target, self._row, done, self._run, now)
        return self._change(outbox.PENDING, now, "outbox.not_done")

    def _updated(self, found: Sequence[Record], now: datetime) -> str | None:
        """Read what the target shows now: what is still wanted of it exactly so was not done."""
        with self._desk.store.write() as conn:
            stay(self._held, conn)
            if self._target.stream:
                receipts.feed(
                    conn, self._desk.inlet(self._target.system, self._target.stream), found, self._run, now
                )
            self._note(conn, now)
            here = know(conn, [self._key], [self._target]).situation(self._key, self._target, now)
            want = self._desk.out.wants.look(self._target, here) if here is not None else None
            left = want.wanted if want is not None else {}
            dirt.mark(conn, [self._key])
            wished = jsons.loads(self._row["wanted"])
            if all(left.get(name, ...) != value for name, value in wished.items()):
                outbox.change(conn, [self._row["id"]], outbox.CONFIRMED, now, due_at=None)
                return outbox.CONFIRMED
            # somebody else may have changed it, or only a part was done: it is decided anew
            outbox.change(conn, [self._row["id"]], outbox.SUPERSEDED, now, reason=("outbox.anew", {}))
            return outbox.SUPERSEDED

    def _note(self, conn: sa.Connection, now: datetime) -> None:
        """Note as agreed what the target shows of this change, as if its answer had come.

        Else a hold that the hub passed on would be taken for one of the target's own, and a change that
        follows for one that both sides made.
        """
        target = self._target
        here = know(conn, [self._key], [target]).situation(self._key, target, now)
        view = here.views.get(target.system) if here is not None else None
        if here is None or view is None or not target.orders:
            return
        for name, value in jsons.loads(self._row["wanted"]).items():
            if said(name, target, here, view) == value:
                here.form.agree(name, value, value)
        here.form.made = True
        place = {
            "company": self._key[0],
            "order_no": self._key[1],
            "system": target.system,
            "write": target.name,
        }
        told = {**place, "held": here.form.held(), "settles_at": here.form.settles_at}
        bulk.upsert(conn, forms, [told | {"changed_at": now}], incidental=("changed_at",))

    def _confirmed(self, here: Situation, known: There, done: Sequence[Step], now: datetime) -> str | None:
        """Ask whether what was accepted has been carried out by now."""
        spec = self._target.spec.confirm
        until = datetime.fromisoformat(str(_reason(self._row)[1]["until"]))
        key = business_key(self._target, here, known, self._row, confirms=True)
        for one in done:  # what an answer gave, a job's number say, asks for it now
            key = replace(key, names={**key.names, **one.took})
        records = self._connector.lookup(self._target.name, key)
        path = spec.until if spec else None
        if any(path is None or not is_empty(compile_path(path)(one)) for one in records):
            with self._desk.store.write() as conn:
                stay(self._held, conn)
                outbox.change(conn, [self._row["id"]], outbox.CONFIRMED, now, due_at=None)
                self._settle_now(conn, now)
                dirt.mark(conn, [self._key])
            return outbox.CONFIRMED
        if now > until:
            return self._change(outbox.REJECTED, None, "outbox.never_done", system=self._target.system)
        return self._change(outbox.SENT, now + AGAIN, ACCEPTED, until=until)

    def _settle_now(self, conn: sa.Connection, now: datetime) -> None:
        """Let the next read show what was carried out."""
        f, target = forms.c, self._target
        here = (f.company == self._key[0], f.order_no == self._key[1], f.system == target.system)
        conn.execute(
            sa.update(forms).where(*here, f.write == target.name).values(settles_at=now + target.settle)
        )

    def _first_stream(self) -> str:
        return next(iter(self._desk.out.mappings[self._target.system].streams))

    def _change(
        self,
        state: str,
        due_at: datetime | None,
        key: str = "",
        told: outbox.Reason | None = None,
        **values: object,
    ) -> str | None:
        now = self._desk.clock()
        with self._desk.store.write() as conn:
            stay(self._held, conn)
            reason = told or ((key, values) if key else _reason(self._row))
            said = reason if reason[0] else None
            outbox.change(conn, [self._row["id"]], state, now, reason=said, due_at=due_at)
            dirt.mark(conn, [self._key])
        return state if state != self._row["state"] else None


def _reason(row: outbox.Row) -> outbox.Reason:
    key, values = jsons.loads(row["reason"]) or ("", {})
    return key, values
