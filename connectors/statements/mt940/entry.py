"""One entry of an MT file: field 61, the lines below it, and field 86 (or a program's own field NS)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from connectors.statements.model import Entry, Remark
from connectors.statements.mt940.fields import Field
from connectors.statements.mt940.line61 import IBAN, Line61, line61
from connectors.statements.mt940.line86 import WIDEST, Details, line86, tidy
from connectors.statements.mt940.own import own_details
from connectors.statements.values import ZERO, amount_of

_FEE = re.compile(r"/?CHGS/(?:[A-Z]{3})?([0-9.]*,[0-9]*)")


@dataclass(slots=True)
class Pending:
    """A field 61 that waits for its details: the lines of field 86, and those of field NS."""

    one: Field
    rows: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing behind it, were it lost, would make another entry of it.

        The bank's reference tells it from all others, and its text does not break off within a word.
        """
        said = line61(self.one.rows[0].rstrip())
        rows = [row for row in self.rows if row.strip()]
        return (
            said is not None and bool(said.bank_reference and rows) and len(rows[-1]) < WIDEST - len(":86:")
        )


def entry_of(pending: Pending) -> tuple[Entry, bool]:
    """Return the entry, and whether it is only announced, not booked.

    A field 61 that cannot be read is an entry without an amount, whose note shows it.
    """
    one, rows = pending.one, pending.rows
    said = line61(one.rows[0].rstrip())
    if said is None:
        note = Remark("statements.unreadable_row", one.line, {"row": one.text})
        text = tidy(" ".join([*one.rows, *rows]))
        return Entry(None, ZERO, remittance_info=text, note=note, line=one.line), False
    account, below = said.account, tidy(" ".join(one.rows[1:]))
    if not account and IBAN.fullmatch(below):
        account, below = below, ""
    details = line86(rows) if "".join(rows).strip() or not pending.own else own_details(pending.own)
    if said.account and not details.name:
        details.name, below = below, ""
    entry = Entry(
        booked_on=said.booked_on,
        amount=said.amount,
        value_date=said.value_date,
        reference=said.bank_reference or said.reference or details.end_to_end,
        payer_name=details.name,
        payer_account=details.account or account,
        remittance_info=_with(details.text, below),
        reversal=said.reversal or details.returned,
        note=_note(said, one),
        line=one.line,
        details=_details(said, details),
    )
    if fee := _FEE.search(said.more + below + "".join(rows)):
        entry.details["fee"] = amount_of(fee[1], decimal=",")
    return entry, said.expected


def _with(text: str, below: str) -> str:
    """Return the remittance text with what stands below field 61, unless it says that, or is code words."""
    return text if below.startswith("/") or below in text else tidy(f"{text} {below}")


def _note(said: Line61, one: Field) -> Remark | None:
    if said.booked_on is None:
        return Remark("statements.no_day", one.line, {"row": one.text})
    return None if said.real else Remark("statements.no_such_day", one.line, {"row": one.text})


def _details(said: Line61, details: Details) -> dict[str, Any]:
    found = {
        "bank_reference": said.bank_reference,
        "customer_reference": said.reference,
        "end_to_end": details.end_to_end,
        "payer_bank": details.bank,
        "ultimate_payer": details.ultimate,
        "code": details.code or said.code,
    }
    return {name: value for name, value in found.items() if value}
