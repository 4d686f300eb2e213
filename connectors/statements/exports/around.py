"""What stands before and behind the rows of a table: account, period, balances, totals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise

from connectors.statements.exports.cells import amount, currency, day, plain
from connectors.statements.exports.delimited import Row
from connectors.statements.exports.words import SIDES, labels, shape, side_words
from connectors.statements.model import Declared

_LONGEST = 30
_LEGAL = 60
"""Signs from which on a text alone in its row is the small print, unless it speaks of money."""

_MONEY = re.compile(r"\d[.,]\d\d(?!\d)")
_PAIR = re.compile(
    r"(?P<label>[^\s:\[\],，。;]{1,24}(?: (?:no\.?|number|balance|date|period|currency|from|to))?)\s*:\s*"
    r"(?P<value>\[[^\]]*\]|.*?)(?=[\s,，;]+[^\s:\[\],，\d]{2,24}(?: \w+)?\s*:|$)",
    re.IGNORECASE,
)
"""`label: value`, of which a cell may hold several."""

_COUNT = re.compile(r"^共\s*(\d+)\s*(?:笔|条)(?:记录|明细|交易)?$")


@dataclass(slots=True)
class Facts:
    """What was told around a table, by kind; `lines` are the lines that told something."""

    said: dict[str, str] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)

    def take(self, row: Row) -> bool:
        """Take what a row tells; False if it tells nothing that is known."""
        before = len(self.said)
        cells = [plain(cell).strip() for cell in row.cells]
        filled = [cell for cell in cells if cell]
        kinds = [_kind(cell) or "" for cell in cells]
        above = any(one and two for one, two in pairwise(kinds))
        found = [] if above else list(self._by_labels_above(cells)) or list(self._pairs(filled))
        for kind, value in found:
            if value:
                self.said[kind] = value
        self.labels = kinds if above else []
        return bool(found) or bool(self.labels) or len(self.said) > before

    def _by_labels_above(self, cells: list[str]) -> Iterator[tuple[str, str]]:
        """Yield what stands under the labels of the row above."""
        if self.labels and not any(_kind(cell) for cell in cells if cell):
            yield from ((kind, cell) for kind, cell in zip(self.labels, cells, strict=False) if kind and cell)

    def _pairs(self, cells: list[str]) -> Iterator[tuple[str, str]]:
        """Yield what stands behind labels: in the same cell, or in the next one."""
        for at, cell in enumerate(cells):
            told = list(_told(cell))
            yield from told
            if counted := _COUNT.match(cell):
                yield "entries", counted[1]
            pairs = list(_PAIR.finditer(cell))
            for pair in pairs:
                kind = _kind(pair["label"])
                value = pair["value"].strip("[] \t")
                if kind and not (told and kind in ("credit", "debit")):
                    yield kind, value or (cells[at + 1] if at + 1 < len(cells) and pair is pairs[-1] else "")
            kind = _kind(cell)
            if kind and not pairs and at + 1 < len(cells) and not _kind(cells[at + 1]):
                yield kind, cells[at + 1]

    @property
    def account(self) -> str | None:
        """The account, without the name that some files write behind it."""
        found = re.search(r"[a-z0-9*@._-]*\d[a-z0-9*@._ -]*[a-z0-9*]|\S+@\S+", self.said.get("account", ""))
        return (
            re.sub(r"(?<=\d) (?=\d)", "", found[0]).upper()
            if found and "@" not in found[0]
            else (found[0] if found else None)
        )

    @property
    def currency(self) -> str | None:
        """The ISO code of the currency; some files write it before the account."""
        if "currency" in self.said:
            return currency(self.said["currency"])
        found = re.search("人民币|美元|欧元|港币|港元|英镑|日元", self.said.get("account", ""))
        return currency(found[0]) if found else None

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and the last day."""
        ends = [_whole(self.said.get("first_day", "")), _whole(self.said.get("last_day", ""))]
        written = re.findall(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}|\d{8}", self.said.get("period", ""))
        if len(written) == 2:
            ends = [end or day(text)[0] for end, text in zip(ends, written, strict=True)]
        return ends[0], ends[1]

    def money(self, kind: str) -> Decimal | None:
        """Return an amount that was told."""
        return amount(self.said[kind]) if kind in self.said else None

    def declared(self) -> Declared:
        """Return counts and sums, without signs."""

        def count(kind: str) -> int | None:
            digits = re.sub(r"[,笔条次\s]|\.0+$", "", self.said.get(kind, ""))
            return int(digits) if digits.isdecimal() and len(digits) < 10 else None

        def total(kind: str) -> Decimal | None:
            found = self.money(kind)
            return None if found is None else abs(found)

        return Declared(
            count("entries"), count("credits"), total("credit_sum"), count("debits"), total("debit_sum")
        )

    def merged(self, over: Facts) -> Facts:
        """Return these facts, with those of `over` where both tell something."""
        return Facts({**self.said, **over.said})


