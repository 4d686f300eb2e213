"""`orderhub status`: how fresh every system is, what waits, what is open, what is on its way out."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cli import context, show
from cli.baseline import legacy_line
from cli.changes import Changes
from cli.context import Here
from cli.options import Json

if TYPE_CHECKING:
    from reconciler.result import GraceLine
    from sync.out.standing import OutStands
    from sync.standing import Standing, SystemStands


def status(as_json: Json = False) -> None:
    """Show how fresh every system is, what waits and what is open."""
    from hub.store import migrate
    from hub.store.turns import wall
    from reconciler.grace import judged
    from sync.out import standing as out
    from sync.standing import standing
    from sync.watch.heartbeat import watched

    here = context.here()
    with here.store() as store, store.read() as conn:
        stands = standing(conn, here.systems)
        grace = judged(conn, here.rules)
        ways = out.standing(conn, here.systems, here.clock())
        revision = migrate.revision(conn)
        watches = sorted({one.system for one in watched(conn, wall())})
        old = legacy_line(here, conn)
    broken = {name: context.tell(error) for name, error in here.broken.items()}
    if as_json:
        show.print_json(
            {
                **asdict(stands),
                "broken_mappings": broken,
                "grace": [asdict(one) for one in grace],
                "out": [asdict(one) for one in ways],
                "watched": watches,
                "revision": revision,
            }
        )
        return
    _show(here, stands)
    if ways:
        _out(here, ways)
    for name, error in broken.items():
        show.fail(f"{name}: {error}")
    say = context.say
    show.line(say("cli.status_orders", orders=show.number(stands.orders)))
    show.line(_findings(stands))
    if old:
        show.line(old, "dim")
    if watches:
        show.line(say("status.watched", systems=", ".join(watches)), "good")
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


_COUNTS = ("pending", "sent", "waiting", "held", "unknown", "rejected")


def _out(here: Here, ways: list[OutStands]) -> None:
    """Show how the way out stands: what waits for whom, and what stops it."""
    say = context.say
    show.table(
        [
            show.Column(say("outbox.written_to"), whole=True),
            say("outbox.mode"),
            show.Column(say("outbox.adopted_since"), whole=True),
            *(show.Column(say(f"outbox.count_{name}"), number=True) for name in _COUNTS),
            show.Column(say("outbox.oldest")),
        ],
        [
            [
                one.system,
                say(f"outbox.mode_{one.mode}"),
                show.Cell(show.NOTHING, "dim")
                if one.lacks_adoption
                else show.when(one.adopted_at, here.zone),
                *(show.count(one.counts.get(name, 0), _LOOKS.get(name, "")) for name in _COUNTS),
                _age(here, one),
            ]
            for one in ways
        ],
    )
    for one in ways:
        if one.lacks_adoption:
            show.warn(Changes(here).not_adopted(one))
        if one.paused is not None:
            key = "outbox.paused_since" if one.paused["system"] == one.system else "outbox.all_paused_since"
            since = show.when(one.paused["since"], here.zone)
            told = {"who": one.paused["who"], "reason": one.paused["reason"], "since": since}
            show.warn(say(key, system=one.system, **told))
        if one.left_alone is not None:
            until = show.when(one.left_alone, here.zone)
            show.fail(f"{say('outbox.left_alone', system=one.system, until=until)}: {one.error}")


_LOOKS: dict[str, show.Look] = {"waiting": "warn", "held": "warn", "unknown": "bad", "rejected": "bad"}


def _age(here: Here, one: OutStands) -> str | None:
    """Return how long the oldest pending change of a system has been so."""
    if one.oldest is None:
        return None
    return here.words.span(int((here.clock() - one.oldest).total_seconds()))


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
