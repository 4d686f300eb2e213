"""What is known of an order beside its core: typed where the store has a column, JSON-able where it has none.

An extra can fail and never stops the order: it is dropped with a warning (message key and field name).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from hub.errors import RecordError
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.measures import compile_amount, compile_measure, compile_quantity
from hub.mapping.texts import require_storable
from hub.mapping.values import (
    Defaults,
    Sight,
    compile_moment,
    compile_text,
    raw,
)
from hub.model import ORDER_TYPES, Line

WIDTHS = {
    "customer_no": 64, "customer_name": 200, "salesperson": 100, "plant": 64, "currency": 3, "priority": 20,
}  # fmt: skip
"""Text extras that have a column of their own, with its length in characters."""

TIMES = ("due", "due_first", "due_now")
TYPED = ("order_type", *WIDTHS, "amount", *TIMES, "lines")
LINE = ("line_no", "sku", "quantity")

Reading = Callable[[Any, Sight], Any]


def compile_extra(name: str, spec: FieldSpec, defaults: Defaults) -> Reading:
    """Return a function to the value of extra `name`, None if absent; a wrong one is a RecordError."""
    if name == "order_type":
        return _order_type(compile_text(spec, defaults))
    if name in WIDTHS:
        return _narrow(compile_text(spec, defaults), WIDTHS[name])
    if name == "amount":
        return compile_amount(spec, defaults)
    if name in TIMES:
        return _instant(spec, defaults)
    return _other(spec, defaults)


def compile_lines(
    spec: FieldSpec, defaults: Defaults, scoped: bool
) -> Callable[[Any, Sight], tuple[Line, ...] | None]:
    """Return a function to the order's lines; one wrong line is a RecordError: half of them would mislead."""
    items_of = defaults.path(spec.each or "@")
    number_of = compile_text(spec.as_["line_no"], defaults) if "line_no" in spec.as_ else None
    quantity = spec.as_["quantity"]
    measure = compile_measure(quantity.model_copy(update={"sku": quantity.sku or spec.as_["sku"]}), defaults)

    def lines(record: Any, sight: Sight) -> tuple[Line, ...] | None:
        items = items_of(record)
        if items is None:
            return None
        return tuple(
            line(within(item, record, scoped), index, sight) for index, item in enumerate(listed(items), 1)
        )

    def line(item: Any, index: int, sight: Sight) -> Line:
        sku, amount = measure(item, sight)
        if not sku or amount is None:
            raise RecordError("mapping.line_incomplete", line=index)
        return Line((number_of(item, sight) if number_of else None) or str(index), sku, amount)

    return lines


def listed(value: Any) -> list[Any]:
    """Return one or several as a list."""
    return value if isinstance(value, list) else [value]


def within(item: Any, record: Any, scoped: bool) -> Any:
    """Return `item` as paths see it: with its parent as `up` (and `meta`) where the stream mentions them.

    An item that is no object is seen as `value`.
    """
    seen = item if isinstance(item, dict) else {"value": item}
    if not scoped:
        return seen
    return {**seen, "up": record, "meta": record.get("meta")}


def _order_type(read: Reading) -> Reading:
    def order_type(record: Any, sight: Sight) -> str | None:
        word: str | None = read(record, sight)
        if word is not None and word not in ORDER_TYPES:
            raise RecordError("mapping.code_unknown", code=word)
        return word

    return order_type


def _narrow(read: Reading, width: int) -> Reading:
    def narrow(record: Any, sight: Sight) -> str | None:
        text: str | None = read(record, sight)
        if text is not None and len(text) > width:
            raise RecordError("mapping.text_too_long", length=len(text), limit=width)
        return text

    return narrow


def _instant(spec: FieldSpec, defaults: Defaults) -> Reading:
    read = compile_moment(spec, defaults)

    def instant(record: Any, sight: Sight) -> datetime | None:
        moment = read(record, sight)
        return None if moment is None else moment.at

    return instant


def _other(spec: FieldSpec, defaults: Defaults) -> Reading:
    """Return a reader by what the FIELD says of itself: a stamp, a number, a list, a text, the bare value."""
    if spec.format or spec.zone:
        return _instant(spec, defaults)
    if spec.sum or spec.count or spec.scale or spec.numbers or spec.unit or spec.round is not None:
        return compile_quantity(spec, defaults)
    if spec.each:
        return _several(spec, defaults)
    if spec.any or spec.codes or spec.strip or spec.joined or spec.const is not None:
        return compile_text(spec, defaults)
    get, default = raw(spec, defaults), spec.default

    def value(record: Any, sight: Sight) -> Any:
        found = jsonable(get(record), defaults.rules.limits.text)
        return default if found is None else found

    return value


def _several(spec: FieldSpec, defaults: Defaults) -> Reading:
    items_of = defaults.path(spec.each or "@")
    readers: Mapping[str, Reading] = {name: _other(inner, defaults) for name, inner in spec.as_.items()}

    def several(record: Any, sight: Sight) -> list[dict[str, Any]] | None:
        items = items_of(record)
        if items is None:
            return None
        seen = [within(item, record, isinstance(record, dict)) for item in listed(items)]
        return [{name: read(item, sight) for name, read in readers.items()} for item in seen]

    return several


def jsonable(value: Any, limit: int) -> Any:
    """Return `value` as the store can keep it (None for empty text); RecordError for what it cannot keep."""
    if value is None or value == "" or isinstance(value, bool | int):
        return None if value == "" else value
    if isinstance(value, str):
        require_storable(value)
        if len(value.encode()) > limit:
            raise RecordError("mapping.text_too_long", length=len(value), limit=limit)
        return value
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list):
        return [jsonable(one, limit) for one in value]
    if isinstance(value, dict):
        return {str(name): jsonable(one, limit) for name, one in value.items()}
    raise RecordError("mapping.not_text", found=repr(value)[:40])
