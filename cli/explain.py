"""`orderhub explain`: the life of one order over all systems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import FAILED, context, show
from cli.context import Here
from cli.options import Json

if TYPE_CHECKING:
    from cli.changes import Changes
    from hub.findings import Finding
    from sync.explain import Explained, Life, Row


def explain(
    number: Annotated[
        str,
        typer.Argument(
            metavar="NUMBER", help="Any number of the order: its own, a delivery, a waybill, a PO."
        ),
    ],
    company: Annotated[
        str | None, typer.Option(help="Only orders of this company (numbers may collide).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the life of one order over all systems.

    By any of its numbers: each fact with its source, clock and precision, what the hub made of it and by
    which rule, the links, and what is open.
    """
    from sync.explain import explain as look_up

    here = context.here()
    with here.store() as store:
        found = look_up(store, number, company, here.systems)
        if company is None and found.nothing:
            # the hub itself writes an order as COMPANY/NUMBER; so may who asks
            owner, slash, rest = number.partition("/")
            found = look_up(store, rest, owner, here.systems) if slash else found
    if as_json:
        from cli import life

        show.print_json(life.machine(here, found))
    else:
        _show(here, found)
    if found.nothing:
        raise typer.Exit(FAILED)


def _show(here: Here, found: Explained) -> None:
    say = context.say
    if found.nothing:
        show.fail(say("cli.number_unknown", number=found.number))
    if found.read_as is not None:
        show.line(say("explain.read_as", number=found.number, known=found.read_as), "dim")
    if len(found.lives) > 1:
        keys = ", ".join(str(one.key) for one in found.lives)
        show.warn(say("cli.several_orders", number=found.number, orders=keys))
    for one in found.lives:
        _life(here, one)
    _documents(here, found.documents)
    _postings(here, found.postings)
    for row in found.named_in:
        _named_in(here, found.read_as or found.number, row)
    for row in found.waiting:
        show.warn(
            say("cli.waits", system=row["system"], stream=row["stream"], record=row["record"],
                kind=row["kind"], value=row["value"], since=show.when(row["since"], here.zone))
        )  # fmt: skip
    for row in found.quarantined:
        from hub.store import jsons

        why = say(row["reason"], **(jsons.loads(row["values"]) or {}))
        show.warn(say("cli.lies_in_quarantine", id=row["id"], system=row["system"], why=why))


def _named_in(here: Here, number: str, row: Row) -> None:
    """Point to a finding of another order that names the number."""
    from cli.findings import SHORT_ID, reason
    from cli.life import finding_of

    found = finding_of(row)
    order, kind = f"{found.company}/{found.order_no}", here.words.kind(found.kind)
    told = {"number": number, "id": found.id[:SHORT_ID], "order": order, "kind": kind}
    show.warn(context.say("explain.named_in", why=reason(here, found), **told))


def _life(here: Here, one: Life) -> None:
    from cli import life

    say = context.say
    phrases = life.Phrases(here)
    show.line(str(one.key), "bold")
    if one.order is None:
        show.warn(say("cli.not_merged"))
    else:
        show.pairs(phrases.order(one.order))
    show.line()
    _views(phrases, one)
    show.table(
        [show.Column(say("cli.when"), whole=True), say("cli.system"), say("cli.what"), say("cli.from_where")],
        [
            [entry.when, entry.who, entry.what, show.Cell(entry.source, "dim")]
            for entry in phrases.timeline(one)
        ],
        title=say("cli.life"),
    )
    _changes(here, one.changes)
    if one.links:
        show.line(say("cli.also_known_as"), "bold")
        show.table(
            [say("cli.kind"), say("cli.number"), say("cli.from_where")],
            [[row["kind"], row["value"], phrases.link(row)] for row in one.links],
        )
    _documents(here, one.documents)
    _findings(here, [finding for finding in life.findings_of(one) if finding.state != "closed"])


def _changes(here: Here, rows: list[Row]) -> None:
    """Show what was asked of systems, by whose word, who approved it, and what came of it."""
    from cli.changes import Changes

    say, changes = context.say, Changes(here)
    if not rows:
        return
    show.table(
        [show.Column(say("cli.when"), whole=True), say("outbox.written_to"), say("cli.what"),
         say("outbox.by_rule"), say("cli.state")],
        [
            [
                f"{show.when(row['created_at'], here.zone)}\n{say('outbox.number', id=row['id'])}",
                f"{here.words.system(row['system'])}\n{row['write']}",
                "\n".join(changes.what(row)),
                "\n".join(changes.rules(row)),
                show.Cell("\n".join(_fate(changes, row)), changes.state(row).look),
            ]
            for row in rows
        ],
        title=say("outbox.changes"),
    )  # fmt: skip


