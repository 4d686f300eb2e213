"""A change as it is handed to a connector: the calls to make, and all that they may mention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from connectors.contract import BusinessKey, Move, OutgoingChange, Step
from hub.mapping.callspec import CallSpec
from hub.mapping.lint.calls import mentions
from hub.mapping.writespec import UpdateSpec
from hub.model import Record, Side, Status
from hub.store import Seal, jsons, lookup
from hub.store.tables import ledger, links, observations, outbox
from sync.out import postings
from sync.out.situation import Situation
from sync.out.targets import Target
from sync.out.values import SIDES, Told
from sync.out.wants import CREATE, MESSAGE, REVERSE
from sync.out.words import hub_words, view_words
from sync.raw import disclose

OrderNo = tuple[str, str]
_KEY = ("company", "order_no")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PartThere:
    """One part of an order in the target, as it was last read: its record, version and status."""

    part: str
    status: int | None
    version: str | None = None
    was: Record = field(default_factory=dict)

    def names(self) -> dict[str, Any]:
        """Return what calls about this part may mention."""
        said: dict[str, Any] = {"part": self.part, "was": self.was}
        return said | ({"version": self.version} if self.version is not None else {})


@dataclass(frozen=True, slots=True)
class There:
    """What is known of an order in the target beside its view: parts, and its numbers there by kind.

    `beside` is what the documents of a posting know.
    """

    parts: Sequence[PartThere] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)


def there(conn: sa.Connection, key: OrderNo, target: Target, seal: Seal) -> There:
    """Read what is known of one order, or posting, in the system of a write."""
    if target.postings:
        posting = postings.read(conn, [key]).get(key)
        return There(ids=_ids(conn, key, target.system), beside=postings.beside(conn, seal, posting or {}))
    newest: dict[str, Any] = {}
    rows = lookup.fetch_rows(conn, observations, (*_KEY, "system"), [(*key, target.system)])
    for row in sorted(rows, key=lambda row: int(row["seq"])):
        if target.stream in (None, row["stream"]):
            newest[row["part"]] = row
    living = [row for row in newest.values() if not row["deleted"] and not row["is_return"]]
    parts = [_part(conn, row, seal) for row in sorted(living, key=lambda row: str(row["part"]))]
    return There(parts, _ids(conn, key, target.system))


def _part(conn: sa.Connection, row: Mapping[str, Any], seal: Seal) -> PartThere:
    place = row["system"], row["stream"], row["record"]
    found = lookup.fetch_many(conn, ledger, ("system", "stream", "record"), [place], ("raw", "version"))
    if not found:
        return PartThere(row["part"], row["status"])
    was, _ = disclose(seal.decrypt(bytes(found[0].raw), "/".join(place)))
    return PartThere(row["part"], row["status"], found[0].version, was)


def _ids(conn: sa.Connection, key: OrderNo, system: str) -> dict[str, str]:
    """Return the order's numbers in a system by kind: those it teaches, and those that writes were given."""
    found: dict[str, set[str]] = {}
    for row in lookup.fetch_many(conn, links, _KEY, [key]):
        if row.system == system and row.until is None:
            found.setdefault(row.kind, set()).add(row.value)
    o = outbox.c
    given = sa.select(o.ids).where(o.company == key[0], o.order_no == key[1], o.system == system)
    for told in conn.execute(given.where(o.ids.is_not(None)).order_by(o.id)).scalars():
        for kind, value in (jsons.loads(told) or {}).items():
            found.setdefault(kind, {value})
    return {kind: next(iter(values)) for kind, values in found.items() if len(values) == 1}


def outgoing(
    target: Target, here: Situation, known: There, row: Mapping[str, Any], done: Sequence[Step]
) -> OutgoingChange:
    """Return a change as it is carried out."""
    wanted: dict[str, Told] = jsons.loads(row["wanted"])
    names = _names(target, _as_wanted(target, here, wanted), known, wanted)
    moves = [*_moves(target, here, known, row["kind"], wanted)]
    return OutgoingChange(target.name, row["kind"], row["order_no"], row["key"], names, moves, done)


def business_key(
    target: Target, here: Situation, known: There, row: Mapping[str, Any], *, confirms: bool = False
) -> BusinessKey:
    """Return by what the order is looked up."""
    names = _names(target, here, known, jsons.loads(row["wanted"]))
    names = {**names, "key": row["key"]}
    return BusinessKey(row["order_no"], names, "confirm" if confirms else "find")


