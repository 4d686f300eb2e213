"""What becomes of a file once it was read: it stays, goes, or moves to another folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePosixPath

from connectors.contract import Page
from connectors.files.discovery import Folder, Found
from connectors.files.names import written
from hub.errors import SourceError
from hub.locale import text
from hub.mapping.grammar import CallSpec


def put_away(folder: Folder, call: CallSpec, files: list[Found]) -> Iterator[Page]:
    """Do to files that were read what `after` says: "keep", "delete", or the folder to move them to.

    By now their last page is committed. The source may be read only: what fails is a warning, since the
    file is remembered and not read again. One that was written anew meanwhile stays: it is to be read yet.
    """
    if call.after == "keep":
        return
    try:
        for found in files:
            if not found.is_as(folder.look(found.path)):
                continue
            with suppress(
                FileNotFoundError
            ):  # taken away meanwhile, or already done and only the answer lost
                _put_away(folder, found, call.after)
    except (OSError, SourceError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        yield Page([], warnings=(text("files.not_put_away", file=files[0].name, reason=reason),))


def _put_away(folder: Folder, found: Found, after: str) -> None:
    if after == "delete":
        folder.ask(folder.place.delete, found.path)
    else:
        _move(folder, found, after)


def _move(folder: Folder, found: Found, to: str) -> None:
    """Move a file, beside one of its name that is there already (it never replaces anything)."""
    to = written(to, found.path, folder.charsets)
    folder.ask(folder.place.make_folder, to)
    name = PurePosixPath(found.path)
    target, number = f"{to}/{name.name}", 1
    while folder.look(target) is not None:
        number += 1
        target = f"{to}/{name.stem} ({number}){name.suffix}"
    folder.ask(folder.place.move, found.path, target)
