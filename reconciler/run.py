"""The whole, once: examine, settle the findings, and put together what the reports show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.findings import CauseFound, Counts, Found, State, settle
from hub.rules import Rules
from hub.store import jsons, lookup, runs, tables
from hub.store.engine import Store
from hub.store.leases import Lease, lease
from hub.store.turns import LEASE, holder, wall
from reconciler import totals
from reconciler.case import EVERY, Cause, Verdict
from reconciler.examine import Examination, examine
from reconciler.grace import judged, learn, load_measured
from reconciler.horizons import load_horizons
from reconciler.kept import load_kept, typed
from reconciler.plan import Plan, keep, plan
from reconciler.result import CauseLine, Finding, Looked, Result, RunLine, SystemState
from reconciler.sources import ALL
from sync.calm import calm

_DAY = timedelta(days=1)
_RUNS_SHOWN = 20


@calm()
def reconcile(
    store: Store,
    rules: Rules,
    as_of: datetime,
    *,
    now: datetime | None = None,
    write: bool = True,
    starts: Mapping[str, datetime] | None = None,
    full: bool = False,
) -> Result:
    """Compare orders as of a moment, settle the findings, and return what there is to report.

    Looked at are the orders that changed or were on their way, and all of them where that is not enough
    (`reconciler.plan`) or `full` asks for it; the findings are the same. `now` is the run's clock (default
    `as_of`). With `write=False` – a look at another moment – all orders are compared, nothing is written and
    findings keep the life that they have. `starts` gives the systems' start dates: older orders are history
    there. A second run over an unchanged store writes no row. LeaseBusy while another one runs.
    """
    now = now or as_of
    seen = _seen(store, rules, as_of, now, write, starts, full)
    with store.read() as conn:
        result = _result(conn, as_of, now, seen)
        sum_up(conn, result, seen, now)
    return result


@calm()
def keep_findings(
    store: Store,
    rules: Rules,
    as_of: datetime,
    *,
    now: datetime | None = None,
    starts: Mapping[str, datetime] | None = None,
    full: bool = False,
) -> Looked:
    """Do as `reconcile` and return in numbers what came of it: nothing is counted over all orders."""
    found, _, counts, _ = _seen(store, rules, as_of, now or as_of, True, starts, full)
    looked_at = None if found.scope.keys is None else len(found.scope.keys)
    return Looked(looked_at, counts.told if counts else {})


class _Seen(NamedTuple):
    """What a look came to: the findings on what was looked at, and what became of them if they were settled.

    `rules` are those that were judged by, with what was measured.
    """

    found: Examination
    fresh: Sequence[Found]
    counts: Counts | None
    rules: Rules


def _seen(
    store: Store,
    rules: Rules,
    as_of: datetime,
    now: datetime,
    write: bool,
    starts: Mapping[str, datetime] | None,
    full: bool,
) -> _Seen:
    counts: Counts | None = None
    # one at a time: what was examined earlier must not close what was settled later
    turn = lease(store, "reconcile", holder(), wall(), LEASE) if write else nullcontext()
    with turn as held:
        with store.read() as conn:
            rules = rules.with_measured(load_measured(conn))
            horizons = load_horizons(conn, rules, as_of, starts)
            known = load_kept(conn)
            look = Plan(ALL, "asked", [], [])
            if write:
                look = plan(conn, rules, as_of, horizons, known, starts, full)
            found = examine(conn, rules, as_of, horizons, look, known)
        fresh = list(_found(found.fresh, rules))
        if held is not None:
            counts = _settle(store, found, fresh, rules, now, held, look, as_of, starts)
            learn(store, rules, as_of, held)
    return _Seen(found, fresh, counts, rules)


def _settle(
    store: Store,
    found: Examination,
    fresh: Sequence[Found],
    rules: Rules,
    now: datetime,
    held: Lease,
    look: Plan,
    as_of: datetime,
    starts: Mapping[str, datetime] | None,
) -> Counts:
    run = runs.start("reconcile", None, now)
    with store.write() as conn:
        held.check(conn)
        orders = None if found.scope.keys is None else {*found.troubled, (EVERY, EVERY)}
        said = [*fresh, *_found(found.moved(now), rules)]
        counts = settle(conn, said, now, run, complete=True, orders=orders)
        keep(conn, look, rules, as_of, found.horizons, starts, found.waiting)
    runs.finish(store, run, now, counts=counts.told)
    return counts


def _found(verdicts: Iterable[Verdict], rules: Rules) -> Iterator[Found]:
    """Yield the verdicts in the store's words, with who is to settle each and how soon."""
    causes: dict[int, CauseFound] = {}
    for verdict in verdicts:
        cause = verdict.cause
        if cause is not None and id(cause) not in causes:
            causes[id(cause)] = _cause_found(cause)
        person = rules.person(verdict.correct_in or verdict.system)
        yield Found(
            verdict.kind,
            verdict.company,
            verdict.order_no,
            verdict.system,
            verdict.field,
            verdict.details,
            verdict.correct_in,
            verdict.at_risk,
            verdict.currency,
            causes[id(cause)] if cause is not None else None,
            verdict.in_flight,
            verdict.noted,
            person.owner if person else None,
            person.deputy if person else None,
            rules.due(verdict.kind),
        )


