"""A file is put where others look for it: under a temporary name, then under its own, its marker last."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from connectors.files.discovery import Folder
from connectors.files.names import FILE_NAMES
from connectors.files.places import Denied, Down
from hub.errors import AuthExpired, OutcomeUnknown, Rejected, SourceError, Unavailable

_LOST = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT})
"""What a folder of another machine, mounted here, answers where that machine is gone."""

_LATER = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBUSY, errno.EAGAIN, errno.EROFS, errno.ESTALE}
)
"""A disk that is full, busy or ill: it may work later."""


@dataclass(slots=True)
class Placing:
    """Puts one file and its marker below the root of a place. `about` are system, operation and record."""

    folder: Folder
    about: Mapping[str, str]
    shown: str = ""
    _begun: bool = field(default=False)

    def put(self, name: str, content: bytes, marker: str | None) -> None:
        """Put `content` under `name`, which may be there already: a repeat takes its own place again.

        `marker` is the name of an empty file beside it, put when it is there. Nothing is tried again. Raises
        Unavailable and Rejected while nothing is under its own name; OutcomeUnknown where that is not known.
        """
        self.shown = name
        steps = name.split("/")
        folder, own = self._folder(steps[:-1]), self._encoded(steps[-1])
        try:
            self._put(folder, own, content)
            if marker is not None:
                self.folder.place.write(_joined(folder, self._encoded(marker)), b"")
        except Down as error:
            raise self._down(error) from error
        except Denied as error:
            raise AuthExpired("files.denied", **self.about, place=self.folder.place.shown) from error
        except OSError as error:
            raise self._refused(error) from error

    def _put(self, folder: str, own: str, content: bytes) -> None:
        place, beside = self.folder.place, _joined(folder, f".{own}.part")
        try:
            place.write(beside, content)
        except (FileNotFoundError, NotADirectoryError):
            if not folder:
                raise
            place.entries("")  # where the root is gone (a share that is not mounted), nothing is made
            place.make_folder(folder)
            place.write(beside, content)
        self._begun = True
        try:
            place.replace(beside, _joined(folder, own))
        except OSError:
            with suppress(OSError, Down, Denied):
                place.delete(beside)
            raise

    def _folder(self, steps: Sequence[str]) -> str:
        """Return the path of a folder; of a name that is not alike in every charset the one that is there."""
        path = ""
        for step in steps:
            known = None if step.isascii() else self.folder.path_of(path, step)
            path = known or _joined(path, self._encoded(step))
        return path

    def _encoded(self, name: str) -> str:
        """Return a name as a place takes it: in the charset of its file names."""
        charset = next(iter(self.folder.charsets or FILE_NAMES))
        try:
            return name.encode(charset).decode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            reason = f"{name[error.start]} ({name})"
            raise Rejected("files.unwritable", **self.about, code=charset, reason=reason) from error

    def _down(self, error: Down) -> SourceError:
        reason = str(error)
        if self._begun:
            return OutcomeUnknown("files.put_unknown", **self.about, file=self.shown, reason=reason)
        place = self.folder.place.shown
        return Unavailable("files.unreachable", **self.about, place=place, reason=reason)

    def _refused(self, error: OSError) -> SourceError:
        """Return the error of a file that the place does not take: it says so, and did nothing."""
        reason = error.strerror or str(error)
        if self._begun and error.errno in _LOST:
            return OutcomeUnknown("files.put_unknown", **self.about, file=self.shown, reason=reason)
        if isinstance(error, FileNotFoundError | NotADirectoryError) or error.errno in _LATER:
            return Unavailable("files.not_put", **self.about, file=self.shown, reason=reason)
        code = errno.errorcode.get(error.errno or 0, "")
        return Rejected("files.refused", **self.about, code=code, reason=f"{self.shown}: {reason}")


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def words_of(name: str) -> dict[str, Any]:
    """Return what a marker, or the content of a file, may mention of its name: stem, name and file."""
    own = name.rpartition("/")[2]
    return {"stem": own.rpartition(".")[0] or own, "name": own, "file": name}
