"""The baseline of a first load: history stays history, and old differences are one counted item.

Orders born before a day that have come to their end are history; open ones are taken as they are. What
systems that are written to differ in is parked (`sync.out.adopt`), and findings on orders born before then
are accepted as they stand: each comes back when what was compared changes, and none asks for anybody until
it does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from hub.findings import State
from hub.model import Side, Status
from hub.rules import Rules
from hub.store import Store, audit, bulk, jsons
from hub.store.tables import adoptions, finding_events, findings, observations, orders
from hub.store.tables import audit as audits
from sync.out.adopt import Adopted, adopt
from sync.out.propose import Outgoing

WHY = "baseline"
"""The reason by which a finding was accepted as old."""

TAKEN = "first_load.taken"
"""What the audit trail says of a baseline."""

OrderNo = tuple[str, str]
_SOME = 500


@dataclass(slots=True)
class Baseline:
    """What a baseline came to: orders by age and standing, what was parked, and who was adopted by it.

    `parked` findings are new, `legacy` are all that are parked so. Systems that were adopted before are told
    in `adopted` as they stand.
    """

    before: datetime
    history: int = 0
    taken: int = 0
    younger: int = 0
    parked: int = 0
    legacy: int = 0
    adopted: list[Adopted] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Legacy:
    """The differences that a baseline parked and that stand: how many, and of which baseline they are."""

    findings: int
    before: datetime
    at: datetime
    who: str


def take_baseline(store: Store, out: Outgoing, before: datetime, who: str, now: datetime) -> Baseline:
    """Take orders born `before` then as they are; repeated, only what came up since is parked too."""
    done = Baseline(before)
    done.adopted = [_adopted(store, out, system, before, who, now) for system in _written(out)]
    with store.write() as conn:
        old = _old(conn, out.rules, done)
        done.parked = _park(conn, old, who, now)
        told = {"before": before, "parked": done.parked, "taken": done.taken, "history": done.history}
        audit.append(conn, who, TAKEN, told, now)
        found = legacy(conn)
        done.legacy = found.findings if found else 0
    return done


def legacy(conn: sa.Connection) -> Legacy | None:
    """Return what the newest baseline and those before it parked and still stands; None if nothing does."""
    row = conn.execute(sa.select(audits).where(audits.c.what == TAKEN).order_by(audits.c.id.desc())).first()
    if row is None:
        return None
    e, f = finding_events.c, findings.c
    ours = sa.exists().where(
        e.finding == f.id, e.what == "explained", e.details.contains(f'"why":"{WHY}"', autoescape=True)
    )
    count = conn.scalar(sa.select(sa.func.count()).where(f.state == str(State.EXPLAINED), ours))
    before = datetime.fromisoformat(jsons.loads(row.details)["before"])
    return Legacy(int(count), before, row.at, row.who) if count else None


def _written(out: Outgoing) -> list[str]:
    return sorted({target.system for target in out.targets})


def _adopted(store: Store, out: Outgoing, system: str, before: datetime, who: str, now: datetime) -> Adopted:
    """Adopt a system; one that was adopted in its mode before stands as it is."""
    mode = next(target.mode for target in out.targets if target.system == system)
    with store.read() as conn:
        row = conn.execute(sa.select(adoptions).where(adoptions.c.system == system)).first()
    if row is not None and row.mode == mode:
        return Adopted(system, mode, parked=row.parked, born_from=row.born_from)
    return adopt(store, out, system, who, now, before)


def _old(conn: sa.Connection, rules: Rules, done: Baseline) -> set[OrderNo]:
    """Count the orders by age and standing; return those born before the baseline."""
    old: set[OrderNo] = set()
    for key, born, finished in _orders(conn, rules):
        if born >= done.before:
            done.younger += 1
            continue
        old.add(key)
        done.history += finished
        done.taken += not finished
    return old


def _orders(conn: sa.Connection, rules: Rules) -> Iterator[tuple[OrderNo, datetime, bool]]:
    """Yield every order: its key, when it was born by its own stamps, whether it has come to its end."""
    o, said = orders.c, observations.c
    here = (said.company == o.company, said.order_no == o.order_no)
    stamped = sa.select(sa.func.min(said.occurred_at)).where(*here).scalar_subquery()
    names = (o.company, o.order_no, o.status, o.side, o.order_type, o.first_seen)
    for row in conn.execute(sa.select(*names, stamped.label("stamped"))):
        born = min(row.first_seen, row.stamped or row.first_seen)
        ends = rules.route(row.company, row.order_type or "").ends
        status = row.status or 0
        finished = bool(row.side & Side.CANCELLED) or status >= Status.COMPLETED or status > ends
        yield (row.company, row.order_no), born, finished


def _park(conn: sa.Connection, old: Collection[OrderNo], who: str, now: datetime) -> int:
    """Accept the open findings on old orders as they stand; return how many."""
    f = findings.c
    rows = conn.execute(sa.select(f.id, f.company, f.order_no).where(f.state == str(State.OPEN)))
    ids = sorted(row.id for row in rows if (row.company, row.order_no) in old)
    told = jsons.dumps({"why": WHY, "until": None})
    for at in range(0, len(ids), _SOME):
        some = ids[at : at + _SOME]
        moved = {"state": str(State.EXPLAINED), "due_at": None, "changed_at": now}
        conn.execute(sa.update(findings).where(f.id.in_(some)).values(**moved))
        event = {"what": "explained", "details": told, "who": who, "run": None, "at": now}
        bulk.insert(conn, finding_events, [{"finding": one, **event} for one in some])
    return len(ids)
