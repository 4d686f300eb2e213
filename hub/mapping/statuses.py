"""Codes as statuses with the range of ranks they mean, as what lies beside the chain, and as money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from hub.mapping.codes import matcher
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.ladder import span, status_of
from hub.mapping.measures import compile_quantity
from hub.mapping.texts import stripper, text_of
from hub.mapping.values import Defaults, Sight, Texting, first_of, raw
from hub.model import TOP, Money, Side, Status


class Said(NamedTuple):
    """What a status code says; one that the mapping does not know leaves everything open."""

    status: Status | None
    lo: int
    hi: int
    code: str | None
    unknown: bool


SILENT = Said(None, 0, TOP, None, False)
"""What a code says that stands in the table with null: nothing of the status, which stays as last said."""


def compile_status(
    spec: FieldSpec, defaults: Defaults, steps: Sequence[Status]
) -> Callable[[Any, Sight], Said | None]:
    """Return a function to what the status FIELD says, SILENT for null in its table, None without a code."""
    if spec.any:
        return _first_said([compile_status(one, defaults, steps) for one in spec.any])
    code_of, strip = compile_code(spec, defaults), stripper(spec.strip)
    meanings = {code: _statuses(words) for code, words in spec.codes.items()}
    if not spec.codes:
        meanings = {status.word: (status,) for status in Status}
    match = matcher(meanings)
    default = _meant(_statuses((spec.default,)), steps, None) if spec.default else None
    known: dict[str, Said] = {}

    def read(record: Any, sight: Sight) -> Said | None:
        code = code_of(record, sight) or ""
        if strip is not None:
            code = strip(code)
        if code in known:
            return known[code]
        meaning = match(code)
        if meaning == ():
            return SILENT
        if meaning:
            said = _meant(meaning, steps, code)
            if len(known) < 1000:
                known[code] = said
            return said
        if not code:
            return default
        return Said(None, 0, TOP, code, True)

    return read


def _first_said(parts: Sequence[Callable[[Any, Sight], Said | None]]) -> Callable[[Any, Sight], Said | None]:
    """Return the alternatives as one: the first that says a status, SILENT where one of them is silent."""

    def read(record: Any, sight: Sight) -> Said | None:
        silent = None
        for part in parts:
            said = part(record, sight)
            if said is SILENT:
                silent = said
            elif said is not None:
                return said
        return silent

    return read


def compile_code(spec: FieldSpec, defaults: Defaults) -> Texting:
    """Return a function to the code that a table is asked for: a text, a comparison, or one behind it."""
    get = raw(spec, defaults)
    if not spec.compare:
        return lambda record, sight: text_of(get(record))
    first, second = (compile_quantity(one, defaults) for one in spec.compare)

    def compared(record: Any, sight: Sight) -> str | None:
        word = _compared(first(record, sight), second(record, sight))
        return f"{text_of(get(record)) or '-'} {word or '-'}" if spec.from_ else word

    return compared


def _compared(first: Decimal | None, second: Decimal | None) -> str | None:
    """Return how the first quantity stands to the second; None where there is no second to compare with."""
    if not first:
        return "none"
    if second is None:
        return None
    return "equal" if first == second else "less" if first < second else "more"


def _statuses(words: Sequence[str]) -> tuple[Status, ...]:
    return tuple(found for word in words if (found := status_of(word)) is not None)


def _meant(statuses: Sequence[Status], steps: Sequence[Status], code: str | None) -> Said:
    lo, hi = span(statuses, steps)
    return Said(statuses[0], lo, hi, code, False)


def compile_side(spec: FieldSpec, defaults: Defaults) -> tuple[Callable[[Any, Sight], Side], Side]:
    """Return a function to what lies beside the chain, and all that the FIELD is able to say.

    A list of FIELDs adds up: each may say something of its own. A code that the table lacks says nothing.
    """
    if spec.any:
        parts = [compile_side(one, defaults) for one in spec.any]
        known = Side.NONE
        for _, one in parts:
            known |= one
        return lambda record, sight: _all_of(read(record, sight) for read, _ in parts), known
    code_of = compile_code(spec, defaults)
    flags = {code: _all_of(side_of(word) for word in words) for code, words in spec.codes.items()}
    if not spec.codes:
        flags = {str(side.name).lower(): side for side in Side if side}
    match = matcher(flags)
    default = side_of(spec.default) if spec.default else Side.NONE

    def read(record: Any, sight: Sight) -> Side:
        code = code_of(record, sight)
        found = match(code or "")
        return found if found is not None else Side.NONE if code else default

    return read, _all_of(flags.values()) | default


def _all_of(sides: Any) -> Side:
    total = Side.NONE
    for side in sides:
        total |= side
    return total


def side_of(word: str) -> Side:
    """Return the flag called `word`; `none` is written where a code says nothing."""
    return Side.__members__.get(word.upper(), Side.NONE)


def compile_money(spec: FieldSpec, defaults: Defaults) -> Callable[[Any, Sight], Money | None]:
    """Return a function to how far the money is, None where the FIELD does not say it."""
    if spec.any:
        return first_of([compile_money(one, defaults) for one in spec.any])
    code_of = compile_code(spec, defaults)
    # null in the table: this code says nothing of the money
    words = {code: said[0] if said else "" for code, said in spec.codes.items()} or {
        one.name.lower(): one.name.lower() for one in Money
    }
    match = matcher(words)

    def read(record: Any, sight: Sight) -> Money | None:
        word = match(code_of(record, sight) or "")
        said = spec.default if word is None else word
        return Money.__members__.get(said.upper()) if said else None

    return read
