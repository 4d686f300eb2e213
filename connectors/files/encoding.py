"""The charset and the digest of a file, from its bytes; and the file as text."""

from __future__ import annotations

import codecs
import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from connectors.files.rows import Torn, Unusable

ENCODINGS = ("utf-8", "gb18030")
"""Tried in this order where the mapping names none; strictly, since a short GB18030 text fools any guess."""

_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def digest_of(*files: BinaryIO) -> str:
    """Return the digest of the whole content of a file, or of several as one."""
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        file.seek(0)
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def encoding_of(file: BinaryIO, wanted: Sequence[str] = ()) -> str:
    """Return the first charset in which the whole file reads: its byte order mark's, else one of `wanted`.

    Raises Unusable if none fits, and Torn if the file ends within a character: such a one must not be taken
    for a file in the next charset.
    """
    file.seek(0)
    head = file.read(4)
    marked = [name for mark, name in _MARKS if head.startswith(mark)]
    tried = marked[:1] or list(wanted) or list(ENCODINGS)
    for name in tried:
        if _fits(file, name):
            return name
    raise Unusable("files.no_charset", tried=", ".join(tried))


@contextmanager
def text_of(file: BinaryIO, encoding: str, newline: str | None = None) -> Iterator[io.TextIOWrapper]:
    """Yield a file as text, from its begin; it stays open, since it belongs to the caller."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline=newline)
    try:
        yield text
    finally:
        text.detach()


def _fits(file: BinaryIO, name: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(name)("strict")
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Torn("files.cut_character") from error
    return True
