"""`orderhub quarantine`: records that could not be understood, kept whole until they can."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import DONE, FAILED, context, show
from cli.options import Json, Limit, System

if TYPE_CHECKING:
    from sync.kept import Kept
    from sync.run import Hub

app = typer.Typer(help="Records that could not be understood: kept whole, replayable.", no_args_is_help=True)

_PLACE = ("file", "line", "sheet", "page")

Reason = Annotated[str | None, typer.Option(help="Only this reason (its key, as --json shows it).")]


@app.command("list")
def list_(
    system: System = None,
    reason: Reason = None,
    solved: Annotated[bool, typer.Option("--solved", help="Those that were understood since.")] = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List what lies in quarantine and why, the newest first."""
    from sync import kept

    here = context.here()
    with here.store() as store, store.read() as conn:
        found = kept.listed(conn, system=system, reason=reason, solved=solved, limit=limit)
        total = kept.count(conn, system=system, reason=reason, solved=solved)
    if as_json:
        show.print_json([_json(one) for one in found])
        return
    say = context.say
    if not found:
        show.line(say("cli.quarantine_empty"), "good")
        return
    show.table(
        [
            show.Column(say("cli.id"), number=True),
            show.Column(say("cli.system"), whole=True),
            *(say(f"cli.{name}") for name in ("stream", "record", "reason")),
            show.Column(say("cli.since"), whole=True),
        ],
        [[one.id, one.system, one.stream, one.key, _why(one), show.when(one.at, here.zone)] for one in found],
    )  # fmt: skip
    if total > len(found):
        show.line(say("cli.shown_of", shown=show.number(len(found)), total=show.number(total)), "dim")


@app.command("show")
def show_(
    number: Annotated[int, typer.Argument(metavar="ID", help="The record's number, from `quarantine list`.")],
    as_json: Json = False,
) -> None:
    """Show one record whole, and what is wrong with it."""
    from sync import kept

    here = context.here()
    with here.store() as store, store.read() as conn:
        found = kept.load(store, conn, number)
    if as_json:
        show.print_json({**_json(found), "record": found.record, "meta": found.meta})
        return
    say = context.say
    show.line(_why(found), "good" if found.solved_at else "bad")
    told = {
        "cli.system": f"{found.system} / {found.stream}",
        "cli.record": found.key,
        "cli.field": found.field,
        "cli.since": show.when(found.at, here.zone),
        "cli.attempts": show.number(found.attempts),
        "cli.solved": found.solved_at and show.when(found.solved_at, here.zone),
        "cli.came_from": _place(found),
    }
    show.pairs({say(name): value for name, value in told.items() if value})
    show.line()
    show.print_text(json.dumps(found.record, default=str, ensure_ascii=False, indent=2))


@app.command()
def replay(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Which records.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that lie there (and fit).")] = False,
    system: System = None,
    reason: Reason = None,
    as_json: Json = False,
) -> None:
    """Take records in again, by the mapping as it is now.

    What still cannot be read stays where it is, and the command ends with 1.
    """
    from sync import kept

    if bool(numbers) == (everything or system is not None or reason is not None):
        raise typer.BadParameter("Give record numbers, or say which by --all, --system or --reason.")
    with context.here().hub() as hub:
        with hub.store.read() as conn:
            chosen = numbers or kept.ids(conn, system=system, reason=reason)
            records = [kept.load(hub.store, conn, number) for number in chosen]
        for one in records:
            _require(hub, one)
        counts = _replay(hub, chosen)
    if as_json:
        show.print_json(
            {"replayed": len(chosen), "solved": counts["solved"], "still_bad": counts["still_bad"]}
        )
    else:
        values = {name: show.number(counts[name]) for name in ("solved", "still_bad")}
        show.line(context.say("cli.replayed", **values), "warn" if counts["still_bad"] else "good")
    raise typer.Exit(FAILED if counts["still_bad"] else DONE)


def _require(hub: Hub, one: Kept) -> None:
    """Raise ConfigError unless the stream that the record came through is still mapped."""
    from hub.errors import ConfigError

    mapping = hub.mappings.get(one.system)
    if mapping is None or one.stream not in mapping.streams:
        raise ConfigError("cli.no_stream", system=one.system, stream=one.stream, number=one.id)


def _replay(hub: Hub, numbers: list[int]) -> Counter[str]:
    from hub.store import lease
    from sync.replay import replay_quarantined
    from sync.run import LEASE, holder, merge_orders, place_waiting, wall

    with lease(hub.store, "place", holder(), wall(), LEASE) as held:
        counts = replay_quarantined(hub.store, hub.inlet, numbers, held, hub.clock)
    place_waiting(hub)
    merge_orders(hub)
    return counts


def _place(one: Kept) -> str:
    """Return where in a file or an answer a record stood, as far as its connector said it."""
    return ", ".join(f"{name} {value}" for name, value in (one.meta or {}).items() if name in _PLACE)


def _why(one: Kept) -> str:
    return context.say(one.reason, **one.values)


def _json(one: Kept) -> dict[str, Any]:
    return {
        "id": one.id,
        "system": one.system,
        "stream": one.stream,
        "record": one.key,
        "reason": one.reason,
        "says": _why(one),
        "field": one.field or None,
        "since": one.at,
        "attempts": one.attempts,
        "solved_at": one.solved_at,
    }
