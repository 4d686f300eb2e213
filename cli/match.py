"""`orderhub match`: which receivables bank entries pay; what is certain is matched, all else proposed."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import context, show
from cli.options import Json

if TYPE_CHECKING:
    from reconciler.payments.model import Outcome

app = typer.Typer(help="Match bank entries with receivables.", invoke_without_command=True)

STANDINGS = ("posted", "proposed", "unidentified", "returned", "duplicate", "outgoing")
"""What an entry may come to, in the order in which it is told."""


@app.callback()
def match(
    receivables: Annotated[
        Path, typer.Option(metavar="FILE", help="Open receivables as CSV; credit notes below zero.")
    ],
    bank: Annotated[Path, typer.Option(metavar="FILE", help="Bank entries as CSV; money out below zero.")],
    matches: Annotated[Path, typer.Option(metavar="FILE", help="Write what is certain to this CSV.")],
    proposals: Annotated[Path, typer.Option(metavar="FILE", help="Write what people decide to this CSV.")],
    customers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Names, accounts, aliases and parents as CSV.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Match bank entries with receivables, from files into files.

    An entry is posted only if exactly one explanation is left that two independent facts speak for; all
    other entries get up to three proposals, with reasons.
    """
    from reconciler.payments import files
    from reconciler.payments.matcher import match as run

    began = time.perf_counter()
    known = files.read_customers(customers) if customers else []
    outcomes = run(files.read_receivables(receivables), files.read_bank(bank), known)
    files.write_matches(matches, outcomes)
    files.write_proposals(proposals, outcomes)
    seconds = Decimal(f"{time.perf_counter() - began:.2f}")
    if as_json:
        show.print_json(_json(outcomes, seconds))
    else:
        _show(outcomes, seconds, matches, proposals)


def _sums(outcomes: Iterable[Outcome]) -> dict[str, dict[str, Decimal]]:
    """Return the money of entries by standing and currency, and what of it was posted or stays on account."""
    from reconciler.payments.money import to_major

    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for one in outcomes:
        currency = one.entry.currency
        paid = sum(posting.amount for posting in one.posted.postings) if one.posted else 0
        sums[one.standing][currency] += to_major(paid if one.posted else one.entry.amount, currency)
        if one.posted and one.posted.rest:
            sums["on_account"][currency] += to_major(one.posted.rest, currency)
    return sums


def _json(outcomes: Sequence[Outcome], seconds: Decimal) -> dict[str, Any]:
    counts = Counter(one.standing for one in outcomes)
    sums = {
        name: {code: str(money) for code, money in some.items()} for name, some in _sums(outcomes).items()
    }
    return {
        "entries": len(outcomes),
        "counts": {name: counts[name] for name in STANDINGS},
        "postings": sum(len(one.posted.postings) for one in outcomes if one.posted),
        "rules": dict(Counter(one.posted.rule for one in outcomes if one.posted).most_common()),
        "sums": sums,
        "seconds": float(seconds),
    }


def _show(outcomes: Sequence[Outcome], seconds: Decimal, matches: Path, proposals: Path) -> None:
    say, number = context.say, show.number
    counts, sums = Counter(one.standing for one in outcomes), _sums(outcomes)
    rows = [
        [say(f"match.{name}"), number(counts[name]) if name in counts else "", _money(sums.get(name, {}))]
        for name in (*STANDINGS, "on_account")
        if name in counts or name in sums
    ]
    show.table(
        [say("match.standing"), show.Column(say("match.entries"), number=True), say("match.money")], rows
    )
    came = [one for one in outcomes if one.entry.amount > 0 and one.standing not in ("returned", "duplicate")]
    share = 100 * sum(one.standing == "posted" for one in came) / max(len(came), 1)
    show.line(say("match.straight_through", share=f"{share:.1f}", entries=number(len(came))), "good")
    show.line(say("match.written", matches=matches, proposals=proposals, seconds=seconds), "dim")


def _money(sums: dict[str, Decimal]) -> str:
    return "\n".join(f"{show.plain(money)} {currency}" for currency, money in sorted(sums.items()))
