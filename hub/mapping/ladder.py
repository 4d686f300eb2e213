"""Which statuses a system is able to say, and so which range of ranks its codes mean (design, section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.mapping.fieldspec import FieldSpec
from hub.mapping.grammar import StreamMapping, SystemMapping
from hub.model import TOP, Status

Span = tuple[int, int]


def sayable(stream: StreamMapping) -> frozenset[Status]:
    """Return the statuses that a stream of orders or events is able to say."""
    field = stream.fields.get("status")
    return frozenset(_said(field)) if field is not None and stream.is_order else frozenset()


def _said(field: FieldSpec) -> Iterable[Status]:
    if field.keep:
        return
    for inner in field.any:
        yield from _said(inner)
    if field.from_ and not field.codes:
        yield from Status  # the source speaks the hub's own words
    words = [word for words in field.codes.values() for word in words]
    for word in [*words, *(one for one in (field.const, field.default) if one and not field.codes.get(one))]:
        if (status := status_of(word)) is not None:
            yield status


def ladder(mapping: SystemMapping) -> tuple[Status, ...]:
    """Return the statuses that a system is able to say over all its streams, lowest first.

    Parts make partly_shipped sayable: where a system gives parts and can say shipped, an order of it with
    one shipped part of two is partly shipped.
    """
    streams = [stream for stream in mapping.streams.values() if stream.is_order]
    said = frozenset[Status]().union(*(sayable(stream) for stream in streams))
    if Status.SHIPPED in said and any("part" in stream.fields for stream in streams):
        said |= {Status.PARTLY_SHIPPED}
    return tuple(sorted(said))


def span(words: Sequence[Status], steps: Sequence[Status]) -> Span:
    """Return [lo, hi] of a code that means `words` (one status, or two that widen it) on a ladder."""
    above = [int(step) for step in steps if step > words[-1]]
    return int(words[0]), (min(above) - 1 if above else TOP)


def status_of(word: str) -> Status | None:
    """Return the status called `word`, None if there is none."""
    try:
        return Status.of(word)
    except KeyError:
        return None
