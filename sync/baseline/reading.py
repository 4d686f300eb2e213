"""The filled-in workbook of a baseline read back: every cell is checked, then all is taken or nothing.

SKUs and units go to the catalogue's files, numbers are joined to their orders. What stands in a mapping
(codes) or in a system (customers) only people change: these come back as advice.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.catalogue import Catalogue, Meaning
from hub.errors import ConfigError, RecordError
from hub.locale import LOCALES, text
from hub.model import Side, Status
from hub.problems import nearest
from hub.store.tables import links, orders
from sync.baseline.gaps import TOPICS, Topic
from sync.sheets.columns import unsafe


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one cell: its sheet, row (from 1) and column ("F"), what it says, and why."""

    sheet: str
    row: int
    column: str
    said: str
    error: RecordError


@dataclass(slots=True)
class Filled:
    """What people filled in, checked. `known` counts what was there already; `problems` stop everything.

    `skus` and `units` are rows for the catalogue's files; `joins` (company, kind, number, order_no);
    `codes` (system, stream, code, word); `customers` (system, company, number or name, the one to keep).
    """

    skus: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    units: list[tuple[str, str, str]] = field(default_factory=list)
    joins: list[tuple[str, str, str, str]] = field(default_factory=list)
    codes: list[tuple[str, str, str, str]] = field(default_factory=list)
    customers: list[tuple[str, str, str, str]] = field(default_factory=list)
    known: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a sheet by the names of its columns, with where each stands."""

    sheet: str
    number: int
    cells: Mapping[str, Any]
    letters: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return a cell as text."""
        value = self.cells.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return unsafe(str(value).strip()) if value is not None else ""


def read_filled(
    path: Path, conn: sa.Connection, catalogue: Catalogue, systems: Mapping[str, object]
) -> Filled:
    """Return what the workbook says; ConfigError if it cannot be read, or is not of a baseline."""
    found = Filled()
    checks = _Checks(found, conn, catalogue, systems)
    any_sheet = False
    for topic, sheet, rows in _sheets(path):
        any_sheet = True
        heads = _heads(topic, rows[0] if rows else ())
        lacking = [name for name in topic.columns if name not in heads and name not in _OPTIONAL]
        if lacking:
            error = RecordError("baseline.no_column", columns=", ".join(_names(lacking[0])))
            found.problems.append(Problem(sheet, 1, "A", "", error))
            continue
        letters = {name: _letter(at) for name, at in heads.items()}
        for number, row in enumerate(rows[1:], 2):
            cells = {name: row[at] if at < len(row) else None for name, at in heads.items()}
            one = _Row(sheet, number, cells, letters)
            if any(one.text(name) for name in topic.fill):
                checks.take(topic, one)
    if not any_sheet:
        raise ConfigError("baseline.no_sheets", file=path.name)
    return found


