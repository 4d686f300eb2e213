"""A folder of this machine, or one that it has mounted."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from connectors.files.places.place import Entry


class LocalPlace:
    """Files below a folder, read in place."""

    copies = False

    def __init__(self, root: Path) -> None:
        """Take the folder; whether it is there shows when it is listed."""
        self._root, self.shown = root, str(root)

    def entries(self, folder: str) -> list[Entry]:
        """Return the names in a folder; a link is no folder, so that no search goes in a circle."""
        with os.scandir(self._root / folder) as entries:
            return [Entry(one.name, folder=one.is_dir(follow_symlinks=False)) for one in entries]

    def look(self, path: str) -> Entry | None:
        """Return a file as it is now, None if it is not there."""
        try:
            found = (self._root / path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        return Entry(Path(path).name, found.st_size, found.st_mtime_ns)

    def open(self, path: str) -> BinaryIO:
        """Open the file itself."""
        return (self._root / path).open("rb")

    def delete(self, path: str) -> None:
        """Delete a file."""
        (self._root / path).unlink(missing_ok=True)

    def move(self, path: str, to: str) -> None:
        """Move a file; never in another's place."""
        target = self._root / to
        if target.exists():
            raise FileExistsError(to)
        (self._root / path).rename(target)

    def write(self, path: str, content: bytes) -> None:
        """Write a file whole and let it reach the disk."""
        with (self._root / path).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    def replace(self, path: str, to: str) -> None:
        """Give a file another name; readers see the old one or the new one, never half of either."""
        (self._root / path).replace(self._root / to)

    def make_folder(self, folder: str) -> None:
        """Make a folder and those above it."""
        (self._root / folder).mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """Nothing is held."""
