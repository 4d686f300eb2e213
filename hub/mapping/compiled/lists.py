"""Sums and lines: one loop over the items, each value of a line taken out once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hub.mapping.compiled.scope import Scope, Steps
from hub.mapping.compiled.sees import sees
from hub.mapping.compiled.writer import UNUSUAL, Writer
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.measures import compile_base, compile_quantity, within_list
from hub.mapping.numbers import exact
from hub.mapping.paths import only, roots, split_list
from hub.mapping.values import compile_text
from hub.model import Line

ZERO = Decimal(0)


class Lists:
    """The lists of an item: whatever is summed over the same list, or is a line of it, shares one loop."""

    def __init__(self, writer: Writer) -> None:
        """Begin with nothing to sum."""
        self._writer = writer
        self._sums: dict[Steps, list[tuple[str, FieldSpec]]] = {}
        self._lines: dict[Steps, tuple[str, FieldSpec, FieldSpec | None]] = {}

    def sum(self, spec: FieldSpec) -> str | None:
        """Take a sum; return its name, None if it is not so simple."""
        parts = split_list(spec.sum or "")
        if parts is None or spec.count is not None or spec.default is not None or not parts[0].endswith("[]"):
            return None
        path, inner = only(parts[0].removesuffix("[]")), within_list(spec, *parts)
        mixed = spec.unit is not None and self._writer.defaults.rules.catalogue.mixed
        if path is None or mixed or not _measurable(inner):
            return None
        total = self._writer.source.name("total")
        self._sums.setdefault(path, []).append((total, inner))
        return total

    def lines(self, spec: FieldSpec) -> str | None:
        """Take the lines of an order; return their name, None if they are not so simple."""
        path, quantity = only(spec.each or ""), spec.as_["quantity"]
        measure = quantity.model_copy(update={"sku": quantity.sku or spec.as_["sku"]})
        if path is None or not _measurable(measure) or any(map(_looks_around, spec.as_.values())):
            return None
        lines = self._writer.source.name("lines")
        self._lines[path] = lines, measure, spec.as_.get("line_no")
        return lines

    def write(self) -> None:
        """Write a loop for every list; one that is no list of maps is unusual."""
        for path in dict.fromkeys([*self._sums, *self._lines]):
            self._loop(path)

    def _loop(self, path: Steps) -> None:
        source, items, sums = self._writer.source, self._writer.scope.raw(path), self._sums.get(path, [])
        lines = self._lines.get(path)
        names = [total for total, _ in sums] + ([lines[0]] if lines else [])
        some = [source.name("some") for _ in sums]
        source.line(f"{' = '.join(names)} = None")
        with source.block(f"if {items} is not None:"):
            with source.block(f"if {items}.__class__ is not list:"):
                source.line(UNUSUAL)
            for (total, _), any_ in zip(sums, some, strict=True):
                source.line(f"{total}, {any_} = {source.value('zero', ZERO)}, not {items}")
            if lines:
                source.line(f"{lines[0]} = []")
            self._items(items, list(zip(sums, some, strict=True)), lines)
            for (total, _), any_ in zip(sums, some, strict=True):
                source.line(f"{total} = {source.value('exact', exact)}({total}) if {any_} else None")
            if lines:
                source.line(f"{lines[0]} = tuple({lines[0]})")

    def _items(
        self,
        items: str,
        sums: list[tuple[tuple[str, FieldSpec], str]],
        lines: tuple[str, FieldSpec, FieldSpec | None] | None,
    ) -> None:
        source, defaults, item = self._writer.source, self._writer.defaults, self._writer.source.name("item")
        day = source.name("day")
        if defaults.rules.catalogue.dated(defaults.system):
            source.line(f"{day} = sight.day.toordinal()")
        else:
            day = ""
        with source.block(f"for {item} in {items}:"):
            with source.block(f"if not isinstance({item}, dict):"):
                source.line(UNUSUAL)
            one = _Item(Writer(source, Scope(source, item, defaults.text), defaults), day)
            for (total, spec), some in sums:
                _, amount = one.measure(spec)
                with source.block(f"if {amount} is not None:"):
                    source.line(f"{total} += {amount}")
                    source.line(f"{some} = True")
            if lines:
                one.line(*lines)


class _Item:
    """One item of a list: what several sums look at is looked up once."""

    def __init__(self, writer: Writer, day: str) -> None:
        self._writer, self._day = writer, day
        self._known: dict[Any, str] = {}

    def measure(self, spec: FieldSpec) -> tuple[str, str]:
        """Write SKU and quantity in its base unit; return their names."""
        source, number = self._writer.source, _number(spec)
        if spec.unit is None and spec.sku is None:
            return "None", self._amount(number)
        base = self._base(spec)
        name = self._known.get(("measured", spec.model_dump_json()))
        if name is None:
            name = self._known["measured", spec.model_dump_json()] = source.name("amount")
            source.line(f"{name} = {self._amount(number)}")
            with source.block(f"if {base}[1] is not None and {name} is not None:"):
                source.line(f"{name} = {source.value('exact', exact)}({name} * {base}[1])")
        return f"{base}[0]", name

    def line(self, lines: str, spec: FieldSpec, number: FieldSpec | None) -> None:
        """Write one line of an order; one without SKU or quantity is unusual."""
        source, writer = self._writer.source, self._writer
        sku, amount = self.measure(spec)
        with source.block(f"if not {sku} or {amount} is None:"):
            source.line(UNUSUAL)
        said = writer.text(number, compile_text(number, writer.defaults)) if number else "None"
        made, kind = source.value("made", tuple.__new__), source.value("Line", Line)
        source.line(f"{lines}.append({made}({kind}, ({said} or str(len({lines}) + 1), {sku}, {amount})))")

    def _amount(self, number: FieldSpec) -> str:
        read = compile_quantity(number, self._writer.defaults)
        return self._once("number", number, lambda: self._writer.remembered(read, sees(number) or ()))

    def _base(self, spec: FieldSpec) -> str:
        parts = [one for one in (spec.unit, spec.sku) if isinstance(one, FieldSpec)]
        paths = sorted({path for one in parts for path in sees(one) or ()})
        read = compile_base(spec, self._writer.defaults)
        beside = FieldSpec.model_construct(unit=spec.unit, sku=spec.sku)
        return self._once("base", beside, lambda: self._writer.remembered(read, paths, beside=self._day))

    def _once(self, word: str, spec: FieldSpec, write: Callable[[], str]) -> str:
        said = word, spec.model_dump_json()
        if said not in self._known:
            self._known[said] = write()
        return self._known[said]


def _looks_around(spec: FieldSpec) -> bool:
    inner = [one for one in (spec.unit, spec.sku) if isinstance(one, FieldSpec)]
    return any(map(roots, spec.paths())) or any(map(_looks_around, inner))


def _measurable(spec: FieldSpec) -> bool:
    """Tell whether few plain values of an item decide its number, and few its SKU and unit."""
    parts = [_number(spec), *(one for one in (spec.unit, spec.sku) if isinstance(one, FieldSpec))]
    return spec.unit is not True and all(sees(one) is not None for one in parts)


def _number(spec: FieldSpec) -> FieldSpec:
    return spec.model_copy(update={"unit": None, "sku": None})
