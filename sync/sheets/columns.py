"""The columns of a sheet, and cells as they are written and read back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from hub.errors import RecordError
from hub.locale import LOCALES, text
from hub.mapping.texts import text_of
from hub.model import QUANTITIES, Money, Record, Side, Status
from hub.problems import nearest

REQUIRED = ("company", "order_no", "status")
TEXTS = ("order_type", "customer_no", "customer_name", "salesperson", "plant", "currency", "priority")
NUMBERS = (*QUANTITIES, "amount")
TIMES = ("occurred_at", "due")
COLUMNS = (
    *REQUIRED, "side", "money", *QUANTITIES, "occurred_at", "order_type", "customer_no", "customer_name",
    "salesperson", "plant", "amount", "currency", "due", "priority",
)  # fmt: skip
"""All columns, in the order in which they are exported."""

Cell = str | Decimal | None

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
_BETWEEN = " "


def cells_of(order: Mapping[str, Any], zone: tzinfo) -> dict[str, Cell]:
    """Return a row of `orders` as cells of a sheet: words for ranks, times in `zone` with their offset."""
    cells: dict[str, Cell] = {name: order[name] for name in ("company", "order_no", *NUMBERS, *TEXTS)}
    cells["status"] = None if order["status"] is None else Status(order["status"]).word
    cells["side"] = _BETWEEN.join(_sides(order["side"])) or None
    cells["money"] = None if order["money"] is None else Money(order["money"]).name.lower()
    cells["occurred_at"] = _iso(order["occurred_at"], zone)
    cells["due"] = _iso(order["due_now"], zone)
    return {name: cells[name] for name in COLUMNS}


def safe(cell: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def unsafe(cell: str) -> str:
    """Undo `safe`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RISKY) else cell


def record_of(row: Mapping[str, Any], company: str | None, zone: tzinfo | None) -> Record:
    """Return a row of a sheet as a record: known columns only, cells trimmed, words as the hub writes them.

    `company` fills a cell that is empty, `zone` is that of times written without an offset. RecordError, with
    the column as its field, for a word that the hub does not know.
    """
    record: Record = {name: _trimmed(row[name]) for name in COLUMNS if name in row}
    record["company"] = record.get("company") or company
    for name in ("company", "order_no", *TEXTS):
        if isinstance(record.get(name), int | Decimal):
            record[name] = str(text_of(record[name]))  # 4711 is a name here, not a number
    for name, known in (("status", _statuses()), ("side", _side_words()), ("money", _money_words())):
        if record.get(name) is not None:
            record[name] = _words(str(record[name]), name, known)
    if zone is not None:
        for name in TIMES:
            record[name] = _in_zone(record.get(name), zone)
    return {name: _plain(value) for name, value in record.items()}


def says_the_same(record: Record, cells: Mapping[str, Cell]) -> bool:
    """Tell whether a record says what the order's `cells` say; an empty cell says nothing."""
    return all(value is None or _same(name, value, cells[name]) for name, value in record.items())


def _same(name: str, value: Any, cell: Cell) -> bool:
    if name in NUMBERS:
        return cell is not None and _number(value) == cell
    if name in TIMES:
        return cell is not None and _moment(value) == _moment(cell)
    return bool(value == cell)


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _iso(moment: datetime | None, zone: tzinfo) -> str | None:
    return None if moment is None else moment.astimezone(zone).isoformat()


def _trimmed(cell: Any) -> Any:
    if isinstance(cell, str):
        return unsafe(cell.strip()) or None
    return cell


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _in_zone(value: Any, zone: tzinfo) -> Any:
    """Return a time that lacks its offset with that of `zone`; anything else as it is."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return value
    return value if found.tzinfo else found.replace(tzinfo=zone).isoformat()


def _sides(sides: int) -> list[str]:
    return [str(side.name).lower() for side in Side if side and side & sides]


def _words(cell: str, column: str, known: Mapping[str, str]) -> str:
    """Return the hub's word for a cell (for `side` several, apart by blanks)."""
    whole = known.get(_folded(cell))
    if whole is not None:
        return whole
    words = cell.split() if column == "side" else [cell]
    for word in words:
        if _folded(word) not in known:
            near = nearest(_folded(word), set(known.values()))
            key = "sync.sheet_word_near" if near else "sync.sheet_word"
            raise RecordError(
                key, field=column, word=word, nearest=near, known=", ".join(dict.fromkeys(known.values()))
            )
    return _BETWEEN.join(known[_folded(word)] for word in words)


def _folded(word: str) -> str:
    return word.strip().casefold().replace(" ", "_").replace("-", "_")


@cache
def _statuses() -> dict[str, str]:
    """Return the hub's statuses by every way to write them: the word itself, or as reports say it."""
    return _spellings({status.word: f"findings.status_{status.word}" for status in Status})


@cache
def _side_words() -> dict[str, str]:
    words = _sides(sum(Side))
    return _spellings({word: f"findings.side_{word}" for word in words})


@cache
def _money_words() -> dict[str, str]:
    return {money.name.lower(): money.name.lower() for money in Money}


def _spellings(keys: Mapping[str, str]) -> dict[str, str]:
    said = {_folded(text(key, locale)): word for word, key in keys.items() for locale in LOCALES}
    return {word: word for word in keys} | said
