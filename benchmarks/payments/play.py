"""How a scenario is played: first it makes its receivables, then, when they have numbers, the bank entries.

A scenario is registered with `plays`: its weight, what it makes and what is paid. Everything it says about
itself (what a text cites, whom a name means) is checked against the whole data before a
link counts as decidable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from random import Random
from typing import Any

from benchmarks.payments import marks
from benchmarks.payments.model import Customer, Entry, Receivable, World, share

FIRST_DAY = date(2026, 1, 1).toordinal()
DAYS = 240


class Play:
    """One showing of a scenario: its customer, its receivables, and what writes entries for them."""

    def __init__(self, world: World, rng: Random, customer: Customer, scenario: str) -> None:
        self.world, self.rng, self.customer, self.scenario = world, rng, customer, scenario
        self.items: list[Receivable] = []
        self.tale = rng.getrandbits(60)
        self.start = FIRST_DAY + rng.randrange(DAYS)
        self.cn = customer.tongue == "cn" and world.dialect != "eu"

    def amount(self) -> int:
        """Return a sum as this customer's invoices have them."""
        rng, habit = self.rng, self.customer.habit
        if habit == "recurring" and rng.random() < 0.6:
            return self.customer.usual
        if habit == "round" and rng.random() < 0.6:
            return rng.randint(1, 80) * 100_000
        cents = int(10 ** rng.uniform(4.3, 7.6))
        return cents if rng.random() < 0.8 else cents // 10 * 10

    def new(self, cents: int | None = None, after: int = 0, **more: Any) -> Receivable:
        """Make one receivable of the customer; `more` are fields of it."""
        world, rng = self.world, self.rng
        cents = self.amount() if cents is None else cents
        issued = self.start + after
        due = issued + rng.choice((30, 30, 45, 60))
        fields: dict[str, Any] = {"batch": len(world.receivables), "order": world.orders, "contract": -1}
        world.orders += 1
        if rng.random() < 0.35:
            fields["contract"] = world.contracts
            world.contracts += 1
        fields |= more
        who = self.customer
        one = Receivable(len(world.receivables), who.place, who.currency, cents, issued, due)
        one = replace(one, **fields)
        world.receivables.append(one)
        self.items.append(one)
        return one

    def batch(self, count: int, apart: int = 0, **more: Any) -> list[Receivable]:
        """Make several in one go, with numbers that follow each other when they are of one day."""
        first = len(self.world.receivables)
        return [self.new(after=at * apart, **{"batch": first, **more}) for at in range(count)]

    @property
    def one(self) -> Receivable:
        """The first receivable."""
        return self.items[0]

    def later(self, low: int = 12, high: int = 65) -> int:
        """Return a day some time after the last receivable."""
        return max(one.issued for one in self.items) + self.rng.randint(low, high)

    def account(self) -> str:
        """Return an account of the customer, or nothing where the bank does not tell it."""
        return self.rng.choice((self.customer.accounts[0], *self.customer.accounts, ""))

    def pay(self, cents: int, text: str, **more: Any) -> Entry:
        """Write an entry: by default the customer's name and an account, in its currency, paying nothing."""
        who = self.customer
        payer = more.pop("payer", who.name)
        account = more.pop("account", None)
        if account is None:
            account = self.account() if payer == who.name else ""
        day = more.pop("day", None) or self.later()
        kind = more.pop("kind", "pays" if more.get("links") else "unrelated")
        currency = more.pop("currency", who.currency)
        entry = Entry(
            self.scenario,
            kind,
            day,
            cents,
            currency,
            payer,
            account,
            text,
            **({"tie": self.rng.random(), "tale": self.tale} | more),
        )
        self.world.entries.append(entry)
        return entry

    def full(
        self, text: str, *, cited: bool = False, items: list[Receivable] | None = None, **more: Any
    ) -> Entry:
        """Pay receivables to the cent."""
        items = items or self.items
        cites = tuple(one.place for one in items) if cited else ()
        links = [(one.place, one.cents) for one in items]
        return self.pay(sum(one.cents for one in items), text, links=links, cites=cites, **more)

    # wording

    def words(self) -> str:
        """Return what is paid for, in the payer's language."""
        if self.cn:
            return self.rng.choice(
                ("货款", "付货款", "材料款", "支付货款", "结算款", "加工费", "往来款", "配件款", "")
            )
        return self.rng.choice(
            ("payment", "invoice", "Rechnung", "goods", "facture", "settlement", "our payment", "")
        )

    def serial(self) -> str:
        """Return numbers that mean nothing here: the bank's serial, a telephone, a date."""
        rng = self.rng
        roll = rng.random()
        if roll < 0.4:
            return f"{'流水号' if self.cn else 'TRN'}{rng.randrange(10**14):014d}"
        if roll < 0.6:
            area = rng.choice(("138", "139", "0512", "186"))
            return f"{'电话' if self.cn else 'Tel '}{area}{rng.randrange(10**8):08d}"
        day = date.fromordinal(self.start + rng.randrange(60))
        return day.strftime(rng.choice(("%Y%m%d", "%Y-%m-%d", "%d.%m.%Y", "%m/%d")))

    def say(self, number: str = "", noise: float = 0.15) -> str:
        """Wrap a number into a remittance text."""
        rng, words = self.rng, self.words()
        if self.cn:
            form = rng.choice(
                ("{w}{n}", "{w} {n}", "{n}{w}", "{n} {w}", "{w}（{n}）", "{w},单号{n}", "付{n}号{w}")
            )
        else:
            form = rng.choice(
                ("{w} {n}", "{n}", "{n} {w}", "/INV/{n}", "SVWZ+{w} {n}", "RE.NR. {n}", "{w}: {n}")
            )
        text = form.format(w=words, n=number).strip() if number else words
        if rng.random() < noise:
            text = f"{text} {self.serial()}" if rng.random() < 0.6 else f"{self.serial()} {text}"
        return text

    def number(self, one: Receivable | None = None) -> str:
        """Return the invoice number."""
        return (one or self.one).invoice_no

    def spread(self, cents: int) -> list[int]:
        """Cut a sum into two or three uneven parts."""
        rng = self.rng
        first = rng.randint(cents // 5, cents // 2)
        if rng.random() < 0.5:
            return [first, cents - first]
        second = rng.randint(cents // 6, cents // 3)
        return [first, second, cents - first - second]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A registered scenario; `fits` says which customers it needs."""

    name: str
    weight: float
    make: Callable[[Play], object]
    act: Callable[[Play], None]
    fits: Callable[[Customer], bool]


SCENARIOS: dict[str, Scenario] = {}


def single(play: Play) -> None:
    play.new()


def several(low: int, high: int, apart: int = 0) -> Callable[[Play], None]:
    """Return what makes some receivables at once."""

    def make(play: Play) -> None:
        play.batch(play.rng.randint(low, high), apart)

    return make


def nothing(play: Play) -> None:
    """Make no receivable."""


def anyone(_: Customer) -> bool:
    return True


def plays(
    weight: float, make: Callable[[Play], object] = single, fits: Callable[[Customer], bool] = anyone
) -> Callable[[Callable[[Play], None]], Callable[[Play], None]]:
    """Register a function as a scenario of its own name."""

    def register(act: Callable[[Play], None]) -> Callable[[Play], None]:
        SCENARIOS[act.__name__] = Scenario(act.__name__, weight, make, act, fits)
        return act

    return register


__all__ = [
    "DAYS",
    "FIRST_DAY",
    "SCENARIOS",
    "Play",
    "Scenario",
    "marks",
    "plays",
    "several",
    "share",
    "single",
]
