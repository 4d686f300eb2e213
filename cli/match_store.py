"""`orderhub match` on the store: post what is certain, confirm what people know, undo what was wrong."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import context, show
from cli.options import Json, actor

if TYPE_CHECKING:
    from cli.context import Here
    from hub.store import Store
    from reconciler.payments.booking import Booked, Cashbook
    from reconciler.payments.ledger import Line
    from reconciler.payments.reports import Given

Entry = Annotated[str, typer.Argument(metavar="ENTRY", help="The bank entry, as `match list` names it.")]
Who = Annotated[str | None, typer.Option(metavar="NAME", help="Who decides; default: who is logged in.")]
Why = Annotated[str, typer.Option(help="Why, kept with it.")]
Company = Annotated[str | None, typer.Option(help="The company, where the store holds several.")]


def on_store(customers: Path | None, dry: bool) -> list[Booked]:
    """Match what the store holds and is not settled; with `dry` nothing is posted."""
    from reconciler.payments import files

    here = context.here()
    known = files.read_customers(customers) if customers else []
    with here.store() as store:
        return cashbook(here, store).run(here.clock(), known, dry=dry)


def given_of(booked: Booked) -> Given:
    """Return what a report on a company of the store tells, in the language to answer in."""
    from reconciler.payments.reports.of_store import given_of as told

    here = context.here()
    today = here.clock().astimezone(here.zone).date()
    with here.store() as store, store.read() as conn:
        return told(conn, store.seal, booked, here.rules, here.systems, today, context.language())


def list_(
    company: Company = None,
    posted: Annotated[bool, typer.Option("--posted", help="What is posted, instead of what waits.")] = False,
    as_json: Json = False,
) -> None:
    """List the receipts that wait for a person with their candidates, or what is posted."""
    from reconciler.payments import ledger

    here = context.here()
    with here.store() as store:
        if posted:
            chosen = _company(store, company)
            with store.read() as conn:
                _show_lines(ledger.standing(conn, chosen), as_json)
            return
        found = cashbook(here, store).run(here.clock(), dry=True)
    waiting = [one for one in found if company in (None, one.company)]
    if as_json:
        show.print_json([row for one in waiting for row in _waiting(one)])
        return
    say = context.say
    rows = [
        [
            row["entry"],
            row["value_date"],
            f"{row['amount']} {row['currency']}",
            row["payer"],
            _candidates(row),
        ]
        for one in waiting
        for row in _waiting(one)
    ]
    if not rows:
        show.line(say("cash.none_waiting"), "good")
        return
    names = ("entry", "day", "amount", "payer", "candidates")
    show.table([say(f"cash.{name}") for name in names], rows)


def confirm(
    entry: Entry,
    pays: Annotated[
        list[str],
        typer.Option("--pays", metavar="RECEIVABLE[=AMOUNT]", help="What it pays; without amount all of it."),
    ],
    reason: Why,
    settles: Annotated[
        bool, typer.Option("--settles", help="It settles them whole: grant the rest as discount or fee.")
    ] = False,
    company: Company = None,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Post what you know a bank entry pays; its payer is remembered for the customer."""
    here = context.here()
    with here.store() as store:
        chosen = _company(store, company)
        decided = dict(map(_share, pays))
        book = cashbook(here, store)
        lines = book.confirm(chosen, entry, decided, actor(who), reason, here.clock(), settles=settles)
    _show_lines(lines, as_json)


def undo(entry: Entry, reason: Why, company: Company = None, who: Who = None, as_json: Json = False) -> None:
    """Take back all that is posted of a bank entry: what it paid is open again."""
    here = context.here()
    with here.store() as store:
        lines = cashbook(here, store).undo(_company(store, company), entry, actor(who), reason, here.clock())
    _show_lines(lines, as_json, "cash.undone")


def import_(
    sheet: Annotated[Path, typer.Argument(metavar="SHEET", help="The workbook, filled in.")],
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Read a filled-in workbook of proposals back: post what was accepted.

    All of it is taken or, if anything in it cannot be, nothing.
    """
    from reconciler.payments.deciding import take
    from reconciler.payments.reports import read_decisions

    here = context.here()
    decisions = read_decisions(sheet, context.language())
    with here.store() as store:
        taken = take(cashbook(here, store), decisions, actor(who), here.clock())
    told = {"confirmed": taken.confirmed, "rejected": taken.rejected, "known": taken.known}
    if as_json:
        show.print_json(told)
    else:
        show.line(context.say("cash.taken", **told), "good")


def cashbook(here: Here, store: Store) -> Cashbook:
    """Return the money side of a store, by the rules of the hub."""
    from reconciler.payments.booking import Cashbook

    return Cashbook(store, here.zone, here.rules.payments)


def _company(store: Store, asked: str | None) -> str:
    """Return the company that is meant; ConfigError if that is not clear."""
    from hub.errors import ConfigError
    from reconciler.payments.shelf import companies

    with store.read() as conn:
        known = companies(conn)
    if asked is None and len(known) == 1:
        return known[0]
    if asked in known and asked is not None:
        return asked
    raise ConfigError("cash.which_company", known=", ".join(known) or "–")


def _share(said: str) -> tuple[str, Decimal | None]:
    from hub.errors import ConfigError

    ref, equals, amount = said.partition("=")
    if not equals:
        return ref, None
    try:
        return ref, Decimal(amount)
    except InvalidOperation:
        raise ConfigError("cash.bad_share", said=said) from None


def _waiting(booked: Booked) -> list[dict[str, Any]]:
    from reconciler.payments.money import to_major

    found = []
    for one in booked.outcomes:
        if one.standing not in ("proposed", "unidentified"):
            continue
        entry = one.entry
        candidates = [
            {
                "rank": rank,
                "pays": {
                    posting.receivable.id: str(to_major(posting.amount, entry.currency))
                    for posting in candidate.postings
                },
                "facts": list(candidate.facts),
                "reasons": [context.say(key) for key in candidate.doubts],
            }
            for rank, candidate in enumerate(one.proposals, 1)
        ]
        found.append(
            {
                "company": booked.company,
                "entry": entry.id,
                "value_date": entry.value_date.isoformat(),
                "amount": str(to_major(entry.amount, entry.currency)),
                "currency": entry.currency,
                "payer": entry.payer_name,
                "text": entry.text,
                "candidates": candidates,
            }
        )
    return found


def _candidates(row: dict[str, Any]) -> str:
    return "\n".join(
        f"{one['rank']}. " + ", ".join(f"{ref} {amount}" for ref, amount in one["pays"].items())
        for one in row["candidates"]
    ) or show.NOTHING  # fmt: skip


def _show_lines(lines: list[Line], as_json: bool, title: str = "cash.posted") -> None:
    if as_json:
        show.print_json(
            [
                {
                    "entry": line.entry.ref,
                    "receivable": line.receivable.ref,
                    "amount": str(line.amount),
                    "currency": line.currency,
                    "rule": line.rule,
                    "facts": list(line.facts),
                    "who": line.who,
                    "reason": line.reason,
                }
                for line in lines
            ]
        )
        return
    say = context.say
    show.line(say(title, count=show.number(len(lines))), "good")
    columns = [say(f"cash.{name}") for name in ("entry", "receivable", "amount", "rule", "who")]
    show.table(
        columns,
        [
            [line.entry.ref, line.receivable.ref, show.money(line.amount, line.currency),
             say(f"payments.rule_{line.rule}"), line.who or show.NOTHING]
            for line in lines
        ],
    )  # fmt: skip
