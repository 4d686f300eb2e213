"""Units and SKUs: what a box holds, and which hub SKU a system's own item code means (and when).

``units.csv``: sku, unit, factor – how many base units one `unit` of the SKU is; a base unit has factor 1,
sku ``*`` stands for every SKU. ``skus.csv``: system, code, sku, from, to – the hub SKU behind a system's
code, between two dates (both included, either may be empty).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path

from hub.errors import RecordError
from hub.problems import MappingErrors, Problem, unknown

UNITS = ("sku", "unit", "factor")
SKUS = ("system", "code", "sku", "from", "to")


@dataclass(frozen=True, slots=True)
class Meaning:
    """A hub SKU behind a code, valid from `start` to `end` (both included, None: open)."""

    sku: str
    start: date | None
    end: date | None

    def holds(self, day: date) -> bool:
        """Tell whether the meaning is valid on `day`."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    def overlaps(self, other: Meaning) -> bool:
        """Tell whether two meanings share a day."""
        return (self.start or date.min) <= (other.end or date.max) and (other.start or date.min) <= (
            self.end or date.max
        )


@dataclass(frozen=True)
class Catalogue:
    """Factors by (sku, unit), meanings by (system, code)."""

    factors: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    meanings: dict[tuple[str, str], tuple[Meaning, ...]] = field(default_factory=dict)

    def sku(self, system: str, code: str, day: date | None = None) -> str:
        """Return the hub SKU of a system's item code on `day` (None: the newest meaning).

        A code that the cross-reference does not name is the hub's own SKU.
        """
        known = self.meanings.get((system, code))
        if not known:
            return code
        if day is None:
            return known[-1].sku
        return next((one.sku for one in known if one.holds(day)), code)

    def code(self, system: str, sku: str, day: date | None = None) -> str:
        """Return the item code of a system for a hub SKU on `day` (None: by the newest meanings).

        Of several it is the one that came to mean it last. A SKU that no code means is its own code.
        """
        known = [one for one in self._codes.get((system, sku), ()) if self.sku(system, one, day) == sku]
        return max(known, key=lambda one: self._since(system, one, sku, day), default=sku)

    def _since(self, system: str, code: str, sku: str, day: date | None) -> date:
        """Return since when a code means a SKU."""
        meant = [one for one in self.meanings[system, code] if one.sku == sku]
        starts = (one.start or date.min for one in meant if day is None or one.holds(day))
        return max(starts, default=date.min)

    @cached_property
    def _codes(self) -> dict[tuple[str, str], list[str]]:
        """The codes that ever meant a SKU, by (system, sku), in the order of the file."""
        found: dict[tuple[str, str], list[str]] = {}
        for (system, code), meanings in self.meanings.items():
            for sku in dict.fromkeys(one.sku for one in meanings):
                found.setdefault((system, sku), []).append(code)
        return found

    def base(
        self, system: str, code: str, unit: str | None, day: date | None = None
    ) -> tuple[str, Decimal | None]:
        """Return the hub SKU behind a code and how many base units a `unit` of it is, None if it is one.

        Raises RecordError ("mapping.unit_without_conversion") for a unit that the SKU has no factor for.
        """
        sku = self.sku(system, code, day)
        if not unit:
            return sku, None
        name = unit.casefold()
        factor = self.factors.get((sku, name)) or self.factors.get(("*", name))
        if factor is None:
            raise RecordError("mapping.unit_without_conversion", unit=unit, sku=sku or "*")
        return sku, None if factor == 1 else factor

    def to_base(
        self, system: str, code: str, unit: str | None, quantity: Decimal, day: date | None = None
    ) -> tuple[str, Decimal]:
        """Return the hub SKU and `quantity` in its base unit; without a unit the quantity is in it already.

        Raises RecordError as `base` does.
        """
        sku, factor = self.base(system, code, unit, day)
        return sku, quantity if factor is None else quantity * factor

    def bases(self, sku: str) -> frozenset[str]:
        """Return the names of the base unit of a SKU: its own, else those that hold for every SKU."""
        return self._bases.get(sku) or self._bases.get("*", frozenset())

    @cached_property
    def _bases(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for (sku, unit), factor in self.factors.items():
            if factor == 1:
                found[sku] = found.get(sku, frozenset()) | {unit}
        return found

    @property
    def mixed(self) -> bool:
        """Tell whether two SKUs may have base units that cannot be summed."""
        return len({base for base in self._bases.values() if base}) > 1

    def dated(self, system: str) -> bool:
        """Tell whether what a code of `system` means depends on the day."""
        return any(
            one.start or one.end
            for (owner, _), known in self.meanings.items()
            if owner == system
            for one in known
        )


def load_catalogue(folder: Path) -> Catalogue:
    """Read `units.csv` and `skus.csv` of `folder`, either of which may be absent.

    Raises MappingErrors that name the file and the row (the header is row 1).
    """
    problems: list[Problem] = []
    factors = _factors(folder / "units.csv", problems)
    meanings = _meanings(folder / "skus.csv", problems)
    if problems:
        raise MappingErrors(problems)
    return Catalogue(factors, {key: tuple(rows) for key, rows in meanings.items()})


def _factors(path: Path, problems: list[Problem]) -> dict[tuple[str, str], Decimal]:
    factors: dict[tuple[str, str], Decimal] = {}
    for line, row in _rows(path, UNITS, problems):
        try:
            factor = Decimal(row["factor"])
        except InvalidOperation:
            factor = Decimal("NaN")
        key = row["sku"], row["unit"].casefold()
        if not all(key) or not factor.is_finite() or factor <= 0:
            problems.append(_problem(path, line, "rules.bad_factor", unit=row["unit"], found=row["factor"]))
        elif factors.setdefault(key, factor) != factor:
            problems.append(_problem(path, line, "rules.unit_twice", sku=row["sku"], unit=row["unit"]))
    return factors


def _meanings(path: Path, problems: list[Problem]) -> dict[tuple[str, str], list[Meaning]]:
    meanings: dict[tuple[str, str], list[Meaning]] = {}
    for line, row in _rows(path, SKUS, problems):
        try:
            start, end = (date.fromisoformat(row[name]) if row[name] else None for name in ("from", "to"))
        except ValueError:
            problems.append(
                _problem(path, line, "rules.bad_date", found=f"{row['from']} {row['to']}".strip())
            )
            continue
        if not (row["system"] and row["code"] and row["sku"]) or (start and end and start > end):
            problems.append(_problem(path, line, "rules.bad_sku_row"))
            continue
        meaning = Meaning(row["sku"], start, end)
        known = meanings.setdefault((row["system"], row["code"]), [])
        if any(one.overlaps(meaning) and one.sku != meaning.sku for one in known):
            problems.append(_problem(path, line, "rules.sku_twice", system=row["system"], code=row["code"]))
        known.append(meaning)
        known.sort(key=lambda one: one.start or date.min)
    return meanings


def _rows(
    path: Path, columns: tuple[str, ...], problems: list[Problem]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and row of a CSV file; nothing where the file is absent."""
    if not path.exists():
        return
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.append(_problem(path, 1, "mapping.not_utf8"))
        return
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="", restkey="")
    names = [name.strip() for name in reader.fieldnames or []]
    for name in names:
        if name not in columns:
            key, values = unknown(name, columns)
            problems.append(_problem(path, 1, key, **values))
    lacking = [name for name in columns if name not in names and name not in {"from", "to"}]
    if lacking:
        problems.append(_problem(path, 1, "rules.column_missing", names=", ".join(lacking)))
        return
    reader.fieldnames = names
    for row in reader:
        yield reader.line_num, {name: str(row.get(name) or "").strip() for name in columns}


def _problem(path: Path, line: int, key: str, **values: object) -> Problem:
    return Problem(str(path), line, 1, "error", key, values)
