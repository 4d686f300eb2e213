"""Statements that come packed: ZIP and GZIP, within limits."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Any

LARGEST = 1 << 28
"""Bytes that may come out of a packed file in all: statements of years are smaller."""

MOST = 1000
"""Files that may be in an archive."""

_CHUNK = 1 << 20


class Refused(Exception):
    """A packed file that is not read, with the message that says why."""

    def __init__(self, key: str, **values: Any) -> None:
        """Take the message and its values."""
        super().__init__(key)
        self.key, self.values = key, values


def members(content: bytes, form: str) -> list[tuple[str, bytes]]:
    """Return the files in an archive with their names, in the order of these. Raises Refused."""
    try:
        if form == "gzip":
            return [("", _poured(gzip.GzipFile(fileobj=io.BytesIO(content)), LARGEST))]
        return list(_zipped(content))
    except Refused:
        raise
    except (NotImplementedError, RuntimeError) as error:  # a way of packing, or a password, that we lack
        raise Refused("statements.locked_archive") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise Refused("statements.cut_archive") from error


def _zipped(content: bytes) -> Iterator[tuple[str, bytes]]:
    left = LARGEST
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        wanted = sorted((one for one in archive.infolist() if _counts(one)), key=lambda one: one.filename)
        if not wanted:
            raise Refused("statements.empty_archive")
        if len(wanted) > MOST:
            raise Refused("statements.too_many_packed", count=len(wanted), limit=MOST)
        for member in wanted:
            if member.flag_bits & 1:
                raise Refused("statements.locked_archive")
            with archive.open(member) as source:
                inside = _poured(source, left)
            left -= len(inside)
            yield _name(member), inside


def _name(member: zipfile.ZipInfo) -> str:
    """Return a member's name; Chinese platforms write it in GB18030 without saying so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename


def _counts(member: zipfile.ZipInfo) -> bool:
    """Tell whether a member is a file, and not what a Mac puts beside one."""
    parts = PurePosixPath(member.filename).parts
    return bool(parts) and not member.is_dir() and parts[0] != "__MACOSX" and not parts[-1].startswith(".")


def _poured(source: IO[bytes] | gzip.GzipFile, left: int) -> bytes:
    found = bytearray()
    while chunk := source.read(_CHUNK):
        found += chunk
        if len(found) > left:
            raise Refused("statements.too_large_packed", limit=LARGEST >> 20)
    return bytes(found)
