"""Which files are there to be read: matched, finished, settled, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, BinaryIO, TypeVar

import tenacity

from connectors.files.names import is_answer, is_temporary, is_wild, matches, readable, sequence_of
from connectors.files.places import Denied, Down, Entry, Place
from connectors.retry import retrying
from hub.errors import AuthExpired, SourceError, Unavailable
from hub.mapping.expressions import compile_value
from hub.mapping.grammar import CallSpec

_NANO = 1_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """One file: its path in its place, readable name below the root, size (bytes), time of change (ns)."""

    path: str
    name: str
    size: int
    changed: int

    @property
    def stem(self) -> str:
        """The file's own name without its ending."""
        return PurePosixPath(self.name).stem

    @property
    def folder(self) -> str:
        """The path of the folder that the file lies in."""
        return self.path.rpartition("/")[0]

    @property
    def mtime(self) -> datetime:
        """When the file was last changed, aware UTC."""
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=self.changed // _NANO)

    def words(self) -> dict[str, object]:
        """Return the names that a pattern beside the file (`done`, a sibling) may mention."""
        return {"stem": self.stem, "name": PurePosixPath(self.name).name, "file": self.name}

    def is_as(self, entry: Entry | None) -> bool:
        """Tell whether a second look finds the file as it was found."""
        return entry is not None and (entry.size, entry.changed) == (self.size, self.changed)


_Errors = tuple[type[OSError], ...]
_GONE: _Errors = (FileNotFoundError, NotADirectoryError)
_ANY: _Errors = (OSError,)
"""What listing a folder may end with that has gone meanwhile, and one that may never have been a folder."""

_Named = dict[str, tuple[str, Entry]]
"""What is in a folder: readable name → (path, entry)."""


