"""A stream's mapping compiled once: records in the system's words become facts in the hub's.

Pure: the same record, surroundings and time of reading give the same facts. Nothing of an order is guessed:
a core value that is wrong or beyond the limits is a RecordError, and the record goes to quarantine whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from hub.errors import RecordError
from hub.mapping import ladder, paths
from hub.mapping.extras import compile_extra, compile_lines, listed, within
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.fingerprint import fingerprint, record_key
from hub.mapping.grammar import StreamMapping, SystemMapping
from hub.mapping.measures import compile_quantity
from hub.mapping.statuses import Said, compile_money, compile_side, compile_status
from hub.mapping.support import require_readable
from hub.mapping.texts import is_true, text_of
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
from hub.model import QUANTITIES, Fact, Line, Link, Precision, Record, Says, Side, Status
from hub.rules import Rules

WIDTHS = {"company": 64, "order_no": 128, "part": 128, "event_id": 200, "replaces": 200}
"""Lengths of the store's columns, in characters."""

_VALUE, _RAW = 128, 64
_NO_TIME = frozenset({Says.CREATED, Says.SEEN})


@dataclass(slots=True)
class Reading:
    """What one record came to: its facts; `skipped` if the mapping says that it is no order (yet).

    `version` is the source's own version of the record (ETag, revision), where the mapping names one.
    """

    facts: list[Fact] = field(default_factory=list)
    skipped: bool = False
    version: str | None = None


