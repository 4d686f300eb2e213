"""Which files are there to be read: matched, finished, settled, in order."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hub.errors import Unavailable
from hub.mapping.expressions import compile_value
from hub.mapping.grammar import CallSpec

_TEMPORARY = re.compile(r"^[.~]|~$|\.(tmp|temp|part|partial|filepart|crdownload|swp|writing)$", re.I)
_WILD = re.compile(r"[*?\[]")
_NUMBER = re.compile(r"(\d+)(?!.*\d)")
_NANO = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """One file: its path, its name below the connection's folder, size in bytes and time of change (ns)."""

    path: Path
    name: str
    size: int
    changed: int

    @property
    def stem(self) -> str:
        """The file's own name without its ending."""
        return self.path.stem

    @property
    def mtime(self) -> datetime:
        """When the file was last changed, aware UTC."""
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=self.changed // _NANO)

    @property
    def sequence(self) -> tuple[str, int]:
        """What comes before the last number in the name, and that number (-1 if there is none)."""
        number = _NUMBER.search(self.stem)
        return (self.stem[: number.start()], int(number[1])) if number else (self.stem, -1)

    def words(self) -> dict[str, object]:
        """Return the names that a pattern beside the file (`done`, a sibling) may mention."""
        return {"stem": self.stem, "name": self.path.name, "file": self.name}


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of a connection. `system` and `operation` stand in its errors."""

    root: Path
    system: str
    operation: str

    def ready(self, call: CallSpec, now: datetime) -> list[Found]:
        """Return the files of a call that may be read at `now`, in its order.

        Left out are temporary names, files whose done-marker is not there yet, the markers themselves, and
        files changed so lately that they may still be growing. Raises Unavailable for a folder that cannot
        be read.
        """
        found = list(self.matching(call.target))
        if call.done:
            marker = compile_value(call.done)
            markers = {one.path: one.path.with_name(str(marker.render(one.words()))) for one in found}
            found = [one for one in found if markers[one.path].is_file() and one.path not in markers.values()]
        if call.settle:
            found = [one for one in found if abs(now - one.mtime) >= call.settle]
        return sorted(found, key=_ORDERS[call.order])

    def matching(self, pattern: str) -> Iterator[Found]:
        """Yield the files that `pattern` names below the folder, temporary names left out."""
        base, rest = _literal(self.root, pattern)
        self._require(base)
        paths: Iterable[Path] = base.glob(rest) if "/" in rest else _listed(base, rest)
        for path in paths:
            if _TEMPORARY.search(path.name):
                continue
            try:
                stat = path.stat()
                regular = path.is_file()
            except OSError:
                continue  # taken away between listing and looking: not there
            if regular:
                yield Found(path, _name(path.relative_to(self.root)), stat.st_size, stat.st_mtime_ns)

    def sibling(self, pattern: str, of: Found) -> Found | None:
        """Return the file that belongs to another by its name; None if it is not there."""
        return next(self.matching(str(compile_value(pattern).render(of.words()))), None)

    def _require(self, folder: Path) -> None:
        """Raise Unavailable, in plain words, if a folder is not there or may not be listed."""
        try:
            next(iter(folder.iterdir()), None)
        except FileNotFoundError as error:
            raise self._unavailable("files.no_folder", folder) from error
        except NotADirectoryError as error:
            raise self._unavailable("files.not_a_folder", folder) from error
        except OSError as error:
            raise self._unavailable("files.folder_closed", folder, reason=error.strerror) from error

    def _unavailable(self, key: str, folder: Path, **values: Any) -> Unavailable:
        return Unavailable(key, system=self.system, operation=self.operation, folder=folder, **values)


def gaps(found: Found, known: Iterable[str]) -> tuple[int, int] | None:
    """Return the first and last number that lack before `found` in its sequence; None if none does.

    `known` are the names of all files that are there or were read before; the first of all lacks nothing.
    """
    prefix, number = found.sequence
    others = [Found(Path(name), name, 0, 0).sequence for name in known]
    before = [other for other_prefix, other in others if other_prefix == prefix and 0 <= other < number]
    return (max(before) + 1, number - 1) if before and max(before) < number - 1 else None


def _name(path: Path) -> str:
    """Return a file's name as text, in whatever charset the folder keeps it."""
    raw = os.fsencode(path.as_posix())
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", "backslashreplace")


def _literal(root: Path, pattern: str) -> tuple[Path, str]:
    """Split a pattern into the folder that it names literally and the rest."""
    *folders, name = pattern.split("/")
    literal = 0
    while literal < len(folders) and not _WILD.search(folders[literal]):
        literal += 1
    return root.joinpath(*folders[:literal]), "/".join([*folders[literal:], name])


def _listed(folder: Path, pattern: str) -> Iterator[Path]:
    return (path for path in folder.iterdir() if fnmatch.fnmatchcase(path.name, pattern))


_ORDERS: dict[str, Callable[[Found], tuple[object, ...]]] = {
    "name": lambda one: (one.name,),
    "time": lambda one: (one.changed, one.name),
    "sequence": lambda one: (*one.sequence, one.name),
}
