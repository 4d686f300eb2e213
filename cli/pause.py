"""`orderhub pause` and `orderhub resume`: stop the writing to a system, and let it go on."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import context, show
from cli.context import Here
from cli.options import Actor, Json, actor

WORD = "all"
"""How people name every system at once."""

_ONE = ("outbox.resumed", "outbox.not_paused")

Which = Annotated[str, typer.Argument(metavar="SYSTEM|all", help="Which system, or all of them.")]


def pause(
    system: Which,
    *,
    reason: Annotated[str, typer.Option(help="Why: kept with it.", metavar="TEXT")],
    who: Actor = None,
    as_json: Json = False,
) -> None:
    """Write nothing to a system (or to all) until it is resumed.

    It takes effect before the next change is sent. Reading goes on, and changes gather.
    """
    from sync.out import bearing

    here = context.here()
    name = _named(here, system)
    with here.store() as store, store.write() as conn:
        bearing.pause(conn, name, actor(who), reason, here.clock())
    if as_json:
        show.print_json({"system": system, "paused": True})
    else:
        key = "outbox.all_paused" if name == bearing.ALL else "outbox.now_paused"
        show.line(context.say(key, system=system), "warn")


def resume(system: Which, *, who: Actor = None, as_json: Json = False) -> None:
    """Let a system (or all) be written to again.

    Each change is looked at once more before it goes. `resume all` lifts what `pause all` has set: a system
    that was paused by itself stays so.
    """
    from sync.out import bearing

    here = context.here()
    name = _named(here, system)
    with here.store() as store, store.write() as conn:
        lifted = bearing.resume(conn, name, actor(who), here.clock())
        left = [one for one in bearing.all_pauses(conn) if name in (one["system"], bearing.ALL)
                or one["system"] == bearing.ALL]  # fmt: skip
    if as_json:
        show.print_json({"system": system, "was_paused": lifted, "still_paused": left})
        return
    keys = ("outbox.all_resumed", "outbox.all_not_paused") if name == bearing.ALL else _ONE
    show.line(context.say(keys[0] if lifted else keys[1], system=system), "good")
    for one in left:
        key = "outbox.all_still_paused" if one["system"] == bearing.ALL else "outbox.paused"
        show.warn(context.say(key, **{name: one[name] for name in ("system", "who", "reason")}))


def _named(here: Here, system: str) -> str:
    """Return the name under which a pause is kept; ConfigError if there is no such system."""
    from sync.out.bearing import ALL

    return ALL if system == WORD else here.known(system)