def _names(target: Target, here: Situation, known: There, wanted: Mapping[str, Told]) -> dict[str, Any]:
    """Return what every call of a write may mention: the order in the target's words, and in the hub's."""
    if target.postings:
        posting = {**here.order, **known.beside}
        return {**target.wording.words(posting), "id": dict(known.ids)}
    order = dict(here.order)
    if order["status"] is not None:
        said = wanted.get("status")
        order["status"] = Status.of(said) if isinstance(said, str) else target.wording.held(order["status"])
    hub = hub_words(here.order)
    names = {**target.wording.words(order), "order": hub, "extra": hub, "id": dict(known.ids)}
    view = here.views.get(target.system)
    if view is not None:
        names["view"] = view_words(view)
    return names | (known.parts[0].names() if len(known.parts) == 1 else {})


def _as_wanted(target: Target, here: Situation, wanted: Mapping[str, Told]) -> Situation:
    """Return a situation in which what lies beside the chain is as a call for everything is to say it.

    That is what is wanted of the target, else what it says itself: a cancel that nobody has agreed to yet
    must not go along with another field.
    """
    update, view = target.spec.update, here.views.get(target.system)
    if update is None or not update.whole or view is None:
        return here
    side = here.order["side"]
    for name in target.sides:
        flag = Side[name.upper()]
        side = side | flag if wanted.get(name, bool(view["side"] & flag)) else side & ~flag
    return replace(here, order={**here.order, "side": side})


def _moves(
    target: Target, here: Situation, known: There, kind: str, wanted: Mapping[str, Told]
) -> Iterator[Move]:
    spec = target.spec
    if kind == CREATE:
        yield Move("create", spec.create)
    elif kind == MESSAGE:
        yield Move("message", (spec.message,) if spec.message else ())
    elif kind == REVERSE:
        yield Move("reverse", spec.reverse)
    elif spec.update is not None:
        single = [name for name in wanted if _is_single(name, wanted[name], spec.update, here, target)]
        if len(single) < len(wanted):
            yield from _each_part("update", spec.update.whole, known.parts)
        for name in single:
            yield from _of_field(name, wanted[name], spec.update, here, known, target)


def _is_single(name: str, value: Told, update: UpdateSpec, here: Situation, target: Target) -> bool:
    """Tell whether a field has calls of its own; beside one call for everything that is what has a button."""
    if not update.whole:
        return True
    if name != "status" and name not in SIDES:
        return False
    words = [*_buttons(name, value, update, here, target)]
    return bool(words) and words[-1] in update.statuses


def _of_field(
    name: str, value: Told, update: UpdateSpec, here: Situation, known: There, target: Target
) -> Iterator[Move]:
    """Yield the moves of one field: a status goes to every part that is not there yet."""
    if name != "status" and name not in SIDES:
        yield Move(f"update.{name}", update.fields[name])
        return
    stands = (here.views.get(target.system) or {}).get("status") or 0
    if name in update.fields:
        parts = _to_move(known.parts, stands, value) if name == "status" else known.parts
        yield from _each_part(f"update.{name}", update.fields[name], parts)
        return
    for word in _buttons(name, value, update, here, target):
        parts = _to_move(known.parts, stands, word) if name == "status" else known.parts
        said = _said(target, word) if name == "status" else {}
        yield from _each_part(f"update.status.{word}", update.statuses[word], parts, said)


def _said(target: Target, word: str) -> dict[str, Any]:
    """Return what the button of a status says of it."""
    code = target.wording.code(Status.of(word))
    return {} if code is None else {"status": code}


def _to_move(parts: Sequence[PartThere], stands: int, word: Told) -> Sequence[PartThere]:
    """Return the parts that are not at a status yet, seen from where the order stands, or all."""
    goal = Status.of(str(word))
    ahead = [
        one
        for one in parts
        if one.status is None or (one.status < goal if stands < goal else one.status > goal)
    ]
    return ahead or parts


def _buttons(name: str, value: Told, update: UpdateSpec, here: Situation, target: Target) -> Iterator[str]:
    """Yield the buttons to press, in sequence from where the order stands.

    A call that says the status itself is no step on the way: that of the last one says it all.
    """
    if name == "cancelled" or value is True:
        yield name
        return
    view = here.views[target.system]
    if name == "on_hold":
        held = target.wording.held(Status(view["status"])) if view["status"] is not None else None
        if held is not None and held.word in update.statuses:
            yield held.word
        return
    goal, start = Status.of(str(value)), view["status"] or 0
    between = [one.word for one in Status if start < one < goal and one.word in update.statuses]
    yield from (word for word in between if not any("status" in mentions(c) for c in update.statuses[word]))
    yield goal.word


def _each_part(
    name: str, calls: Sequence[CallSpec], parts: Sequence[PartThere], said: Mapping[str, Any] = _NOTHING
) -> Iterator[Move]:
    if len(parts) < 2:
        yield Move(name, calls, {**(parts[0].names() if parts else {}), **said})
        return
    for one in parts:
        yield Move(f"{name}@{one.part}", calls, {**one.names(), **said})