class Reader:
    """Reads the records of one stream of one system.

    `kind` is "order" or "event"; `sayable` the statuses the stream can say; `keeps` the core fields that it
    does not know and that stand as last said; `version` (16 hex) changes when the same record would be read
    differently.
    """

    def __init__(self, mapping: SystemMapping, stream: str, rules: Rules) -> None:
        """Compile `stream`; MappingError if it says something that this version cannot do."""
        require_readable(mapping, stream)
        spec = mapping.streams[stream]
        steps = ladder.ladder(mapping)
        self.system, self.stream = mapping.system, stream
        self.kind = spec.yields
        self.sayable = ladder.sayable(spec)
        self.keeps = tuple(name for name, one in spec.fields.items() if one.keep)
        self.version = fingerprint(mapping, spec, steps, rules)
        self.key: Callable[[Record], str] = record_key(spec)
        self._compile(spec, defaults_of(mapping, spec, rules), steps)

    def _compile(self, spec: StreamMapping, defaults: Defaults, steps: tuple[Status, ...]) -> None:
        fields = {name: one for name, one in spec.fields.items() if not one.keep}
        self._rules, self._event = defaults.rules, spec.yields == "event"
        self._needs_status = not self._event and "status" in fields
        self._needs_quantity = not self._event and bool(fields.keys() & set(QUANTITIES))
        self._scoped = _mentions_surroundings(spec)
        self._skip, self._deleted, self._returns, self._version, self._each = (
            defaults.path(path) if path else None
            for path in (spec.skip, spec.deleted, spec.returns, spec.version, spec.each)
        )
        self._company = "" if "company" in fields else defaults.rules.company
        self._order_no = in_field("order_no", compile_reference(fields["order_no"], defaults))
        self._texts = [
            (name, in_field(name, compile_text(fields[name], defaults)), width)
            for name, width in WIDTHS.items()
            if name in fields and name != "order_no"
        ]
        status, side, money = fields.get("status"), fields.get("side"), fields.get("money")
        self._status = in_field("status", compile_status(status, defaults, steps)) if status else None
        self._side, self._side_known = compile_side(side, defaults) if side else (_nothing, Side.NONE)
        self._money = in_field("money", compile_money(money, defaults)) if money else None
        self._quantities = [
            (name, in_field(name, compile_quantity(fields[name], defaults)))
            for name in QUANTITIES
            if name in fields
        ]
        stamp = fields.get("occurred_at")
        says = Says.EVENT if self._event else Says.MODIFIED
        self._stamp = in_field("occurred_at", compile_stamp(stamp, defaults, says)) if stamp else None
        lines = spec.extras.get("lines")
        self._lines = in_field("lines", compile_lines(lines, defaults, self._scoped)) if lines else None
        self._extras = [
            (name, in_field(name, compile_extra(name, one, defaults)))
            for name, one in spec.extras.items()
            if name != "lines"
        ]
        self._links = [(kind, compile_links(one, defaults)) for kind, one in spec.links.items()]

    def read(self, record: Record, meta: Mapping[str, Any], read_at: datetime) -> Reading:
        """Return what `record` says, read at `read_at` (aware UTC) with `meta` around it.

        Raises RecordError whose key is the reason for quarantine.
        """
        if not isinstance(record, dict):
            raise RecordError("mapping.not_a_record", found=type(record).__name__)
        seen = {**record, "meta": meta} if self._scoped else record
        version = text_of(self._version(seen)) if self._version else None
        if self._skip is not None and is_true(self._skip(seen)):
            return Reading([], True, version)
        if self._each is None:
            return Reading([self._fact(seen, read_at)], False, version)
        items = listed(self._each(seen) or [])
        return Reading(
            [self._fact(within(item, seen, self._scoped), read_at) for item in items], False, version
        )

    def _fact(self, item: Any, read_at: datetime) -> Fact:
        sight = Sight(read_at.date())
        fact = Fact(self._company, None, side_known=self._side_known)
        fact.deleted = self._deleted is not None and is_true(self._deleted(item))
        fact.is_return = self._returns is not None and is_true(self._returns(item))
        self._read_stamp(fact, item, sight, read_at)
        self._read_names(fact, item, sight)
        self._read_status(fact, item, sight)
        self._read_quantities(fact, item, sight)
        self._read_extras(fact, item, sight)
        fact.warnings = tuple(sight.warnings)
        return fact

    def _read_names(self, fact: Fact, item: Any, sight: Sight) -> None:
        for name, read, width in self._texts:
            text = read(item, sight)
            if text is not None:
                setattr(fact, name, fitting(name, text, width))
        if not fact.company:
            raise RecordError("mapping.no_value", field="company")
        reference = self._order_no(item, sight)
        if reference is None:
            raise RecordError("mapping.no_order_no", field="order_no")
        if isinstance(reference, Link):
            fact.waits_for = Link(reference.kind, fitting("order_no", reference.value, _VALUE))
        else:
            fact.order_no = fitting("order_no", reference, WIDTHS["order_no"])

    def _read_status(self, fact: Fact, item: Any, sight: Sight) -> None:
        if self._status is not None:
            said: Said | None = self._status(item, sight)
            if said is not None:
                fact.status, fact.lo, fact.hi, fact.code, fact.unknown_code = said
            elif self._needs_status and not fact.deleted:
                raise RecordError("mapping.no_value", field="status")
        fact.side = self._side(item, sight)
        if self._money is not None:
            fact.money = self._money(item, sight)

    def _read_quantities(self, fact: Fact, item: Any, sight: Sight) -> None:
        said = False
        for name, read in self._quantities:
            quantity = read(item, sight)
            if quantity is None:
                continue
            said = True
            self._within_limits(name, quantity, fact.is_return)
            setattr(fact, name, quantity)
        if self._needs_quantity and not said and not fact.deleted:
            raise RecordError("mapping.no_quantity", field=self._quantities[0][0])
        if fact.is_return:
            back = next((one for one in (fact.returned, fact.shipped, fact.ordered) if one is not None), None)
            fact.ordered = fact.produced = fact.shipped = None
            fact.returned = None if back is None else abs(back)

    def _within_limits(self, name: str, quantity: Decimal, is_return: bool) -> None:
        limit = self._rules.limits.quantity
        if abs(quantity) > limit:
            raise RecordError(
                "mapping.quantity_beyond", field=name, found=f"{quantity:f}", limit=f"{limit:f}"
            )
        if quantity < 0 and not is_return:
            raise RecordError("mapping.negative_quantity", field=name, found=f"{quantity:f}")

    def _read_stamp(self, fact: Fact, item: Any, sight: Sight, read_at: datetime) -> None:
        stamp: Stamp | None = self._stamp(item, sight) if self._stamp is not None else None
        if stamp is None:
            return
        at, precision, warning = stamp.moment
        fact.future = at > read_at + self._rules.future
        fact.occurred_at = read_at if fact.future else at
        fact.says = stamp.says
        fact.precision = Precision.NONE if stamp.says in _NO_TIME else precision
        sight.day = fact.occurred_at.date()
        if fact.future or warning:
            fact.raw_time = stamp.raw()[:_RAW]

    def _read_extras(self, fact: Fact, item: Any, sight: Sight) -> None:
        extras = {}
        for name, read in self._extras:
            try:
                value = read(item, sight)
            except RecordError as error:
                sight.warnings.append(f"{error.key} {name}")
                continue
            if value is not None:
                extras[name] = value
        fact.extras = extras
        if self._lines is not None:
            fact.lines = self._read_lines(item, sight)
        if self._links:
            fact.links = tuple(self._read_links(item, sight))

    def _read_lines(self, item: Any, sight: Sight) -> tuple[Line, ...] | None:
        assert self._lines is not None
        try:
            return self._lines(item, sight)
        except RecordError as error:
            sight.warnings.append(f"{error.key} lines")
            return None

    def _read_links(self, item: Any, sight: Sight) -> list[Link]:
        found: dict[Link, None] = {}
        for kind, read in self._links:
            try:
                values = read(item, sight)
            except RecordError as error:
                sight.warnings.append(f"{error.key} {kind}")
                continue
            for value in values:
                if len(value) > _VALUE:
                    sight.warnings.append(f"mapping.text_too_long {kind}")
                else:
                    found[Link(kind, value)] = None
        return list(found)


def _nothing(item: Any, sight: Sight) -> Side:
    return Side.NONE


def fitting(name: str, text: str, width: int) -> str:
    """Return `text` if the store's column for field `name` takes it; RecordError otherwise."""
    if len(text) > width:
        raise RecordError("mapping.text_too_long", field=name, length=len(text), limit=width)
    return text


def defaults_of(mapping: SystemMapping, spec: StreamMapping, rules: Rules) -> Defaults:
    """Return what holds for the fields of a stream: its own word, else the system's."""
    time = mapping.time
    if spec.time is not None:
        time = time.model_copy(update={name: getattr(spec.time, name) for name in spec.time.model_fields_set})
    return Defaults(mapping.system, time, spec.numbers or mapping.numbers, spec.text or mapping.text, rules)


def _mentions_surroundings(spec: StreamMapping) -> bool:
    """Tell whether any path of the stream begins with `meta` or `up`."""
    said = [one for one in (spec.skip, spec.each, spec.deleted, spec.returns, spec.version) if one]
    fields = [*spec.fields.values(), *spec.extras.values(), *spec.links.values()]
    said += [path for one in fields for path in all_paths(one)]
    return any(paths.roots(path) for path in said)


def all_paths(spec: FieldSpec) -> list[str]:
    """Return every path in a FIELD, those that see its items included."""
    return [*spec.paths(), *(path for inner in spec.as_.values() for path in all_paths(inner))]
