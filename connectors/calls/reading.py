"""How a stream is read by calls: which call answers an ask, from where, and what need not be read again."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.calls.asker import NOTHING, Asker
from connectors.calls.gates import PageGate, RowGate
from connectors.calls.marks import Marks, begin
from connectors.calls.names import Names
from connectors.calls.records import batches
from connectors.calls.turning import PAGE, How, Turning
from connectors.contract import Ask, Everything, Keys, Page, Since, State, Window
from hub.errors import ConfigError, Missing
from hub.mapping import times
from hub.mapping.fingerprint import record_key
from hub.mapping.grammar import CallSpec, StreamMapping, SystemMapping


class Reading:
    """Reads the streams of one system through an asker. Not for several threads at once."""

    def __init__(
        self, mapping: SystemMapping, asker: Asker, names: Names, clock: Callable[[], datetime]
    ) -> None:
        """Take the mapping, who sends its calls, and the names that every call knows."""
        self._mapping, self._asker = mapping, asker
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
                between = {"since": times.send(start, at), "until": times.send(end, at)}
                how = How(Marks(spec.read, at, {}), record_key(spec), window=ask)
                yield from self._turning.read(spec.read, {**NOTHING, **between}, how)
            case Since(state):
                marks = Marks(spec.read, at, state)
                since = marks.since(begin(self._mapping, at))
                yield from self._turning.read(
                    spec.read, {**NOTHING, "since": since}, self._gated(spec, marks, state)
                )

    def first(self, stream: str) -> Page | None:
        """Return the first page of a stream, one record if its size is a wish that is heard."""
        spec = stream_of(self._mapping, stream)
        return next(self._plainly(spec.read.model_copy(update={"size": 1}), {}, spec), None)

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
        marks = Marks(call, spec.time or self._mapping.time, {})
        return self._turning.read(call, {**NOTHING, **names}, How(marks, record_key(spec)))


def stream_of(mapping: SystemMapping, name: str) -> StreamMapping:
    """Return a stream of a mapping; ConfigError with the nearest name if there is none."""
    if name not in mapping.streams:
        near = difflib.get_close_matches(name, mapping.streams, n=1) or list(mapping.streams)
        raise ConfigError("connectors.unknown_stream", system=mapping.system, stream=name, near=near[0])
    return mapping.streams[name]
