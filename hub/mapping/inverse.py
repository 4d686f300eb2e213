"""FIELDs turned round: one value of the hub in the words that the FIELD would read it from.

What a FIELD cannot say comes out as None and is never sent half right: a code that only a glob or several
fields together would read, a quantity that is no whole share of the target's unit, a stamp without a zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

from hub.errors import ConfigError, RecordError
from hub.mapping.codes import is_glob
from hub.mapping.fieldspec import FieldSpec, TimeSpec
from hub.mapping.formats import NAMED, directives
from hub.mapping.numbers import exact, style_of
from hub.mapping.times import send
from hub.mapping.values import Defaults, Sight, compile_text
from hub.mapping.zones import zone_of

UNSAID = FieldSpec.model_validate({"keep": True})
"""A FIELD that reads nothing: what is put into its words stays as it is, but for the stream's own style."""

_MOMENTS = frozenset({"iso", "epoch", "epoch_ms", "odata"})
"""Named formats that say the moment by themselves."""

_PRECISION = 60


class Code(NamedTuple):
    """A code that is sent for a word, the FIELD that reads it, and whether its `send` names it."""

    code: str
    way: FieldSpec
    sent: bool


def ways(spec: FieldSpec) -> Iterator[FieldSpec]:
    """Yield the alternatives of a FIELD that read a record, in their order; itself where none does."""
    found = [one for one in _flat(spec) if one.const is None and not one.keep]
    yield from found or [UNSAID]


def _flat(spec: FieldSpec) -> Iterator[FieldSpec]:
    if not spec.any:
        yield spec
    for one in spec.any:
        yield from _flat(one)


def code_of(spec: FieldSpec, word: str, means: Callable[[Sequence[str]], bool] | None = None) -> Code | None:
    """Return the code to send for `word`, None if the FIELD has none that could be sent.

    That is what `send` says, else the first code listed that means it (its first word, or as `means`
    tells) and stands alone: no glob, in one field, not compared. Without a table it is the word itself.
    """
    fits = means or (lambda words: bool(words) and words[0] == word)
    for way in ways(spec):
        if word in way.send:
            return Code(way.send[word], way, True)
        if way.joined or way.compare:
            continue
        if not way.codes:
            return Code(word, way, False)
        for code, words in way.codes.items():
            if not is_glob(code) and fits(words):
                return Code(code, way, False)
    return None


def is_number(spec: FieldSpec) -> bool:
    """Tell whether a FIELD of any name reads a number."""
    return bool(spec.sum or spec.count or spec.scale or spec.numbers or spec.unit or spec.round is not None)


def number_out(
    spec: FieldSpec, defaults: Defaults, number: Decimal, codes: Sequence[str] = (), day: date | None = None
) -> Decimal | str | None:
    """Return a quantity in base units as the FIELD has it: its unit, implied decimals, sign, and style.

    `codes` are the target's codes of the SKUs that it is a quantity of, where they are known. A Decimal
    without exponent, or text where a style of numbers is declared.
    """
    for way in ways(spec):
        own = _in_own_unit(way, defaults, number, codes, day)
        if own is not None:
            return _styled(_plain((-own if way.minus is True else own).scaleb(way.scale)), way, defaults)
    return None


def _styled(number: Decimal, way: FieldSpec, defaults: Defaults) -> Decimal | str:
    sample = way.numbers or defaults.numbers
    return number if sample is None else style_of(sample).write(number)


def _plain(number: Decimal) -> Decimal:
    """Return a number without exponent: 1E+3 is 1000."""
    return Decimal(f"{number:f}")


def _in_own_unit(
    way: FieldSpec, defaults: Defaults, number: Decimal, codes: Sequence[str], day: date | None
) -> Decimal | None:
    """Return `number` in the unit that the FIELD is always in; None if that is no exact share of it."""
    factor = _factor(way, defaults, codes, day)
    if factor is None:
        return None
    with localcontext() as context:
        context.prec = _PRECISION
        own = number / factor
    try:
        own = exact(own)
    except RecordError:
        return None
    return own if way.round is None or own == round(own, way.round) else None


def _factor(way: FieldSpec, defaults: Defaults, codes: Sequence[str], day: date | None) -> Decimal | None:
    """Return how many base units one is; None where it depends on SKUs that differ in it or are not known.

    Only a unit that is always the same can be turned round: a quantity is 1 base unit where there is none,
    or where it stands in the record.
    """
    if not isinstance(way.unit, FieldSpec) or way.unit.const is None:
        return Decimal(1)
    sight = Sight(day)
    unit = compile_text(way.unit, defaults)({}, sight)
    if way.sku is None:
        codes = [""]
    elif way.sku.const is not None:
        codes = [compile_text(way.sku, defaults)({}, sight) or ""]
    try:
        found = {defaults.rules.catalogue.base(defaults.system, one, unit, day)[1] for one in codes}
    except RecordError:
        return None
    return (found.pop() or Decimal(1)) if len(found) == 1 else None


def stamp_out(spec: FieldSpec, defaults: Defaults, moment: datetime) -> Any:
    """Return an aware moment as the FIELD reads it: in its first format and its zone.

    An aware datetime where no format is declared, None where its first format cannot say it. Wall-clock time
    of the hour that a clock change doubles will be read as its first occurrence, as all such stamps are.
    """
    for way in ways(spec):
        said = _formatted(way, defaults, moment)
        if said is not None:
            return said
    return None


def _formatted(way: FieldSpec, defaults: Defaults, moment: datetime) -> Any:
    formats, zone = way.format or defaults.time.format, way.zone or defaults.time.zone
    try:
        if not formats:
            return moment.astimezone(zone_of(zone)) if zone else moment
        letters = {letter for letter, _ in directives(formats[0])} if formats[0] not in NAMED else set()
        if "Z" in letters:  # read as UTC, whatever the zone
            zone = "UTC"
        elif way.offset and formats[0] not in _MOMENTS and "z" not in letters:
            return None  # the offset that belongs to it stands in another field
        return send(moment, TimeSpec(zone=zone, format=(formats[0],)))
    except (ConfigError, OverflowError):
        return None
