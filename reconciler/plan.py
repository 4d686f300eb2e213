"""What a run looks at: all orders, or those that changed since the last one and those that were on their way.

A run over all proves what runs over changes left standing: at least once a week, and whenever something else
than an order may have changed the verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from hub.rules import Rules
from hub.store import cursors, jsons
from reconciler.case import Horizon
from reconciler.classes import KINDS
from reconciler.classes.standing import expired
from reconciler.kept import Kept
from reconciler.sources import ALL, RIPENING, Key, Scope
from sync import dirt, remarks

PROVEN = timedelta(days=7)
"""The last run over all orders is never longer ago."""

MOST = 100_000
"""Of more marked orders than these a run over all is the cheaper one."""

_PLACE = ("hub", "reconcile")
_RESTLESS = frozenset(KINDS) - {"stale"}


@dataclass(frozen=True, slots=True)
class Plan:
    """Which orders a run looks at, with the marks that it found on them.

    `why` tells why it looks at all: asked, first, week, rules, marked, back or horizon; it is empty for a run
    over changes. `marked` are the orders that `marks` tell of, `remarked` the marks on histories, `ripe` the
    orders whose time has come without a mark, `agreed` those marked ones on which the merge saw all systems
    agree.
    """

    scope: Scope
    why: str
    marks: list[dirt.Lot]
    remarked: list[dirt.Mark]
    marked: Set[Key] = frozenset()
    ripe: frozenset[Key] = frozenset()
    agreed: Set[Key] = frozenset()
    before: Mapping[str, Any] = field(default_factory=dict)


def plan(
    conn: sa.Connection,
    rules: Rules,
    as_of: datetime,
    horizons: Mapping[str, Horizon],
    known: Iterable[Kept],
    starts: Mapping[str, datetime] | None = None,
    full: bool = False,
) -> Plan:
    """Return what a run as of a moment looks at; `full` asks for all orders.

    `known` are the findings of earlier runs.
    """
    before = cursors.load_state(conn, *_PLACE)
    marks, remarked = dirt.lots(conn, dirt.RECONCILE), dirt.marks(conn, remarks.CONSUMER)
    agreed = {key for lot in marks if lot.agreed for key in lot.keys}
    marked = agreed.union(*(lot.keys for lot in marks if not lot.agreed))
    unmerged = {mark[:2] for mark in dirt.marks(conn, dirt.MERGE)}
    changed = marked.union(unmerged, (mark[:2] for mark in remarked))
    why = "asked" if full else _why_all(before, rules, as_of, horizons, starts)
    if not why and (len(changed) > MOST or dirt.ALL in changed):
        why = "marked"
    if why:
        return Plan(ALL, why, marks, remarked, marked, before=before)
    since = _known_since(before)
    # of these findings no mark tells: they follow from more than orders and views
    ripe = {one.key for one in known if one.kind in _RESTLESS} | expired(conn, rules, as_of, since)
    for source in RIPENING:
        ripe.update(source(conn, rules, since, as_of))
    scope = Scope(frozenset(changed | ripe))
    return Plan(scope, "", marks, remarked, marked, frozenset(ripe), agreed - unmerged, before)


def keep(
    conn: sa.Connection,
    done: Plan,
    rules: Rules,
    as_of: datetime,
    horizons: Mapping[str, Horizon],
    starts: Mapping[str, datetime] | None,
    waiting: Set[Key],
) -> None:
    """Note that a plan was carried out: take its marks away, but from orders that `waiting` names.

    Those are on their way, or say what nobody knows: they are looked at until they have come. Nothing is
    written that stands so already.
    """
    dirt.clear_all(conn, dirt.RECONCILE, done.marks, but=waiting)
    dirt.clear(conn, remarks.CONSUMER, [mark for mark in done.remarked if mark[:2] in done.scope])
    if missing := waiting - done.marked:
        dirt.mark(conn, sorted(missing), consumer=dirt.RECONCILE)
    looked = bool(done.why or done.marked - waiting or missing or done.remarked)
    if looked or _known(horizons) != done.before["until"]:
        state: dict[str, Any] = {"as_of": as_of.isoformat(), "until": _known(horizons)}
        if done.why:
            state |= {"all_at": as_of.isoformat(), "rules": _fingerprint(rules, starts)}
        cursors.save_state(conn, *_PLACE, state)


def _why_all(
    before: Mapping[str, Any],
    rules: Rules,
    as_of: datetime,
    horizons: Mapping[str, Horizon],
    starts: Mapping[str, datetime] | None,
) -> str:
    """Return why all orders must be looked at; empty if the changed ones suffice."""
    if not before:
        return "first"
    if as_of < datetime.fromisoformat(before["as_of"]):
        return "back"
    if as_of >= datetime.fromisoformat(before["all_at"]) + PROVEN:
        return "week"
    if before["rules"] != _fingerprint(rules, starts):
        return "rules"
    return "horizon" if _fallen(before["until"], horizons) else ""


def _fallen(before: Mapping[str, str | None], horizons: Mapping[str, Horizon]) -> bool:
    """Return whether a system is known less far than it was, or came to be known at all."""
    if before.keys() != horizons.keys():
        return True
    for system, said in before.items():
        until = horizons[system].until
        if (said is None) != (until is None):
            return True
        if said is not None and until is not None and until < datetime.fromisoformat(said):
            return True
    return False


def _known(horizons: Mapping[str, Horizon]) -> dict[str, str | None]:
    return {
        system: None if known.until is None else known.until.isoformat() for system, known in horizons.items()
    }


def _known_since(before: Mapping[str, Any]) -> datetime:
    """Return up to when time has been taken into account for every system."""
    told: Iterable[str] = [before["as_of"], *(said for said in before["until"].values() if said)]
    return min(map(datetime.fromisoformat, told))


def _fingerprint(rules: Rules, starts: Mapping[str, datetime] | None) -> str:
    """Return what the rules and start dates come to: with others every verdict may be another."""
    told = [rules.model_dump(mode="json"), {name: at.isoformat() for name, at in (starts or {}).items()}]
    return blake2b(jsons.dump_bytes(told), digest_size=8).hexdigest()
