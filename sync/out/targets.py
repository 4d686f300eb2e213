"""The writes of the mappings, compiled: what each can change, what it creates, when it is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from hub.mapping import SystemMapping
from hub.mapping.callspec import CallSpec
from hub.mapping.expressions import Value, compile_value
from hub.mapping.extras import TYPED
from hub.mapping.grammar import CORE
from hub.mapping.kinds import CLEARING
from hub.mapping.lint.calls import beside, mentions
from hub.mapping.wording import Wording
from hub.mapping.writespec import WriteSpec
from hub.model import QUANTITIES, Side, Status
from hub.rules import Rules
from sync.out import postings
from sync.out.values import SIDES

READ_ONLY, SHADOW, LIVE = "read_only", "shadow", "live"

_NEVER_WANTED = frozenset({"company", "order_no", "part", "occurred_at", "side"})
"""What a write may mention and is no wish by itself: it names the order, or goes with another field."""


@dataclass(frozen=True)
class Target:
    """One write of one system.

    `fields` are what an update can change beside status and sides, `statuses` and `sides` what it can bring
    an order to; `content` is what a create says of it. `says` is what the stream that reads it back shows,
    where that is one of orders (`orders`); else only whether there is a document counts. A write of
    `postings` is about those of the ledger of matches, and can take them back too.
    """

    system: str
    name: str
    mode: str
    spec: WriteSpec
    wording: Wording
    when: Value | None
    fields: frozenset[str]
    statuses: frozenset[Status]
    sides: frozenset[str]
    content: frozenset[str]
    says: frozenset[str]
    orders: bool
    postings: bool
    settle: timedelta
    start: date | None

    @property
    def stream(self) -> str | None:
        """The stream that reads it back."""
        return self.spec.stream

    @property
    def creates(self) -> bool:
        """Whether it can bring an order (or a document) into the system."""
        return bool(self.spec.create)


def targets_of(mappings: Mapping[str, SystemMapping], rules: Rules) -> list[Target]:
    """Return all writes of systems that are live or in shadow, in the order of their systems' names."""
    return [
        target
        for _, mapping in sorted(mappings.items())
        if mapping.mode != READ_ONLY
        for target in compiled(mapping, rules)
    ]


def compiled(mapping: SystemMapping, rules: Rules) -> Iterator[Target]:
    """Yield the writes of one mapping. MappingError for an expression that is none."""
    extras = frozenset(TYPED).union(*(stream.extras for stream in mapping.streams.values()))
    for name, spec in mapping.writes.items():
        stream = mapping.streams.get(spec.stream or "")
        orders = stream.is_order if stream else not spec.message
        cleared = stream is not None and stream.yields == CLEARING
        wording = Wording(mapping, spec.stream, rules)
        update = spec.update
        whole = _said(update.whole if update else (), extras)
        fields = whole | frozenset(update.fields if update else ()) - {"status"}
        yield Target(
            mapping.system,
            name,
            mapping.mode,
            spec,
            wording,
            compile_value(f"={spec.when}") if spec.when else None,
            fields - {"status", *SIDES},
            frozenset(_statuses(spec, wording, whole)),
            frozenset(_sides(spec, wording)),
            frozenset(postings.TOLD) if cleared else _content(spec, extras),
            wording.says() if orders else frozenset(),
            orders,
            cleared,
            mapping.limits.settle or timedelta(),
            mapping.start,
        )


def _content(spec: WriteSpec, extras: frozenset[str]) -> frozenset[str]:
    """Return what a create, or a message, says of an order."""
    return _said(spec.create, extras) | (_said([spec.message], extras) if spec.message else frozenset())


def _said(calls: Iterable[CallSpec], extras: frozenset[str]) -> frozenset[str]:
    """Return what calls say of an order, by the hub's names."""
    known = frozenset({*CORE, "lines", *QUANTITIES}) | extras
    mentioned = frozenset[str]().union(*(mentions(call) for call in calls))
    return (mentioned & known) - _NEVER_WANTED


def _statuses(spec: WriteSpec, wording: Wording, whole: frozenset[str]) -> Iterator[Status]:
    """Yield the statuses that an update can bring an order to: by a button, or by a code that it sends."""
    if spec.update is None:
        return
    for word in spec.update.statuses:
        if word.upper() in Status.__members__:
            yield Status.of(word)
    if "status" in spec.update.fields or "status" in whole:
        yield from (status for status in wording.sayable() if wording.code(status) is not None)


def _sides(spec: WriteSpec, wording: Wording) -> Iterator[str]:
    """Yield what beside the chain an update can ask for: by a button, as a field, or in a call for all."""
    if spec.update is None:
        return
    whole = frozenset[str]().union(*map(beside, spec.update.whole))
    by_code = any("side" in mentions(call) for call in spec.update.whole)
    for word in SIDES:
        said = word in whole and (not by_code or wording.side_code(Side[word.upper()]) is not None)
        if said or word in spec.update.statuses or word in spec.update.fields:
            yield word
