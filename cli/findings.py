"""`orderhub findings`: the differences, and the life of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import context, show
from cli.context import Here
from cli.options import Company, Json, Limit, System
from hub.errors import ConfigError, HubError
from hub.problems import nearest

if TYPE_CHECKING:
    from hub.findings import Event, Finding

app = typer.Typer(help="The differences between systems, and the life of each.", no_args_is_help=True)

SHORT_ID = 8
"""So much of an id is shown in tables: enough to name a finding by."""

STATES = ("in_flight", "open", "assigned", "explained", "closed")


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Option(help="Only this class: missing, status, quantity, …")] = None,
    system: System = None,
    company: Company = None,
    order: Annotated[str | None, typer.Option(help="Only this order.")] = None,
    state: Annotated[
        str | None,
        typer.Option(help="Only this state (in_flight, open, assigned, explained, closed); or all."),
    ] = None,
    cause: Annotated[str | None, typer.Option(help="Only those behind this cause (its id).")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List findings, by order; without --state all that are not closed."""
    from hub.findings import KINDS, LIVE, list_findings

    here = context.here()
    states = LIVE if state is None else STATES if state == "all" else (_one_of(state, STATES, "state"),)
    kinds = None if kind is None else (_one_of(kind, KINDS, "kind"),)
    with here.store() as store, store.read() as conn:
        found = list_findings(
            conn, states=states, kinds=kinds, company=company, order_no=order, system=system, cause=cause
        )
    if as_json:
        show.print_json([_json(here, one) for one in found[:limit]])
        return
    say, words = context.say, here.words
    if not found:
        show.line(say("cli.no_findings"), "good")
        return
    show.table(
        [show.Column(say("cli.id"), whole=True), say("cli.kind_of_finding"), say("cli.order"),
         say("cli.what_is_wrong"), say("cli.state"), show.Column(say("cli.since"), whole=True)],
        [
            [one.id[:SHORT_ID], words.kind(one.kind), _order(one), reason(here, one), _state(one),
             show.day(one.first_seen, here.zone)]
            for one in found[:limit]
        ],
    )  # fmt: skip
    if len(found) > limit:
        show.line(say("cli.shown_of", shown=show.number(limit), total=show.number(len(found))), "dim")


@app.command("show")
def show_(
    finding: Annotated[
        str, typer.Argument(metavar="ID", help="The finding's id; its first letters will do.")
    ],
    as_json: Json = False,
) -> None:
    """Show one finding: what each system says, where to correct it, and its life so far."""
    here = context.here()
    found = _load(here, finding)
    if as_json:
        show.print_json({**_json(here, found), "events": [asdict(event) for event in found.events]})
        return
    say, words = context.say, here.words
    person = here.rules.people.get(found.correct_in or found.system)
    show.line(f"{words.kind(found.kind)}  {_order(found)}", "bold")
    show.line(reason(here, found))
    show.line()
    told = {
        "cli.id": found.id,
        "cli.state": say(f"findings.state_{found.state}"),
        "cli.correct_in": words.system(found.correct_in or found.system),
        "cli.owner": found.owner or (person.owner if person else None),
        "cli.due": found.due_at and show.when(found.due_at, here.zone),
        "cli.at_risk": found.at_risk and words.money(found.at_risk, found.currency),
        "cli.cause": found.cause,
    }
    show.pairs({say(name): value for name, value in told.items() if value})
    show.line()
    show.line(say("cli.life"), "bold")
    show.pairs(dict(_life(here, found)))
    if found.order_no != "*":
        show.line(say("cli.see_explain", order_no=found.order_no, company=found.company), "dim")


def _load(here: Here, finding: str) -> Finding:
    """Return the finding whose id begins with `finding`; HubError if that is none or several."""
    from hub.findings import list_findings, load_finding

    with here.store() as store, store.read() as conn:
        if (found := load_finding(conn, finding)) is not None:
            return found
        near = [one.id for one in list_findings(conn, states=STATES) if one.id.startswith(finding)]
        if len(near) != 1:
            key = "cli.several_findings" if near else "store.no_finding"
            raise HubError(key, id=finding, ids=", ".join(near[:5]))
        found = load_finding(conn, near[0])
    assert found is not None  # it was listed in the same transaction
    return found


def _one_of(word: str, known: tuple[str, ...], option: str) -> str:
    if word in known:
        return word
    near = nearest(word, known)
    key = "cli.no_word_near" if near else "cli.no_word"
    raise ConfigError(key, option=f"--{option}", word=word, nearest=near, known=", ".join(known))


def _order(finding: Finding) -> str:
    """Return the order as company/number; one that speaks of a whole system names that."""
    return finding.system if finding.order_no == "*" else f"{finding.company}/{finding.order_no}"


def _state(finding: Finding) -> show.Cell:
    looks: dict[str, show.Look] = {"open": "bad", "closed": "good", "in_flight": "dim"}
    return show.Cell(context.say(f"findings.state_{finding.state}"), looks.get(finding.state, "warn"))


def _life(here: Here, finding: Finding) -> list[tuple[str, str]]:
    """Return the turns of a finding's life as (when, what), its birth first."""
    say = context.say
    turns = [(show.when(finding.first_seen, here.zone, seconds=True), say("cli.event_new"))]
    for event in finding.events:
        who = f"  {event.who}" if event.who else ""
        run = f"  ({say('cli.run', run=event.run)})" if event.run else ""
        at = show.when(event.at, here.zone, seconds=True)
        turns.append((at, f"{say(f'cli.event_{event.what}')}{who}{run}{_changes(event)}"))
    return turns


def _changes(event: Event) -> str:
    told = [
        f"{name}: {value[0]} → {value[1]}"
        if isinstance(value, list) and len(value) == 2
        else f"{name}: {value}"
        for name, value in event.details.items()
        if value is not None
    ]
    return "\n" + "\n".join(told) if told else ""


def _json(here: Here, finding: Finding) -> dict[str, Any]:
    plain = {name: value for name, value in asdict(finding).items() if name != "events"}
    return {**plain, "says": reason(here, finding)}


def reason(here: Here, finding: Finding) -> str:
    """Return what is wrong, in a sentence."""
    from reconciler.result import Finding as Reported

    return here.words.reason(
        Reported(
            id=finding.id,
            kind=finding.kind,
            company=finding.company,
            order_no=finding.order_no,
            system=finding.system,
            field=finding.field,
            details=_typed(finding.kind, finding.details),
            correct_in=finding.correct_in or finding.system,
            owner=finding.owner,
            at_risk=finding.at_risk,
            currency=finding.currency,
            cause=finding.cause,
            state=finding.state,
            first_seen=finding.first_seen,
        )
    )


def _typed(kind: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """Return details, which the store keeps as JSON, with quantities and moments in their own types again."""
    if kind == "quantity":
        return {**details, "fields": _numbers(details["fields"])}
    if kind == "line" and details.get("changes"):
        return {**details, "changes": [{**_numbers(one), "sku": one["sku"]} for one in details["changes"]]}
    if kind == "not_compared" and details.get("since"):
        return {**details, "since": datetime.fromisoformat(details["since"])}
    return dict(details)


def _numbers(value: Any) -> Any:
    """Return `value` with every text that is a number as a Decimal."""
    if isinstance(value, Mapping):
        return {name: _numbers(inner) for name, inner in value.items()}
    if isinstance(value, str) and value.removeprefix("-").replace(".", "", 1).isdecimal():
        return Decimal(value.rstrip("0").rstrip(".") if "." in value else value)
    return value
