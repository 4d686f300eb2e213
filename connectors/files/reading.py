"""One read of a folder: its files in order, whole ones page by page, what had to be left out at the end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.contract import Ask, BadRecord, Page, Since, Window
from connectors.files.after import put_away
from connectors.files.checked import Checked, Style, opened
from connectors.files.discovery import Folder, Found
from connectors.files.names import Sequences
from connectors.files.rows import Around, BadLine, Line, Notice, Stated, Torn, Unusable
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
    """One read of one stream: what it was asked for, and the files that had to be left out.

    `require_ready` is called before the folder is listed and each file opened; it raises in a pause.
    """

    folder: Folder
    call: CallSpec
    style: Style
    now: datetime
    ask: Ask
    require_ready: Callable[[], None]
    left_out: list[tuple[str, Unusable]] = field(default_factory=list)
    sequences: Sequences | None = None

    def pages(self) -> Iterator[Page]:
        """Yield the pages of all files, then raise for those that were left out."""
        memory = Memory(self.ask.state if isinstance(self.ask, Since) else {}, self.now)
        self.require_ready()
        there = self.folder.ready(self.call, self.now)
        if self.call.order == "sequence" and self._moves:
            self.sequences = Sequences.of([*memory.stems(), *(one.stem for one in there)])
        for found in there:
            if isinstance(self.ask, Window) and not self.ask.start <= found.mtime < self.ask.end:
                continue
            self.require_ready()
            try:
                yield from self._file(found, memory)
            except FileNotFoundError:
                continue  # taken away between listing and opening, as if it had never been listed
            except Unusable as error:
                self.left_out.append((found.name, error))
        if outdated := memory.outdated(there, self.now):
            yield Page([], outdated)
        if self.left_out:
            raise self._error()

    def _file(self, found: Found, memory: Memory) -> Iterator[Page]:
        """Yield the pages of one file, if it brings anything; then put it away, read now or before."""
        files = found_with(self.folder, found, self.call.nest)
        if self._moves and self.call.after == "keep" and memory.unchanged(files):
            return  # where files are put away, only the same content is reason enough
        with opened(self.folder, found, self.call, self.style) as checked:
            done = yield from self._content(checked, files, memory)
        if done and self._moves:
            yield from put_away(self.folder, self.call, files)

    def _content(self, checked: Checked, files: list[Found], memory: Memory) -> Generator[Page, None, bool]:
        """Yield the pages of one file and return whether it is done with: one that may be growing waits."""
        siblings = Siblings(self.call.nest)
        siblings.load(self.folder, files[1:], self.style)
        digest = checked.digest + siblings.digest
        commit = self._moves and self.call.after != "keep"
        if checked.ours:  # a person's decisions, which are no statement: they stay for whom they are meant
            if self._moves:
                yield Page([], memory.take(files, digest, 0))
            return False
        if self._moves and memory.knows(digest):
            yield Page([], memory.take(files, digest), commit=commit)
            return True
        rows = checked.look()
        if self._unfinished(checked):
            return False
        warnings = self._warnings(checked)
        for some in _chunks(checked, siblings, rows, self.call.size or SIZE):
            page = _page(checked, rows, some, warnings)
            warnings = ()
            if some.last:
                state = memory.take(files, digest, rows) if self._moves else {}
                page = replace(page, state=state, commit=commit)
            yield page
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

    def _warnings(self, checked: Checked) -> tuple[str, ...]:
        name = checked.found.name
        said = [text("files.ends_open", file=name)] if self._open_ended(checked) else []
        if self.sequences and (gap := self.sequences.gap(checked.found.stem)):
            said += [text("files.gap", file=name, first=gap[0], last=gap[1])]
        return tuple(said)

    def _error(self) -> SourceError:
        """Return one error that names every file left out, in the first one's words."""
        kind = Incomplete if all(isinstance(error, Torn) for _, error in self.left_out) else Unavailable
        (name, first), *others = self.left_out
        about = {"system": self.folder.system, "operation": self.folder.operation}
        values: dict[str, Any] = {"file": name, "line": first.line, **first.values}
        if not others:
            return kind(first.key, **about, **values)
        files = ", ".join(f"{name}:{error.line}" if error.line else name for name, error in self.left_out)
        why = text(first.key, **values)
        return kind("files.several", **about, count=len(self.left_out), files=files, first=why)


@dataclass(slots=True)
class _Some:
    """Some rows of a file that share what stands around them."""

    around: dict[str, Any]
    records: list[Line] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    stated: list[Mapping[str, Any]] = field(default_factory=list)
    last: bool = False


def _chunks(checked: Checked, siblings: Siblings, rows: int, size: int) -> Iterator[_Some]:
    """Yield the rows of a file in pages; a file without rows has one page."""
    some = _Some({})
    with closing(checked.rows()) as every:
        for row in every:
            if isinstance(row, Notice):
                some.said.append(row.text)
                continue
            if isinstance(row, Stated):
                some.stated.append(row.values)
                continue
            if isinstance(row, Around):
                if some.records or some.bad:
                    yield some
                empty = not (some.records or some.bad)
                said, stated = (some.said, some.stated) if empty else ([], [])
                some = _Some({**some.around, **row.values}, said=said, stated=stated)
                continue
            if len(some.records) + len(some.bad) == size:
                yield some
                some = _Some(some.around)
            if isinstance(row, Line):
                siblings.nest_into(row.record)
                some.records.append(row)
            else:
                some.bad.append(row)
    some.bad += [*siblings.bad, *siblings.orphans()]
    some.last = True
    yield some


def _page(checked: Checked, rows: int, some: _Some, warnings: tuple[str, ...]) -> Page:
    name = checked.found.name
    return Page(
        [line.record for line in some.records],
        meta={**checked.meta, "rows": rows, **some.around},
        lines=[line.number for line in some.records],
        bad=[BadRecord(one.raw, one.error, f"{one.file or name}:{one.number}") for one in some.bad],
        warnings=(*warnings, *some.said),
        statements=[{**one, "file": name, "digest": checked.digest} for one in some.stated],
    )
