"""The filled-in workbook read back: every decision is checked, then all are taken or none.

A candidate that was changed by hand is refused: its rows carry what was written and a digest of it. Whether
it is still what the books say is for `digests` to tell, at the time of taking.
"""

from __future__ import annotations

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from hub.errors import ConfigError
from hub.locale import LOCALES, text
from reconciler.payments.money import decimals
from reconciler.payments.reports.book import DECISIONS
from reconciler.payments.reports.columns import FILL, HIDDEN
from reconciler.payments.reports.lines import SIGNED, Line, digest_of
from sync.sheets.columns import unsafe

_SHOWN = 20
_NEEDED = (*SIGNED, FILL[0], *HIDDEN)
_MONEY = {"received": "currency", "pays": "currency", "open": "owed_in"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided on the candidate `rank` of an entry; `line` is the row on the sheet (from 1).

    `digest` is that of the candidate as it was shown: one that is another by now (`lines.digests`) is stale.
    """

    bank_id: str
    rank: int
    accepted: bool
    who: str
    remark: str
    line: int
    digest: str


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the sheet by the names of its columns."""

    line: int
    cells: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Return a cell as text."""
        value = self.cells.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return "" if value is None else unsafe(str(value).strip())

    @property
    def written(self) -> Line | None:
        """What was written into the row; None if it is not one of ours."""
        try:
            found: Any = json.loads(self.text("signed"))
        except ValueError:
            return None
        texts = isinstance(found, list) and all(isinstance(one, str) for one in found)
        return Line(*found) if texts and len(found) == len(SIGNED) else None

    @property
    def as_now(self) -> Line:
        """What the row says now, in the form in which it was signed."""
        return Line(*(self._plain(name) for name in SIGNED))

    def _plain(self, name: str) -> str:
        value = self.cells.get(name)
        if isinstance(value, date):
            return (value.date() if isinstance(value, datetime) else value).isoformat()
        if name in _MONEY:
            return _amount(self.text(name), self.text(_MONEY[name]))
        return self.text(name)


def read_decisions(path: Path, locale: str = "en") -> list[Decision]:
    """Return what people decided on the sheet of proposals, in the order of its rows.

    ConfigError if the file cannot be read, and with all that is wrong on the sheet: each with row and column,
    in the language `locale`.
    """
    sheet, table = _table(path)
    return _Sheet(path.name, sheet, table, locale).decisions()


class _Sheet:
    """The sheet of proposals; what is wrong is gathered, and said at the end."""

    def __init__(self, file: str, sheet: str, table: Sequence[Sequence[Any]], locale: str) -> None:
        self._file, self._sheet, self._locale = file, sheet, locale
        self._heads, self._at = _heads(table[0] if table else ())
        self._table = table
        self._wrong: dict[tuple[int, str], str] = {}

    def decisions(self) -> list[Decision]:
        """Return the decisions; ConfigError with all that is wrong."""
        if lacking := [name for name in _NEEDED if name not in self._at]:
            names = ", ".join(text(f"payments.column_{name}", self._locale) for name in lacking)
            raise ConfigError("payments.no_column", file=self._file, sheet=self._sheet, columns=names)
        candidates: dict[str, list[_Row]] = defaultdict(list)
        for row in self._rows():
            if self._known(row):
                candidates[row.text("digest")].append(row)
        made = (self._decision(digest, rows) for digest, rows in candidates.items())
        found = [one for one in made if one is not None]
        self._one_of_each(found)
        self._paid_once(found, candidates)
        if self._wrong:
            faults = [self._wrong[place] for place in sorted(self._wrong)]
            raise ConfigError(
                "payments.bad_decisions",
                file=self._file,
                count=len(faults),
                faults="\n".join(faults[:_SHOWN]),
            )
        return sorted(found, key=lambda one: one.line)

    def _rows(self) -> Iterator[_Row]:
        for line, values in enumerate(self._table[1:], 2):
            cells = {name: values[at] if at < len(values) else None for name, at in self._at.items()}
            if any(value not in (None, "") for value in cells.values()):
                yield _Row(line, cells)

    def _fault(self, key: str, line: int, column: str, **values: object) -> None:
        """Note what is wrong in a cell; of one cell the first thing only."""
        place = text(
            "payments.place",
            self._locale,
            sheet=self._sheet,
            row=line,
            letter=_letter(self._at[column]),
            head=self._heads[column],
        )
        self._wrong.setdefault((line, column), text(key, self._locale, place=place, **values))

    def _known(self, row: _Row) -> bool:
        """Tell whether a row was written by us; note its first cell that does not say what was written."""
        written = row.written
        if written is None:
            self._fault("payments.row_added", row.line, "bank_id")
            return False
        for name, was, now in zip(SIGNED, written, row.as_now, strict=True):
            if was != now:
                self._fault("payments.cell_changed", row.line, name, was=was, now=row.text(name))
                break
        return True

    def _decision(self, digest: str, rows: Sequence[_Row]) -> Decision | None:
        """Return what is decided on a candidate, by any of its rows."""
        said = [(row, self._word(row)) for row in rows if row.text("decision")]
        words = [(row, word) for row, word in said if word]
        if not words:
            return None
        row, word = words[0]
        for other, another in words[1:]:
            if another != word:
                self._fault("payments.two_words", other.line, "decision", first=row.line)
        written = row.written
        if written is None or digest_of(one.text("signed") for one in rows) != digest:
            self._fault("payments.rows_differ", row.line, "bank_id", bank_id=row.text("bank_id"))
            return None
        who, remark = (
            next((one.text(name) for one in (row, *rows) if one.text(name)), "") for name in ("who", "remark")
        )
        bank_id, rank = written.bank_id, int(written.rank)
        return Decision(bank_id, rank, word == "accept", who, remark, row.line, digest)

    def _word(self, row: _Row) -> str:
        """Return the word of a decision in any language; "" for one that is none, and is noted."""
        said = row.text("decision")
        for word in DECISIONS:
            if said.casefold() in {text(f"payments.word_{word}", one).casefold() for one in LOCALES}:
                return word
        known = ", ".join(text(f"payments.word_{word}", self._locale) for word in DECISIONS)
        self._fault("payments.bad_word", row.line, "decision", said=said, known=known)
        return ""

    def _one_of_each(self, found: Sequence[Decision]) -> None:
        """Note entries with two candidates accepted."""
        first: dict[str, Decision] = {}
        for one in sorted(found, key=lambda one: one.line):
            if one.accepted and first.setdefault(one.bank_id, one) is not one:
                before = first[one.bank_id]
                self._fault(
                    "payments.two_accepted",
                    one.line,
                    "decision",
                    bank_id=one.bank_id,
                    rank=one.rank,
                    other=before.rank,
                    first=before.line,
                )

    def _paid_once(self, found: Sequence[Decision], candidates: Mapping[str, Sequence[_Row]]) -> None:
        """Note receivables that accepted candidates together would pay more than is open of them."""
        paid: dict[str, Decimal] = defaultdict(Decimal)
        first: dict[str, int] = {}
        for one in sorted(found, key=lambda one: one.line):
            for row in candidates[one.digest] if one.accepted else ():
                line = row.written or row.as_now  # what was written: its digest was found right
                item, left = line.receivable_id, Decimal(line.open)
                pays = Decimal(line.pays) if line.currency == line.owed_in else left
                if item in first and abs(paid[item] + pays) > abs(left):
                    self._fault(
                        "payments.paid_twice", row.line, "decision", receivable=item, first=first[item]
                    )
                first.setdefault(item, row.line)
                paid[item] += pays


def _table(path: Path) -> tuple[str, list[tuple[Any, ...]]]:
    """Return the sheet of proposals, by its name in any language: that name, and all its rows."""
    from openpyxl import load_workbook  # late: it is heavy
    from openpyxl.utils.exceptions import InvalidFileException

    if not path.is_file():
        raise ConfigError("sync.sheet_no_file", file=path)
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise ConfigError("payments.unreadable", file=path.name) from error
    names = [text("payments.sheet_proposals", locale) for locale in LOCALES]
    try:
        for sheet in book.worksheets:
            if sheet.title.strip() in names:
                return sheet.title, list(sheet.iter_rows(values_only=True))
    finally:
        book.close()
    raise ConfigError("payments.no_sheet", file=path.name, names=" / ".join(names))


def _heads(head: Sequence[Any]) -> tuple[dict[str, str], dict[str, int]]:
    """Return the heads of the columns that matter, in whatever language, and where they stand."""
    names = {
        text(f"payments.column_{name}", locale): name for name in (*_NEEDED, *FILL) for locale in LOCALES
    }
    heads: dict[str, str] = {}
    places: dict[str, int] = {}
    for at, cell in enumerate(head):
        said = str(cell or "").strip()
        if (name := names.get(said)) is not None and name not in places:
            heads[name], places[name] = said, at
    return heads, places


def _amount(said: str, currency: str) -> str:
    """Return a number with the decimals of its currency; what is no number as it is."""
    try:
        return str(Decimal(said).quantize(Decimal(1).scaleb(-decimals(currency))))
    except InvalidOperation:
        return said


def _letter(at: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(at + 1))
