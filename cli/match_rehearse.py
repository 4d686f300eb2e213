"""`orderhub match rehearse`: what the rules of now would change in what was matched; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import FAILED, context, match_store, show
from cli.options import Json

if TYPE_CHECKING:
    from reconciler.payments.ledger import Line
    from reconciler.payments.rehearsal import Change, Rehearsed

_SHOWN = 40


def rehearse(
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help="Only entries of this day and later, 2026-03-31.")
    ] = None,
    customers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Names, accounts, aliases and parents as CSV.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Match all that was matched anew, with the rules and policies of now, and tell what would be different.

    Ends with 1 if the rules contradict what a person confirmed or took back.
    """
    from reconciler.payments import files
    from reconciler.payments.rehearsal import rehearse as run

    here, day = context.here(), _day(since)
    known = files.read_customers(customers) if customers else []
    with here.store() as store:
        found = run(match_store.cashbook(here, store), day, known)
    if as_json:
        show.print_json([_json(one) for one in found])
    else:
        for one in found:
            _show(one)
    if any(one.wrong for one in found):
        raise typer.Exit(FAILED)


def _day(said: str | None) -> date | None:
    from hub.errors import ConfigError

    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise ConfigError("rehearse.bad_day", said=said) from None


def _json(found: Rehearsed) -> dict[str, Any]:
    from reconciler.payments.rehearsal import CLASSES

    return {
        "company": found.company,
        "version": found.version,
        "same": found.same,
        "left_out": found.left_out,
        "counts": {what: found.count(what) for what in CLASSES},
        "sums": {what: found.money(what) for what in CLASSES if found.count(what)},
        "changes": [
            {
                "what": one.what,
                "entry": one.entry.id,
                "value_date": one.entry.value_date.isoformat(),
                "currency": one.entry.currency,
                "money": one.money,
                "before": [_line(line) for line in one.before],
                "after": [_line(line) | {"version": found.version} for line in one.after],
            }
            for one in found.changes
        ],
    }


def _line(line: Line) -> dict[str, Any]:
    told = {"receivable": line.receivable.ref, "amount": line.amount, "rule": line.rule}
    return told | {"who": line.who, "reason": line.reason, "version": line.version}


def _show(found: Rehearsed) -> None:
    from reconciler.payments.rehearsal import CLASSES, WRONG

    say, number = context.say, show.number
    if not found.changes:
        entries = number(found.same + found.left_out)
        show.line(say("rehearse.unchanged", entries=entries, company=found.company), "good")
        return
    counts = [(what, found.count(what), _sums(found.money(what))) for what in CLASSES]
    counts += [("same", found.same, ""), ("left_out", found.left_out, "")]
    rows = [[say(f"rehearse.{what}"), number(count), money] for what, count, money in counts if count]
    entries, money = say("match.entries"), say("match.money")
    show.table([say("rehearse.what"), show.Column(entries, number=True), money], rows)
    if found.wrong:
        show.fail(say("rehearse.wrong", count=number(sum(found.count(what) for what in WRONG))))
    names = ("cash.entry", "cash.amount", "rehearse.what", "rehearse.before", "rehearse.after")
    show.table([say(name) for name in names], [_row(one) for one in found.changes[:_SHOWN]])
    if len(found.changes) > _SHOWN:
        show.line(say("rehearse.capped", shown=_SHOWN, count=number(len(found.changes))), "dim")
    then = sorted({line.version for one in found.changes for line in one.before})
    show.line(say("rehearse.versions", now=found.version, then=", ".join(then) or show.NOTHING), "dim")


def _sums(money: dict[str, Decimal]) -> str:
    return "\n".join(show.money(amount, currency) for currency, amount in sorted(money.items()))


def _row(one: Change) -> list[str]:
    amount = show.money(one.money, one.entry.currency)
    return [
        one.entry.id, amount, context.say(f"rehearse.{one.what}"), _lines(one.before), _lines(one.after),
    ]  # fmt: skip


def _rule(line: Line) -> str:
    return context.say(f"payments.rule_{line.rule}")


def _lines(lines: Sequence[Line]) -> str:
    """Return what is paid, by which rule or whom."""
    said = (
        f"{line.receivable.ref} {show.money(line.amount, line.currency)} ({line.who or _rule(line)})"
        for line in lines
    )
    return "\n".join(said) or show.NOTHING
