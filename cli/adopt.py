"""`orderhub adopt`: let a system be written to from now on."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

import typer

from cli import context, show
from cli.context import Here
from cli.options import Actor, Json, actor, moment


def adopt(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="Whose mode was raised.")],
    born_from: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DATE",
            help="Create orders born from then on; default: the mapping's `start`, else now.",
        ),
    ] = None,
    who: Actor = None,
    as_json: Json = False,
) -> None:
    """Let SYSTEM be written to: what it holds now counts as agreed.

    It is written to in the mode of its mapping: for a shadow it is only worked out. What differs already is
    left alone until either side changes.
    """
    from sync.out.adopt import adopt as take

    here = context.here()
    here.mapping(system)
    begins = born_from and _begin(here, born_from)
    with here.hub() as hub:
        done = take(hub.store, hub.out, system, actor(who), here.clock(), begins or None)
    if as_json:
        show.print_json(asdict(done))
        return
    say, number = context.say, show.number
    mode = say(f"outbox.mode_{done.mode}")
    show.line(say("outbox.taken", system=system, mode=mode), "good")
    show.line(say("outbox.taken_orders", orders=number(done.orders), parked=number(done.parked)))
    show.line(say("outbox.taken_from", system=system, at=show.when(done.born_from, here.zone)))


def _begin(here: Here, text: str) -> datetime:
    """Return the moment that `text` names; a day alone means its beginning. ConfigError if it is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        found = moment(text)
        assert found is not None  # there is a text
        return found
    return datetime(day.year, day.month, day.day, tzinfo=here.zone)
