"""What becomes of a file once it was read: it stays, goes, or moves to another folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from connectors.contract import Page
from connectors.files.discovery import Folder, Found
from hub.locale import text
from hub.mapping.grammar import CallSpec


def put_away(folder: Folder, call: CallSpec, files: list[Found]) -> Iterator[Page]:
    """Do to files that were read what `after` says: "keep", "delete", or the folder to move them to.

    By now their last page is committed. The source may be read only: what fails is a warning, since the
    file is remembered and not read again.
    """
    if call.after == "keep":
        return
    try:
        for found in files:
            if call.after == "delete":
                found.path.unlink(missing_ok=True)
            else:
                _move(found.path, folder.root / call.after)
    except OSError as error:
        reason = error.strerror or str(error)
        yield Page([], warnings=(text("files.not_put_away", file=files[0].name, reason=reason),))


def _move(path: Path, folder: Path) -> None:
    """Move a file, beside one of its name that is there already (it never replaces anything)."""
    folder.mkdir(parents=True, exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem} ({number}){path.suffix}"
    path.rename(target)
