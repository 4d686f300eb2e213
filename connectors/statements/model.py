"""What a statement file says, the same for every format: statements of accounts, and their entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from hub.locale import text


@dataclass(frozen=True, slots=True)
class Remark:
    """A warning or an error of a file: a message key with its values, and the line (0: the whole file)."""

    key: str
    line: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the message in the hub's language; a message that names its line takes it as `line`."""
        return text(self.key, line=self.line, **self.values)


@dataclass(slots=True)
class Entry:
    """One entry of an account, or one detail of a batch that a bank books as one sum.

    `amount` is in major units of `currency`, above zero where money came in. A row that moves no money, or
    cannot be read, has the amount 0 and a `note` (a Remark) that says so; nothing else has a note unless it
    needs looking at. `reference` is what the bank, else the payer, numbered the entry by; `payer_*` is the
    other side, whoever paid. `details` holds what the format knows beside that, by the names that
    `bank_entry` streams use (`bank_reference`, `end_to_end`, `fee`, `balance`, `payer_bank`, `code`, `batch`,
    `order_no`): text and Decimal. `line` is where it begins in the file (from 1).
    """

    booked_on: date | None
    amount: Decimal
    currency: str | None = None
    value_date: date | None = None
    reference: str = ""
    payer_name: str = ""
    payer_account: str = ""
    remittance_info: str = ""
    reversal: bool = False
    note: Remark | None = None
    line: int = 0
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Declared:
    """What a statement says of itself, to be held against its entries; None where it says nothing.

    Sums are in major units and without sign.
    """

    entries: int | None = None
    credits: int | None = None
    credit_sum: Decimal | None = None
    debits: int | None = None
    debit_sum: Decimal | None = None


@dataclass(slots=True)
class Statement:
    """One statement of one account: balances in major units of `currency`, None where it names none."""

    account: str | None
    currency: str | None = None
    opening: Decimal | None = None
    closing: Decimal | None = None
    entries: list[Entry] = field(default_factory=list)
    declared: Declared = field(default_factory=Declared)
    first_day: date | None = None
    last_day: date | None = None


@dataclass(slots=True)
class Parsed:
    """What a file came to. `form` is the format found ("" if none); a file without statements has errors."""

    form: str
    statements: list[Statement] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)
    errors: list[Remark] = field(default_factory=list)


class StatementReader(Protocol):
    """Reads the files of one format."""

    def __call__(self, content: bytes) -> Parsed:
        """Return what the file says. Raises nothing for what a file can contain: it says it in `errors`."""
        ...
