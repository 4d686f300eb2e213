"""How a stream is read by calls: which call answers an ask, page after page, with cursor and details."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from connectors.calls.details import Details, is_due
from connectors.calls.fill import compiled, mentioned
from connectors.calls.gates import PageGate, RowGate, Seen
from connectors.calls.marks import Marks, begin
from connectors.calls.names import Names
from connectors.calls.paging import Pager
from connectors.calls.reactions import sift
from connectors.calls.records import batches
from connectors.contract import Ask, Everything, Keys, Page, Since, State, Window
from hub.errors import ConfigError, Missing
from hub.mapping import times
from hub.mapping.fingerprint import record_key
from hub.mapping.grammar import CallSpec, StreamMapping, SystemMapping
from hub.model import Record

PAGE = 1_000
"""Records a page where the mapping says no size."""

NOTHING: Mapping[str, Any] = {"since": None, "until": None, "keys": None, "key": None}
"""What a call may mention and does not always know: what mentions it is left out then."""


class Reply(Protocol):
    """One complete answer that said yes."""

    @property
    def same(self) -> bool:
        """Tell whether it came as `seen` described: nothing of it was parsed and nothing can be looked at."""
        ...

    @property
    def meta(self) -> Mapping[str, Any]:
        """What records see of it as `meta` (the response's headers)."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """What somebody should know of an answer that can be used all the same."""
        ...

    def look(self, path: str) -> Any:
        """Return what the answer has at a path: of `next`, `total`, `take`."""
        ...

    def pages(self, size: int) -> Iterator[list[Record]]:
        """Yield the records, at most `size` at a time; one empty list if there are none."""
        ...

    def seen(self) -> Seen | None:
        """Return what tells this answer from another, None if it cannot be told."""
        ...


class Asker(Protocol):
    """Sends one call: what a connector adds to `Reading`. Errors of the answer are raised here."""

    def mentions(self, call: CallSpec) -> frozenset[str]:
        """Return the names that a call mentions."""
        ...

    def ask(self, call: CallSpec, names: Mapping[str, Any], seen: Seen | None = None) -> Reply:
        """Send a call, its expressions filled from `names`; `seen` is what came to it at the last read."""
        ...


@dataclass(frozen=True, slots=True)
class _How:
    """How the answers of a read count: the marks (`moves`: they are kept), gates, the limits of a window.

    Whether a `nested` call is to be made was asked for each record already.
    """

    marks: Marks
    moves: bool = False
    answers: PageGate | None = None
    rows: RowGate | None = None
    window: Window | None = None
    nested: bool = False


@dataclass(slots=True)
class _Whole:
    """What is known of an answer after all of its pages: digests of its rows, and whether none was bad."""

    rows: dict[str, str] = field(default_factory=dict)
    clean: bool = True


class Reading:
    """Reads the streams of one system through an asker. Not for several threads at once."""

    def __init__(
        self, mapping: SystemMapping, asker: Asker, names: Names, clock: Callable[[], datetime]
    ) -> None:
        """Take the mapping, who sends its calls, and the names that every call knows."""
        self._mapping, self._asker, self._names, self._clock = mapping, asker, names, clock
        self._details = Details(self._all, asker.mentions, PAGE)

    def fetch(self, stream: str, ask: Ask) -> Iterator[Page]:
        """Yield pages; records of an answer come only after the whole answer was read and said yes."""
        spec = stream_of(self._mapping, stream)
        at = spec.time or self._mapping.time
        match ask:
            case Keys(keys):
                yield from self._by_keys(stream, spec, keys)
            case Everything():
                yield from self._plainly(self._listing(spec), {}, spec)
            case Window(start, end):
                between = {"since": times.send(start, at), "until": times.send(end, at)}
                how = _How(Marks(spec.read, at, {}), window=ask)
                yield from self._read(spec.read, {**NOTHING, **between}, how)
            case Since(state):
                marks = Marks(spec.read, at, state)
                since = marks.since(begin(self._mapping, at))
                yield from self._read(spec.read, {**NOTHING, "since": since}, self._gated(spec, marks, state))

    def first(self, stream: str) -> Page | None:
        """Return the first page of a stream, one record if its size is a wish that is heard."""
        spec = stream_of(self._mapping, stream)
        return next(self._plainly(spec.read.model_copy(update={"size": 1}), {}, spec), None)

    def _gated(self, spec: StreamMapping, marks: Marks, state: State) -> _How:
        """Say how a read of what is new goes: with gates, where nothing else reads the same records.

        A sweep may see a record between two reads of the list; where no change stamp tells, the same list row
        could then stand for something older than what the sweep brought.
        """
        whole = not marks.active
        alone = spec.sweep is None and spec.read.each is None
        answers = PageGate(state) if whole and alone else None
        rows = (
            RowGate(state, record_key(spec), whole=whole) if spec.read.nest and (alone or not whole) else None
        )
        return _How(marks, True, answers, rows)

    def _by_keys(self, stream: str, spec: StreamMapping, keys: Sequence[str]) -> Iterator[Page]:
        calls = [call for call in (spec.sweep and spec.sweep.call, spec.read) if call]
        for call in calls:
            asked = self._asker.mentions(call)
            if "keys" in asked:
                for some in batches(keys, call.size or PAGE):
                    yield from self._plainly(call, {"keys": some}, spec)
                return
            if "key" in asked:
                yield from self._one_by_one(call, keys, spec)
                return
        raise ConfigError("calls.no_keys", system=self._mapping.system, stream=stream)

    def _one_by_one(self, call: CallSpec, keys: Sequence[str], spec: StreamMapping) -> Iterator[Page]:
        for key in keys:
            try:
                yield from self._plainly(call, {"key": key}, spec)
            except Missing:
                continue  # asked for and not there: no page is the answer

    def _listing(self, spec: StreamMapping) -> CallSpec:
        """Return the call that reads everything asked for: the sweep, unless it wants keys."""
        if spec.sweep is None or {"keys", "key"} & self._asker.mentions(spec.sweep.call):
            return spec.read
        return spec.sweep.call

    def _plainly(self, call: CallSpec, names: Mapping[str, Any], spec: StreamMapping) -> Iterator[Page]:
        marks = Marks(call, spec.time or self._mapping.time, {})
        return self._read(call, {**NOTHING, **names}, _How(marks))

    def _read(self, call: CallSpec, names: Mapping[str, Any], how: _How) -> Iterator[Page]:
        """Yield the pages of a call; with `each` one read for each item of its list."""
        every = _items(call, self._names.of(call, names))
        at_once = every is None and call.sorted
        for item in [None] if every is None else every:
            known = names if every is None else {**names, "item": item}
            if not how.nested and not is_due(call, self._names.of(call, known)):
                continue
            for page in self._pages(call, known, how):
                state = how.marks.state() if how.moves and at_once else {}
                yield replace(page, state={**page.state, **state})
        if how.moves and not at_once:
            yield Page((), how.marks.state())

    def _pages(self, call: CallSpec, names: Mapping[str, Any], how: _How) -> Iterator[Page]:
        """Yield the pages of one call, turned to the end."""
        pager = Pager(call, self._asker.mentions(call), how.marks, system=self._mapping.system)
        took: dict[str, Any] = {}
        gate, number, answer, more = how.answers, 0, 0, True
        while more:
            answer += 1
            known = self._names.of(call, {**names, **pager.names, **took})
            reply = self._asker.ask(call, known, gate.seen(answer) if gate else None)
            if gate and reply.same:
                kept = gate.kept(answer)
                pager.resume(kept["pager"])
                took, more = dict(kept["took"]), bool(kept["more"])
                yield Page((), meta={"page": answer}, same=kept["count"], expected=pager.total)
                continue
            pager.expect(reply.look)
            took.update({name: reply.look(path) for name, path in call.take.items()})
            received, whole = 0, _Whole()
            for records, last in _with_end(reply.pages(call.size or PAGE)):
                number, received = number + 1, received + len(records)
                fresh = pager.fresh(records)
                if last:
                    more = pager.turn(reply.look, received, records)
                page = self._page(call, fresh, {**names, **took}, how, whole)
                meta = {**reply.meta, "page": number}
                state = dict(page.state)
                if gate and last:
                    seen = reply.seen() if whole.clean else None
                    said = {"more": more, "pager": pager.kept(), "took": took, "rows": whole.rows}
                    state |= gate.keep(answer, seen, count=received, **said)
                    state |= {} if more else gate.beyond(answer)
                yield replace(page, meta=meta, state=state, expected=pager.total, warnings=reply.warnings)

    def _page(
        self, call: CallSpec, records: list[Record], names: Mapping[str, Any], how: _How, whole: _Whole
    ) -> Page:
        """Return one page: marks moved, rows in error set apart, details added where a row changed."""
        records, bad = sift(records, (call.errors and call.errors.rows) or self._mapping.errors.rows)
        how.marks.see(records, self._clock())
        if how.window is not None:
            records = how.marks.within(records, how.window.start, how.window.end)
        came, rows = len(records), dict[str, str]()
        if how.rows is not None:
            records, rows = how.rows.part(records)
        same = came - len(records)
        records, failed = self._details.add(call, records, names)
        state: dict[str, Any] = {}
        if how.rows is not None and not failed:
            state = how.rows.keep(rows)
            whole.rows.update(rows)
        whole.clean = whole.clean and not bad and not failed
        return Page(records, state, bad=[*bad, *failed], same=same)

    def _all(self, call: CallSpec, names: Mapping[str, Any]) -> tuple[list[Record], list[Any]]:
        """Return all records of a nested call, and its bad ones."""
        marks = Marks(call, self._mapping.time, {})
        pages = list(self._read(call, {**NOTHING, **names}, _How(marks, nested=True)))
        return (
            [record for page in pages for record in page.records],
            [bad for page in pages for bad in page.bad],
        )


def stream_of(mapping: SystemMapping, name: str) -> StreamMapping:
    """Return a stream of a mapping; ConfigError with the nearest name if there is none."""
    if name not in mapping.streams:
        near = difflib.get_close_matches(name, mapping.streams, n=1) or list(mapping.streams)
        raise ConfigError("connectors.unknown_stream", system=mapping.system, stream=name, near=near[0])
    return mapping.streams[name]


def _items(call: CallSpec, names: Mapping[str, Any]) -> list[Any] | None:
    """Return what a call with `each` is repeated for; None for a call without."""
    if call.each is None:
        return None
    if isinstance(call.each, list) and not mentioned(call.each):
        return list(call.each)
    made = compiled({"each": call.each, "as": "=item"}).render(names)
    return made if isinstance(made, list) else []


def _with_end(pages: Iterator[list[Record]]) -> Iterator[tuple[list[Record], bool]]:
    """Yield each page with whether it is the last one of its answer."""
    before: list[Record] | None = None
    for page in pages:
        if before is not None:
            yield before, False
        before = page
    yield before or [], True
