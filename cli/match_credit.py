"""`orderhub match standings`: how customers stand with what they owe, as the fuse sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from cli import context, show
from cli.options import Json

if TYPE_CHECKING:
    from reconciler.payments.standings import Standing

Customer = Annotated[str | None, typer.Option(metavar="NUMBER", help="Only this customer, in words.")]


def standings(
    customer: Customer = None,
    company: Annotated[str | None, typer.Option(help="Only this company.")] = None,
    as_json: Json = False,
) -> None:
    """List how customers stand: overdue money and days, collection, how long they take to pay, a grade."""
    from hub.errors import ConfigError
    from reconciler.payments import standings as kept
    from reconciler.payments.reports.words import Words
    from reconciler.payments.shelf import companies

    here = context.here()
    with here.store() as store, store.read() as conn:
        names = [company] if company else companies(conn, here.rules.payments.receivables_from)
        found = [(name, one) for name in names for one in kept.kept(conn, store.seal, name, customer)]
    if customer and not found:
        raise ConfigError("credit.no_customer", customer=customer)
    words = Words(context.language())
    if as_json:
        show.print_json(
            [{"company": name} | asdict(one) | {"note": kept.note(one, words)} for name, one in found]
        )
    elif not found:
        show.line(context.say("credit.none"))
    elif customer:
        for _, one in found:
            show.line(f"{one.name} ({one.customer})" if one.name != one.customer else one.customer, "bold")
            show.line(kept.note(one, words))
    else:
        _table([one for _, one in found], words.share)


def _table(found: list[Standing], share: Callable[[Decimal | None], str]) -> None:
    say = context.say
    numbers = ("open", "overdue_money", "overdue_count", "overdue_days", "collected", "average_days")
    heads = [show.Column(say(f"credit.{name}"), number=True) for name in numbers]
    show.table(
        [say("credit.customer"), *heads, say("credit.letter")],
        [
            [
                f"{one.name}\n{one.customer}",
                show.money(one.open, one.currency),
                show.money(one.overdue, one.currency),
                show.number(one.overdue_count),
                show.number(one.overdue_days),
                share(one.collection),
                show.NOTHING if one.average_days is None else f"{one.average_days:.1f}",
                one.grade,
            ]
            for one in found
        ],
    )
