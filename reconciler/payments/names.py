"""Names of firms, reduced to what tells one from another."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import LCSseq, Levenshtein

from reconciler.payments.texts import folded, is_chinese, spelled_out

_LEGAL_CJK = re.compile(
    "(股份有限责任公司|有限责任股份公司|集团股份有限公司|集团有限公司|股份有限公司|有限责任公司|有限公司|"
    "股份公司|集团公司|总公司|公司|株式会社|株式會社|有限会社)"
)
_LEGAL_CUT = re.compile("(?<=[\u3400-\u9fff]{3})(股份有限公?|集团有限公?|有限责任?公?|有限公?)$")
"""A legal form of which the end was cut off with the name."""

_PLACES = re.compile("(?<=[\u3400-\u9fff]{2})[市省县](?=[\u3400-\u9fff]{2})")
_WORD = re.compile("[A-Z0-9]+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_LEGAL = frozenset({
    "CO", "COMPANY", "LTD", "LIMITED", "INC", "INCORPORATED", "CORP", "CORPORATION", "LLC", "LLP", "LP",
    "PLC", "PTE", "PTY", "GMBH", "MBH", "AG", "KG", "KGAA", "OHG", "GBR", "UG", "EK", "EV", "SE", "SA",
    "SAS", "SASU", "SARL", "SRL", "SPA", "SNC", "NV", "BV", "VOF", "CVBA", "BVBA", "AB", "AS", "ASA", "APS",
    "OY", "OYJ", "KK", "YK", "SDN", "BHD", "LTDA", "SL", "SLU", "SP", "ZOO", "SRO", "DOO", "KFT", "ZRT",
    "RT", "OOO", "THE", "CIE",
})  # fmt: skip
_EITHER_END = frozenset({"THE", "OOO", "SPA", "SRL", "SARL", "GMBH", "LTD", "LLC"})
"""Legal forms that say nothing at the beginning of a name either; AB or SA there may be a name's own."""

_IN_BRACKETS = re.compile(r"\((集团|股份|控股)\)")
_SPELLED = ((re.compile(r"\bS\.?\s?A\.?\s?R\.?\s?L\b"), "SARL"), (re.compile(r"\bZ\.?\s?O\.?\s?O\b"), "ZOO"))
"""Legal forms whose letters stand apart in other ways than `_JOINED` knows: S. à r.l., Sp. z o.o."""

_JOINED = re.compile(r"\b([A-Z])\.?(?:\s?&\s?|\.)(?=[A-Z]\b)")
"""Letters that belong together: S.A., A & B."""

_NUMERAL = re.compile("[0-9]+|[一二三四五六七八九十]+")

SHORT = 2
"""A name of fewer characters than these says nothing."""


@lru_cache(maxsize=65_536)
def whole(name: str) -> str:
    """Return a name without signs and blanks, its legal form and all: "" if nothing is left."""
    return "".join(words_of(name))


def words_of(name: str) -> list[str]:
    """Return the words of a name or a text, the letters of legal forms put together; Chinese is one word."""
    return _WORD.findall(_put_together(name))


@lru_cache(maxsize=65_536)
def core(name: str) -> str:
    """Return a name without its legal form; the legal form alone stays if there is nothing else."""
    plain = _put_together(name)
    if is_chinese(plain):
        plain = _PLACES.sub("", _without_legal(plain))
    said = _WORD.findall(plain)
    words = [word for at, word in enumerate(said) if word not in (_LEGAL if at else _EITHER_END)]
    return "".join(words) or whole(name)


def placed(name: str) -> str:
    """Return a Chinese name without its legal form, but with what kind of place it names: 苏州市蓝天贸易."""
    plain = _put_together(name)
    return "".join(_WORD.findall(_without_legal(plain))) if _PLACES.search(plain) else ""


def _without_legal(plain: str) -> str:
    return _LEGAL_CUT.sub("", _LEGAL_CJK.sub(" ", plain).rstrip())


@lru_cache(maxsize=1024)
def _put_together(name: str) -> str:
    """Return a folded name in which the letters of a legal form, and of A & B, are one word."""
    plain = folded(name)
    if plain.isalnum():
        return plain  # nothing stands apart
    plain = _IN_BRACKETS.sub(r"\1", plain)
    for apart, together in _SPELLED:
        plain = apart.sub(together, plain)
    return _JOINED.sub(r"\1", plain) if "." in plain or "&" in plain else plain


@lru_cache(maxsize=65_536)
def cores(name: str) -> frozenset[str]:
    """Return the forms in which a name may come, umlauts spelled out or not."""
    return frozenset(key for key in (core(name), core(spelled_out(name))) if len(key) >= SHORT)


def alike(one: str, other: str) -> bool:
    """Tell whether two cores may be the same firm, misspelled, abbreviated or written longer.

    True for one sign wrong, missing or too many in five, and where the shorter one's signs stand in the
    longer one in their order, at least four of them (two thirds of a Latin name). No proof: twins are alike,
    but not those that are told apart by a number, or (Chinese) by the place at the beginning.
    """
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if len(short) < 2 * SHORT:
        return False
    most = max(1, len(long) // 5)
    near = len(long) - len(short) <= most and Levenshtein.distance(short, long, score_cutoff=most) <= most
    return (near or _is_within(short, long)) and not _are_siblings(one, other)


def signs_of(key: str) -> int:
    """Return the signs of a core as bits; some signs share one."""
    bits = 0
    for sign in key:
        bits |= 1 << ord(sign) % 64
    return bits


def most_apart(key: str) -> int:
    """Return by how many bits a core may differ from one that is alike, unless one is within the other."""
    return 2 * max(1, len(key) // 4)


def _are_siblings(one: str, other: str) -> bool:
    """Tell whether two names differ in what firms of one name differ by: a number, a place."""
    mine, theirs = _NUMERAL.findall(one), _NUMERAL.findall(other)
    if mine and theirs and mine != theirs:
        return True
    chinese = is_chinese(one) and is_chinese(other)
    return chinese and len(one) == len(other) and one[:2] != other[:2] and one[2:] == other[2:]


def _is_within(short: str, long: str) -> bool:
    """Tell whether a name is what is left of a longer one: most of a Latin name, or a piece of it."""
    if short.isascii() and 3 * len(short) < 2 * len(long):
        return short in long
    return LCSseq.similarity(short, long, score_cutoff=len(short)) == len(short)
