"""Quantities and amounts: a number, a sum over lines, or a count; in base units where units are said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hub.catalogue import Catalogue
from hub.errors import MappingError, RecordError
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.numbers import compile_number, exact
from hub.mapping.paths import Getter, split_list
from hub.mapping.texts import stripper
from hub.mapping.values import Defaults, Sight, compile_text, first_of, raw

Counting = Callable[[Any, Sight], Decimal | None]


def compile_quantity(spec: FieldSpec, defaults: Defaults) -> Counting:
    """Return a function to a quantity in base units: a number, a sum, or a count."""
    if spec.any:
        return first_of([compile_quantity(one, defaults) for one in spec.any])
    if spec.default is not None and (spec.sum is not None or spec.count is not None):
        default = plain_number(spec.default)
        said = compile_quantity(spec.model_copy(update={"default": None}), defaults)
        return first_of([said, lambda record, sight: default])
    if spec.sum is not None:
        return _sum(spec, defaults)
    if spec.count is not None:
        return _count(spec.count, defaults)
    read = compile_measure(spec, defaults)
    return lambda record, sight: read(record, sight)[1]


def compile_amount(spec: FieldSpec, defaults: Defaults) -> Counting:
    """Return a function to an amount of money; a unit beside its number is the currency: none to convert."""
    if spec.any:
        return first_of([compile_amount(one, defaults) for one in spec.any])
    if spec.unit is not True:
        return compile_quantity(spec, defaults)
    get, default = _bare(spec, defaults), plain_number(spec.default)
    parse = _parser(spec, defaults, unit=True)

    def amount(record: Any, sight: Sight) -> Decimal | None:
        number = parse(get(record))[0]
        return default if number is None else number

    return amount


def compile_measure(
    spec: FieldSpec, defaults: Defaults
) -> Callable[[Any, Sight], tuple[str, Decimal | None]]:
    """Return a function to the hub SKU (where `sku` is said) and the quantity in its base unit."""
    get, default = _bare(spec, defaults), plain_number(spec.default)
    constant = plain_number(spec.const)
    behind = spec.unit is True
    parse = _parser(spec, defaults, unit=behind)
    unit_of = compile_text(spec.unit, defaults) if isinstance(spec.unit, FieldSpec) else None
    sku_of = compile_text(spec.sku, defaults) if spec.sku is not None else None
    to_base, system = defaults.rules.catalogue.to_base, defaults.system

    def read(record: Any, sight: Sight) -> tuple[str, Decimal | None]:
        number, unit = parse(get(record)) if constant is None else (constant, "")
        if number is None and default is not None:
            number = default
        code = (sku_of(record, sight) or "") if sku_of is not None else ""
        if unit_of is not None:
            unit = unit_of(record, sight) or ""
        if number is None:
            return code, None
        if not unit and not code:
            return code, number
        sku, quantity = to_base(system, code, unit, number, sight.day)
        return sku, exact(quantity)

    return read


def compile_base(spec: FieldSpec, defaults: Defaults) -> Callable[[Any, Sight], tuple[str, Decimal | None]]:
    """Return a function to the hub SKU of a quantity and the base units that one of its units is, if any.

    The other half of `compile_measure`, for a FIELD whose unit does not stand behind its number.
    """
    unit_of = compile_text(spec.unit, defaults) if isinstance(spec.unit, FieldSpec) else None
    sku_of = compile_text(spec.sku, defaults) if spec.sku is not None else None
    base, system = defaults.rules.catalogue.base, defaults.system

    def read(record: Any, sight: Sight) -> tuple[str, Decimal | None]:
        code = (sku_of(record, sight) or "") if sku_of is not None else ""
        unit = unit_of(record, sight) if unit_of is not None else None
        return base(system, code, unit, sight.day) if unit or code else (code, None)

    return read


def _parser(
    spec: FieldSpec, defaults: Defaults, *, unit: bool
) -> Callable[[Any], tuple[Decimal | None, str]]:
    return compile_number(spec.numbers or defaults.numbers, scale=spec.scale, unit=unit, places=spec.round)


def _bare(spec: FieldSpec, defaults: Defaults) -> Getter:
    """Return the getter of a raw number without what `strip` takes off, such as the sign of a currency.

    Where nothing is left there is no number; but zeros are 0, though leading zeros are taken off.
    """
    get, strip = raw(spec, defaults), stripper(spec.strip)
    if strip is None:
        return get

    def bare(record: Any) -> Any:
        value = get(record)
        if not isinstance(value, str) or not value.strip("0"):
            return value
        return strip(value)

    return bare


def plain_number(text: str | None) -> Decimal | None:
    """Return the number that a `const` or a `default` states: plain, whatever the source's style is.

    Raises MappingError for what is no number.
    """
    try:
        return compile_number()(text)[0]
    except RecordError as error:
        raise MappingError("mapping.want_number", found=text) from error


def _sum(spec: FieldSpec, defaults: Defaults) -> Counting:
    """Sum over the items of a list, each converted to its base unit; a stated `count` must be met."""
    where, inner = split_list(spec.sum or "") or (spec.sum or "", "@")
    items_of = defaults.path(where)
    read = compile_measure(within_list(spec, where, inner), defaults)
    expected = _count(spec.count, defaults) if spec.count else None
    catalogue = defaults.rules.catalogue
    mixed = spec.unit is not None and catalogue.mixed

    def total(record: Any, sight: Sight) -> Decimal | None:
        items = items_of(record)
        if items is None:
            return None
        if not isinstance(items, list):
            items = [items]
        if expected is not None:
            stated = expected(record, sight)
            if stated is not None and stated != len(items):
                raise RecordError("mapping.lines_incomplete", stated=f"{stated:f}", found=len(items))
        measured = [one for item in items if (one := read(item, sight))[1] is not None]
        if mixed:
            require_one_unit(catalogue, (sku for sku, _ in measured))
        numbers = [number for _, number in measured if number is not None]
        return exact(sum(numbers, Decimal(0))) if numbers or not items else None

    return total


def require_one_unit(catalogue: Catalogue, skus: Iterable[str]) -> None:
    """Raise RecordError unless the base units of all `skus` may be summed: metres and pieces may not."""
    bases = list(dict.fromkeys(catalogue.bases(sku) for sku in skus))
    for one, other in pairwise(bases):
        if not one & other:
            said = ("/".join(sorted(base)) for base in (one, other))
            raise RecordError("mapping.mixed_units", one=next(said), other=next(said))


def within_list(spec: FieldSpec, where: str, inner: str) -> FieldSpec:
    """Return the FIELD of one item of the list `where`: its paths without the list."""

    def relative(field: FieldSpec | None) -> FieldSpec | None:
        if field is None:
            return None
        paths = tuple(
            parts[1] if (parts := split_list(path)) and parts[0] == where else path for path in field.from_
        )
        return field.model_copy(update={"from_": paths})

    unit = spec.unit if spec.unit is True else relative(spec.unit)
    return spec.model_copy(
        update={"from_": (inner,), "sum": None, "count": None, "unit": unit, "sku": relative(spec.sku)}
    )


def _count(path: str, defaults: Defaults) -> Counting:
    get, parse = defaults.path(path), compile_number(defaults.numbers)

    def count(record: Any, sight: Sight) -> Decimal | None:
        value = get(record)
        return Decimal(len(value)) if isinstance(value, list) else parse(value)[0]

    return count
