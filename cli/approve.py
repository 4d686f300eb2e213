"""`orderhub approve`: held changes, and what people decide of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import DONE, FAILED, context, show
from cli.changes import Changes
from cli.context import Here
from cli.options import Actor, Json, actor

if TYPE_CHECKING:
    import sqlalchemy as sa

    from sync.out.asks import Ask, Gone

app = typer.Typer(help="Changes that wait for a person: grant or deny them.", no_args_is_help=True)

Ref = Annotated[
    str, typer.Argument(metavar="ID|BATCH", help="A change's number, or a batch as `approve list` shows it.")
]
Refs = Annotated[
    list[str], typer.Argument(metavar="ID|BATCH...", help="Numbers or batches as `approve list` shows them.")
]
Why = Annotated[str, typer.Option("--reason", help="Why: kept with it.", metavar="TEXT")]

_SOME = 20
"""So many changes of a batch are shown."""


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List what waits for an approval, the oldest first.

    What a brake holds together, a batch, is one approval.
    """
    from sync.out.asks import asks
    from sync.out.standing import orders_of

    here = context.here()
    with here.store() as store, store.read() as conn:
        found = asks(conn, here.rules, here.clock())
        orders = orders_of(conn, [ask.rows[0] for ask in found])
    changes = Changes(here)
    if as_json:
        show.print_json([_json(changes, ask) for ask in found])
        return
    say = context.say
    if not found:
        show.line(say("outbox.nothing_held"), "good")
        return
    show.table(
        [
            *(show.Column(say(f"cli.{name}"), whole=name != "order") for name in ("id", "order", "system")),
            say("cli.what"), say("cli.reason"), say("outbox.lacking"),
            show.Column(say("cli.since"), whole=True),
        ],
        [
            [
                ask.ref, _orders(changes, ask), ask.rows[0]["system"],
                _what(changes, ask, orders), "\n".join(changes.holds(ask.holds, brief=True)),
                "\n".join(ask.lacking),
                show.when(ask.since, here.zone).replace(" ", "\n"),
            ]
            for ask in found
        ],
    )  # fmt: skip


@app.command("show")
def show_(ref: Ref, as_json: Json = False) -> None:
    """Show what is to be approved, why, and whom to ask."""
    from sync.out.asks import Gone, find
    from sync.out.standing import orders_of

    here = context.here()
    with here.store() as store, store.read() as conn:
        ask = find(conn, ref, here.rules, here.clock())
        orders = {} if isinstance(ask, Gone) else orders_of(conn, ask.rows)
    if isinstance(ask, Gone):
        show.fail(_gone(ask))
        raise typer.Exit(FAILED)
    changes = Changes(here)
    if as_json:
        show.print_json(_json(changes, ask))
        return
    say = context.say
    show.line(f"{ask.ref}: {_orders(changes, ask)} → {ask.rows[0]['system']}", "bold")
    for held in changes.holds(ask.holds):
        show.line(held)
    if len(ask.rows) > 1:
        _batch(changes, ask)
    first = ask.rows[0] if len(ask.rows) == 1 else None
    told = {
        "cli.what": "" if first is None else "\n".join(changes.what(first)),
        "cli.field_amount": "" if first is None else _amount(first, orders),
        "outbox.by_rule": "" if first is None else "\n".join(changes.rules(first)),
        "outbox.author": "" if first is None else first["author"],
        "outbox.given": "\n".join(changes.decision(one) for one in ask.given),
        "outbox.lacking": "\n".join(f"{role}: {_whom(here, role)}" for role in ask.lacking),
        "cli.since": show.when(ask.since, here.zone),
        "outbox.expires": ask.expires and show.when(ask.expires, here.zone),
    }
    show.pairs({say(name): value for name, value in told.items() if value})
    show.line()
    for word in ("grant", "deny"):
        show.print_text(f"orderhub approve {word} {ask.ref} --reason …")


@app.command()
def grant(
    refs: Refs,
    *,
    reason: Why,
    role: Annotated[
        str | None, typer.Option(help="In which role; default: the first that is open to you.")
    ] = None,
    who: Actor = None,
    as_json: Json = False,
) -> None:
    """Approve changes exactly as they were shown.

    What changed since is not approved: look again. Nobody approves their own change, and two roles are two
    people.
    """
    _decide(refs, True, reason, role, who, as_json)


@app.command()
def deny(refs: Refs, *, reason: Why, who: Actor = None, as_json: Json = False) -> None:
    """Turn changes down.

    They are not asked for again until something else is wanted.
    """
    _decide(refs, False, reason, None, who, as_json)


