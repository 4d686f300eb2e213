"""One call read to its end: page after page, rows in error set apart, details added, marks and gates kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from connectors.calls.asker import NOTHING, Asker, Reply
from connectors.calls.details import Details, is_due
from connectors.calls.fill import compiled, mentioned
from connectors.calls.gates import PageGate, RowGate
from connectors.calls.marks import Marks
from connectors.calls.names import Names
from connectors.calls.paging import Pager
from connectors.calls.reactions import sift
from connectors.contract import BadRecord, Page, Window
from hub.mapping.grammar import CallSpec, SystemMapping
from hub.model import Record

PAGE = 1_000
"""Records a page where the mapping says no size."""


def _no_key(record: Record) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class How:
    """How the answers of a read count: the marks (`moves`: they are kept), gates, the limits of a window.

    `key` tells the key of a record. Whether a `nested` call is to be made was asked for each record already.
    """

    marks: Marks
    key: Callable[[Record], str] = _no_key
    moves: bool = False
    answers: PageGate | None = None
    rows: RowGate | None = None
    window: Window | None = None
    nested: bool = False


@dataclass(slots=True)
class _Turn:
    """One answer while its pages are given out: its number, what it sent, whether any record of it is bad."""

    number: int
    reply: Reply
    received: int = 0
    rows: dict[str, str] = field(default_factory=dict)
    clean: bool = True


class Turning:
    """Turns the pages of calls. Not for several threads at once."""

    def __init__(
        self, mapping: SystemMapping, asker: Asker, names: Names, clock: Callable[[], datetime]
    ) -> None:
        """Take the mapping, who sends its calls, and the names that every call knows."""
        self._mapping, self._asker, self._names, self._clock = mapping, asker, names, clock
        self._details = Details(self._all, asker.mentions, PAGE)

    def read(self, call: CallSpec, names: Mapping[str, Any], how: How) -> Iterator[Page]:
        """Yield the pages of a call; with `each` one read for each item of its list."""
        every = _items(call, self._names.of(call, names))
        at_once = every is None and call.sorted
        for item in [None] if every is None else every:
            known = names if every is None else {**names, "item": item}
            if not how.nested and not is_due(call, self._names.of(call, known)):
                continue
            for page in self._pages(call, known, how):
                state = how.marks.state() if how.moves and at_once else {}
                yield replace(page, state={**page.state, **state}) if state else page
        if how.moves and not at_once:
            yield Page((), how.marks.state())

    def _pages(self, call: CallSpec, names: Mapping[str, Any], how: How) -> Iterator[Page]:
        pager = Pager(call, self._asker.mentions(call), how.marks, system=self._mapping.system)
        took: dict[str, Any] = {}
        gate, number, answer, more = how.answers, 0, 0, True
        while more:
            answer += 1
            known = self._names.of(call, {**names, **pager.names, **took})
            seen = gate.seen(answer) if gate else None
            reply = self._asker.ask(call, known, seen, unread=gate is not None)
            if gate and reply.same:
                kept = gate.kept(answer)
                pager.resume(kept["pager"])
                took, more = dict(kept["took"]), bool(kept["more"])
                yield Page((), meta={"page": answer}, same=kept["count"], expected=pager.total)
                continue
            pager.expect(reply.look)
            took.update({name: reply.look(path) for name, path in call.take.items()})
            turn = _Turn(answer, reply)
            for records, last in _with_end(reply.pages(call.size or PAGE)):
                number, turn.received = number + 1, turn.received + len(records)
                fresh = pager.fresh(records)
                if last:
                    more = pager.turn(reply.look, turn.received, records)
                page = self._page(call, fresh, {**names, **took}, how, turn)
                kept = _remembered(how, turn, pager, took, more) if last else {}
                yield replace(
                    page,
                    state={**page.state, **kept},
                    meta={**reply.meta, "page": number},
                    expected=pager.total,
                    warnings=reply.warnings,
                )

    def _page(
        self, call: CallSpec, records: Sequence[Record], names: Mapping[str, Any], how: How, turn: _Turn
    ) -> Page:
        """Return one page: marks moved, rows in error set apart, details added where a row changed."""
        rows = (call.errors and call.errors.rows) or self._mapping.errors.rows
        records, bad = sift(records, rows, how.key)
        how.marks.see(records, self._clock())
        if how.window is not None:
            records = how.marks.within(records, how.window.start, how.window.end)
        came, digests = len(records), dict[str, str]()
        if how.rows is not None:
            records, digests = how.rows.part(records)
        same = came - len(records)
        records, failed = self._details.add(call, records, names, how.key)
        state: dict[str, Any] = {}
        if how.rows is not None and not failed:
            state = how.rows.keep(digests)
            turn.rows.update(digests)
        turn.clean = turn.clean and not bad and not failed
        return Page(records, state, bad=[*bad, *failed], same=same)

    def _all(self, call: CallSpec, names: Mapping[str, Any]) -> tuple[list[Record], list[BadRecord]]:
        """Return all records of a nested call, and its bad ones."""
        marks = Marks(call, self._mapping.time, {})
        pages = list(self.read(call, {**NOTHING, **names}, How(marks, nested=True)))
        records = [record for page in pages for record in page.records]
        return records, [bad for page in pages for bad in page.bad]


def _remembered(how: How, turn: _Turn, pager: Pager, took: Mapping[str, Any], more: bool) -> dict[str, Any]:
    """Return the slots of the gate that an answer moves, its last page read."""
    gate = how.answers
    if gate is None:
        return {}
    seen = turn.reply.seen() if turn.clean else None
    said = {"more": more, "pager": pager.kept(), "took": dict(took), "rows": turn.rows}
    kept = gate.keep(turn.number, seen, count=turn.received, **said)
    return kept if more else {**kept, **gate.beyond(turn.number)}


def _items(call: CallSpec, names: Mapping[str, Any]) -> list[Any] | None:
    """Return what a call with `each` is repeated for; None for a call without."""
    if call.each is None:
        return None
    if isinstance(call.each, list) and not mentioned(call.each):
        return list(call.each)
    made = compiled({"each": call.each, "as": "=item"}).render(names)
    return made if isinstance(made, list) else []


def _with_end(pages: Iterator[Sequence[Record]]) -> Iterator[tuple[Sequence[Record], bool]]:
    """Yield each page with whether it is the last one of its answer."""
    before: Sequence[Record] | None = None
    for page in pages:
        if before is not None:
            yield before, False
        before = page
    yield before or [], True
