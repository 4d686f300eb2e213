"""What a statement is held against, whatever its format: its own sums and balances, and having entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from connectors.statements.model import Declared, Entry, Parsed, Remark, Statement
from connectors.statements.values import ZERO


def checked(parsed: Parsed) -> Parsed:
    """Add to a file's warnings what does not add up, and return it.

    Four looks: entries against what the statement declares, opening balance and entries against the closing
    one, statements (or a file) without entries, and entries without an amount, each of which gets a note that
    says so. Each is a warning: the entries count all the same.
    """
    for statement in parsed.statements:
        parsed.warnings += _declared(statement)
        parsed.warnings += _balance(statement)
        if not statement.entries:
            parsed.warnings.append(Remark("statements.no_entries", 0, _of(statement)))
    for entry in _entries(parsed):
        if not entry.amount and entry.note is None:
            entry.note = Remark("exports.no_amount", entry.line)
    unread = [entry for entry in _entries(parsed) if not entry.amount and entry.note is not None]
    if unread:
        parsed.warnings.append(Remark("statements.without_amount", unread[0].line, {"count": len(unread)}))
    if not parsed.statements and not parsed.errors:
        parsed.errors.append(Remark("statements.nothing"))
    return parsed


def _entries(parsed: Parsed) -> Iterator[Entry]:
    for statement in parsed.statements:
        yield from statement.entries


def _of(statement: Statement) -> dict[str, str]:
    return {"account": statement.account or "?"}


def _balance(statement: Statement) -> Iterator[Remark]:
    if statement.opening is None or statement.closing is None:
        return
    total = sum((entry.amount for entry in _own(statement)), ZERO)
    if statement.opening + total != statement.closing:
        values = {
            "opening": _plain(statement.opening),
            "sum": _plain(total),
            "closing": _plain(statement.closing),
            "difference": _plain(statement.closing - statement.opening - total),
        }
        yield Remark("statements.balance_differs", 0, {**_of(statement), **values})


def _declared(statement: Statement) -> Iterator[Remark]:
    for name, said, counted in _pairs(statement.declared, booked(_own(statement))):
        if said is not None and said != counted:
            values = {"said": _plain(said), "counted": _plain(counted)}
            yield Remark(f"statements.differs_{name}", 0, {**_of(statement), **values})


def _pairs(said: Declared, sums: Sequence[Decimal]) -> list[tuple[str, Decimal | int | None, Decimal | int]]:
    credits = [one for one in sums if one > 0]
    debits = [-one for one in sums if one < 0]
    return [
        ("entries", said.entries, len(sums)),
        ("credits", said.credits, len(credits)),
        ("credit_sum", said.credit_sum, sum(credits, ZERO)),
        ("debits", said.debits, len(debits)),
        ("debit_sum", said.debit_sum, sum(debits, ZERO)),
    ]


def booked(entries: Sequence[Entry]) -> list[Decimal]:
    """Return the sums that a bank booked: the details of a batch are one."""
    sums: list[Decimal] = []
    batches: dict[str, int] = {}
    for entry in entries:
        batch = entry.details.get("batch")
        if batch is None or batch not in batches:
            if batch is not None:
                batches[batch] = len(sums)
            sums.append(entry.amount)
        else:
            sums[batches[batch]] += entry.amount
    return sums


def _own(statement: Statement) -> list[Entry]:
    """Return the entries in the statement's own currency."""
    return [
        entry
        for entry in statement.entries
        if entry.currency is None or statement.currency in {None, entry.currency}
    ]


def _plain(value: Decimal | int) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
