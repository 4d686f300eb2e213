"""`orderhub findings`: the differences, and the life of each."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import context, show
from cli.baseline import legacy_line
from cli.context import Here
from cli.finding_life import life, typed
from cli.options import Actor, Company, Json, Limit, System, actor, moment, word_of
from hub.errors import ConfigError, HubError

if TYPE_CHECKING:
    from hub.findings import Finding
    from reconciler.result import Finding as Reported

app = typer.Typer(help="The differences between systems, and the life of each.", no_args_is_help=True)

SHORT_ID = 8
"""So much of an id is shown in tables: enough to name a finding by."""

Id = Annotated[str, typer.Argument(metavar="ID", help="The finding's id; its first letters will do.")]

WAITING = ("in_flight", "open", "assigned")
"""The states in which a finding waits for somebody: not those of one that was accepted or has ended."""

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
    """List findings, by order; without --state all that somebody has to see to."""
    from hub.findings import KINDS, list_findings

    here = context.here()
    states = WAITING if state is None else STATES if state == "all" else (word_of(state, STATES, "state"),)
    kinds = None if kind is None else (word_of(kind, KINDS, "kind"),)
    with here.store() as store, store.read() as conn:
        found = list_findings(
            conn, states=states, kinds=kinds, company=company, order_no=order, system=system, cause=cause
        )
        old = legacy_line(here, conn) if state is None else None
    if as_json:
        show.print_json([_json(here, one) for one in found[:limit]])
        return
    say = context.say
    if not found:
        show.line(say("cli.no_findings"), "good")
    else:
        _table(here, found, limit)
    if old:
        show.line(old, "dim")


def _table(here: Here, found: list[Finding], limit: int) -> None:
    say, words = context.say, here.words
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
    finding: Id,
    as_json: Json = False,
) -> None:
    """Show one finding: what each system says, where to correct it, and its life so far."""
    here = context.here()
    found = _load(here, finding)
    if as_json:
        show.print_json({**_json(here, found), "events": [asdict(event) for event in found.events]})
        return
    say, words = context.say, here.words
    person = here.judging_rules().person(found.correct_in or found.system)
    show.line(f"{words.kind(found.kind)}  {_order(found)}", "bold")
    show.line(reason(here, found))
    if found.state != "closed":
        show.line(f"→ {words.fix(reported(found))}")
    show.line()
    told = {
        "cli.id": found.id,
        "cli.state": say(f"findings.state_{found.state}"),
        "cli.correct_in": words.system(found.correct_in or found.system),
        "cli.owner": found.owner or (person.owner if person else None),
        "cli.deputy": person.deputy if person else None,
        "cli.due": found.due_at and show.when(found.due_at, here.zone),
        "cli.at_risk": found.at_risk and words.money(found.at_risk, found.currency),
        "cli.cause": _cause(here, found),
    }
    show.pairs({say(name): value for name, value in told.items() if value})
    show.line()
    show.line(say("cli.life"), "bold")
    show.pairs(dict(life(here, found)))
    if found.order_no != "*":
        show.line(say("cli.see_explain", order_no=found.order_no, company=found.company), "dim")


@app.command("accept")
def accept(
    finding: Id,
    *,
    reason: Annotated[str, typer.Option(help="Why it may stand: kept with it.", metavar="TEXT")],
    until: Annotated[
        str, typer.Option(metavar="ISO", help="How long at most: a day, or a moment with its offset.")
    ],
    who: Actor = None,
    as_json: Json = False,
) -> None:
    """Accept a difference as it stands: it is no longer counted.

    It comes back when the values that were compared change, or when the time is over and it still stands.
    """
    from hub.findings import explain

    here = context.here()
    found, end = _load(here, finding), end_of(until, here.zone)
    if end <= here.clock():
        raise ConfigError("cli.past", text=until)
    with here.store() as store, store.write() as conn:
        explain(conn, found.id, reason, actor(who), here.clock(), end)
    _told(here, found.id, "cli.accepted", as_json, until=show.when(end, here.zone))


@app.command("assign")
def assign_(
    finding: Id,
    *,
    to: Annotated[str, typer.Option(help="Who is to settle it.", metavar="NAME")],
    who: Actor = None,
    due: Annotated[
        str | None, typer.Option(metavar="ISO", help="Until when: a day, or a moment with its offset.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Give a finding to somebody. What is past due goes to the deputy of the system's owner."""
    from hub.findings import assign

    here = context.here()
    found = _load(here, finding)
    end = end_of(due, here.zone) if due else found.due_at
    with here.store() as store, store.write() as conn:
        assign(conn, found.id, to, actor(who), here.clock(), end)
    _told(here, found.id, "cli.assigned", as_json, owner=to)


def end_of(text: str, zone: tzinfo) -> datetime:
    """Return the moment that `text` names; a day alone means its end in `zone`. ConfigError if it is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        found = moment(text)
        assert found is not None  # there is a text
        return found
    return datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1)


def _told(here: Here, finding: str, key: str, as_json: bool, **values: object) -> None:
    """Say what was done, or show how the finding stands now."""
    found = _load(here, finding)
    if as_json:
        show.print_json({**_json(here, found), "events": [asdict(event) for event in found.events]})
    else:
        show.line(context.say(key, id=found.id[:SHORT_ID], order=_order(found), **values), "good")


def _cause(here: Here, finding: Finding) -> str | None:
    """Return the cause of a finding in words; None if it has none."""
    from hub.findings import list_causes
    from reconciler.result import CauseLine

    if finding.cause is None:
        return None
    with here.store() as store, store.read() as conn:
        known = next((one for one in list_causes(conn) if one.id == finding.cause), None)
    if known is None:
        return None
    line = CauseLine(
        id=known.id, kind=known.kind, company=known.company, system=known.system, slice=known.slice,
        details=typed("not_compared", known.details), orders=known.findings, new=0, closed=0, at_risk={},
        owner=None, deputy=None, correct_in=known.system, first_seen=known.first_seen,
    )  # fmt: skip
    return here.words.cause(line)


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


def _order(finding: Finding) -> str:
    """Return the order as company/number; one that speaks of a whole system names that."""
    return finding.system if finding.order_no == "*" else f"{finding.company}/{finding.order_no}"


def _state(finding: Finding) -> show.Cell:
    looks: dict[str, show.Look] = {"open": "bad", "closed": "good", "in_flight": "dim"}
    return show.Cell(context.say(f"findings.state_{finding.state}"), looks.get(finding.state, "warn"))


def _json(here: Here, finding: Finding) -> dict[str, Any]:
    plain = {name: value for name, value in asdict(finding).items() if name != "events"}
    return {**plain, "says": reason(here, finding)}


def reason(here: Here, finding: Finding) -> str:
    """Return what is wrong, in a sentence."""
    return here.words.reason(reported(finding))


def reported(finding: Finding) -> Reported:
    """Return a finding of the store as reports take it."""
    from reconciler.result import Finding as Reported

    return Reported(
        id=finding.id,
        kind=finding.kind,
        company=finding.company,
        order_no=finding.order_no,
        system=finding.system,
        field=finding.field,
        details=typed(finding.kind, finding.details),
        correct_in=finding.correct_in or finding.system,
        owner=finding.owner,
        at_risk=finding.at_risk,
        currency=finding.currency,
        cause=finding.cause,
        state=finding.state,
        first_seen=finding.first_seen,
        due_at=finding.due_at,
    )
