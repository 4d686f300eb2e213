"""The charset and the digest of a file, found in one pass over its bytes."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

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


@dataclass(frozen=True, slots=True)
class NoCharset(Exception):
    """None of the charsets fits. `torn`: one fits up to the end, where a character is cut."""

    tried: Sequence[str]
    torn: bool = False


def digest_of(file: BinaryIO) -> str:
    """Return the digest of a file's whole content; read from its begin."""
    file.seek(0)
    digest = hashlib.blake2b(digest_size=16)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def encoding_of(file: BinaryIO, wanted: Sequence[str] = ()) -> str:
    """Return the first charset in which the whole file can be read: its byte order mark's, else one of `wanted`.

    Raises NoCharset. A file that ends within a character is torn: it must not be taken for another charset.
    """
    file.seek(0)
    head = file.read(4)
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    tried = (marked,) if marked else tuple(wanted) or ENCODINGS
    for name in tried:
        file.seek(0)
        decoder = codecs.getincrementaldecoder(name)("strict")
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
        except UnicodeDecodeError:
            continue
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise NoCharset(tried, torn=True) from error
        return name
    raise NoCharset(tried)
