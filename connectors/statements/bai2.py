"""BAI2: records of two digits and commas, continued by 88, with sums at every level."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.statements.bai2_text import Told, told_by
from connectors.statements.charset import last_line, lines_of, text_of
from connectors.statements.model import Declared, Entry, Parsed, Remark, Statement
from connectors.statements.values import ZERO, amount_of, minor_digits, short_day

_RECORD = re.compile(r"\s*(01|02|03|16|49|88|98|99)\s*(?:,(.*)|/?\s*$)", re.S)
_NO_MONEY = frozenset({"890"})
_SEAM = re.compile(
    r"/\s+(?=(?:16,[0-9]{3},[+-]?[0-9.]*,|0[23],[^,/]*,[^/]*,|(?:49|98|99),[+-]?[0-9]+,[0-9]))"
)
"""Where the next record begins in the same line: some programs pad records instead of ending lines."""


@dataclass(slots=True)
class _Record:
    """One record with its continuations: its code, the line it begins at, its fields, its physical lines."""

    code: str
    line: int
    text: str
    lines: int = 1

    def fields(self, count: int = -1) -> list[str]:
        return [one.strip() for one in self.text.split(",", count)]


@dataclass(slots=True)
class _Reading:
    parsed: Parsed = field(default_factory=lambda: Parsed("bai2"))
    currency: str = "USD"
    day: date | None = None
    statement: Statement | None = None
    control: Decimal = ZERO
    group: Decimal = ZERO
    total: Decimal = ZERO
    lines: int = 0
    ended: bool = False


def read_bai2(content: bytes) -> Parsed:
    """Read the accounts of a file; amounts are in the minor unit of the account's currency (USD by default).

    The sums of 49, 98 and 99 are held against what they sum up; where they differ it is said. A record is
    whole when another one follows it, so a torn file has no half entries.
    """
    text = text_of(content)
    reading = _Reading()
    records = list(_records(text))
    whole = bool(records) and records[-1].code == "99"
    for record in records if whole else records[:-1]:
        _take(reading, record)
    if not whole:
        reading.parsed.errors.append(Remark("statements.torn", last_line(text)))
    return reading.parsed


def _records(text: str) -> Iterator[_Record]:
    current: _Record | None = None
    rows = ((number, row) for number, line in enumerate(lines_of(text), 1) for row in _SEAM.split(line))
    for number, row in rows:
        found = _RECORD.match(row)
        if found is not None and found[1] == "88" and current is not None:
            _continue(current, found[2] or "")
        elif found is not None and found[1] != "88":
            if current is not None:
                yield _ended(current)
            current = _Record(found[1], number, (found[2] or "").rstrip())
        elif row.strip("\x1a \t") and current is not None:
            current.text += f" {row.strip()}"  # a text that was broken without 88
    if current is not None:
        yield _ended(current)


def _continue(record: _Record, more: str) -> None:
    """Add a continuation: a new field where the line before ended one, else more of the same text."""
    before = record.text.rstrip().removesuffix("/")
    in_text = record.code == "16" and _text_at(before) is not None
    record.text = f"{before} {more.strip()}" if in_text else f"{before},{more.rstrip()}"
    record.lines += 1


def _ended(record: _Record) -> _Record:
    record.text = record.text.strip().removesuffix("/")
    return record


def _text_at(text: str) -> int | None:
    """Return at which field the text of a 16 stands, None if the record has not come to it yet."""
    fields = text.split(",")
    skipped = _funds(fields)
    at = 3 + skipped + 2
    return at if len(fields) > at else None


def _funds(fields: list[str]) -> int:
    """Return how many fields belong to the funds type in the third field of a 16."""
    match fields[2].strip().rstrip("/").upper() if len(fields) > 2 else "":
        case "S":
            return 3
        case "V":
            return 2
        case "D":
            count = fields[3].strip() if len(fields) > 3 else ""
            return 1 + 2 * int(count) if re.fullmatch("[0-9]{1,3}", count) else 1
    return 0


def _take(reading: _Reading, record: _Record) -> None:
    reading.lines += record.lines
    match record.code:
        case "01":
            reading.total = ZERO
        case "02":
            _group(reading, record)
        case "03":
            _account(reading, record)
        case "16":
            _entry(reading, record)
        case "49":
            _control(reading, record, reading.control, "49")
            reading.group += reading.control
            reading.statement = None
        case "98":
            _control(reading, record, reading.group, "98")
            reading.total += reading.group
        case "99":
            _control(reading, record, reading.total, "99")


def _group(reading: _Reading, record: _Record) -> None:
    fields = [*record.fields(), *[""] * 7]
    reading.group = ZERO
    reading.day, real = short_day(fields[3])
    reading.currency = fields[5].upper() or "USD"
    if not real:
        reading.parsed.warnings.append(Remark("statements.no_day", record.line, {"row": fields[3]}))


def _account(reading: _Reading, record: _Record) -> None:
    account, currency, *rest = [*record.fields(), ""]
    reading.control = ZERO
    statement = Statement(account or None, currency.upper() or reading.currency)
    statement.first_day = statement.last_day = reading.day
    reading.statement = statement
    reading.parsed.statements.append(statement)
    for kind, said, count in _summaries(rest):
        amount = _minor(said, statement.currency)
        reading.control += _cents(said)
        if amount is not None:
            _summary(statement, kind, amount, count)


def _summaries(fields: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (type, amount, count) of the balances and sums in a 03."""
    at = 0
    while at + 1 < len(fields):
        if not fields[at]:  # a comma more than needed, before a continuation
            at += 1
            continue
        kind, amount, count = fields[at], fields[at + 1], fields[at + 2] if at + 2 < len(fields) else ""
        yield kind.zfill(3), amount, count
        at += 4 + _funds(["", "", *fields[at + 3 : at + 5]])


