"""A canonical order in the words of one system: what its stream reads, said once and turned round.

Codes, units, number style, formats and zones stand at the fields that are read; here they are used the other
way. Pure: the same order on the same day gives the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.mapping import ladder
from hub.mapping.extras import TIMES
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.grammar import SystemMapping
from hub.mapping.inverse import UNSAID, code_of, is_number, number_out, stamp_out
from hub.mapping.kinds import CLEARING
from hub.mapping.reader import defaults_of
from hub.mapping.statuses import side_of
from hub.mapping.values import Defaults
from hub.model import QUANTITIES, Line, Money, Side, Status
from hub.rules import Rules


class Wording:
    """An order in the words of one system, as a stream of its mapping reads them."""

    def __init__(self, mapping: SystemMapping, stream: str | None, rules: Rules) -> None:
        """Take the stream that reads a write back; the first of orders or events where it is none of these.

        A mapping without any has no words of its own, but the number style and the formats of the system.
        """
        self._steps = ladder.ladder(mapping)
        self._catalogue, self._system = rules.catalogue, mapping.system
        own = mapping.streams.get(stream or "")
        name = stream if own is not None and own.yields == CLEARING else read_back(mapping, stream)
        spec = mapping.streams[name] if name else None
        self._fields, self._extras = (spec.fields, spec.extras) if spec else ({}, {})
        self._defaults = (
            defaults_of(mapping, spec, rules)
            if spec
            else Defaults(mapping.system, mapping.time, mapping.numbers, mapping.text, rules)
        )
        self._of_line = self._extras["lines"].as_ if "lines" in self._extras else {}
        measure = self._of_line.get("quantity", UNSAID)
        sku = measure.sku or self._of_line.get("sku")
        self._measure = measure.model_copy(update={"sku": sku})

    def words(self, order: Mapping[str, Any], day: date | None = None) -> dict[str, Any]:
        """Return the names that expressions of a write may mention, each in the target's words.

        `order` holds hub names: the core fields, `lines`, and extras. What is None or cannot be said is left
        out. Item codes are those that hold on `day` (None: the newest).
        """
        said = {name: self._word(name, value, order, day) for name, value in order.items()}
        return {name: value for name, value in said.items() if value is not None}

    def code(self, status: Status) -> str | None:
        """Return the code to send for a status, None if it cannot be sent."""
        found = code_of(self._fields.get("status", UNSAID), status.word)
        return found.code if found else None

    def side_code(self, side: Side) -> str | None:
        """Return the code to send for what lies beside the chain, None if just that cannot be sent."""
        word = str(side.name).lower()
        found = code_of(self._fields.get("side", UNSAID), word, lambda words: side_of_all(words) == side)
        one = side in Side.__members__.values()  # the hub has no word for two at once, a code may mean them
        return found.code if found and (one or found.way.codes) else None

    def sayable(self) -> tuple[Status, ...]:
        """Return the statuses that the system is able to say, lowest first."""
        return self._steps

    def held(self, status: Status) -> Status | None:
        """Return the status in which the system holds an order that stands at `status`, None if in none.

        That is the highest that it can say and that is not above.
        """
        return max((step for step in self._steps if step <= status), default=None)

    def says(self) -> frozenset[str]:
        """Return the hub names that the stream reads back: core fields, `lines`, extras."""
        return frozenset(name for name, one in self._fields.items() if not one.keep) | frozenset(self._extras)

    def _word(self, name: str, value: Any, order: Mapping[str, Any], day: date | None) -> Any:
        if value is None:
            return None
        if name == "status":
            held = self.held(value) if self._steps else value
            return None if held is None else self.code(held)
        if name == "side":
            return self.side_code(value)
        if name == "lines":
            return self._lines(value, day)
        if name in QUANTITIES:
            codes = [self._catalogue.code(self._system, line.sku, day) for line in order.get("lines") or ()]
            return number_out(self._fields.get(name, UNSAID), self._defaults, value, codes, day)
        if name == "money" and isinstance(value, Money):
            value = value.name.lower()
        spec = self._fields.get(name) or self._extras.get(name, UNSAID)
        return self._other(spec, _typed(name, spec, value))

    def _other(self, spec: FieldSpec, value: Any) -> Any:
        """Return a value by what it is: a stamp, a number, a text that may have codes; else as it is."""
        if isinstance(value, datetime):
            return stamp_out(spec, self._defaults, value)
        if isinstance(value, Decimal):
            return number_out(spec, self._defaults, value)
        if isinstance(value, str):
            found = code_of(spec, value)
            return found.code if found else None
        return value

    def _lines(self, lines: Sequence[Line], day: date | None) -> list[dict[str, Any]] | None:
        """Return all lines, None if one of them cannot be said: half of them would mislead."""
        said = [self._line(line, day) for line in lines]
        whole = [one for one in said if one is not None]
        return whole if len(whole) == len(said) else None

    def _line(self, line: Line, day: date | None) -> dict[str, Any] | None:
        code = self._catalogue.code(self._system, line.sku, day)
        if self._catalogue.sku(self._system, code, day) != line.sku:
            return None  # the system has given this code to another article
        number = code_of(self._of_line.get("line_no", UNSAID), line.line_no)
        sku = code_of(self._of_line.get("sku", UNSAID), code)
        quantity = number_out(self._measure, self._defaults, line.quantity, [code], day)
        if number is None or sku is None or quantity is None:
            return None
        return {"line_no": number.code, "sku": sku.code, "quantity": quantity}


def read_back(mapping: SystemMapping, stream: str | None) -> str | None:
    """Return the name of the stream that reads a write back: `stream`, else the first that is of orders."""
    orders = [name for name, one in mapping.streams.items() if one.is_order]
    return stream if stream in orders else next(iter(orders), None)


def _typed(name: str, spec: FieldSpec, value: Any) -> Any:
    """Return an extra that the store kept as text as the stamp or number that its FIELD reads."""
    if not isinstance(value, str):
        return value
    try:
        if name in TIMES or spec.format or spec.zone:
            at = datetime.fromisoformat(value)
            return at if at.tzinfo else value
        number = Decimal(value) if name == "amount" or is_number(spec) else None
        return number if number is not None and number.is_finite() else value
    except (ValueError, InvalidOperation):
        return value


def side_of_all(words: Sequence[str]) -> Side:
    """Return all flags that the words of a code name together."""
    found = Side.NONE
    for word in words:
        found |= side_of(word)
    return found
