"""`orderhub outbox`: what is on its way into the systems, and what became of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import context, show
from cli.changes import Changes
from cli.options import Actor, Json, Limit, System, actor, word_of

app = typer.Typer(help="Changes on their way into the systems, and their fate.", no_args_is_help=True)

STATES = ("pending", "sent", "confirmed", "rejected", "unknown", "held", "waiting", "superseded")

Id = Annotated[int, typer.Argument(metavar="ID", help="The change's number, from `outbox list`.")]


@app.command("list")
def list_(
    system: System = None,
    state: Annotated[
        str | None, typer.Option(help=f"Only this state ({', '.join(STATES)}); settled ones too.")
    ] = None,
    order: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="All changes of this order, settled ones too.")
    ] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List changes that are not settled, the oldest first."""
    from sync.out import standing

    here = context.here()
    state = state and word_of(state, STATES, "state")
    system = system and here.known(system)
    with here.store() as store, store.read() as conn:
        found = standing.listed(conn, system=system, state=state, order_no=order)
    changes = Changes(here)
    if as_json:
        show.print_json([changes.machine(row) for row in found[:limit]])
        return
    say = context.say
    if not found:
        show.line(say("outbox.nothing_open"), "good")
        return
    show.table(
        [show.Column(say("cli.id"), number=True), say("cli.order"), say("outbox.write"), say("cli.what"),
         say("cli.state"), say("cli.reason"), show.Column(say("cli.since"), whole=True)],
        [
            [show.Cell(str(row["id"])), changes.order(row), f"{row['system']}\n{row['write']}",
             "\n".join(changes.what(row)), changes.state(row), changes.why(row) or show.Cell(""),
             show.when(row["created_at"], here.zone).replace(" ", "\n")]
            for row in found[:limit]
        ],
    )  # fmt: skip
    if len(found) > limit:
        show.line(say("cli.shown_of", shown=show.number(limit), total=show.number(len(found))), "dim")


@app.command("show")
def show_(number: Id, as_json: Json = False) -> None:
    """Show one change whole: what, why, who approved it."""
    from hub.errors import ConfigError
    from sync.out import outbox, standing

    here = context.here()
    with here.store() as store, store.read() as conn:
        row = outbox.fetch(conn, number)
        if row is None:
            raise ConfigError("outbox.no_change", id=number)
        said = standing.decisions(conn, [row]).get(row["digest"], [])
        done = standing.steps(conn, [row]).get(number, [])
    changes = Changes(here)
    if as_json:
        from hub.store import jsons

        taken = [{**step, "took": jsons.loads(step["took"])} for step in done]
        show.print_json({**changes.machine(row), "approvals": said, "steps": taken})
        return
    say = context.say
    show.line(f"{changes.order(row)} → {row['system']}: {row['write']}", "bold")
    show.pairs({say("cli.state"): changes.state(row), **_told(changes, row, said, done)})


def _told(changes: Changes, row: Any, said: list[Any], done: list[Any]) -> dict[str, str]:
    """Return everything there is to say of a change, by heading."""
    zone, say = changes.here.zone, context.say
    told = {
        "cli.reason": changes.why(row),
        "cli.what": "\n".join(changes.what(row)),
        "outbox.by_rule": "\n".join(changes.rules(row)),
        "outbox.author": row["author"],
        "outbox.approvals": "\n".join(changes.decision(one) for one in said),
        "outbox.batch": row["batch"],
        "outbox.asked_at": show.when(row["created_at"], zone, seconds=True),
        "outbox.sent_at": row["sent_at"] and show.when(row["sent_at"], zone, seconds=True),
        "outbox.changed_at": show.when(row["changed_at"], zone, seconds=True),
        "cli.attempts": row["attempts"] and show.number(row["attempts"]),
        "outbox.steps": "\n".join(changes.steps(done)),
        "outbox.receipt": "\n".join(changes.ids(row)),
        "outbox.digest": row["digest"],
        "outbox.key": row["key"],
    }
    return {say(name): value for name, value in told.items() if value}


@app.command()
def resolve(
    number: Id,
    *,
    reason: Annotated[str, typer.Option(help="How you know: kept with it.", metavar="TEXT")],
    done: Annotated[bool, typer.Option("--done", help="It was carried out: count it as confirmed.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="It was not: send it again.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="It is not wanted: let it be.")] = False,
    who: Actor = None,
    as_json: Json = False,
) -> None:
    """Settle a change that is unknown, was rejected or is held.

    What was rejected and is sent again gets a new number. What is held goes by `approve grant` alone.
    """
    from sync.out import outbox
    from sync.out.push import Desk
    from sync.out.settling import How, settle

    asked = {"done": done, "retry": retry, "drop": drop}
    chosen: list[How] = [how for how in ("done", "retry", "drop") if asked[how]]
    if len(chosen) != 1:
        raise typer.BadParameter("Say one of --done, --retry and --drop.")
    here = context.here()
    with here.hub() as hub:
        desk = Desk(hub.store, hub.out, hub.inlet, dict(hub.env), hub.clock)
        now_called = settle(desk, number, chosen[0], actor(who), reason)
        with hub.store.read() as conn:
            row = outbox.fetch(conn, now_called)
    assert row is not None  # it was kept a moment ago
    changes = Changes(here)
    if as_json:
        show.print_json(changes.machine(row))
        return
    state = changes.state(row).text
    key = "outbox.settled" if now_called == number else "outbox.tried_anew"
    told = {"order": changes.order(row), "system": row["system"], "state": state, "new": now_called}
    show.line(context.say(key, id=number, **told), "good")
