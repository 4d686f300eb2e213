"""What people write in names and remittances, brought to one form.

Full-width signs become plain ones (NFKC), traditional characters simplified ones, Latin letters capital and
without marks. Nothing is thrown away here: that is for `names` and `numbers`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Protocol

_CJK = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－", "-") | {"～": "~", "〜": "~", "／": "/", "＃": "#"})
_MARKS = re.compile("[\u0300-\u036f]")
_UMLAUTS = {"Ä": "AE", "Ö": "OE", "Ü": "UE", "ß": "SS", "Æ": "AE", "Ø": "OE", "Å": "AA", "Œ": "OE"}
_PLAIN = str.maketrans({"Ł": "L", "Đ": "D", "Ø": "O", "Æ": "AE", "ß": "SS", "Œ": "OE"})


class _Converter(Protocol):
    def convert(self, text: str) -> str:
        """Return the text in the other script."""


@cache
def _simplifier() -> _Converter:
    import opencc  # late: only matching needs it

    converter: _Converter = opencc.OpenCC("t2s")
    return converter


def folded(text: str) -> str:
    """Return `text` in its plain form: half-width, simplified, capital; words and signs stay."""
    return text.upper() if text.isascii() else _folded(text)


@lru_cache(maxsize=65_536)
def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
    if _CJK.search(plain):
        plain = _simplifier().convert(plain)
    if plain.isascii():
        return plain.upper()
    upper = plain.upper().translate(_PLAIN)
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", upper)))


def spelled_out(text: str) -> str:
    """Return `folded(text)` with umlauts as two letters, the way in which many banks write them."""
    if text.isascii():
        return folded(text)
    upper = unicodedata.normalize("NFC", text).upper()
    return folded("".join(_UMLAUTS.get(sign, sign) for sign in upper))


def is_chinese(text: str) -> bool:
    """Tell whether there is a Chinese character in `text`."""
    return not text.isascii() and bool(_CJK.search(text))
