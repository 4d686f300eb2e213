"""`orderhub status`: how fresh every system is, what waits, what is open."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cli import context, show
from cli.context import Here
from cli.options import Json

if TYPE_CHECKING:
    from reconciler.result import GraceLine
    from sync.standing import Standing, SystemStands


def status(as_json: Json = False) -> None:
    """Show how fresh every system is, what waits and what is open."""
    from hub.store import migrate
    from reconciler.grace import judged
    from sync.standing import standing

    here = context.here()
    with here.store() as store, store.read() as conn:
        stands = standing(conn, here.systems)
        grace = judged(conn, here.rules)
        revision = migrate.revision(conn)
    broken = {name: context.tell(error) for name, error in here.broken.items()}
    if as_json:
        show.print_json(
            {
                **asdict(stands),
                "broken_mappings": broken,
                "grace": [asdict(one) for one in grace],
                "revision": revision,
            }
        )
        return
    _show(here, stands)
    for name, error in broken.items():
        show.fail(f"{name}: {error}")
    say = context.say
    show.line(say("cli.status_orders", orders=show.number(stands.orders)))
    show.line(_findings(stands))
    if grace:
        show.line(_grace(here, grace), "dim")
    show.line(say("cli.status_store", revision=revision, offset=show.offset(here.clock(), here.zone)), "dim")


def _show(here: Here, stands: Standing) -> None:
    say = context.say
    show.table(
        [
            show.Column(say("cli.system"), whole=True),
            show.Column(say("cli.read_completely"), whole=True),
            show.Column(say("cli.newest"), whole=True),
            show.Column(say("cli.orders"), number=True),
            show.Column(say("cli.count_quarantined"), number=True),
            show.Column(say("cli.count_waiting"), number=True),
            show.Column(say("cli.result"), whole=True),
        ],
        [row for one in stands.systems for row in _rows(here, one)],
    )
    for one in stands.systems:
        _sweeps(here, one)
        if one.error:
            show.fail(
                say(
                    "cli.last_error",
                    system=one.system,
                    at=show.when(one.failed_at, here.zone),
                    error=one.error,
                )
            )


def _rows(here: Here, one: SystemStands) -> list[list[Any]]:
    """Return the row of a system, with one for each of its streams if there are several."""
    streams = [
        [
            show.Cell(f"  {stream.stream}", "dim"),
            show.when(stream.complete_at, here.zone),
            show.when(stream.newest_at, here.zone),
            *[show.Cell("")] * 4,
        ]
        for stream in one.streams
    ]
    return [_row(here, one), *(streams if len(streams) > 1 else [])]


def _sweeps(here: Here, one: SystemStands) -> None:
    """Tell what the sweeps of a system brought, and what is gone from it."""
    say = context.say
    for stream in one.streams:
        if stream.swept_at is not None:
            told = {
                "system": one.system,
                "stream": stream.stream,
                "at": show.when(stream.swept_at, here.zone),
            }
            show.line(say("status.swept", missed=show.number(stream.missed or 0), **told), "dim")
        if stream.sweep_error:
            show.fail(stream.sweep_error)
    if one.gone:
        show.warn(say("status.gone", system=one.system, orders=show.number(one.gone)))


def _row(here: Here, one: SystemStands) -> list[Any]:
    return [
        one.system,
        show.when(one.complete_at, here.zone),
        show.when(one.newest_at, here.zone),
        one.orders,
        show.count(one.quarantined, "bad"),
        show.count(one.waiting, "warn"),
        _state(here, one),
    ]


def _state(here: Here, one: SystemStands) -> show.Cell:
    if one.error:
        return show.Cell(context.say("cli.failed"), "bad")
    if one.complete_at is None:
        return show.Cell(context.say("cli.never_read"), "warn")
    age = int((here.clock() - one.complete_at).total_seconds())
    return show.Cell(context.say("cli.ago", span=here.words.span(age)), "good")


def _grace(here: Here, grace: list[GraceLine]) -> str:
    """Return how much grace was learned, in a sentence; the report has all of it."""
    words = here.words
    longest = max(grace, key=lambda line: line.granted)
    return context.say(
        "grace.status_line",
        lines=show.number(len(grace)),
        granted=words.span(longest.granted),
        system=words.system(longest.system),
        leader=words.system(longest.leader),
        word=words.said(longest.word),
    )


def _findings(stands: Standing) -> str:
    """Return how many findings stand where, in a sentence."""
    say = context.say
    live = {state: count for state, count in stands.findings.items() if state != "closed"}
    if not live:
        return say("cli.status_no_findings")
    told = ", ".join(
        f"{say(f'findings.state_{state}')} {show.number(count)}" for state, count in live.items()
    )
    return say("cli.status_findings", told=told, causes=show.number(stands.causes))
