"""What is matched: receivables, bank entries, customers; and what comes of it: postings and proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(slots=True, eq=False)
class Receivable:
    """One open item of a customer; amounts in minor units of `currency`, below zero for a credit note.

    `open` is what of `amount` nobody has paid yet. `discount_rate` is a share (0.02), granted to who pays
    until `discount_until`.
    """

    id: str
    customer: str
    customer_name: str
    currency: str
    amount: int
    invoice_no: str = ""
    order_no: str = ""
    contract_no: str = ""
    issued: date | None = None
    due: date | None = None
    discount_rate: Decimal | None = None
    discount_until: date | None = None
    open: int = 0

    def __post_init__(self) -> None:
        """Nothing is paid at first."""
        self.open = self.amount


@dataclass(slots=True, eq=False)
class BankEntry:
    """One entry of a bank account; `amount` in minor units of `currency`, above zero where money came in."""

    id: str
    value_date: date
    amount: int
    currency: str
    payer_name: str = ""
    payer_account: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer and what it is known by: accounts and aliases that people confirmed, its parent's name."""

    id: str
    name: str
    name_en: str = ""
    accounts: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    parent_name: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """Cash of an entry that pays a receivable: `amount` in minor units of the entry's currency."""

    receivable: Receivable
    amount: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """One way to explain an entry: what it pays, by which rule, and which facts say so.

    `facts` are words of `KINDS`, and some that only tell. `doubts` are message keys of what speaks against
    it: with one of them it is never posted by itself. `rest` is what of the entry stays on account.
    """

    rule: str
    postings: Sequence[Posting]
    facts: tuple[str, ...]
    doubts: tuple[str, ...] = ()
    rest: int = 0

    @property
    def key(self) -> tuple[tuple[str, int], ...]:
        """What it comes to: the same for two rules that say the same."""
        return tuple(sorted((one.receivable.id, one.amount) for one in self.postings))


KINDS = {
    "document": "document",
    "number_read_amiss": "document",
    "number_cut": "document",
    "sum": "sum",
    "only_sum": "sum",
    "sum_less_fee": "sum",
    "party": "party",
    "account": "party",
    "party_in_text": "party",
    "group": "party",
    "alike": "party",
}
"""The facts by what they are about: only facts of different kinds do not depend on each other.

`rate`, `period` and `nearly_sum` are facts as well, but say too little to count.
"""


@dataclass(slots=True)
class Outcome:
    """What an entry came to: posted by one explanation, or proposals, or a reason why it pays nothing.

    `standing` is posted, proposed, unidentified, outgoing, returned, duplicate or own_transfer; `about` is
    the entry that a returned or duplicate one belongs to. `closed` is what the posting pays off of each
    receivable, in minor units of its own currency.
    """

    entry: BankEntry
    standing: str
    posted: Explanation | None = None
    proposals: list[Explanation] = field(default_factory=list)
    about: str | None = None
    closed: dict[str, int] = field(default_factory=dict)
