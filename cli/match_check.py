"""`orderhub match check`: whether the ledger of matches and the finance systems agree on what is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli import context, show
from cli.options import Json

if TYPE_CHECKING:
    from cli.context import Here
    from reconciler.payments.agreement import Difference

_GOOD, _BAD = ("pending", "sent", "waiting", "not_shown"), ("rejected", "unknown", "paid_past")


def check(as_json: Json = False) -> None:
    """Compare what is open here with what the finance systems say."""
    from cli.match_store import cashbook
    from reconciler.payments.agreement import differences

    here = context.here()
    with here.store() as store:
        book = cashbook(here, store)
        with store.read() as conn:
            found = [one for shelf in book.shelves(conn) for one in differences(conn, shelf)]
    if as_json:
        show.print_json([_machine(one) for one in found])
        return
    if not found:
        show.line(context.say("agreement.agree"), "good")
        return
    show.line(context.say("agreement.differ", count=show.number(len(found))), "warn")
    names = ("receivable", "customer", "ledger", "said", "why")
    show.table(
        [show.Column(context.say(f"agreement.{name}"), number=name in ("ledger", "said")) for name in names],
        [_row(here, one) for one in found],
    )


def _row(here: Here, one: Difference) -> list[Any]:
    from reconciler.payments.money import to_major

    look: show.Look = "bad" if one.why in _BAD else "dim" if one.why in _GOOD else "warn"
    ledger, said = (
        show.money(to_major(sum_, one.item.currency), one.item.currency) for sum_ in (one.ledger, one.said)
    )
    name = one.item.customer_name or one.item.customer
    return [one.item.id, name, ledger, said, show.Cell(_why(here, one), look)]


def _why(here: Here, one: Difference) -> str:
    from cli.changes import Changes

    said = context.say(f"agreement.why_{one.why}", change=one.change)
    return said if one.reason is None else f"{said}\n{Changes(here).reason(*one.reason)}"


def _machine(one: Difference) -> dict[str, Any]:
    from reconciler.payments.money import to_major

    currency = one.item.currency
    return {
        "receivable": one.item.id,
        "customer": one.item.customer,
        "currency": currency,
        "ledger": str(to_major(one.ledger, currency)),
        "said": str(to_major(one.said, currency)),
        "why": one.why,
        "change": one.change,
        "entries": [line.entry.ref for line in one.lines],
    }
