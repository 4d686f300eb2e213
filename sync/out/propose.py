"""What is wanted becomes changes in the outbox, in the transaction that merges the orders.

Of each write to an order one change is open at most. One that has not left is replaced when something else is
wanted by now; one that has, or may have, left blocks its key until it is known what became of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from hub.brakes import RULE as MASS
from hub.brakes import loops
from hub.fuse import Credit, Fuse, Hold, Proposal, roles_of
from hub.mapping import SystemMapping
from hub.model import QUANTITIES
from hub.postings import is_posting
from hub.rules import Rules
from hub.store import bulk, jsons
from hub.store.runs import Run
from hub.store.tables import forms
from sync.out import away, credit, outbox
from sync.out.approvals import granted
from sync.out.by_hand import became, overwritten
from sync.out.mass import brake
from sync.out.outbox import HELD, PENDING, REJECTED, REPLACEABLE, SUPERSEDED, WAITING, OrderNo
from sync.out.situation import Situation
from sync.out.situations import know
from sync.out.targets import LIVE, SHADOW, Target, targets_of
from sync.out.values import Told
from sync.out.wants import CREATE, REVERSE, UPDATE, Want, Wants

CONFLICT, LOOP, PARTS = "conflict", "loop", "parts"
"""Rules of the hub's own that hold a change, beside those of hub.yaml."""

UNANSWERED = "outbox.unanswered"
"""Why a change is given up that nobody decided of (`sync.out.expiry`)."""

AUTHORS = ("changed_by", "created_by", "salesperson", "who")
"""Extras that tell who caused something in the source, the most telling first; `who` posted a match."""

_NUMBERS = (*QUANTITIES, "amount")


class Outgoing:
    """The way out as merging and pushing use it: the writes of all systems, the wishes, the fuse."""

    def __init__(self, mappings: Mapping[str, SystemMapping], rules: Rules) -> None:
        """Compile the writes of systems that are live or in shadow."""
        self.rules, self.mappings = rules, mappings
        self.targets = targets_of(mappings, rules)
        self.modes = {target.system: target.mode for target in self.targets}
        self.wants, self.fuse = Wants(rules), Fuse(rules.fuse)

    def propose(
        self,
        conn: sa.Connection,
        keys: Sequence[OrderNo],
        run: Run,
        now: datetime,
        together: Hold | None = None,
    ) -> Counter[str]:
        """Bring the outbox up to date for the orders `keys`, just merged in this transaction.

        With `together` all that is asked for is held by it, as one batch of its rule's name.
        """
        if keys:
            away.note(conn, keys, self.modes)
        if not self.targets or not keys:
            return Counter()
        return _Proposing(self, conn, keys, run, now, together).done()

    def target(self, system: str, write: str) -> Target | None:
        """Return one write, None if the mappings have it no more."""
        found = (one for one in self.targets if (one.system, one.name) == (system, write))
        return next(found, None)


