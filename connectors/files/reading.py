"""One read of a folder: its files in order, whole ones page by page, what had to be left out at the end."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from connectors.contract import Ask, BadRecord, Page, Since, Window
from connectors.files.after import put_away
from connectors.files.checked import Checked, Style, opened
from connectors.files.discovery import Folder, Found, gaps
from connectors.files.rows import BadLine, Line, Torn, Unusable
from connectors.files.siblings import Siblings, found_with
from connectors.files.slots import Memory
from hub.errors import Incomplete, SourceError, Unavailable
from hub.locale import text
from hub.mapping.grammar import CallSpec

SIZE = 1000
UNFINISHED = timedelta(minutes=1)
"""A text file without a line end at its end, and no other sign that it is whole, must have rested so long."""


@dataclass(slots=True)
class Reading:
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
        """Yield the pages of one file, if it brings anything; then put it away, read now or before."""
        files = found_with(self.folder, found, self.call.nest)
        if self._moves and self.call.after == "keep" and memory.unchanged(files):
            return  # where files are put away, only the same content is reason enough
        with opened(found, self.call, self.style) as checked:
            done = yield from self._content(checked, files, there, memory)
        if done and self._moves:
            yield from put_away(self.folder, self.call, files)

    def _content(
        self, checked: Checked, files: list[Found], there: list[Found], memory: Memory
    ) -> Generator[Page, None, bool]:
        """Yield the pages of one file and return whether it is done with: one that may be growing waits."""
        siblings = Siblings(self.call.nest)
        siblings.load(files[1:], self.style)
        digest = checked.digest + siblings.digest
        if self._moves and memory.knows(digest):
            yield Page([], memory.take(files, digest))
            return True
        rows = checked.look()
        if self._unfinished(checked):
            return False
        warnings = self._warnings(checked, there, memory)
        for records, bad, last in _chunks(checked, siblings, rows, self.call.size or SIZE):
            state = memory.take(files, digest, rows) if self._moves and last else {}
            yield _page(checked.found, rows, records, bad, state, warnings)
            warnings = ()
        return True

    @property
    def _moves(self) -> bool:
        return isinstance(self.ask, Since)

    def _unfinished(self, checked: Checked) -> bool:
        """Tell whether the file may still be growing, though nothing in it is torn."""
        age = self.now - checked.found.mtime
        return self._open_ended(checked) and timedelta() <= age < UNFINISHED

    def _open_ended(self, checked: Checked) -> bool:
        return checked.ends_open and not self.call.done and self.call.trailer is None

    def _warnings(self, checked: Checked, there: list[Found], memory: Memory) -> tuple[str, ...]:
        said = [text("files.ends_open", file=checked.found.name)] if self._open_ended(checked) else []
        if self.call.order == "sequence" and self._moves:
            gap = gaps(checked.found, [*memory.names(), *(one.name for one in there)])
            said += [text("files.gap", file=checked.found.name, first=gap[0], last=gap[1])] if gap else []
        return tuple(said)

    def _error(self) -> SourceError:
        """Return one error that names every file left out, in the first one's words."""
        kind = Incomplete if all(isinstance(error, Torn) for _, error in self.left_out) else Unavailable
        (name, first), *others = self.left_out
        about = {"system": self.folder.system, "operation": self.folder.operation}
        if not others:
            values: dict[str, Any] = {"file": name, "line": first.line, **first.values}
            return kind(first.key, **about, **values)
        files = ", ".join(f"{name}:{error.line}" if error.line else name for name, error in self.left_out)
        return kind("files.several", **about, count=len(self.left_out), files=files)


def _chunks(
    checked: Checked, siblings: Siblings, rows: int, size: int
) -> Iterator[tuple[list[Line], list[BadLine], bool]]:
    """Yield the rows of a file in pages, with whether it is the last; a file without rows has one page."""
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
        bad=[BadRecord(one.raw, one.error, f"{one.file or found.name}:{one.number}") for one in bad],
        warnings=warnings,
    )
