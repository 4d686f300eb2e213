"""One change carried out by the calls of its mapping, whatever the transport: found first, step by step.

A connector gives it a `Hand`, which knows how one call is sent. Here is the order of things: what a call
needs is known before the first is sent; what an earlier try has done is not done again; a create looks first
whether its order is there already, unless the target keeps one of two by itself (`idempotent: true`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from typing import Any, Protocol

from connectors.calls.details import is_due
from connectors.calls.fill import GONE, compiled, mentioned
from connectors.contract import BusinessKey, Move, OutgoingChange, Receipt, Step
from hub.errors import ConfigError, Missing, Rejected, SourceError
from hub.mapping.expressions import NameMissing
from hub.mapping.grammar import CallSpec, SystemMapping
from hub.mapping.writespec import WriteSpec
from hub.model import Record

OWN = "own"
"""The kind of a target's own number where the mapping says no other."""

_LONGEST = 60
"""So much of a statement is shown where a call is named."""

Send = Callable[[CallSpec, Mapping[str, Any]], Mapping[str, Any]]
"""Sends one call that writes and returns what its answer gave: what it takes, and under "id" its numbers by
kind. Raises as `Writer.push` does."""

Committed = Callable[[Step], None]


class Hand(Protocol):
    """How one kind of connector sends the calls of a write."""

    atomic: bool
    """Whether the calls of a move are one transaction: done together, or not at all."""

    def needs(self, call: CallSpec) -> frozenset[str]:
        """Return the names that a call cannot be sent without."""
        ...

    def find(self, call: CallSpec, names: Mapping[str, Any]) -> list[Record]:
        """Return the records that a call finds: a read, which is tried again. Missing, or none, if none."""
        ...

    def move(self) -> AbstractContextManager[Send]:
        """Return what sends the calls of one move; an atomic one is committed when it is left."""
        ...


class Writing:
    """Carries out the writes of one system. Not for several threads at once."""

    def __init__(self, mapping: SystemMapping, hand: Hand) -> None:
        """Take the mapping, and what sends its calls."""
        self._mapping, self._hand = mapping, hand

    def lookup(self, write: str, key: BusinessKey) -> list[Record]:
        """Return the records that a write's look-up gives; see the contract."""
        spec = self._spec(write)
        asked = spec.find if key.ask == "find" else None
        call = asked or (spec.confirm.call if spec.confirm and key.ask == "confirm" else None)
        if call is None:
            raise ConfigError("writing.no_lookup", system=self._mapping.system, write=write, ask=key.ask)
        self._require(call, key.names)
        with _about(key.record):
            return self._found(call, key.names)

    def push(self, change: OutgoingChange, committed: Committed) -> Receipt:
        """Carry out one change; see the contract."""
        spec = self._spec(change.write)
        self._require_all(change)
        with _about(change.record):
            if change.kind == "create" and not change.done and not _idempotent(change):
                found = self._found(spec.find, {**change.names, "key": change.key}) if spec.find else []
                if found:
                    return self._adopted(found, change)
            took = self._moved(change, committed)
        accepted = spec.confirm is not None and (spec.confirm.call or spec.confirm.stream) is not None
        return Receipt(ids=dict(took.get("id", {})), accepted=accepted)

    def _spec(self, write: str) -> WriteSpec:
        if write not in self._mapping.writes:
            known = ", ".join(self._mapping.writes)
            raise ConfigError("writing.unknown", system=self._mapping.system, write=write, known=known)
        return self._mapping.writes[write]

    def _found(self, call: CallSpec, names: Mapping[str, Any]) -> list[Record]:
        try:
            return self._hand.find(call, names)
        except Missing:
            return []

    def _adopted(self, found: list[Record], change: OutgoingChange) -> Receipt:
        if len(found) > 1:
            raise Rejected(
                "writing.several_found",
                system=self._mapping.system,
                operation=change.write,
                record=change.record,
                code="several",
                reason=str(len(found)),
            )
        return Receipt(adopted=True, records=found)

    def _require_all(self, change: OutgoingChange) -> None:
        """Raise NameMissing, before anything is sent, for a name that a step needs and nothing gives."""
        took: dict[str, Any] = {}
        for step in change.done:
            took |= step.took
        for move in change.moves:
            names = {**_names(change, move, took, {}), "key": change.key}
            for call in move.calls:
                if is_due(call, names) or mentioned(f"={call.if_}") & set(took):
                    self._require(call, {**names, **dict.fromkeys(took, True)})
                took |= dict.fromkeys(call.take, True) | ({"id": took.get("id", {})} if call.id else {})

    def _require(self, call: CallSpec, names: Mapping[str, Any], before: Sequence[CallSpec] = ()) -> None:
        """Raise NameMissing for a name that a call needs, and that neither order nor calls `before` gave."""
        needs = self._hand.needs(call)
        if call.each is not None:
            needs = needs - {"item"} | compiled({"each": call.each, "as": None}).needs
        for name in sorted(needs):
            if names.get(name) is None:
                raise NameMissing(self._lacking(name, before, names), _brief(call))

    def _lacking(self, name: str, before: Sequence[CallSpec], names: Mapping[str, Any]) -> str:
        """Return a name that is missing: one that a call before was to give with what that asked for."""
        giver = next((one for one in before if name in one.take), None)
        asked = {one: names.get(one) for one in sorted(self._hand.needs(giver))} if giver else {}
        told = [f"{one} {value}" for one, value in asked.items() if isinstance(value, str | int | Decimal)]
        return f"{name} ({', '.join(told)})" if told else name

    def _moved(self, change: OutgoingChange, committed: Committed) -> dict[str, Any]:
        """Make all moves that are not made yet; return what they and those before them gave."""
        done = {step.name: step.took for step in change.done}
        took: dict[str, Any] = {}
        for move in change.moves:
            if not self._hand.atomic:
                with self._hand.move() as send:
                    took = _joined(took, self._sent(move, change, took, send, done, committed))
                continue
            if move.name not in done:
                with self._hand.move() as send:
                    given = self._sent(move, change, took, send, {}, lambda step: None)
                committed(Step(move.name, given))
                done[move.name] = given
            took = _joined(took, done[move.name])
        return took

    def _sent(
        self,
        move: Move,
        change: OutgoingChange,
        took: Mapping[str, Any],
        send: Send,
        done: Mapping[str, Mapping[str, Any]],
        committed: Committed,
    ) -> dict[str, Any]:
        """Send the calls of one move, those left out that are done; return what they gave."""
        given: dict[str, Any] = {}
        for number, call in enumerate(move.calls):
            for at, item in _items(call, _names(change, move, took, given)):
                name = f"{move.name}.{number}" + ("" if at is None else f".{at}")
                known = _names(change, move, took, given)
                known |= {"key": _key(change, move, number, at)} | ({} if at is None else {"item": item})
                if name in done:
                    given = _joined(given, done[name])
                elif is_due(call, known):
                    # an answer may have lacked what a later call was to take
                    self._require(call, known, move.calls[:number])
                    answer = send(call, known)
                    given = _joined(given, answer)
                    committed(Step(name, answer))
        return given


