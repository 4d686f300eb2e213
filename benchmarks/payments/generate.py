"""Make up a ledger, its bank entries and their truth.

`python -m benchmarks.payments.generate --seed N --customers K --receivables M --out DIR [--dialect D]`, where
D is cn, eu or mixed, writes receivables.csv, bank.csv and customers.csv, which a matcher may read, and
truth.csv (bank_id, receivable_id, amount, decidable, scenario, together) and entries.csv (bank_id, scenario,
kind, askable), which it may not. What decidable and askable mean is told in `benchmarks.payments.truth`. The
same arguments write the same bytes.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable
from datetime import date
from itertools import accumulate
from pathlib import Path
from random import Random

from benchmarks.payments import by_none, by_number, by_party, by_sum, firms, marks
from benchmarks.payments.model import Customer, Receivable, World, money
from benchmarks.payments.play import SCENARIOS, Play, Scenario
from benchmarks.payments.truth import Judge

DIALECTS = ("cn", "eu", "mixed")
ROOMS = (by_number, by_party, by_sum, by_none)
"""Importing them registers their scenarios."""


def invent(seed: int, customers: int, receivables: int, dialect: str = "") -> World:
    """Make a world up; without a dialect the seed says which."""
    dialect = dialect or DIALECTS[seed % 3]
    rng = Random(f"payments {seed} {dialect}")
    accounts = [f"9558{rng.randrange(10**15):015d}" for _ in "123"]
    world = World(seed, dialect, firms.own_name(rng, dialect), accounts)
    world.customers = firms.Firms(rng, dialect).make(customers)
    shown = _cast(world, rng, receivables)
    marks.number_all(world, rng)
    for play, scenario in shown:
        scenario.act(play)
    Judge(world).label()
    for at, entry in enumerate(world.entries, 1):
        entry.name = f"B{at:07d}"
    return world


def _cast(world: World, rng: Random, wanted: int) -> list[tuple[Play, Scenario]]:
    """Draw scenarios and customers until there are enough receivables; return what is to be played."""
    drawn = list(SCENARIOS.values())
    weights = [scenario.weight for scenario in drawn]
    custom = [0.2 + rng.paretovariate(1.6) for _ in world.customers]
    custom = [min(one, 12.0) for one in custom]
    fitting: dict[str, tuple[list[Customer], list[float]]] = {}
    for scenario in drawn:
        fit = [one for one in world.customers if scenario.fits(one)]
        fitting[scenario.name] = fit, list(accumulate(custom[one.place] for one in fit))
    shown = []
    while len(world.receivables) < wanted:
        for scenario in rng.choices(drawn, weights, k=100):
            fit, heavy = fitting[scenario.name]
            if fit:
                play = Play(world, rng, rng.choices(fit, cum_weights=heavy)[0], scenario.name)
                scenario.make(play)
                shown.append((play, scenario))
    return shown


def write(world: World, out: Path) -> None:
    """Write the five files."""
    out.mkdir(parents=True, exist_ok=True)
    _table(
        out / "customers.csv",
        ("customer_id", "name", "name_en", "known_account", "known_alias", "parent_name"),
        (
            (_customer(c.place), c.name, c.name_en, c.known_account, c.alias, c.parent_name)
            for c in world.customers
        ),
    )
    _table(
        out / "receivables.csv",
        (
            "receivable_id",
            "customer_id",
            "customer_name",
            "invoice_no",
            "order_no",
            "contract_no",
            "currency",
            "amount",
            "issue_date",
            "due_date",
            "discount_rate",
            "discount_until",
        ),
        (
            _receivable(world, one)
            for one in sorted(world.receivables, key=lambda r: (r.issued, r.invoice_no))
        ),
    )
    _table(
        out / "bank.csv",
        ("bank_id", "value_date", "amount", "currency", "payer_name", "payer_account", "remittance_info"),
        (
            (e.name, _day(e.day), money(e.cents), e.currency, e.payer, e.account, e.text)
            for e in world.entries
        ),
    )
    _table(
        out / "entries.csv",
        ("bank_id", "scenario", "kind", "askable"),
        ((e.name, e.scenario, e.kind, "yes" if e.askable else "no") for e in world.entries),
    )
    _table(out / "truth.csv", ("bank_id", "receivable_id", "amount", "decidable", "scenario", "together"),
           ((e.name, _id(place), money(cents), "yes" if e.decidable else "no", e.scenario, e.together)
            for e in world.entries for place, cents in e.links))  # fmt: skip


def _receivable(world: World, one: Receivable) -> tuple[str, ...]:
    rate, until = (f"{one.discount / 10_000:.4f}", _day(one.until)) if one.discount else ("", "")
    who = world.customers[one.customer]
    return (_id(one.place), _customer(who.place), who.name,
            one.invoice_no, one.order_no, one.contract_no, one.currency,
            money(one.cents), _day(one.issued), _day(one.due), rate, until)  # fmt: skip


def _id(place: int) -> str:
    return f"R{(place * 7_368_787) % 100_000_007:08d}"


def _customer(place: int) -> str:
    return f"C{place + 1:06d}"


def _day(day: int) -> str:
    return date.fromordinal(day).isoformat()


def _table(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--customers", type=int, default=0, help="default: one for 15 receivables")
    parser.add_argument("--receivables", type=int, default=50_000)
    parser.add_argument("--dialect", choices=DIALECTS, default="", help="default: by the seed")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    world = invent(
        asked.seed, asked.customers or max(asked.receivables // 15, 12), asked.receivables, asked.dialect
    )
    write(world, asked.out)
    links = [entry.decidable for entry in world.entries for _ in entry.links]
    print(
        f"{len(world.customers)} customers, {len(world.receivables)} receivables, "
        f"{len(world.entries)} entries, {len(links)} links, {sum(links)} decidable, in {asked.out}"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