def _decide(
    refs: Sequence[str], granting: bool, reason: str, role: str | None, who: str | None, as_json: bool
) -> None:
    from sync.out import approvals
    from sync.out.asks import Gone, find

    here = context.here()
    now, by = here.clock(), actor(who)
    results: list[tuple[str, Gone | None, list[str]]] = []
    with here.store() as store, store.write() as conn:
        for ref in dict.fromkeys(refs):
            ask = find(conn, ref, here.rules, now)
            if isinstance(ask, Gone):
                results.append((ref, ask, []))
                continue
            if granting and ":" in ask.ref and ref != ask.ref:
                from hub.errors import ConfigError

                raise ConfigError("outbox.name_batch", id=ref, ref=ask.ref)
            approvals.decide(
                conn, ask.rows, granting=granting, who=by, reason=reason, rules=here.rules, now=now, role=role
            )
            results.append((ref, None, _still(conn, here, ask) if granting else []))
    _show(here, results, granting, as_json)
    raise typer.Exit(FAILED if any(gone for _, gone, _ in results) else DONE)


def _still(conn: sa.Connection, here: Here, ask: Ask) -> list[str]:
    """Return the roles that must still grant what somebody has just granted."""
    from sync.out import approvals

    lacking = approvals.lacking(conn, ask.rows, here.rules, here.clock())
    return list(dict.fromkeys(role for roles in lacking.values() for role in roles))


def _show(
    here: Here, results: Sequence[tuple[str, Gone | None, list[str]]], granting: bool, as_json: bool
) -> None:
    say = context.say
    if as_json:
        done = "granted" if granting else "denied"
        show.print_json(
            [
                {"ref": ref, "outcome": "changed" if gone else done, "lacking": lacking,
                 "state": gone and gone.state, "instead": gone and gone.instead}
                for ref, gone, lacking in results
            ]
        )  # fmt: skip
        return
    for ref, gone, lacking in results:
        if gone is not None:
            show.fail(_gone(gone))
        elif not granting:
            show.line(say("outbox.was_turned_down", ref=ref), "good")
        elif lacking:
            whom = "; ".join(f"{role}: {_whom(here, role)}" for role in lacking)
            show.line(say("outbox.granted_in_part", ref=ref, whom=whom), "warn")
        else:
            show.line(say("outbox.granted", ref=ref), "good")


def _gone(gone: Gone) -> str:
    say = context.say
    state = "" if gone.state is None else say(f"outbox.state_{gone.state}")
    if gone.instead is not None:
        return say("outbox.changed_since", ref=gone.ref, instead=gone.instead)
    return say("outbox.no_longer_held", ref=gone.ref, state=state)


def _whom(here: Here, role: str) -> str:
    """Return whom to ask for the word of a role: its people, those of the system of its name, or anybody."""
    rules = here.judging_rules()
    known = rules.fuse.roles.get(role)
    if known is not None and known.everybody:
        return here.words.joined(known.everybody)
    person = rules.person(role)
    people = [] if person is None else [name for name in (person.owner, person.deputy) if name]
    return here.words.joined(people) if people else context.say("outbox.anybody")


def _orders(changes: Changes, ask: Ask) -> str:
    if len(ask.rows) == 1:
        return changes.order(ask.rows[0])
    return context.say("outbox.so_many", count=show.number(len(ask.rows)))


def _what(changes: Changes, ask: Ask, orders: Any) -> str:
    """Return what is asked; of a batch its first change, which tells what kind of thing it is."""
    told = "\n".join(changes.what(ask.rows[0]))
    if len(ask.rows) > 1:
        return f"{told}\n…"
    amount = _amount(ask.rows[0], orders)
    return told if not amount or ask.rows[0]["kind"] == "create" else f"{told}\n({amount})"


def _amount(row: Any, orders: Any) -> str:
    """Return what the order is worth, as the hub has it."""
    order = orders.get((row["company"], row["order_no"]))
    if order is None or order["amount"] is None:
        return ""
    return f"{show.number(order['amount'])} {order['currency'] or ''}".strip()


def _batch(changes: Changes, ask: Ask) -> None:
    say = context.say
    show.table(
        [show.Column(say("cli.id"), number=True), say("cli.order"), say("outbox.write"), say("cli.what")],
        [
            [show.Cell(str(row["id"])), changes.order(row), row["write"], "\n".join(changes.what(row))]
            for row in ask.rows[:_SOME]
        ],
    )
    if len(ask.rows) > _SOME:
        show.line(say("cli.shown_of", shown=_SOME, total=show.number(len(ask.rows))), "dim")


def _json(changes: Changes, ask: Ask) -> dict[str, Any]:
    return {
        "ref": ask.ref,
        "batch": ask.rows[0]["batch"],
        "says": changes.holds(ask.holds),
        "given": ask.given,
        "lacking": [{"role": role, "ask": _whom(changes.here, role)} for role in ask.lacking],
        "since": ask.since,
        "expires": ask.expires,
        "changes": [changes.machine(row) for row in ask.rows],
    }
