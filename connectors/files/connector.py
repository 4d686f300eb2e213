"""The connector of kind `files`."""

from __future__ import annotations

import codecs
import difflib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, ClassVar

from connectors.contract import Ask, BadRecord, Capabilities, Everything, Health, Keys, Page, Since, Window
from connectors.files.after import put_away
from connectors.files.checked import FORMATS, Checked, Style, opened
from connectors.files.discovery import Folder, Found, gaps
from connectors.files.rows import BadLine, Line, Torn, Unusable
from connectors.files.siblings import Siblings, found_with
from connectors.files.slots import Memory
from hub.config import Connection
from hub.errors import ConfigError, HubError, Incomplete, SourceError, Unavailable
from hub.locale import text
from hub.mapping.grammar import CallSpec, StreamMapping, SystemMapping

SIZE = 1000
UNFINISHED = timedelta(minutes=1)
"""A text file without a line end at its end, and nothing else to show that it is whole, must have rested so long."""


class FilesConnector:
    """Reads the files that others drop into a folder: whole ones, once, in order.

    A file is looked through to its end before its first page is yielded. One that is torn, or cannot be
    read, is left out as a whole and tried again next time; all others are read, then one error names it.
    What was read is remembered by name, look and content: an unchanged file is not opened, a file sent
    again under another name brings nothing, one corrected under its name is read anew.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        asks=frozenset({"since", "window", "everything"}), summary="files.summary"
    )

    def __init__(self, mapping: SystemMapping, connection: Connection, clock: Callable[[], datetime]) -> None:
        """Take mapping, connection (a folder) and clock; opens nothing yet."""
        self._mapping, self._root, self._clock = mapping, connection.path(), clock

    def __repr__(self) -> str:
        return f"FilesConnector({self._mapping.system!r}, {str(self._root)!r})"

    def check(self) -> Health:
        """List the folders of all streams and count the files that match."""
        begin = time.perf_counter()
        try:
            files = sum(
                len(list(self._folder(name).matching(self._checked_call(stream.read).target)))
                for name, stream in self._mapping.streams.items()
            )
        except HubError as error:
            return Health(False, error.key, error.values, time.perf_counter() - begin)
        values = {"folder": self._root, "files": files}
        return Health(True, "files.healthy", values, time.perf_counter() - begin)

    def fetch(self, stream: str, ask: Ask) -> Iterator[Page]:
        """Yield pages; see the contract. Raises Incomplete or Unavailable at the end for files left out."""
        spec = self._stream(stream)
        if isinstance(ask, Keys):
            raise ConfigError(
                "connectors.unanswered_ask", system=self._mapping.system, ask="keys", stream=stream
            )
        sweep = spec.sweep.call if spec.sweep and isinstance(ask, Everything) else spec.read
        style = Style((spec.text or self._mapping.text).encoding, spec.numbers or self._mapping.numbers)
        call = self._checked_call(sweep)
        yield from _Reading(self._folder(stream), call, style, self._clock(), ask).pages()

    def close(self) -> None:
        """Nothing is held between reads."""

    def _folder(self, stream: str) -> Folder:
        return Folder(self._root, self._mapping.system, stream)

    def _stream(self, name: str) -> StreamMapping:
        streams = self._mapping.streams
        if name not in streams:
            near = difflib.get_close_matches(name, streams, n=1) or list(streams)
            system = self._mapping.system
            raise ConfigError("connectors.unknown_stream", system=system, stream=name, near=near[0])
        return streams[name]

    def _checked_call(self, call: CallSpec) -> CallSpec:
        """Return the call; ConfigError for what this connector cannot do."""
        if call.format and call.format not in FORMATS:
            raise ConfigError("files.unknown_format", format=call.format, known=", ".join(FORMATS))
        if call.delimiter and len(call.delimiter) > 1 and call.delimiter not in {"tab", "\\t"}:
            raise ConfigError("files.bad_delimiter", delimiter=call.delimiter)
        for name in (*call.encoding, *self._mapping.text.encoding):
            try:
                codecs.lookup(name)
            except LookupError as error:
                raise ConfigError("files.unknown_charset", name=name) from error
        for nested in call.nest.values():
            self._checked_call(nested)
        return call


@dataclass(slots=True)
class _Reading:
    """One read of one stream: what it was asked for, and the files that had to be left out."""

    folder: Folder
    call: CallSpec
    style: Style
    now: datetime
    ask: Ask
    left_out: list[tuple[str, Unusable]] = field(default_factory=list)

    def pages(self) -> Iterator[Page]:
        """Yield the pages of all files, then raise for those that were left out."""
        memory = Memory(self.ask.state if isinstance(self.ask, Since) else {})
        there = self.folder.ready(self.call, self.now)
        for found in there:
            if isinstance(self.ask, Window) and not self.ask.start <= found.mtime < self.ask.end:
                continue
            try:
                yield from self._file(found, there, memory)
            except Unusable as error:
                self.left_out.append((found.name, error))
        if outdated := memory.outdated(there, self.now):
            yield Page([], outdated)
        if self.left_out:
            raise self._error()

    def _file(self, found: Found, there: list[Found], memory: Memory) -> Iterator[Page]:
        files = found_with(self.folder, found, self.call.nest)
        moves = isinstance(self.ask, Since)
        if moves and memory.unchanged(files):
            return
        siblings = Siblings(self.call.nest)
        with opened(found, self.call, self.style) as checked:
            siblings.load(files[1:], self.style)
            digest = checked.digest + siblings.digest
            if moves and memory.knows(digest):
                yield Page([], memory.take(files, digest, 0))
                return
            rows = checked.look()
            if self._unfinished(checked):
                return
            warnings = self._warnings(checked, there, memory)
            for records, bad, last in _chunks(checked, siblings, rows, self.call.size or SIZE):
                state = memory.take(files, digest, rows) if moves and last else {}
                yield _page(found, rows, records, bad, state, warnings)
                warnings = ()
        if moves:
            yield from put_away(self.folder, self.call, files)

    def _unfinished(self, checked: Checked) -> bool:
        """Tell whether the file may still be growing, though nothing in it is torn."""
        age = self.now - checked.found.mtime
        return self._open_ended(checked) and timedelta() <= age < UNFINISHED

    def _open_ended(self, checked: Checked) -> bool:
        return checked.ends_open and not self.call.done and self.call.trailer is None

    def _warnings(self, checked: Checked, there: list[Found], memory: Memory) -> tuple[str, ...]:
        said = [text("files.ends_open", file=checked.found.name)] if self._open_ended(checked) else []
        if self.call.order == "sequence" and isinstance(self.ask, Since):
            gap = gaps(checked.found, [*memory.names(), *(one.name for one in there)])
            said += [text("files.gap", file=checked.found.name, first=gap[0], last=gap[1])] if gap else []
        return tuple(said)

    def _error(self) -> SourceError:
        """Return one error that names every file left out, in the first one's words."""
        kind = Incomplete if all(isinstance(error, Torn) for _, error in self.left_out) else Unavailable
        (name, first), *others = self.left_out
        about = {"system": self.folder.system, "operation": self.folder.operation}
        if not others:
            return kind(first.key, **about, **({"file": name, "line": first.line} | first.values))
        files = ", ".join(f"{name}:{error.line}" if error.line else name for name, error in self.left_out)
        return kind("files.several", **about, count=len(self.left_out), files=files)


