"""Settling what was found with what is known: births, turns and ends, and not a row for what stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub.findings.compared import compared
from hub.findings.model import KINDS, CauseFound, Counts, Found, State
from hub.store import bulk, jsons, lookup
from hub.store.runs import Run
from hub.store.tables import causes, finding_events, findings

Row = dict[str, Any]

_TOLD = ("details", "correct_in", "at_risk", "currency", "cause")
"""What the reconciler tells of a finding or cause and may tell otherwise later."""


@dataclass(slots=True)
class _Turn:
    """One row that must be written: what happened to it, and what changed in it."""

    what: str
    row: Row
    changes: Mapping[str, Any]


def settle(
    conn: sa.Connection,
    found: Iterable[Found],
    now: datetime,
    run: Run | int | None,
    complete: bool,
    *,
    orders: Collection[tuple[str, str]] | None = None,
    kinds: Collection[str] = KINDS,
) -> Counts:
    """Bring the stored findings and causes to what was `found`, in the caller's transaction.

    New ones are inserted, closed ones that are found again reopen, those in flight open once they are found
    so, changed ones are updated, an explanation ends with the values that it was given for or when it runs
    out, and what is past due goes to the deputy. If the comparison was `complete`, live findings of `kinds`
    that were not found are closed: all, or those of `orders` (company, order_no) where only these were
    compared. A cause closes with its last finding. Equal input twice writes nothing; `run` is entered only
    if something is written. ValueError for two different findings with one identity.
    """
    wanted = _by_id(found)
    known = _known(conn, wanted, orders, kinds)
    judged = _judge(known, {id: _finding_row(one, now) for id, one in wanted.items()}, now)
    ends: list[_Turn] = []
    if complete:
        scope = None if orders is None else set(orders)
        ends = [_end(row, now) for id, row in known.items() if id not in wanted and _ends(row, scope, kinds)]
    turns = [*_escalated(judged, known, wanted, now), *ends]
    _write(conn, findings, turns, now, run)
    _settle_causes(conn, wanted.values(), now, run)
    return _counted(turns, wanted, known)


def _settle_causes(
    conn: sa.Connection, found: Collection[Found], now: datetime, run: Run | int | None
) -> None:
    """Bring the causes to what was found; a cause without a live finding behind it is closed."""
    wanted: dict[str, Row] = {}
    for one in found:
        if one.cause is None:
            continue
        row = wanted.setdefault(one.cause.id, _cause_row(one.cause))
        if not one.in_flight:
            row["state"] = State.OPEN
    live = {row.id: dict(row._mapping) for row in conn.execute(sa.select(causes).where(_live(causes)))}
    known = live | _rows_by_id(conn, causes, wanted.keys() - live.keys())
    turns = list(_judge(known, wanted, now))
    behind = sa.select(findings.c.cause).where(_live(findings), findings.c.cause.is_not(None)).distinct()
    needed = set(conn.scalars(behind)) if live.keys() - wanted.keys() else set()
    turns += [_end(row, now) for id, row in live.items() if id not in wanted and id not in needed]
    _write(conn, causes, turns, now, run)


def _by_id(found: Iterable[Found]) -> dict[str, Found]:
    wanted: dict[str, Found] = {}
    for one in found:
        known = wanted.setdefault(one.id, one)
        if known is not one and known != one:
            raise ValueError(f"two findings with one identity: {one} and {wanted[one.id]}")
    return wanted


def _known(
    conn: sa.Connection,
    wanted: Mapping[str, Found],
    orders: Collection[tuple[str, str]] | None,
    kinds: Collection[str],
) -> dict[str, Row]:
    """Return what is stored of the wanted findings and of all that might end now."""
    if orders is None:
        query = sa.select(findings).where(_live(findings), findings.c.kind.in_(list(kinds)))
        rows: Iterable[sa.Row[Any]] = conn.execute(query)
    else:
        rows = lookup.fetch_many(conn, findings, ("company", "order_no"), orders)
    known = {row.id: dict(row._mapping) for row in rows}
    return known | _rows_by_id(conn, findings, wanted.keys() - known.keys())


def _rows_by_id(conn: sa.Connection, table: sa.Table, ids: Collection[str]) -> dict[str, Row]:
    rows = lookup.fetch_many(conn, table, ("id",), [(id,) for id in ids])
    return {row.id: dict(row._mapping) for row in rows}


def _live(table: sa.Table) -> sa.ColumnElement[bool]:
    return table.c.state != State.CLOSED.value


def _finding_row(one: Found, now: datetime) -> Row:
    opens = one.state is State.OPEN
    return {
        "id": one.id,
        "kind": one.kind,
        "company": one.company,
        "order_no": one.order_no,
        "system": one.system,
        "field": one.field,
        "state": one.state,
        "cause": None if one.cause is None else one.cause.id,
        "details": jsons.dumps(one.details),
        "correct_in": one.correct_in,
        "at_risk": one.at_risk,
        "currency": one.currency,
        "owner": one.owner if opens else None,
        "due_at": now + one.within if opens and one.within is not None else None,
    }


def _cause_row(cause: CauseFound) -> Row:
    return {
        "id": cause.id,
        "kind": cause.kind,
        "company": cause.company,
        "system": cause.system,
        "slice": cause.slice,
        "state": State.IN_FLIGHT,
        "details": jsons.dumps(cause.details),
    }


def _judge(known: Mapping[str, Row], wanted: Mapping[str, Row], now: datetime) -> Iterator[_Turn]:
    """Yield a turn for each wanted row that is new or differs from what is known."""
    for id, row in wanted.items():
        old = known.get(id)
        if old is None:
            yield _Turn("new", {**row, "first_seen": now, "changed_at": now, "closed_at": None}, {})
            continue
        told = {name: row[name] for name in _TOLD if name in row and row[name] != old[name]}
        moved, what = _move(old, row, now)
        if what is None and told:
            what = "changed"
        if what is not None:
            yield _Turn(what, {**old, **told, **moved, "changed_at": now}, _changes(old, told))


def _move(old: Row, found: Row, now: datetime) -> tuple[Row, str | None]:
    """Return how a known row moves, now that it was `found` again, and that turn's name (None: it stays).

    One that was told to people does not go back in flight: it ends when it is no longer found.
    """
    state, wanted = State(old["state"]), State(found["state"])
    care: Row = {name: found[name] for name in ("owner", "due_at") if name in found}
    if state is State.CLOSED:
        return {"state": wanted, "closed_at": None, **care}, "reopened"
    if state is State.IN_FLIGHT and wanted is State.OPEN:
        return {"state": State.OPEN, **care}, "opened"
    if state is State.EXPLAINED and wanted is State.OPEN and _explained_no_more(old, found, now):
        if old["owner"] not in (None, found["owner"]):  # somebody was asked to see to it
            return {"state": State.ASSIGNED, "due_at": found["due_at"]}, "reopened"
        return {"state": State.OPEN, **care}, "reopened"
    return {}, None


def _explained_no_more(old: Row, found: Row, now: datetime) -> bool:
    """Return whether an explanation has run out, or was given for other values than stand now."""
    if old["due_at"] is not None and old["due_at"] <= now:
        return True
    if old["details"] == found["details"]:
        return False
    before, after = jsons.loads(old["details"]), jsons.loads(found["details"])
    return compared(old["kind"], before) != compared(found["kind"], after)


def _escalated(
    turns: Iterable[_Turn], known: Mapping[str, Row], wanted: Mapping[str, Found], now: datetime
) -> list[_Turn]:
    """Return the turns, with those of findings that their owner left past due: the deputy has them now."""
    by_id = {str(turn.row["id"]): turn for turn in turns}
    for id, one in wanted.items():
        old = known.get(id)
        if old is None or one.deputy is None or not _past_due(old, one.deputy, now):
            continue
        turn = by_id.get(id)
        if turn is None or turn.what == "changed":
            row = turn.row if turn else old
            due_at = None if one.within is None else now + one.within
            changes = {**(turn.changes if turn else {}), "owner": [old["owner"], one.deputy]}
            moved = {**row, "owner": one.deputy, "due_at": due_at, "changed_at": now}
            by_id[id] = _Turn("escalated", moved, changes)
    return list(by_id.values())


def _past_due(row: Row, deputy: str, now: datetime) -> bool:
    waits = row["state"] in (State.OPEN, State.ASSIGNED) and row["owner"] != deputy
    return waits and row["due_at"] is not None and row["due_at"] <= now


def _changes(old: Row, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return [old, new] of each value that changed, those inside the details by their own names."""
    changes: dict[str, Any] = {name: [old[name], new] for name, new in told.items() if name != "details"}
    if "details" in told:
        before, after = jsons.loads(old["details"]), jsons.loads(told["details"])
        changes |= {
            name: [before.get(name), after.get(name)]
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        }
    return changes