class _Proposing:
    """One round over some orders."""

    def __init__(
        self,
        out: Outgoing,
        conn: sa.Connection,
        keys: Sequence[OrderNo],
        run: Run,
        now: datetime,
        together: Hold | None,
    ) -> None:
        self._out, self._conn, self._keys, self._run, self._now = out, conn, keys, run, now
        self._together = together
        self._known = know(conn, keys, out.targets)
        self._changes = outbox.of_orders(conn, keys)
        self._credit = self._read_credit() if out.fuse.asks_for_customers else {}
        self._forms: list[dict[str, Any]] = []
        self._fresh: list[dict[str, Any]] = []
        self._superseded = 0

    def _read_credit(self) -> dict[OrderNo, list[Credit]]:
        """Return how the customer of each order stands; a posting waits for nobody's debts."""
        customers = {
            key: (key[0], str(order["customer_no"]))
            for key, order in self._known.orders.items()
            if order.get("customer_no") and not is_posting(key[1])
        }
        found = credit.read(self._conn, customers.values())
        return {key: found[customer] for key, customer in customers.items() if customer in found}

    def done(self) -> Counter[str]:
        """Look at every order and write; return how many changes were asked for, and superseded."""
        for target in self._out.targets:
            for key in self._keys:
                here = self._known.situation(key, target, self._now)
                if here is not None:
                    self._look(key, target, here)
        bulk.upsert(self._conn, forms, self._forms, incidental=("changed_at",))
        asked = brake(self._conn, self._out.rules, self._fresh, self._now)
        outbox.put(self._conn, asked)
        held = sum(row["state"] == HELD for row in asked)
        return Counter(asked=len(asked), held=held, superseded=self._superseded)

    def _look(self, key: OrderNo, target: Target, here: Situation) -> None:
        before = here.form.held(), here.form.settles_at
        want = self._out.wants.look(target, here)
        if (here.form.held(), here.form.settles_at) != before:
            self._keep(key, target, here)
        mine = [
            row
            for row in self._changes.get(key, ())
            if (row["system"], row["write"]) == (target.system, target.name)
        ]
        current = next((row for row in mine if outbox.is_open(row)), None)
        digest = want.digest(target, *key) if want else ""
        if current is not None:
            if current["state"] not in REPLACEABLE or current["digest"] == digest:
                return
            shadow = current["mode"] == SHADOW
            reason = became(self._out.rules, target, current, here, want) if shadow else None
            change, replaced = [current["id"]], (SUPERSEDED, self._now)
            if not outbox.change(self._conn, change, *replaced, reason=reason, only=REPLACEABLE):
                return  # it has left just now: what became of it is known first
            self._superseded += 1
        if want is not None and not _refused(mine, digest):
            row = self._row(key, target, here, want, digest, mine)
            self._fresh.append(_in_batch(_held_still(row, mine), current or _unanswered(mine)))

    def _keep(self, key: OrderNo, target: Target, here: Situation) -> None:
        self._forms.append(
            {
                "company": key[0],
                "order_no": key[1],
                "system": target.system,
                "write": target.name,
                "held": here.form.held(),
                "settles_at": here.form.settles_at,
                "changed_at": self._now,
            }
        )

    def _row(
        self,
        key: OrderNo,
        target: Target,
        here: Situation,
        want: Want,
        digest: str,
        mine: Sequence[outbox.Row],
    ) -> dict[str, Any]:
        author = next((str(said) for name in AUTHORS if (said := here.order.get(name))), None)
        holds = self._holds(key, target, here, want, author, mine)
        holds += (self._together,) if self._together else ()
        open_roles = set(roles_of(holds)) - granted(self._conn, digest, self._out.rules, self._now)
        state = HELD if open_roles else PENDING
        ripe = want.not_before if state == PENDING else None
        reason = _why(target, here, want, ripe)
        if want.kind == REVERSE and not target.spec.reverse:
            state, reason = REJECTED, ("outbox.reverse_by_hand", {"system": target.system, "posting": key[1]})
        refusals = sum(row["state"] == REJECTED for row in mine)
        return {
            "company": key[0],
            "order_no": key[1],
            "system": target.system,
            "write": target.name,
            "kind": want.kind,
            "state": WAITING if ripe else state,
            "mode": target.mode,
            "digest": digest,
            "key": outbox.idempotency_key(target, key, want, digest, refusals),
            "wanted": jsons.dumps(want.wanted),
            "seen": jsons.dumps(want.seen),
            "rule": jsons.dumps(want.rules),
            "reason": jsons.dumps(list(reason)) if reason else None,
            "holds": jsons.dumps([asdict(hold) for hold in holds]) if holds else None,
            "batch": self._together.rule if self._together and open_roles else None,
            "author": author[:100] if author else None,
            "attempts": 0,
            "due_at": ripe,
            "created_at": self._now,
            "changed_at": self._now,
            "sent_at": None,
            "ids": None,
            "run": self._run.enter(self._conn),
        }

    def _holds(
        self,
        key: OrderNo,
        target: Target,
        here: Situation,
        want: Want,
        author: str | None,
        mine: Sequence[outbox.Row],
    ) -> tuple[Hold, ...]:
        """Return what holds a change: the hub's own rules first, then those of hub.yaml."""
        place: dict[str, object] = {"order": key[1], "system": target.system, "write": target.name}
        roles = (target.system,)
        holds: list[Hold] = []
        if want.conflicts:
            names = ", ".join(want.conflicts)
            holds.append(Hold(CONFLICT, roles, "outbox.conflict", {**place, "fields": names}))
        view = here.views.get(target.system)
        if view is not None and view["parts"] > 1 and set(want.wanted) & {*QUANTITIES, "lines"}:
            holds.append(Hold(PARTS, roles, "outbox.several_parts", {**place, "parts": view["parts"]}))
        wanted = jsons.dumps(want.wanted)
        times = [row["sent_at"] for row in mine if row["sent_at"] and row["wanted"] == wanted]
        if want.kind in (UPDATE, REVERSE) and loops(self._out.rules.brakes, times, self._now):
            holds.append(Hold(LOOP, roles, "outbox.loop", {**place, "times": len(times)}))
        if target.mode == LIVE:
            proposal = _proposal(key, target, here, want, author)
            holds += self._out.fuse.holds(replace(proposal, credit=self._credit.get(key, ())))
        return tuple(holds)


