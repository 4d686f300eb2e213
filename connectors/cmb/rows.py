"""From the rows of an answer to records, and the bank's own sums held against them.

Sources (contract, 11.2): debits come with an amount below zero and with loanCode D: the direction counts
once. Texts end with blanks. Z1 counts and sums the rows of its page (sample: one debit, -40.01).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.calls import jsons
from connectors.cmb.options import Account
from connectors.contract import BadRecord
from connectors.statements.identity import identities
from connectors.statements.model import Entry, Statement
from hub.errors import RecordError
from hub.model import Record

ACCEPTED = "SUC0000"
_SIGNS = {"C": 1, "D": -1}
_DECLARED = {"C": ("creditNums", "creditAmount"), "D": ("debitNums", "debitAmount")}

Row = dict[str, Any]


def rows_of(body: Mapping[str, Any], name: str) -> list[Row]:
    """Return the rows of a part of an answer, their texts without the blanks behind."""
    found = body.get(name)
    return [
        {key: value.rstrip() if isinstance(value, str) else value for key, value in row.items()}
        for row in (found if isinstance(found, list) else [])
        if isinstance(row, dict)
    ]


def refusal(row: Row) -> tuple[str, str] | None:
    """Return code and text of a row that says no, None for one that says nothing or yes."""
    code = str(row.get("errcod") or "")
    return None if code in ("", ACCEPTED) else (code, str(row.get("errtxt") or ""))


def disagreement(declared: Row, rows: Sequence[Row]) -> str:
    """Return how the bank's counts and sums differ from the rows of the page, "" where they agree."""
    for code, (count, amount) in _DECLARED.items():
        found = [_number(row.get("transAmount")) for row in rows if row.get("loanCode") == code]
        said = _number(declared.get(count)), _number(declared.get(amount))
        sums = abs(sum((one for one in found if one is not None), Decimal()))
        if None in found or None in said or said[0] != len(found) or abs(said[1] or 0) != sums:
            return f"{count} {declared.get(count)}: {len(found)}; {amount} {declared.get(amount)}: {sums}"
    return ""


def records(rows: Sequence[Row], account: Account, today: date) -> tuple[list[Record], list[BadRecord]]:
    """Return the rows as records, in the bank's words and with what those mean; and what cannot be read.

    Beside the bank's fields a record has `account`, `amount` (Decimal, below zero where money went out),
    `number` (what tells it from all others, as in statement files) and `provisional`: it is of the current
    day, whose set is not final.
    """
    statement = Statement(account.number)
    good: list[Row] = []
    bad: list[BadRecord] = []
    for row in rows:
        try:
            statement.entries.append(_entry(row))
            good.append(row)
        except RecordError as error:
            bad.append(BadRecord(jsons.written(row), error, str(row.get("transSequenceIdn") or "")))
    meant = zip(good, statement.entries, identities(statement), strict=True)
    return [_record(row, entry, number, account, today) for row, entry, number in meant], bad


def _record(row: Row, entry: Entry, number: str, account: Account, today: date) -> Record:
    return {
        **row,
        "account": account.number,
        "number": number,
        "amount": entry.amount,
        "provisional": entry.booked_on is not None and entry.booked_on >= today,
    }


def _entry(row: Row) -> Entry:
    """Return what an entry's identity is made of; RecordError for a row that is none."""
    said_no = refusal(row)
    if said_no is not None:
        raise RecordError("calls.row_refused", code=said_no[0], reason=said_no[1])
    amount, sign = _number(row.get("transAmount")), _SIGNS.get(str(row.get("loanCode")))
    if amount is None or sign is None or (sign > 0 and amount < 0):
        raise RecordError("cmb.no_amount", amount=row.get("transAmount"), code=row.get("loanCode"))
    if not row.get("transSequenceIdn"):
        raise RecordError("cmb.no_sequence")
    return Entry(
        _day(row.get("transDate")),
        sign * abs(amount),
        details={"bank_reference": str(row["transSequenceIdn"])},
    )


def _day(said: object) -> date:
    try:
        return datetime.strptime(str(said), "%Y%m%d").date()  # noqa: DTZ007  a day, no moment
    except ValueError as error:
        raise RecordError("cmb.no_day", found=said) from error


def _number(said: object) -> Decimal | None:
    """Return a number, None for what is none; nothing said is 0, as the bank leaves empty sums out."""
    try:
        found = Decimal(str(said or 0))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