def kinds(row: Row) -> str:
    """Tell what a row without a day is, "" if that is unknown.

    "total" and "part" (sums of the table, of a page or a month), "carried" and "left" (balances), "foot".
    """
    filled = [plain(cell).strip() for cell in row.cells if cell]
    first = filled[0].lstrip("#") if filled else ""
    if balance := is_balance(row):
        return balance
    if shape("part").match(first):
        return "part"
    if shape("total").match(first):
        return "total"
    told = len(filled) <= 2 and not any(amount(cell) for cell in filled)
    legal = len(filled) == 1 < len(row.cells) and len(first) > _LEGAL and not _MONEY.search(first)
    return "foot" if legal or (told and shape("foot").match(first)) else ""


def begins_with_fact(row: Row) -> bool:
    """Tell whether a row begins with a label: no entry does."""
    first = next((plain(cell).strip() for cell in row.cells if cell), "")
    pair = _PAIR.match(first)
    return bool(
        _kind(first) or (pair and _kind(pair["label"])) or _COUNT.match(first) or next(_told(first), ())
    )


def is_balance(row: Row) -> str:
    """Return "carried" or "left" for a row that says a balance, "" for any other."""
    short = [plain(cell).strip() for cell in row.cells if 0 < len(cell) < _LONGEST]
    return next((kind for kind in ("carried", "left") if any(map(shape(kind).match, short))), "")


def _kind(label: str) -> str | None:
    text = re.sub(r"[\s:()（）]", "", label.replace("帐", "账"))
    if not 0 < len(text) < _LONGEST:
        return None
    return next((kind for kind, labelled in labels() if labelled.fullmatch(text)), None)


@cache
def _sentence() -> re.Pattern[str]:
    """Return the pattern of 收入:2笔 100.00元."""
    sides = "|".join(side_words(side) for side in SIDES)
    return re.compile(
        rf"(?P<side>{sides}|交易合计|退款合计)(?:合计|总计|共计|共)?\s*[:,]?\s*(?P<count>\d+)\s*笔\s*[,，、]?\s*"
        r"(?:商家实收)?(?:退款)?(?:金额|合计|总计|共计|共)*\s*:?\s*(?P<sum>[-+]?[\d,]+(?:\.\d+)?)?\s*元?"
    )


def _told(cell: str) -> Iterator[tuple[str, str]]:
    """Yield the number and the sum of a sentence such as 收入:2笔 100.00元."""
    for found in _sentence().finditer(cell):
        said = found["side"]
        side = {"交易合计": "credit", "退款合计": "debit"}.get(said, "")
        side = side or next(name for name in SIDES if re.fullmatch(side_words(name), said))
        yield f"{side}s", found["count"]
        if found["sum"]:
            yield f"{side}_sum", found["sum"]


def _whole(text: str) -> date | None:
    return day(text)[0] if text else None
