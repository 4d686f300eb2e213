"""Files that come packed: `.gz`, and `.zip` with one file in it, or several of one kind."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import PurePosixPath
from typing import IO, BinaryIO, Protocol

from connectors.files.places.place import copied
from connectors.files.rows import Torn, Unusable

LARGEST = 1 << 32
"""Bytes that may come out of a packed file."""

_CHUNK = 1 << 20


@contextmanager
def unpacked(file: BinaryIO, name: str) -> Iterator[list[tuple[BinaryIO, str]]]:
    """Yield a file as it is, or what is packed in it, each with the name that tells its format.

    Several files in an archive come in the order of their names. Raises Torn for one that is cut, Unusable
    for one that holds none, or files of several kinds.
    """
    with ExitStack() as stack:
        match PurePosixPath(name).suffix.lower():
            case ".gz":
                copy = stack.enter_context(copied(lambda to: _gunzip(file, to)))
                inside = [(copy, PurePosixPath(name).stem)]
            case ".zip":
                inside = list(_members(file, stack))
            case _:
                yield [(file, name)]
                return
        yield inside


class _Source(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def _gunzip(file: BinaryIO, to: IO[bytes]) -> None:
    file.seek(0)
    try:
        with gzip.GzipFile(fileobj=file) as source:
            _pour(source, to)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Torn("files.cut_archive") from error


def _members(file: BinaryIO, stack: ExitStack) -> Iterator[tuple[BinaryIO, str]]:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            members = sorted(
                (one for one in archive.infolist() if _counts(one)), key=lambda one: one.filename
            )
            if len({PurePosixPath(one.filename).suffix.lower() for one in members}) != 1:
                raise Unusable("files.several_kinds_inside", count=len(members))
            for member in members:
                if member.flag_bits & 1:
                    raise Unusable("files.locked_archive")
                with archive.open(member) as source:
                    copy = stack.enter_context(copied(partial(_pour, source)))
                yield copy, member.filename
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Torn("files.cut_archive") from error
    except NotImplementedError as error:  # a way of packing that only newer programs know
        raise Unusable("files.locked_archive") from error


def _counts(member: zipfile.ZipInfo) -> bool:
    """Tell whether a member is a file, and not what a Mac puts beside one."""
    parts = PurePosixPath(member.filename).parts
    return not member.is_dir() and parts[0] != "__MACOSX" and not parts[-1].startswith(".")


def _pour(source: _Source, to: IO[bytes]) -> None:
    left = LARGEST
    while chunk := source.read(_CHUNK):
        left -= len(chunk)
        if left < 0:
            raise Unusable("files.too_large_inside", limit=LARGEST >> 30)
        to.write(chunk)
