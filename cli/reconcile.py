"""`orderhub reconcile`: compare all orders, find causes, keep the findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import FINDINGS, context, show
from cli.context import Here
from cli.options import AsOf, Json, moment

if TYPE_CHECKING:
    from reconciler.result import Result

_COUNTED = (2, 3, 4)
"""Columns of the systems' table that hold counts."""

_CAUSES = 7
"""So many causes are shown; the report has all."""


def reconcile(
    as_of: AsOf = None,
    fail_on_findings: Annotated[
        bool, typer.Option("--fail-on-findings", help="Exit with 3 if anything differs.")
    ] = False,
    brief: Annotated[
        bool,
        typer.Option("--brief", help="Keep the findings and count nothing else: quick on a large store."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Compare every order over all systems, find causes, keep findings.

    What is merely on its way is no finding. With --as-of it is a look at another moment: nothing is written.
    """
    here = context.here()
    if brief:
        _brief(here, as_of, fail_on_findings, as_json)
        return
    result = compared(here, as_of)
    if as_json:
        from reconciler.reports.json import machine_form

        show.print_json(machine_form(result))
    else:
        _show(here, result)
    if fail_on_findings and any(one.state != "in_flight" for one in result.findings):
        raise typer.Exit(FINDINGS)


def _brief(here: Here, as_of: str | None, fail: bool, as_json: bool) -> None:
    """Look at what changed, and say what came of it and how many findings stand."""
    from hub.findings import count_findings
    from reconciler.run import keep_findings

    if as_of is not None:
        raise typer.BadParameter("--brief keeps findings; --as-of is a look that keeps none.")
    with here.store() as store:
        looked = keep_findings(store, here.judging_rules(), here.clock(), starts=here.starts())
        with store.read() as conn:
            counts = count_findings(conn)
    if as_json:
        show.print_json({"looked_at": looked.looked_at, "changes": looked.changes, "counts": counts})
    else:
        say, orders = context.say, looked.looked_at
        everything = say("cli.looked_at_all")
        show.line(everything if orders is None else say("cli.looked_at", orders=show.number(orders)))
        show.line(_turns(here, looked.changes), "dim")
        show.line(say("cli.stand", findings=show.number(sum(counts.values()))), "bold")
    if fail and counts:
        raise typer.Exit(FINDINGS)


def compared(here: Here, as_of: str | None, write: bool = True) -> Result:
    """Return the reconciliation of now, or of the moment `as_of`, which writes nothing."""
    from reconciler.run import reconcile as run

    now = here.clock()
    at = moment(as_of)
    with here.store() as store:
        rules, starts = here.judging_rules(), here.starts()
        write = write and at is None
        return run(store, rules, at or now, now=now, write=write, starts=starts)


def _show(here: Here, result: Result) -> None:
    from reconciler.reports import sheets

    words, say = here.words, context.say
    heads = [show.Column(head, number=at in _COUNTED) for at, head in enumerate(sheets.system_heads(words))]
    show.table(heads, _local(here, sheets.system_rows(result, words)))
    if result.counts:
        show.table(
            [words.say("kind"), show.Column(say("cli.findings"), number=True)],
            [[words.kind(kind), count] for kind, count in sorted(result.counts.items())],
        )
    if result.causes:
        _causes(here, result)
    agreeing = show.number(result.orders - result.differing)
    show.line(say("cli.agree", agreeing=agreeing, orders=show.number(result.orders)), "bold")
    if result.accepted:
        show.line(say("grace.accepted_said", accepted=show.number(len(result.accepted))))
    if result.in_flight:
        show.line(say("cli.in_flight", orders=show.number(sum(result.in_flight.values()))))
    show.line(_turns(here, result.changes) if result.settled else say("cli.only_a_look"), "dim")


def _turns(here: Here, changes: Mapping[str, int]) -> str:
    """Return what became of the findings."""
    say = context.say
    turns = [say(f"cli.turn_{name}", n=show.number(count)) for name, count in changes.items() if count]
    return here.words.joined(turns) if turns else say("cli.nothing_new")


def _causes(here: Here, result: Result) -> None:
    words, say = here.words, context.say
    show.table(
        [words.say("cause"), show.Column(words.say("orders"), number=True), words.say("at_risk"),
         words.say("correct_in"), words.say("owner")],
        [
            [words.cause(one), one.orders, words.sums(one.at_risk), words.system(one.correct_in), one.owner]
            for one in result.causes[:_CAUSES]
        ],
    )  # fmt: skip
    for one in result.causes[:_CAUSES]:
        show.line(f"→ {words.next_step(one)}")
    if len(result.causes) > _CAUSES:
        show.line(say("cli.shown_of", shown=_CAUSES, total=show.number(len(result.causes))), "dim")


def _local(here: Here, rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    """Yield rows with their moments as text in the zone in which people read times."""
    for row in rows:
        yield [show.when(value, here.zone) if isinstance(value, datetime) else value for value in row]