@dataclass(slots=True)
class Folder:
    """The root that a connection names, for one read: each folder is listed once.

    `charsets` are those of the file names; `system` and `operation` stand in its errors, and `retry` is how
    a place that cannot be reached is tried again.
    """

    place: Place
    system: str
    operation: str
    charsets: tuple[str, ...] = ()
    retry: tenacity.Retrying = field(default_factory=retrying)
    _listed: dict[str, _Named] = field(default_factory=dict)

    def ready(self, call: CallSpec, now: datetime) -> list[Found]:
        """Return the files of a call that may be read at `now`, in its order.

        Left out are temporary names, files whose done-marker is not there yet, the markers themselves,
        answers beside bank statements, and files changed so lately that they may still be growing. Raises
        Unavailable for a folder that cannot be read.
        """
        found = list(self.matching(call.target))
        if call.done:
            found = self._done(found, call.done)
        if call.format == "bank":
            found = [one for one in found if not is_answer(one.name)]
        if call.settle:
            found = [one for one in found if abs(now - one.mtime) >= call.settle]
        return sorted(found, key=_ORDERS[call.order])

    def matching(self, pattern: str) -> Iterator[Found]:
        """Yield the files that `pattern` names below the root, temporary names left out.

        A folder that it names without wildcards must be there: Unavailable says in plain words that not.
        One that may not be looked at is found all the same, so that opening it says why.
        """
        folder, shown, rest = self._base(pattern.split("/"))
        for path, name, entry in self._matching(folder, shown, rest):
            try:
                seen = entry if entry.size >= 0 else self.ask(self.place.look, path)
            except OSError:
                seen = entry
            if seen is not None:  # else taken away between listing and looking: not there
                yield Found(path, name, seen.size, seen.changed)

    def sibling(self, pattern: str, of: Found) -> Found | None:
        """Return the file that belongs to another by its name; None if it is not there."""
        return next(self.matching(str(compile_value(pattern).render(of.words()))), None)

    def require_root(self) -> None:
        """Raise Unavailable unless the root itself can be listed."""
        self._names("")

    def path_of(self, folder: str, name: str) -> str | None:
        """Return the path of a readable name in a folder; None if neither is there."""
        return self._names(folder, _GONE).get(name, (None,))[0]

    def look(self, path: str) -> Entry | None:
        """Return a file as it is now, None if it is not there or may not be looked at."""
        try:
            return self.ask(self.place.look, path)
        except OSError:
            return None

    def open(self, path: str) -> BinaryIO:
        """Open a file; OSError if that cannot be."""
        return self.ask(self.place.open, path)

    def ask(self, work: Callable[..., T], *args: str) -> T:
        """Do `work` at the place, again while the place cannot be reached; OSErrors of files come through."""
        if not self.place.copies:
            return work(*args)
        answer: T = self.retry(self._asked, work, *args)
        return answer

    def _asked(self, work: Callable[..., T], *args: str) -> T:
        about = {"system": self.system, "operation": self.operation, "place": self.place.shown}
        try:
            return work(*args)
        except Down as error:
            raise Unavailable("files.unreachable", **about, reason=str(error)) from error
        except Denied as error:
            raise AuthExpired("files.denied", **about) from error

    def _done(self, found: list[Found], done: str) -> list[Found]:
        marker = compile_value(done)
        markers = {one.name: (one.folder, str(marker.render(one.words()))) for one in found}
        there = {place for place in markers.values() if place[1] in self._names(place[0])}
        own = {(one.folder, PurePosixPath(one.name).name): one.name for one in found}
        said = {own[place] for place in there if place in own}
        return [one for one in found if markers[one.name] in there and one.name not in said]

    def _base(self, steps: list[str]) -> tuple[str, str, list[str]]:
        """Return path and readable name of the folder that a pattern begins with, and its other steps.

        Names that are not alike in every charset are looked up.
        """
        done: list[str] = []
        path = ""
        while len(steps) > 1 and not is_wild(steps[0]):
            step, *steps = steps
            done.append(step)
            if step.isascii():
                path = "/".join(done) if path == "/".join(done[:-1]) else f"{path}/{step}"
                continue
            names = self._names(path)
            if step not in names:
                raise self._unlisted("/".join(done), FileNotFoundError())
            path = names[step][0]
        return path, "/".join(done), steps

    def _matching(
        self, folder: str, shown: str, steps: list[str], forgive: _Errors = ()
    ) -> Iterator[tuple[str, str, Entry]]:
        """Yield (path, readable name, entry) of all files below a folder that fit the steps of a pattern."""
        step, *rest = steps
        names = self._names(folder, forgive)
        if step == "**":
            yield from self._matching(folder, shown, rest or ["*"], forgive)
        for name, (path, entry) in names.items():
            said = f"{shown}/{name}" if shown else name
            if step == "**":
                if entry.folder and not is_temporary(name):
                    yield from self._matching(path, said, steps, _GONE)
            elif rest and (entry.folder or entry.size < 0) and matches(name, step):
                yield from self._matching(path, said, rest, _GONE if entry.folder else _ANY)
            elif not rest and not entry.folder and matches(name, step) and not is_temporary(name):
                yield path, said, entry

    def _names(self, folder: str, forgive: _Errors = ()) -> _Named:
        """Return what is in a folder: nothing after an error to `forgive`, Unavailable after another."""
        if folder not in self._listed:
            try:
                listed = self.ask(self.place.entries, folder)
            except forgive:
                return {}
            except OSError as error:
                raise self._unlisted(folder, error) from error
            self._listed[folder] = {
                readable(one.name, self.charsets): (f"{folder}/{one.name}" if folder else one.name, one)
                for one in listed
            }
        return self._listed[folder]

    def _unlisted(self, folder: str, error: OSError) -> SourceError:
        shown = f"{self.place.shown}/{readable(folder, self.charsets)}" if folder else self.place.shown
        about: dict[str, Any] = {"system": self.system, "operation": self.operation, "folder": shown}
        match error:
            case FileNotFoundError():
                return Unavailable("files.no_folder", **about)
            case NotADirectoryError():
                return Unavailable("files.not_a_folder", **about)
        return Unavailable("files.folder_closed", **about, reason=error.strerror or str(error))


_ORDERS: dict[str, Callable[[Found], tuple[object, ...]]] = {
    "name": lambda one: (one.name,),
    "time": lambda one: (one.changed, one.name),
    "sequence": lambda one: (*sequence_of(one.stem), one.name),
}