def _fate(changes: Changes, row: Row) -> list[str]:
    """Return how a change stands, when it was sent, why, who decided of it, and the numbers that it gave."""
    at = changes.here.zone
    sent = (
        [context.say("outbox.went", at=show.when(row["sent_at"], at, seconds=True))] if row["sent_at"] else []
    )
    told = [changes.state(row).text, *sent, changes.why(row)]
    told += [changes.decision(said) for said in row["approvals"]]
    return [line for line in [*told, *changes.ids(row)] if line]


def _documents(here: Here, rows: list[Row]) -> None:
    """Show what is no order: receivables, invoices, bank entries, work orders, stock."""
    from hub.store import jsons

    say = context.say
    if not rows:
        return
    heads = [say("explain.document"), say("cli.number"), say("cli.system"), say("cli.field_status")]
    amount, quantity = (show.Column(say(f"explain.{name}"), number=True) for name in ("amount", "quantities"))
    show.table(
        [*heads, amount, quantity, show.Column(say("cli.when"), whole=True), say("explain.further")],
        [
            [
                say(f"explain.kind_{row['kind']}"),
                show.Cell(row["number"], "dim") if row["deleted"] else row["number"],
                here.words.system(row["system"]),
                say("cli.taken_away") if row["deleted"] else row["status"],
                f"{show.number(row['amount'])} {row['currency'] or ''}".strip(),
                "\n".join(
                    f"{name} {value}" for name, value in (jsons.loads(row["quantities"]) or {}).items()
                ),
                show.when(row["occurred_at"], here.zone),
                "\n".join(f"{name} {value}" for name, value in (row["fields"] or {}).items()),
            ]
            for row in rows
        ],
        title=say("explain.documents"),
    )


def _postings(here: Here, rows: list[Row]) -> None:
    """Show what paid what: whether it stands, and how the finance system was told of it."""
    from cli.changes import Changes

    say, changes = context.say, Changes(here)
    if not rows:
        return
    show.table(
        [show.Column(say("cli.when"), whole=True), say("cash.entry"), say("cash.receivable"),
         show.Column(say("cash.amount"), number=True), say("cash.rule"), say("cli.state"),
         say("explain.told")],
        [
            [
                show.when(row["at"], here.zone),
                f"{row['entry_system']}/{row['entry']}",
                f"{row['system']}/{row['receivable']}\n{row['posting'] or ''}".strip(),
                show.money(row["amount"], row["currency"]),
                say(f"payments.rule_{row['rule']}") + (f"\n{row['who']}" if row["who"] else ""),
                _undone(here, row),
                "\n".join(_told(changes, one) for one in row["changes"]) or show.NOTHING,
            ]
            for row in rows
        ],
        title=say("explain.postings"),
    )  # fmt: skip


def _told(changes: Changes, row: Row) -> str:
    """Return how a finance system was told of a posting, and under which numbers it keeps that."""
    kind = context.say(f"explain.told_{row['kind']}")
    return "\n".join([f"{kind}: {changes.state(row).text}", *changes.ids(row)])


def _undone(here: Here, row: Row) -> show.Cell:
    """Return whether a posting stands, else who took it back, when and why."""
    by = row["undone"]
    if by is None:
        return show.Cell(context.say("explain.stands"), "good")
    told = {"at": show.when(by["at"], here.zone), "who": by["who"], "reason": by["reason"]}
    return show.Cell(context.say("explain.undone", **told), "warn")


def _views(phrases: Any, one: Life) -> None:
    say = context.say
    names = [
        name
        for name in ("ordered", "produced", "shipped", "returned")
        if any(row[name] is not None for row in one.views)
    ]
    show.table(
        [
            say("cli.system"),
            say("cli.field_status"),
            *(show.Column(say(f"cli.field_{name}"), number=True) for name in names),
            show.Column(say("cli.parts"), number=True),
            show.Column(say("cli.stamp"), whole=True),
        ],
        [
            [
                phrases.words.system(row["system"]),
                phrases.standing(row),
                *(row[name] for name in names),
                row["parts"],
                phrases.last_word(row),
            ]
            for row in one.views
        ],
        title=say("cli.what_systems_say"),
    )


def _findings(here: Here, findings: list[Finding]) -> None:
    from cli.findings import SHORT_ID, reason

    say = context.say
    if not findings:
        show.line(say("cli.nothing_open"), "good")
        return
    show.table(
        [
            show.Column(say("cli.id"), whole=True),
            say("cli.kind_of_finding"),
            say("cli.what_is_wrong"),
            say("cli.state"),
        ],
        [
            [
                one.id[:SHORT_ID],
                here.words.kind(one.kind),
                reason(here, one),
                say(f"findings.state_{one.state}"),
            ]
            for one in findings
        ],
        title=say("cli.open_findings"),
    )