def _brief(call: CallSpec) -> str:
    """Return a call as people name it, a long statement only as it begins."""
    name = " ".join(call.name.split())
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"


@contextmanager
def _about(record: str) -> Iterator[None]:
    """Let every error say which order it was about."""
    try:
        yield
    except SourceError as error:
        if not error.record:
            error.record = error.values["record"] = record
        raise


def _names(
    change: OutgoingChange, move: Move, took: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a call may mention now: later words are laid over earlier ones, numbers beside them."""
    names = {**change.names, **move.names}
    learnt = _joined(took, given)
    ids = {**names.get("id", {}), **learnt.get("id", {})}
    return {**names, **learnt, **({"id": ids} if ids else {})}


def _key(change: OutgoingChange, move: Move, number: int, at: int | None) -> str:
    """Return the idempotency key of one call: that of the change, a place behind it for all but the first."""
    place = [*change.moves].index(move), number, at or 0
    return change.key if place == (0, 0, 0) else f"{change.key}-{'.'.join(map(str, place))}"


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    ids = {**one.get("id", {}), **other.get("id", {})}
    return {**one, **other, **({"id": ids} if ids else {})}


def _items(call: CallSpec, names: Mapping[str, Any]) -> Iterator[tuple[int | None, Any]]:
    """Yield number and item for each time that a call is to be sent; (None, None) where it has no `each`."""
    if call.each is None:
        yield None, None
        return
    items = compiled({"each": call.each, "as": "=item"}).render(names)
    if items is GONE or not isinstance(items, Sequence):
        raise NameMissing(str(call.each), _brief(call))
    yield from enumerate(items)


def _idempotent(change: OutgoingChange) -> bool:
    """Tell whether the target itself makes one of two: then nothing need be looked for first."""
    return all(call.idempotent for move in change.moves for call in move.calls)


def ids_of(said: Mapping[str, Any]) -> dict[str, str]:
    """Return numbers by kind as texts, those left out that the answer does not give."""
    return {kind: str(value) for kind, value in said.items() if value is not None and value != ""}


def wanted_ids(call: CallSpec) -> dict[str, str]:
    """Return the paths of the numbers that a call's answer gives, by kind (`id: PATH` is the own one)."""
    if call.id is None:
        return {}
    return {OWN: call.id} if isinstance(call.id, str) else dict(call.id)