class _Checks:
    """Checks the rows, topic by topic."""

    def __init__(
        self, found: Filled, conn: sa.Connection, catalogue: Catalogue, systems: Mapping[str, object]
    ) -> None:
        self._found, self._conn, self._catalogue, self._systems = found, conn, catalogue, systems
        self._meanings: dict[tuple[str, str], list[Meaning]] = {
            key: list(known) for key, known in catalogue.meanings.items()
        }
        self._factors = dict(catalogue.factors)
        self._joined: dict[tuple[str, str, str], str] = {}

    def take(self, topic: Topic, row: _Row) -> None:
        """Check one row; what is wrong in it is noted with its cell."""
        by_topic: dict[str, Callable[[_Row], None]] = {
            "skus": self._sku,
            "units": self._unit,
            "codes": self._code,
            "orphans": self._orphan,
            "customers": self._customer,
        }
        try:
            by_topic[topic.name](row)
        except RecordError as error:
            name = error.field
            letter = row.letters.get(name, "A")
            self._found.problems.append(Problem(row.sheet, row.number, letter, row.text(name), error))

    def _sku(self, row: _Row) -> None:
        key = self._system(row), self._needed(row, "code")
        meaning = Meaning(self._needed(row, "sku"), _day(row, "from"), _day(row, "to"))
        if meaning.start and meaning.end and meaning.start > meaning.end:
            raise RecordError("baseline.backwards", field="to")
        known = self._meanings.setdefault(key, [])
        if meaning in known:
            self._found.known += 1
            return
        other = next((one for one in known if one.overlaps(meaning) and one.sku != meaning.sku), None)
        if other is not None:
            raise RecordError("baseline.sku_taken", field="sku", code=key[1], sku=other.sku)
        known.append(meaning)
        days = (one.isoformat() if one else "" for one in (meaning.start, meaning.end))
        self._found.skus.append((*key, meaning.sku, *days))  # type: ignore[arg-type]  # two days

    def _unit(self, row: _Row) -> None:
        sku, unit = self._needed(row, "sku_of_unit"), self._needed(row, "unit")
        try:
            factor = Decimal(row.text("factor"))
        except InvalidOperation:
            factor = Decimal("NaN")
        if not factor.is_finite() or factor <= 0:
            raise RecordError("baseline.bad_factor", field="factor")
        before = self._factors.setdefault((sku, unit.casefold()), factor)
        if before != factor:
            raise RecordError("baseline.unit_taken", field="factor", unit=unit, sku=sku, factor=f"{before:f}")
        if self._catalogue.factors.get((sku, unit.casefold())) == factor:
            self._found.known += 1
        elif (one := (sku, unit, f"{factor.normalize():f}")) not in self._found.units:
            self._found.units.append(one)

    def _code(self, row: _Row) -> None:
        place = self._system(row), self._needed(row, "stream"), self._needed(row, "code")
        said = row.text("status")
        word = _meanings().get(_folded(said))
        if word is None:
            near = nearest(_folded(said), sorted(set(_meanings().values())))
            known = ", ".join(dict.fromkeys(_meanings().values()))
            raise RecordError("baseline.no_status", field="status", nearest=near or "–", known=known)
        self._found.codes.append((*place, word))

    def _orphan(self, row: _Row) -> None:
        company, kind = self._needed(row, "company"), self._needed(row, "kind")
        number, order_no = self._needed(row, "number"), self._needed(row, "order_no")
        o, known = orders.c, links.c
        if not self._conn.scalar(sa.select(sa.exists().where(o.company == company, o.order_no == order_no))):
            raise RecordError("baseline.no_order", field="order_no", company=company)
        linked = set(
            self._conn.scalars(
                sa.select(known.order_no).where(
                    known.kind == kind, known.value == number, known.company == company, known.until.is_(None)
                )
            )
        )
        if order_no in linked:
            self._found.known += 1
            return
        other = self._joined.setdefault((company, kind, number), order_no)
        if linked or other != order_no:
            raise RecordError(
                "baseline.linked", field="order_no", number=number, order=min(linked, default=other)
            )
        if (one := (company, kind, number, order_no)) not in self._found.joins:
            self._found.joins.append(one)

    def _customer(self, row: _Row) -> None:
        said = " ".join(part for part in (row.text("customer_no"), row.text("customer_name")) if part)
        kept = self._needed(row, "keep")
        self._found.customers.append((self._system(row), row.text("company"), said, kept))

    def _system(self, row: _Row) -> str:
        system = self._needed(row, "system")
        if system not in self._systems:
            raise RecordError("baseline.no_system", field="system")
        return system

    def _needed(self, row: _Row, name: str) -> str:
        value = row.text(name)
        if not value:
            raise RecordError("baseline.empty", field=name)
        return value


_OPTIONAL = ("orders", "example", "others_say", "records", "example_record", "same_as", "since", "record")
"""Columns that people may throw away."""


def _day(row: _Row, name: str) -> date | None:
    value = row.cells.get(name)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not row.text(name):
        return None
    try:
        return date.fromisoformat(row.text(name))
    except ValueError:
        raise RecordError("baseline.no_date", field=name) from None


def _sheets(path: Path) -> Iterator[tuple[Topic, str, list[tuple[Any, ...]]]]:
    """Yield the sheets of the topics with all their rows, by their names in any language."""
    from openpyxl import load_workbook  # late: it is heavy
    from openpyxl.utils.exceptions import InvalidFileException

    if not path.is_file():
        raise ConfigError("sync.sheet_no_file", file=path)
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise ConfigError("baseline.unreadable", file=path.name) from error
    names = {text(f"baseline.sheet_{topic.name}", locale): topic for topic in TOPICS for locale in LOCALES}
    try:
        for sheet in book.worksheets:
            if (topic := names.get(sheet.title.strip())) is not None:
                yield topic, sheet.title, list(sheet.iter_rows(values_only=True))
    finally:
        book.close()


def _heads(topic: Topic, head: tuple[Any, ...]) -> dict[str, int]:
    """Return where each column of a topic stands."""
    known = {name: one for one in topic.columns for name in _names(one)}
    found: dict[str, int] = {}
    for at, cell in enumerate(head):
        name = known.get(str(cell or "").strip())
        if name is not None:
            found.setdefault(name, at)
    return found


def _names(column: str) -> list[str]:
    """Return what a column is called in every language."""
    return list(dict.fromkeys(text(f"baseline.column_{column}", locale) for locale in LOCALES))


def _letter(at: int) -> str:
    """Return the letter(s) of a column, counted from 0."""
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(at + 1))


def _folded(word: str) -> str:
    return word.strip().casefold().replace(" ", "_").replace("-", "_")


@cache
def _meanings() -> dict[str, str]:
    """Return what a code may mean, by every way to say it."""
    sides = [str(side.name).lower() for side in Side if side]
    keys = {status.word: f"findings.status_{status.word}" for status in Status}
    keys |= {word: f"findings.side_{word}" for word in sides}
    said = {_folded(text(key, locale)): word for word, key in keys.items() for locale in LOCALES}
    return said | {word: word for word in keys}
