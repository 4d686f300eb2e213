"""How a stream is read by calls: which call answers an ask, from where, and what need not be read again."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from connectors.calls.asker import NOTHING, Asker
from connectors.calls.gates import PageGate, RowGate
from connectors.calls.marks import Marks, begin, begin_of
from connectors.calls.names import Names
from connectors.calls.records import batches
from connectors.calls.turning import PAGE, How, Turning
from connectors.contract import Ask, Everything, Keys, Page, Since, State, Window
from hub.errors import ConfigError, Missing
from hub.mapping import times
from hub.mapping.fingerprint import record_key
from hub.mapping.grammar import CallSpec, StreamMapping, SystemMapping, TimeSpec


class Reading:
    """Reads the streams of one system through an asker. Not for several threads at once."""

    def __init__(
        self, mapping: SystemMapping, asker: Asker, names: Names, clock: Callable[[], datetime]
    ) -> None:
        """Take the mapping, who sends its calls, and the names that every call knows."""
        self._mapping, self._asker, self._clock = mapping, asker, clock
        self._turning = Turning(mapping, asker, names, clock)

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
                how = How(Marks(spec.read, at, {}), record_key(spec), window=ask)
                for between in spans(spec.read, at, start, end):
                    yield from self._turning.read(spec.read, {**NOTHING, **between}, how)
            case Since(state):
                yield from self._since(spec, at, state)

    def _since(self, spec: StreamMapping, at: TimeSpec, state: State) -> Iterator[Page]:
        """Read what is new; a call that mentions `until` is asked once for each window of time."""
        marks = Marks(spec.read, at, state)
        how = self._gated(spec, marks, state)
        if "until" not in self._asker.mentions(spec.read) or marks.counts:
            since = marks.since(begin(self._mapping, at))
            yield from self._turning.read(spec.read, {**NOTHING, "since": since}, how)
            return
        how = replace(how, answers=None, rows=how.rows if marks.active else None)
        for between in self._spans(spec.read, at, marks.begin()):
            yield from self._turning.read(spec.read, {**NOTHING, **between}, how)

    def _spans(self, call: CallSpec, at: TimeSpec, start: datetime | None = None) -> list[dict[str, Any]]:
        """Return what a call is asked from and up to, until now; ConfigError where nothing says from when."""
        now, start = self._clock(), start or begin_of(self._mapping, at)
        if start is None and call.window is not None:
            raise ConfigError("calls.no_start", system=self._mapping.system, operation=call.target)
        return spans(call, at, start, now)

    def first(self, stream: str) -> Page | None:
        """Return the first page of a stream, one record if its size is a wish that is heard."""
        spec = stream_of(self._mapping, stream)
        call, at = spec.read.model_copy(update={"size": 1}), spec.time or self._mapping.time
        asked = self._spans(call, at) if "until" in self._asker.mentions(call) else []
        return next(self._plainly(call, asked[-1] if asked else {}, spec), None)

    def _gated(self, spec: StreamMapping, marks: Marks, state: State) -> How:
        """Say how a read of what is new goes: with gates, where nothing else reads the same records.

        A sweep may see a record between two reads of the list; where no change stamp tells, the same list row
        could then stand for something older than what the sweep brought.
        """
        whole = not marks.active
        alone = spec.sweep is None and spec.read.each is None
        answers = PageGate(state) if whole and alone else None
        key = record_key(spec)
        gated = bool(spec.read.nest) and (alone or not whole)
        return How(marks, key, True, answers, RowGate(state, key, whole=whole) if gated else None)

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
        at = spec.time or self._mapping.time
        asked: list[Mapping[str, Any]] = [names]
        if not names and "until" in self._asker.mentions(call):
            asked = [*self._spans(call, at)]
        for one in asked:
            how = How(Marks(call, at, {}), record_key(spec))
            yield from self._turning.read(call, {**NOTHING, **one}, how)


def spans(call: CallSpec, at: TimeSpec, start: datetime | None, end: datetime) -> list[dict[str, Any]]:
    """Return `since` and `until` of each question as they are sent: `start` to `end`, a `window` each."""
    if start is None:
        return [{"since": None, "until": times.ask(end, at)}]
    borders = [start]
    while borders[-1] < end:
        borders.append(min(borders[-1] + call.window, end) if call.window else end)
    sent = [times.ask(one, at) for one in borders]
    return [{"since": one, "until": other} for one, other in pairwise(sent)]


def stream_of(mapping: SystemMapping, name: str) -> StreamMapping:
    """Return a stream of a mapping; ConfigError with the nearest name if there is none."""
    if name not in mapping.streams:
        near = difflib.get_close_matches(name, mapping.streams, n=1) or list(mapping.streams)
        raise ConfigError("connectors.unknown_stream", system=mapping.system, stream=name, near=near[0])
    return mapping.streams[name]
