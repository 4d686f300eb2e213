"""`orderhub link`: say that a number means an order, or no longer."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import context, show
from cli.options import Json, Who
from hub.model import OrderKey


def link(
    company: Annotated[str, typer.Argument(metavar="COMPANY", help="The company of both.")],
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The number that some system uses.")],
    order_no: Annotated[
        str | None, typer.Argument(metavar="[ORDER_NO]", help="The order that it means.")
    ] = None,
    *,
    who: Who,
    apart: Annotated[
        bool, typer.Option("--apart", help="Undo it: NUMBER is an order of its own again.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Join a number to an order, or take the two apart again.

    What every system said of the one is taken in anew for the other; nothing is lost either way.
    """
    from hub.store import lease
    from sync.joining import join, separate
    from sync.run import LEASE, holder, merge_orders, wall

    if apart == (order_no is not None):
        raise typer.BadParameter("ORDER_NO is needed to join, and not with --apart.")
    with context.here().hub() as hub:
        known = OrderKey(company, number)
        with lease(hub.store, "place", holder(), wall(), LEASE) as held:
            if order_no is None:
                moved = separate(hub.store, known, who, held, hub.inlet, hub.clock)
            else:
                moved = join(hub.store, known, OrderKey(company, order_no), who, held, hub.inlet, hub.clock)
        merge_orders(hub)
    if as_json:
        show.print_json(
            {"company": company, "number": number, "order_no": order_no, "apart": apart, "moved": moved}
        )
        return
    key = "cli.separated" if apart else "cli.joined"
    show.line(
        context.say(key, number=str(known), order=f"{company}/{order_no}", moved=show.number(moved)), "good"
    )
