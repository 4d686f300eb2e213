"""The text of a statement file, whose charset is named nowhere, or wrongly."""

from __future__ import annotations

import codecs
import re
import unicodedata

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSED = ("cp1252", "iso-8859-2", "cp1250", "cp852", "cp850", "cp1251", "gb18030")
"""Legacy charsets of banks, the likelier first."""

_NEARBY = frozenset("äöüÄÖÜßéèêëàâçôîïûùñáíóúãõåøæÅØÆÉÈÀÇÑÁÍÓÚ" + "ąćęłńśźżĄĆĘŁŃŚŹŻčďěňřšťůýžČĎĚŇŘŠŤŮÝŽőűŐŰ")
"""Letters with marks that names of people and towns are full of."""

_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030"}
_SAMPLE = 1 << 16


def text_of(content: bytes, declared: str = "") -> str:
    """Return a file as text; nothing is lost, whatever its charset is.

    A byte order mark counts first, then UTF-8 where it fits: hardly any text in another charset does. Then
    comes the charset that the file declares, then the one in which its letters look most like words. A file
    that is cut within a character keeps the rest of it as the sign for an unknown one.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content.decode(name, "replace")
    if wide := _unmarked(content):
        return content.decode(wide, "replace")
    if (whole := _decoded(content, "utf-8")) is not None:
        return whole
    known = _WIDER.get(declared.casefold(), declared)
    if known and (told := _decoded(content, known)) is not None and not _has_controls(told):
        return told
    return content.decode(_guess(content), "replace")


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, whatever ends them; other signs that part lines belong to banks' texts."""
    return re.split(r"\r*\n|\r", text)


def last_line(text: str) -> int:
    """Return the number of the last line in which anything stands."""
    return len(lines_of(text.rstrip()))


def _unmarked(content: bytes) -> str | None:
    """Tell UTF-16 without a mark by its zero bytes."""
    head = content[:400]
    if len(head) < 4 or head.count(0) * 3 < len(head):
        return None
    return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"


def _decoded(content: bytes, name: str) -> str | None:
    """Return the text, None if the charset does not fit or is unknown; the last character may be cut."""
    try:
        decoder = codecs.getincrementaldecoder(name)("strict")
        return decoder.decode(content) + ("\ufffd" if _is_cut(decoder) else "")
    except (UnicodeError, LookupError, AssertionError, ValueError):
        return None


def _is_cut(decoder: codecs.IncrementalDecoder) -> bool:
    return bool(decoder.getstate()[0])


def _has_controls(text: str) -> bool:
    return any("\x7f" < sign < "\xa0" for sign in text)


def _guess(content: bytes) -> str:
    strange = b" ".join(re.findall(rb"[\x00-\x7f]{0,2}[\x80-\xff]+[\x00-\x7f]{0,2}", content))[:_SAMPLE]
    return max(_GUESSED, key=lambda name: _likeness(strange.decode(name, "replace"), name))


def _likeness(text: str, name: str) -> float:
    """Return how much a text looks like words: above zero for familiar letters, below for signs in words."""
    strange = [sign for sign in text if sign > "\x7f"]
    score = float(sum(_worth(sign, name) for sign in strange))
    score -= 2.0 * len(re.findall(r"[a-z][^\W\d_a-zA-Z](?<=[A-ZĄĆĘŁŃŚŹŻÄÖÜÀ-ÞА-Я])[a-z]?", text))
    return score / max(1, len(strange))


def _worth(sign: str, name: str) -> float:
    if sign in _NEARBY:
        return 2.0
    kind = unicodedata.category(sign)
    if name == "gb18030":
        return (1.9 if _is_common(sign) else -3.0) if kind == "Lo" else -1.0
    if name == "cp1251":
        return 1.5 if "а" <= sign.lower() <= "я" else -1.5
    if sign == "\ufffd" or kind in {"Cc", "Co"}:
        return -5.0
    return 0.3 if kind in {"Ll", "Lu"} else 0.0 if sign in "€£§°–’“”«»\xa0" else -2.0


def _is_common(sign: str) -> bool:
    """Tell whether a Chinese character is one of the 6,763 of GB2312."""
    try:
        return len(sign.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False