def _why(target: Target, here: Situation, want: Want, ripe: datetime | None) -> outbox.Reason | None:
    """Return what is to be said of a new change: what it waits for; of a shadow, what people did before."""
    if ripe:
        return "outbox.ripens", {"system": target.system, "until": ripe}
    return overwritten(target.system, here, want) if target.mode == SHADOW else None


def _proposal(key: OrderNo, target: Target, here: Situation, want: Want, author: str | None) -> Proposal:
    order = {**here.order, "first_seen": here.born}
    wanted = {name: _typed(name, value) for name, value in want.wanted.items()}
    before = {name: _typed(name, value) for name, value in want.seen.items()}
    if want.kind in (CREATE, REVERSE):
        wanted = {name: here.order.get(name) for name in want.wanted}
    return Proposal(target.system, target.name, want.kind, *key, order, before, wanted, author)


def _typed(name: str, value: Told) -> Any:
    return Decimal(value) if name in _NUMBERS and isinstance(value, str) else value


def _in_batch(row: dict[str, Any], replaced: outbox.Row | None) -> dict[str, Any]:
    """Return a new change; it waits with the others if that which it replaces was held as one of many."""
    if replaced is None or replaced["state"] not in (HELD, SUPERSEDED) or not replaced["batch"]:
        return row
    name = replaced["batch"]
    own = jsons.loads(row["holds"]) or []
    told = {hold["rule"] for hold in own}
    held = jsons.loads(replaced["holds"])
    many = [hold for hold in held if hold["rule"] in (MASS, name) and hold["rule"] not in told]
    return {**row, "state": HELD, "batch": name, "due_at": None, "holds": jsons.dumps([*own, *many])}


def _unanswered(mine: Sequence[outbox.Row]) -> outbox.Row | None:
    """Return the last change of a write if it was given up because nobody had decided of it."""
    last = mine[-1] if mine and mine[-1]["state"] == SUPERSEDED else None
    kept = jsons.loads(last["reason"]) if last and last["reason"] else None
    return last if kept and kept[0] == UNANSWERED else None


def _held_still(row: dict[str, Any], mine: Sequence[outbox.Row]) -> dict[str, Any]:
    """Return a new change, held by all that held the very same one before: that nobody answered is no yes."""
    before = _unanswered(mine)
    if before is None or before["digest"] != row["digest"] or row["state"] == REJECTED:
        return row
    own = jsons.loads(row["holds"]) or []
    told = {hold["rule"] for hold in own}
    left = [hold for hold in jsons.loads(before["holds"]) or [] if hold["rule"] not in told]
    if not left:
        return row
    return {**row, "state": HELD, "due_at": None, "holds": jsons.dumps([*own, *left])}


def _refused(mine: Sequence[outbox.Row], digest: str) -> bool:
    """Tell whether the last answer to the very same wish was no: only a person has it asked anew."""
    return bool(mine) and mine[-1]["state"] == REJECTED and mine[-1]["digest"] == digest
