"""Receivables, bank entries and customers out of CSV files; matches and proposals into them.

Every cell is looked at before anything is matched: what is wrong is said with file, line and column, all of
it at once, because a receivable that is missing may make another one look like the only explanation.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import Any

from hub.errors import ConfigError
from hub.locale import text
from reconciler.payments.model import BankEntry, Customer, Explanation, Outcome, Receivable
from reconciler.payments.money import as_number, has_no_cents, to_major, to_minor

RECEIVABLES = (
    "receivable_id", "customer_id", "customer_name", "invoice_no", "order_no", "contract_no", "currency",
    "amount", "issue_date", "due_date", "discount_rate", "discount_until",
)  # fmt: skip
BANK = ("bank_id", "value_date", "amount", "currency", "payer_name", "payer_account", "remittance_info")
CUSTOMERS = ("customer_id", "name", "name_en", "known_account", "known_alias", "parent_name")
_NEEDED = {
    RECEIVABLES: {"receivable_id", "customer_id", "currency", "amount"},
    BANK: {"bank_id", "value_date", "amount", "currency"},
    CUSTOMERS: {"customer_id"},
}
MATCHES = ("bank_id", "receivable_id", "amount", "rule", "facts")
PROPOSALS = ("bank_id", "rank", "receivable_id", "amount", "rule", "facts", "reasons")

_SHOWN = 20
_SEVERAL = re.compile(r"[;；|、]")
_DAY = re.compile(
    r"(?P<y>\d{4})([-/.]?)(?P<m>\d{2})\2(?P<d>\d{2})|(?P<y1>\d{4})([-/.])(?P<m1>\d\d?)\6(?P<d1>\d\d?)"
    r"|(?P<y2>\d{4})年(?P<m2>\d\d?)月(?P<d2>\d\d?)日|(?P<d3>\d\d?)\.(?P<m3>\d\d?)\.(?P<y3>\d{4})",
    re.ASCII,
)
"""Days that can be read in one way only; 05/03/2026 is not among them."""

_TIME = re.compile(r"[T ]\d\d?:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
_WAYS = ("", "1", "2", "3")
_YUAN = frozenset({"RMB", "CNH", "人民币", "人民币元"})


def read_receivables(path: Path) -> list[Receivable]:
    """Return the receivables of a CSV file; ConfigError with all that is wrong in it."""
    return _read(path, RECEIVABLES, _receivable)


def read_bank(path: Path) -> list[BankEntry]:
    """Return the bank entries of a CSV file; ConfigError with all that is wrong in it."""
    return _read(path, BANK, _entry)


def read_customers(path: Path) -> list[Customer]:
    """Return the customers of a CSV file; ConfigError with all that is wrong in it.

    Accounts and aliases may be several in one cell, parted by semicolons, or stand in rows of their own.
    """
    return _read(path, CUSTOMERS, _customer)


def without_cents(*paths: Path) -> set[str]:
    """Return the currencies without decimals that nevertheless have some in one of the files.

    A book that keeps yen to the hundredth is read as it is kept, both files in the same unit.
    """
    found: set[str] = set()
    for path in paths:
        with (
            suppress(OSError, UnicodeDecodeError, csv.Error),
            path.open(encoding="utf-8-sig", newline="") as file,
        ):
            rows = csv.reader(file)
            header = next(rows, [])
            if not {"currency", "amount"} <= set(header):
                continue
            places = [_places(header)[name] for name in ("currency", "amount")]
            for row in rows:
                currency, amount = (row[at].strip() if at < len(row) else "" for at in places)
                if has_no_cents(currency.upper()) and (number := as_number(amount)) is not None:
                    found |= {currency.upper()} if number != int(number) else set()
    return found


def _places(header: Sequence[str]) -> dict[str, int]:
    return {name: at for at, name in enumerate(header)}


def _read(path: Path, columns: tuple[str, ...], make: Callable[[_Cells], Any]) -> list[Any]:
    found: list[Any] = []
    wrong: list[str] = []
    seen: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            cells = _Cells(path.name, next(rows, []), wrong, _NEEDED[columns])
            if lacking := [name for name in columns if name not in cells.places]:
                raise ConfigError("match.no_columns", file=path.name, columns=", ".join(lacking))
            for row in filter(None, rows):
                cells.turn_to(row, rows.line_num)
                identity = cells.said(columns[0])
                if identity in seen and identity and columns is not CUSTOMERS:
                    cells.fault("match.twice", columns[0], identity, first=seen[identity])
                seen[identity] = rows.line_num
                if (made := make(cells)) is not None:
                    found.append(made)
    except FileNotFoundError as error:
        raise ConfigError("match.no_file", file=str(path)) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError("match.no_csv", file=path.name, reason=str(error)) from error
    if wrong:
        raise ConfigError(
            "match.bad_file", file=path.name, count=len(wrong), faults="\n".join(wrong[:_SHOWN])
        )
    return found


class _Cells:
    """One row after the other, cell by cell; what is wrong is noted and the cell counts as empty."""

    def __init__(self, file: str, header: Sequence[str], wrong: list[str], needed: set[str]) -> None:
        self.places = _places(header)
        self._file, self._wrong, self._needed = file, wrong, needed
        self._width = len(header)
        self._line, self._row = 1, list(header)

    def turn_to(self, row: list[str], line: int) -> None:
        """Go on with the next row; the cells that it lacks are empty."""
        self._line, self._row = line, row + [""] * (self._width - len(row))

    def fault(self, key: str, column: str, value: str, **more: object) -> None:
        self._wrong.append(text(key, file=self._file, line=self._line, column=column, value=value, **more))

    def said(self, column: str) -> str:
        return self._row[self.places[column]].strip()

    def text(self, column: str) -> str:
        said = self.said(column)
        if not said and column in self._needed:
            self.fault("match.empty_cell", column, said)
        return said

    def day(self, column: str) -> date | None:
        said = self.text(column)
        if not said:
            return None
        if (found := _as_day(said)) is None:
            self.fault("match.bad_day", column, said)
        return found

    def number(self, column: str) -> Decimal | None:
        said = self.text(column)
        if not said:
            return None
        if (found := as_number(said)) is None:
            self.fault("match.bad_number", column, said)
        return found

    def currency(self) -> str:
        said = self.text("currency").upper()
        return "CNY" if said in _YUAN else intern(said)

    def shared(self, column: str) -> str:
        """Return a text that stands in many rows, kept once."""
        return intern(self.text(column))

    def share(self, column: str) -> Decimal | None:
        """Return a share: 0.02, and 2 % of it as `2%` or `2`; one of 1 or more cannot be meant."""
        said = self.text(column)
        found = as_number(said.removesuffix("%").rstrip()) if said else None
        if said and (found is None or not 0 <= found < 100):  # noqa: PLR2004 - all of it
            self.fault("match.bad_number", column, said)
            return None
        return found / 100 if found and (said.endswith("%") or found >= 1) else found

    def money(self, column: str, currency: str) -> int:
        amount = self.number(column)
        if amount is None:
            return 0
        try:
            return to_minor(amount, currency)
        except ValueError:
            self.fault("match.too_fine", column, f"{amount} {currency}")
            return 0


def _receivable(cells: _Cells) -> Receivable:
    currency = cells.currency()
    return Receivable(
        id=cells.text("receivable_id"),
        customer=cells.shared("customer_id"),
        customer_name=cells.shared("customer_name"),
        currency=currency,
        amount=cells.money("amount", currency),
        invoice_no=cells.text("invoice_no"),
        order_no=cells.text("order_no"),
        contract_no=cells.text("contract_no"),
        issued=cells.day("issue_date"),
        due=cells.day("due_date"),
        discount_rate=cells.share("discount_rate") or None,
        discount_until=cells.day("discount_until"),
    )


def _entry(cells: _Cells) -> BankEntry | None:
    currency, day = cells.currency(), cells.day("value_date")
    amount = cells.money("amount", currency)
    if day is None:
        return None  # its fault is noted
    return BankEntry(
        id=cells.text("bank_id"),
        value_date=day,
        amount=amount,
        currency=currency,
        payer_name=cells.shared("payer_name"),
        payer_account=cells.shared("payer_account"),
        text=cells.text("remittance_info"),
    )


def _customer(cells: _Cells) -> Customer:
    return Customer(
        id=cells.text("customer_id"),
        name=cells.text("name"),
        name_en=cells.text("name_en"),
        accounts=_several(cells.text("known_account")),
        aliases=_several(cells.text("known_alias")),
        parent_name=cells.text("parent_name"),
    )


@lru_cache(maxsize=4096)
def _as_day(said: str) -> date | None:
    """Return the day that a cell holds, of a moment its day; None if there is none."""
    found = _DAY.match(said)
    if found is None or (found.end() < len(said) and not _TIME.fullmatch(said, found.end())):
        return None
    year, month, day = (int(next(filter(None, (found[f"{of}{way}"] for way in _WAYS)))) for of in "ymd")
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _SEVERAL.split(cell) if part.strip())


def write_matches(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write what was posted: one row for each receivable that an entry pays."""
    posted = ((one.entry, one.posted) for one in outcomes if one.posted)
    _write(path, MATCHES, (row for entry, said in posted for row in _rows(entry, said)))


def write_proposals(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write the candidates of what was not posted: rows of one rank belong together."""
    _write(path, PROPOSALS, _proposed(outcomes))


def _proposed(outcomes: Iterable[Outcome]) -> Iterator[tuple[object, ...]]:
    for one in outcomes:
        for rank, candidate in enumerate(one.proposals, 1):
            reasons = "; ".join(text(key) for key in candidate.doubts) or text("match.one_fact_only")
            for bank, *row in _rows(one.entry, candidate):
                yield bank, rank, *row, reasons


def _rows(entry: BankEntry, said: Explanation) -> Iterator[tuple[object, ...]]:
    facts = "+".join(said.facts)
    for one in said.postings:
        amount = to_major(one.amount, entry.currency)
        yield entry.id, one.receivable.id, amount, said.rule, facts


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
