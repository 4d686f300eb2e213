"""Files that come packed: `.gz`, and `.zip` with one file in it."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, BinaryIO, Protocol

from connectors.files.places.place import copied
from connectors.files.rows import Torn, Unusable

LARGEST = 1 << 32
"""Bytes that may come out of a packed file."""

_CHUNK = 1 << 20


@contextmanager
def unpacked(file: BinaryIO, name: str) -> Iterator[tuple[BinaryIO, str]]:
    """Yield a file as it is, or what is packed in it, with the name that tells its format.

    Raises Torn for one that is cut, Unusable for one that holds none or several files.
    """
    match PurePosixPath(name).suffix.lower():
        case ".gz":
            inside = copied(lambda to: _gunzip(file, to))
            inner = PurePosixPath(name).stem
        case ".zip":
            inside, inner = _only(file)
        case _:
            yield file, name
            return
    with inside:
        yield inside, inner


class _Source(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def _gunzip(file: BinaryIO, to: IO[bytes]) -> None:
    file.seek(0)
    try:
        with gzip.GzipFile(fileobj=file) as source:
            _pour(source, to)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Torn("files.cut_archive") from error


def _only(file: BinaryIO) -> tuple[BinaryIO, str]:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) != 1:
                raise Unusable("files.not_one_inside", count=len(members))
            if members[0].flag_bits & 1:
                raise Unusable("files.locked_archive")
            with archive.open(members[0]) as source:
                return copied(lambda to: _pour(source, to)), members[0].filename
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Torn("files.cut_archive") from error
    except NotImplementedError as error:  # a way of packing that only newer programs know
        raise Unusable("files.locked_archive") from error


def _pour(source: _Source, to: IO[bytes]) -> None:
    left = LARGEST
    while chunk := source.read(_CHUNK):
        left -= len(chunk)
        if left < 0:
            raise Unusable("files.too_large_inside", limit=LARGEST >> 30)
        to.write(chunk)