def _cause_found(cause: Cause) -> CauseFound:
    return CauseFound(cause.kind, cause.company, cause.system, cause.slice, cause.details)


def _result(conn: sa.Connection, as_of: datetime, now: datetime, seen: _Seen) -> Result:
    found, fresh, counts, rules = seen
    kept = [replace(one.verdict, details=typed(one.verdict.details)) for one in found.kept]
    said = [*fresh, *_found(kept, rules)]
    lives = dict(counts.rows) if counts else {}
    lives |= _lives(conn, (one for one in said if one.id not in lives))
    told = [_finding(one, lives, now) for one in said]
    told.sort(key=attrgetter("kind", "company", "order_no", "system", "field"))
    findings = [one for one in told if one.state != State.EXPLAINED]
    return Result(
        as_of=as_of,
        zone=rules.zone,
        settled=counts is not None,
        looked_at=None if found.scope.keys is None else len(found.scope.keys),
        findings=findings,
        accepted=[one for one in told if one.state == State.EXPLAINED],
        causes=_causes(conn, rules, found, findings, now),
        in_flight=dict(sorted(found.in_flight.items())),
        changes=counts.told if counts else {},
    )


def sum_up(conn: sa.Connection, result: Result, seen: _Seen, now: datetime) -> None:
    """Add what has to be counted over all orders, and what stands beside them."""
    held = totals.held(conn)
    result.systems = [_counted(one, held.get(one.system, 0), seen.found) for one in _systems(seen.found)]
    result.orders = totals.orders_known(conn)
    result.totals = totals.control_totals(conn, seen.rules)
    result.late = totals.late_orders(conn, result.as_of)
    result.judged = judged(conn, seen.rules)
    result.quarantine, result.unlinked = totals.waiting_records(conn)
    result.runs = _runs(conn, now)


def _systems(found: Examination) -> list[SystemState]:
    return [
        SystemState(system, known.until, known.why, known.error, 0, 0, found.unread[system])
        for system, known in found.horizons.items()
    ]


def _counted(state: SystemState, held: int, found: Examination) -> SystemState:
    if state.until is None:
        return replace(state, held=held, not_compared=held)
    return replace(state, held=held, compared=held - found.held_unread[state.system])


def _lives(conn: sa.Connection, said: Iterable[Found]) -> dict[str, Mapping[str, Any]]:
    """Return state, owner and dates of those findings that are not closed, by id."""
    columns = ("id", "state", "owner", "due_at", "first_seen")
    rows = lookup.fetch_many(conn, tables.findings, ("id",), {(one.id,) for one in said}, columns)
    return {row.id: dict(row._mapping) for row in rows if row.state != State.CLOSED}


def _finding(one: Found, lives: Mapping[str, Mapping[str, Any]], now: datetime) -> Finding:
    life = lives.get(one.id)
    return Finding(
        id=one.id,
        kind=one.kind,
        company=one.company,
        order_no=one.order_no,
        system=one.system,
        field=one.field,
        details=one.details,
        correct_in=one.correct_in or one.system,
        owner=(life["owner"] if life else None) or one.owner,
        at_risk=one.at_risk,
        currency=one.currency,
        cause=one.cause.id if one.cause else None,
        state=str(life["state"]) if life else one.state.value,
        first_seen=life["first_seen"] if life else now,
        due_at=life["due_at"] if life else None,
    )


def _causes(
    conn: sa.Connection, rules: Rules, found: Examination, findings: Iterable[Finding], now: datetime
) -> list[CauseLine]:
    """Return the causes, those with the most orders behind them first."""
    new = Counter(one.cause for one in findings if one.first_seen >= now)
    f, c = tables.findings.c, tables.causes.c
    recent = sa.select(f.cause, sa.func.count()).where(f.closed_at > now - _DAY, f.state == State.CLOSED)
    closed = {cause: count for cause, count in conn.execute(recent.group_by(f.cause))}
    born = {cause: at for cause, at in conn.execute(sa.select(c.id, c.first_seen))}
    lines = []
    for cause in found.causes:
        key = cause.id
        person = rules.person(cause.system)
        lines.append(
            CauseLine(
                id=key,
                kind=cause.kind,
                company=cause.company,
                system=cause.system,
                slice=cause.slice,
                details=cause.details,
                orders=cause.orders or found.unread[cause.system],
                new=new[key],
                closed=closed.get(key, 0),
                at_risk=cause.at_risk,
                owner=person.owner if person else None,
                deputy=person.deputy if person else None,
                correct_in=cause.system,
                first_seen=born.get(key, now),
            )
        )
    return sorted(lines, key=lambda line: (-line.orders, line.kind, line.company, line.system, line.slice))


def _runs(conn: sa.Connection, now: datetime) -> list[RunLine]:
    """Return the runs of the last day, newest first."""
    r = tables.runs.c
    query = (
        sa.select(r.id, r.kind, r.system, r.started_at, r.ended_at, r.outcome, r.counts, r.error)
        .where(r.started_at > now - _DAY)
        .order_by(r.started_at.desc(), r.id.desc())
        .limit(_RUNS_SHOWN)
    )
    return [
        RunLine(*row[:6], counts=jsons.loads(row.counts) or {}, error=row.error)
        for row in conn.execute(query)
    ]
