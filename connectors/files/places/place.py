"""What a place is: a tree of folders in which files can be listed, opened, written, moved and deleted."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, BinaryIO, Protocol, cast

SECOND = 1_000_000_000
"""Nanoseconds."""

TIMEOUT = 30.0
"""Seconds that a server may be silent where the mapping says no `limits: {timeout}`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder, with its size in bytes and time of change (ns since 1970, UTC).

    `name` is text that gives the bytes of the name back (UTF-8 with surrogate escapes), whatever charset it
    is in. `size` -1 means that the listing did not say more than the name: `Place.look` does.
    """

    name: str
    size: int = -1
    changed: int = 0
    folder: bool = False


class Place(Protocol):
    """A tree of folders. Paths are below its root, with `/`; "" is the root itself.

    What concerns one file or folder comes out as OSError (FileNotFoundError, NotADirectoryError,
    PermissionError …); what concerns the whole place as Down or Denied. ConfigError says what only a person
    can mend: a host key that is not the pinned one, a package that is not installed.
    """

    shown: str
    """The place as people name it, without credentials."""

    copies: bool
    """Whether `open` gives a copy, which later changes of the file do not touch."""

    def entries(self, folder: str) -> list[Entry]:
        """Return what is in a folder."""
        ...

    def look(self, path: str) -> Entry | None:
        """Return a file as it is now, None if it is not there; links are followed."""
        ...

    def open(self, path: str) -> BinaryIO:
        """Open a file to be read and to be sought in. A remote one is copied to a temporary file first."""
        ...

    def delete(self, path: str) -> None:
        """Delete a file."""
        ...

    def move(self, path: str, to: str) -> None:
        """Move a file; FileExistsError, or another OSError, if there is one of the new name."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Write a file whole, over one of this name; FileNotFoundError if its folder is not there."""
        ...

    def replace(self, path: str, to: str) -> None:
        """Give a file another name, in the place of one that has it."""
        ...

    def make_folder(self, folder: str) -> None:
        """Make a folder and those above it, as far as they are not there."""
        ...

    def close(self) -> None:
        """Give the connection back; the next call opens another."""
        ...


class Down(Exception):
    """The place cannot be reached, or the connection broke; it may work later."""

    def __init__(self, reason: object) -> None:
        """Take the reason in the library's words."""
        super().__init__(str(reason) or type(reason).__name__)


class Denied(Exception):
    """The place does not let us in."""


def copied(write: Callable[[IO[bytes]], object]) -> BinaryIO:
    """Return a temporary file, gone when it is closed, that `write` has filled."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    try:
        write(file)
    except BaseException:
        file.close()
        raise
    return cast(BinaryIO, file)


def copied_from(source: IO[bytes]) -> BinaryIO:
    """Return a temporary copy of an open file."""
    return copied(lambda file: shutil.copyfileobj(source, file, 1 << 18))


def joined(root: str, path: str) -> str:
    """Return a path below a root; one that is absolute stays as it is."""
    if path.startswith("/") or not root:
        return path
    return f"{root.rstrip('/')}/{path}" if path else root