def _ends(row: Row, scope: Collection[tuple[str, str]] | None, kinds: Collection[str]) -> bool:
    if row["state"] == State.CLOSED or row["kind"] not in kinds:
        return False
    return scope is None or (row["company"], row["order_no"]) in scope


def _end(row: Row, now: datetime) -> _Turn:
    """Return the end of a row, with how long it stood: from when it could be seen, where that is known."""
    since = jsons.loads(row["details"]).get("since")
    begun = datetime.fromisoformat(since) if since else row["first_seen"]
    after = (now - begun) // timedelta(seconds=1)
    closed = {**row, "state": State.CLOSED, "changed_at": now, "closed_at": now}
    return _Turn("closed", closed, {"after": after})


def _write(
    conn: sa.Connection, table: sa.Table, turns: list[_Turn], now: datetime, run: Run | int | None
) -> None:
    """Write the rows of `turns`, and an event for each but the births."""
    if not turns:
        return
    number = run.enter(conn) if isinstance(run, Run) else run
    bulk.insert(conn, table, [turn.row for turn in turns if turn.what == "new"])
    bulk.upsert(conn, table, [turn.row for turn in turns if turn.what != "new"])
    bulk.insert(
        conn,
        finding_events,
        [
            {
                "finding": turn.row["id"],
                "what": turn.what,
                "details": jsons.dumps(turn.changes) if turn.changes else None,
                "who": None,
                "run": number,
                "at": now,
            }
            for turn in sorted(turns, key=lambda turn: str(turn.row["id"]))
            if turn.what != "new"
        ],
    )


def _counted(turns: Iterable[_Turn], wanted: Collection[str], known: Mapping[str, Row]) -> Counts:
    written = {turn.row["id"]: turn.row for turn in turns}
    counts = Counts(live=len(wanted), rows={id: written.get(id) or known[id] for id in wanted})
    for what, times in Counter(turn.what for turn in turns).items():
        setattr(counts, what, times)
    return counts
