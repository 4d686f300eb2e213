"""What a made-up ledger holds: customers, receivables, bank entries and what each entry truly pays.

Money is whole cents, a day is `date.toordinal()`. Customers and receivables are known by their place in the
lists of the world, so that a truth never depends on a text.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Customer:
    """A firm that owes us, with the names and accounts it may pay by; `tongue` is cn or en."""

    place: int
    tongue: str
    name: str
    name_en: str = ""
    short: str = ""
    old: str = ""
    person: str = ""
    accounts: list[str] = field(default_factory=list)
    known_account: str = ""
    alias: str = ""
    parent: str = ""
    parent_name: str = ""
    """`parent` is whom it belongs to, `parent_name` what the file says of it (sometimes nothing)."""
    currency: str = "CNY"
    habit: str = "odd"
    usual: int = 0
    twinned: bool = False


@dataclass(slots=True)
class Receivable:
    """One invoice or credit note (negative); numbers come after all are made, in order of issue."""

    place: int
    customer: int
    currency: str
    cents: int
    issued: int
    due: int
    batch: int = 0
    order: int = -1
    contract: int = -1
    discount: int = 0
    """In ten-thousandths, until the day `until`."""
    until: int = 0
    invoice_no: str = ""
    order_no: str = ""
    contract_no: str = ""


@dataclass(slots=True)
class Entry:
    """One bank entry and its truth.

    `links` are (receivable, cents in the entry's currency); `closes` are receivables that are settled by it
    although less cash came (fee, discount, exchange). `cites` are receivables whose number the text carries
    in a legible way, `hint` the customer a distorted or hidden name means. `asked` is what is paid in the
    invoice's currency where the text states the rate. `together` marks entries whose truths may be swapped,
    `tie` orders a day, `tale` joins what one scenario wrote.
    """

    scenario: str
    kind: str
    day: int
    cents: int
    currency: str
    payer: str
    account: str
    text: str
    links: list[tuple[int, int]] = field(default_factory=list)
    closes: tuple[int, ...] = ()
    cites: tuple[int, ...] = ()
    hint: int = -1
    manner: str = ""
    month: int = 0
    asked: tuple[str, int] | None = None
    together: str = ""
    name: str = ""
    decidable: bool = False
    askable: bool = False
    tie: float = 0.0
    tale: int = 0


@dataclass(slots=True)
class World:
    """All of it; `documents` finds receivables by a folded number."""

    seed: int
    dialect: str
    own_name: str
    own_accounts: list[str]
    customers: list[Customer] = field(default_factory=list)
    receivables: list[Receivable] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    documents: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    orders: int = 0
    contracts: int = 0


def money(cents: int) -> str:
    """Write cents as an amount with two places."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def cents_of(text: str) -> int:
    """Read an amount with up to two places (and maybe more zeros) as cents; ValueError if it is none."""
    sign = -1 if text.startswith("-") else 1
    whole, _, rest = text.lstrip("+-").partition(".")
    if rest[2:].strip("0"):
        raise ValueError(f"amount {text!r} has more than two places")
    return sign * (int(whole or 0) * 100 + int((rest + "00")[:2]))


def share(cents: int, parts: int, whole: int = 10_000) -> int:
    """Return parts/whole of an amount, half a cent rounded up."""
    return (cents * parts * 2 + whole) // (2 * whole)