def _chunks(
    checked: Checked, siblings: Siblings, rows: int, size: int
) -> Iterator[tuple[list[Line], list[BadLine], bool]]:
    """Yield the rows of a file in pages, with whether a page is its last; an empty file has one empty page."""
    read = 0
    with closing(checked.rows()) as every:
        while True:
            some = list(islice(every, size))
            read += len(some)
            last = read >= rows
            if last:
                checked.require_unchanged()
            records = [row for row in some if isinstance(row, Line)]
            for line in records:
                siblings.nest_into(line.record)
            bad = [row for row in some if isinstance(row, BadLine)]
            yield records, [*bad, *siblings.bad, *siblings.orphans()] if last else bad, last
            if last:
                return


def _page(
    found: Found,
    rows: int,
    records: Iterable[Line],
    bad: Iterable[BadLine],
    state: dict[str, Any],
    warnings: tuple[str, ...],
) -> Page:
    lines = list(records)
    meta = {"file": found.name, "stem": found.stem, "mtime": found.mtime, "newest": found.mtime, "rows": rows}
    return Page(
        [line.record for line in lines],
        state,
        meta,
        lines=[line.number for line in lines],
        bad=[BadRecord(one.raw, one.error, f"{found.name}:{one.number}") for one in bad],
        warnings=warnings,
    )
