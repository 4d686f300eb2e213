"""Every case of one item, field by field: its facts, its warnings, and why it is refused.

This is what the language means. `hub.mapping.compiled` says the same of usual items faster, and leaves all
others to what stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub.errors import RecordError
from hub.mapping.extras import compile_extra, compile_lines
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.grammar import StreamMapping
from hub.mapping.measures import compile_quantity
from hub.mapping.statuses import Said, compile_money, compile_side, compile_status
from hub.mapping.texts import fitting, is_true
from hub.mapping.values import (
    Defaults,
    Sight,
    Stamp,
    compile_links,
    compile_reference,
    compile_stamp,
    compile_text,
    in_field,
)
from hub.model import QUANTITIES, Added, Fact, Line, Link, Precision, Says, Side, Status

WIDTHS = {"company": 64, "order_no": 128, "part": 128, "event_id": 200, "replaces": 200}
"""Lengths of the store's columns, in characters."""

LINKED = 128
"""Characters of a linked number, at most."""

NO_TIME = frozenset({Says.CREATED, Says.SEEN})
"""What a stamp may say without telling when the status came about."""

_RAW = 64


class Thorough:
    """Reads one item of a stream: the record itself, or one of those that it holds.

    The functions of the fields stand here by name, for whoever reads usual items faster.
    """

    def __init__(
        self, spec: StreamMapping, defaults: Defaults, steps: tuple[Status, ...], *, scoped: bool
    ) -> None:
        """Compile the FIELDs of `spec`; `scoped` tells that items carry what stands around them."""
        fields = {name: one for name, one in spec.fields.items() if not one.keep}
        self.rules, event = defaults.rules, spec.yields == "event"
        self.needs_status = not event and "status" in fields
        self.needs_quantity = not event and bool(fields.keys() & set(QUANTITIES))
        self.deleted, self.returns = (
            defaults.path(path) if path else None for path in (spec.deleted, spec.returns)
        )
        self.company = "" if "company" in fields else defaults.rules.company
        self.order_no = in_field("order_no", compile_reference(fields["order_no"], defaults))
        self.texts = {
            name: in_field(name, compile_text(fields[name], defaults))
            for name in WIDTHS
            if name in fields and name != "order_no"
        }
        status, side, money = fields.get("status"), fields.get("side"), fields.get("money")
        self.status = in_field("status", compile_status(status, defaults, steps)) if status else None
        self.side, self.side_known = compile_side(side, defaults) if side else (_nothing, Side.NONE)
        self.money = in_field("money", compile_money(money, defaults)) if money else None
        self.quantities = {
            name: in_field(name, compile_quantity(fields[name], defaults))
            for name in QUANTITIES
            if name in fields
        }
        self.adds = added(fields)
        stamp = fields.get("occurred_at")
        self.says = Says.EVENT if event else Says.MODIFIED
        self.stamp = in_field("occurred_at", compile_stamp(stamp, defaults, self.says)) if stamp else None
        lines = spec.extras.get("lines")
        self.lines = in_field("lines", compile_lines(lines, defaults, scoped)) if lines else None
        self.extras = {
            name: in_field(name, compile_extra(name, one, defaults))
            for name, one in spec.extras.items()
            if name != "lines"
        }
        self.links: dict[str, Callable[[Any, Sight], Any]] = {
            kind: compile_links(one, defaults) for kind, one in spec.links.items()
        }

    def fact(self, item: Any, read_at: datetime) -> Fact:
        """Return the fact of one item; RecordError with the reason for quarantine."""
        sight = Sight(read_at.date())
        fact = Fact(self.company, None, side_known=self.side_known, adds=self.adds)
        fact.deleted = self.deleted is not None and is_true(self.deleted(item))
        fact.is_return = self.returns is not None and is_true(self.returns(item))
        self._read_stamp(fact, item, sight, read_at)
        self._read_names(fact, item, sight)
        self._read_status(fact, item, sight)
        self._read_quantities(fact, item, sight)
        self._read_extras(fact, item, sight)
        fact.warnings = tuple(sight.warnings)
        return fact

    def _read_names(self, fact: Fact, item: Any, sight: Sight) -> None:
        for name, read in self.texts.items():
            text = read(item, sight)
            if text is not None:
                setattr(fact, name, fitting(name, text, WIDTHS[name]))
        if not fact.company:
            raise RecordError("mapping.no_value", field="company")
        reference = self.order_no(item, sight)
        if reference is None:
            raise RecordError("mapping.no_order_no", field="order_no")
        if isinstance(reference, Link):
            fact.waits_for = Link(reference.kind, fitting("order_no", reference.value, LINKED))
        else:
            fact.order_no = fitting("order_no", reference, WIDTHS["order_no"])

    def _read_status(self, fact: Fact, item: Any, sight: Sight) -> None:
        if self.status is not None:
            said: Said | None = self.status(item, sight)
            if said is not None:
                fact.status, fact.lo, fact.hi, fact.code, fact.unknown_code = said
            elif self.needs_status and not fact.deleted:
                raise RecordError("mapping.no_value", field="status")
        fact.side = self.side(item, sight)
        if self.money is not None:
            fact.money = self.money(item, sight)

    def _read_quantities(self, fact: Fact, item: Any, sight: Sight) -> None:
        said = False
        for name, read in self.quantities.items():
            quantity = read(item, sight)
            if quantity is None:
                continue
            said = True
            self._within_limits(name, quantity, fact.is_return)
            setattr(fact, name, quantity)
        if self.needs_quantity and not said and not fact.deleted:
            raise RecordError("mapping.no_quantity", field=next(iter(self.quantities)))
        if fact.is_return:
            back = next((one for one in (fact.returned, fact.shipped, fact.ordered) if one is not None), None)
            fact.ordered = fact.produced = fact.shipped = None
            fact.returned = None if back is None else abs(back)
            fact.adds = Added.RETURNED if self.adds else Added.NONE

    def _within_limits(self, name: str, quantity: Decimal, is_return: bool) -> None:
        limit = self.rules.limits.quantity
        if abs(quantity) > limit:
            raise RecordError(
                "mapping.quantity_beyond", field=name, found=f"{quantity:f}", limit=f"{limit:f}"
            )
        if quantity < 0 and not is_return:
            raise RecordError("mapping.negative_quantity", field=name, found=f"{quantity:f}")

    def _read_stamp(self, fact: Fact, item: Any, sight: Sight, read_at: datetime) -> None:
        stamp: Stamp | None = self.stamp(item, sight) if self.stamp is not None else None
        if stamp is None:
            return
        at, precision, warning = stamp.moment
        fact.future = at > read_at + self.rules.future
        fact.occurred_at = read_at if fact.future else at
        fact.says = stamp.says
        fact.precision = Precision.NONE if stamp.says in NO_TIME else precision
        sight.day = fact.occurred_at.date()
        if fact.future or warning:
            fact.raw_time = stamp.raw()[:_RAW]

    def _read_extras(self, fact: Fact, item: Any, sight: Sight) -> None:
        extras = {}
        for name, read in self.extras.items():
            try:
                value = read(item, sight)
            except RecordError as error:
                sight.warnings.append(f"{error.key} {name}")
                continue
            if value is not None:
                extras[name] = value
        fact.extras = extras
        if self.lines is not None:
            fact.lines = self._read_lines(item, sight)
        if self.links:
            fact.links = tuple(self._read_links(item, sight))

    def _read_lines(self, item: Any, sight: Sight) -> tuple[Line, ...] | None:
        assert self.lines is not None
        try:
            return self.lines(item, sight)
        except RecordError as error:
            sight.warnings.append(f"{error.key} lines")
            return None

    def _read_links(self, item: Any, sight: Sight) -> list[Link]:
        found: dict[Link, None] = {}
        for kind, read in self.links.items():
            try:
                values = read(item, sight)
            except RecordError as error:
                sight.warnings.append(f"{error.key} {kind}")
                continue
            for value in values:
                if len(value) > LINKED:
                    sight.warnings.append(f"mapping.text_too_long {kind}")
                else:
                    found[Link(kind, value)] = None
        return list(found)


def added(fields: Mapping[str, FieldSpec]) -> Added:
    """Return the quantities that are declared to come on top of what was said before."""
    total = Added.NONE
    for name, spec in fields.items():
        total |= Added[name.upper()] if spec.adds else Added.NONE
    return total


def _nothing(item: Any, sight: Sight) -> Side:
    return Side.NONE