def _summary(statement: Statement, kind: str, amount: Decimal, count: str) -> None:
    counted = int(count) if re.fullmatch("[0-9]{1,9}", count) else None
    said: Declared = statement.declared
    match kind:
        case "010":
            statement.opening = amount
        case "015":
            statement.closing = amount
        case "100":
            said.credits, said.credit_sum = counted, abs(amount)
        case "400":
            said.debits, said.debit_sum = counted, abs(amount)


def _entry(reading: _Reading, record: _Record) -> None:
    if reading.statement is None:
        reading.statement = Statement(None, reading.currency)
        reading.parsed.statements.append(reading.statement)
    fields = record.fields()
    skipped = _funds(fields)
    kind, said = [*fields, ""][:2]
    rest = [*fields[2:], "", ""]
    bank, customer = map(_reference, [*rest[1 + skipped :], "", ""][:2])
    at = _text_at(record.text)
    text = " ".join(",".join(record.text.split(",")[at:]).split()) if at else ""
    amount, sign = _minor(said, reading.statement.currency), _sign(kind)
    reading.control += _cents(said)
    note = None
    if amount is None:
        note = Remark("statements.unreadable_amount", record.line, {"amount": said})
    elif not sign:
        note = Remark("statements.unknown_sign", record.line, {"code": kind, "amount": said})
    value = short_day(rest[1])[0] if rest[0].upper() == "V" else None
    told = told_by(text, incoming=sign > 0)
    reading.statement.entries.append(
        Entry(
            booked_on=reading.day,
            amount=amount * sign if amount and sign else ZERO,
            currency=reading.statement.currency,
            value_date=value,
            reference=bank or customer,
            payer_name=told.name,
            payer_account=told.account,
            remittance_info=text,
            note=note or (None if reading.day else Remark("statements.no_day", record.line, {"row": ""})),
            line=record.line,
            details=_details(kind, bank, customer, told),
        )
    )


def _reference(said: str) -> str:
    """Return a reference; zeros stand for none."""
    return said if said.strip("0") else ""


def _details(kind: str, bank: str, customer: str, told: Told) -> dict[str, Any]:
    found = {
        "code": kind,
        "bank_reference": bank,
        "customer_reference": customer,
        "end_to_end": told.end_to_end,
        "payer_bank": told.bank,
    }
    return {name: value for name, value in found.items() if value}


def _sign(kind: str) -> int:
    """Return 1 for a type that brings money, -1 for one that takes it, 0 for one that moves none.

    100 to 399 and 920 to 959 are credits, 400 to 699 and 960 to 999 debits; of loans, 720 to 759 pay back
    and 760 to 799 are paid out.
    """
    number = int(kind) if re.fullmatch("[0-9]{1,3}", kind) and kind not in _NO_MONEY else 0
    if 100 <= number <= 399 or 720 <= number <= 759 or 920 <= number <= 959:
        return 1
    return -1 if 400 <= number <= 699 or 760 <= number <= 799 or 960 <= number <= 999 else 0


def _minor(said: str, currency: str | None) -> Decimal | None:
    """Return an amount in major units; one with a decimal point, against the rule, is in them already."""
    if "." in said:
        return amount_of(said, decimal=".")
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", said):
        return None
    return Decimal(said).scaleb(-minor_digits(currency))


def _cents(said: str) -> Decimal:
    """Return an amount as the control sums add it up."""
    try:
        found = Decimal(said.replace(".", "") or 0)
    except InvalidOperation:
        return ZERO
    return found if found.is_finite() else ZERO


def _control(reading: _Reading, record: _Record, counted: Decimal, code: str) -> None:
    said = record.fields()[0]
    if re.fullmatch(r"[+-]?[0-9]{1,20}", said) and Decimal(said) != counted:
        values = {"code": code, "said": said, "counted": f"{counted:f}"}
        reading.parsed.warnings.append(Remark("statements.control_differs", record.line, values))
