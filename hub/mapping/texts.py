"""Raw values as text: numbers by which orders are known, names, codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from hub.errors import RecordError


def text_of(value: Any) -> str | None:
    """Return a raw scalar as text, None where it is absent (null, empty text).

    Whole numbers lose their empty fraction (4711.0 is the number "4711"). Raises RecordError for a float,
    a list, a map, bytes, or text that no database keeps.
    """
    if type(value) is str:
        require_storable(value)
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite():
        whole = value.to_integral_value()
        return str(int(whole)) if whole == value else f"{value:f}"
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise RecordError("mapping.not_text", found=repr(value)[:40])


def require_storable(text: str) -> None:
    """Raise RecordError for text that no database keeps: with a NUL, or with half a character."""
    if "\0" in text:
        raise RecordError("mapping.not_text", found=repr(text[:40]))
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise RecordError("mapping.not_text", found=repr(text[error.start : error.start + 40])) from error


def fitting(name: str, text: str, width: int) -> str:
    """Return `text` if the store's column for field `name` takes it; RecordError otherwise."""
    if len(text) > width:
        raise RecordError("mapping.text_too_long", field=name, length=len(text), limit=width)
    return text


def stripper(rules: Sequence[str]) -> Callable[[str], str] | None:
    """Return what `strip` takes off: ``"0"`` leading zeros, ``"SO-"`` a prefix, ``"-*"`` a suffix."""
    if not rules:
        return None

    def strip(text: str) -> str:
        for rule in rules:
            if len(rule) == 1:
                text = text.lstrip(rule)
            elif rule.endswith("*"):
                head, found, _ = text.rpartition(rule[:-1])
                text = head if found and head else text
            else:
                text = text.removeprefix(rule)
        return text

    return strip


_NO = frozenset({"", "0", "n", "no", "f", "false", "否"})


def is_true(value: Any) -> bool:
    """Tell whether a flag is set: nothing, 0, "N", "no", "false", "否" and a date of zeros say no."""
    if isinstance(value, str):
        text = value.strip().casefold()
        return text not in _NO and bool(text.strip("0-./: t"))
    return bool(value)
