"""What a sync sent, or would send: tables for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cli import context, show
from cli.changes import Changes
from cli.context import Here
from hub.errors import HubError

if TYPE_CHECKING:
    from sync.out.outbox import Reason
    from sync.out.preview import Planned
    from sync.out.push import PushResult
    from sync.out.standing import OutStands
    from sync.run import Hub

_DONE = ("confirmed", "adopted")
_STANDING = ("pending", "waiting", "held", "unknown", "rejected")
_PATIENCE = ("outbox.paused", "outbox.left_alone")
"""Why nothing goes to a system just now without anything being wrong that was not said before."""

_SOME = 10
"""So many changes that came to nothing are named for each system."""


@dataclass(slots=True)
class Sent:
    """What came of sending: by system, how the way out stands after it, what came to nothing just now."""

    results: Sequence[PushResult] = ()
    stands: Sequence[OutStands] = ()
    troubles: Sequence[dict[str, Any]] = ()
    planned: Sequence[Planned] | None = None

    @property
    def errors(self) -> list[HubError]:
        """Everything that went wrong with a system as a whole."""
        return [one.error for one in self.results if one.error is not None]

    @property
    def failed(self) -> bool:
        """Whether something could not be written that should have been."""
        stopped = (one.stopped for one in self.results if one.stopped is not None)
        return bool(self.troubles) or any(reason[0] not in _PATIENCE for reason in stopped)


def send(hub: Hub) -> Sent:
    """Send what is ready, and tell what came of it."""
    from sync.out import standing
    from sync.run import carry_out

    begun = hub.clock()
    results = carry_out(hub)
    with hub.store.read() as conn:
        stands = standing.standing(conn, hub.mappings, hub.clock())
        came = standing.listed(conn, since=begun) if results else []
    troubles = [row for row in came if row["state"] in ("rejected", "unknown") and row["mode"] == "live"]
    return Sent(results, stands, troubles)


def look(hub: Hub) -> Sent:
    """Send nothing, and tell what would be sent."""
    from sync.out import standing
    from sync.out.preview import preview

    with hub.store.read() as conn:
        stands = standing.standing(conn, hub.mappings, hub.clock())
        systems = [one.system for one in stands]
        planned = preview(conn, hub.out, systems, hub.store.seal, hub.clock())
    return Sent((), stands, (), planned)


def tell(here: Here, sent: Sent) -> None:
    """Show what came of sending, or what would be sent."""
    changes = Changes(here)
    if sent.planned is not None:
        _planned(changes, sent.planned)
    elif sent.results:
        _results(changes, sent)
    for one in sent.stands:
        if one.lacks_adoption:
            show.warn(changes.not_adopted(one))
    for row in sent.troubles[:_SOME]:
        told = {"system": row["system"], "order": changes.order(row), "id": row["id"]}
        state = changes.state(row).text
        show.fail(context.say("outbox.trouble", **told, state=state, why=changes.why(row)))
    if len(sent.troubles) > _SOME:
        show.fail(context.say("outbox.more_trouble", count=show.number(len(sent.troubles) - _SOME)))


def _results(changes: Changes, sent: Sent) -> None:
    say = context.say
    stands = {one.system: one for one in sent.stands}
    show.table(
        [
            show.Column(say("outbox.written_to"), whole=True),
            *(show.Column(say(f"outbox.count_{name}"), number=True) for name in (*_DONE, *_STANDING)),
            show.Column(say("cli.result"), whole=True),
        ],
        [
            [one.system, *_numbers(one, stands.get(one.system)), _outcome(one, stands.get(one.system))]
            for one in sent.results
        ],
    )
    for one in sent.results:
        if one.skipped is not None:
            show.warn(context.tell(one.skipped))
        if one.stopped is not None:
            told = changes.reason(*one.stopped)
            show.warn(told if told.startswith(one.system) else f"{one.system}: {told}")


def _numbers(result: PushResult, stands: OutStands | None) -> Iterable[show.Cell]:
    """Yield how many were done now, and how many stand where after it."""
    for name in _DONE:
        yield show.count(result.counts[name], "good")
    for name in _STANDING:
        look: show.Look = "bad" if name in ("unknown", "rejected") else "warn"
        yield show.count(stands.counts.get(name, 0) if stands else 0, look)


def _outcome(result: PushResult, stands: OutStands | None) -> show.Cell:
    if result.skipped is not None:
        return show.Cell(context.say("cli.busy"), "warn")
    if result.error is not None:
        return show.Cell(context.say("cli.failed"), "bad")
    if stands is not None and stands.paused is not None:
        return show.Cell(context.say("outbox.is_paused"), "warn")
    if result.stopped is not None:
        return show.Cell(context.say("outbox.stopped"), "warn")
    return show.Cell(context.say("cli.done"), "good")


def _planned(changes: Changes, planned: Sequence[Planned]) -> None:
    say = context.say
    now = [one for one in planned if one.goes]
    later = [one for one in planned if not one.goes]
    if not now:
        show.line(say("outbox.nothing_to_send"), "good")
    else:
        show.table(
            [show.Column(say("cli.system"), whole=True), say("cli.order"), say("cli.what"),
             say("outbox.by_rule"), say("outbox.guard")],
            [
                [_system(one), changes.order(one.row), "\n".join(changes.what(one.row)),
                 "\n".join(changes.rules(one.row)), "\n".join(_said(changes, one.guards))]
                for one in now
            ],
            title=say("outbox.would_be_sent"),
        )  # fmt: skip
    if later:
        show.table(
            [show.Column(say("cli.system"), whole=True), say("cli.order"), say("cli.what"), say("cli.state"),
             say("cli.reason")],
            [
                [_system(one), changes.order(one.row), "\n".join(changes.what(one.row)),
                 changes.state(one.row), _why(changes, one)]
                for one in later
            ],
            title=say("outbox.not_now"),
        )  # fmt: skip
    show.line(say("outbox.nothing_was_sent"), "dim")


def _system(one: Planned) -> show.Cell:
    """Return the system; of a shadow with the word that nothing goes there."""
    system = one.row["system"]
    if one.row["mode"] == "live":
        return show.Cell(system)
    return show.Cell(f"{system}\n({context.say('outbox.mode_shadow')})", "dim")


def _said(changes: Changes, reasons: Iterable[Reason]) -> list[str]:
    return [changes.reason(key, values) for key, values in reasons]


def _why(changes: Changes, one: Planned) -> str:
    told = [changes.why(one.row)] if one.row["state"] in ("held", "waiting", "unknown") else []
    told += _said(changes, [one.why]) if one.why is not None else []
    return "\n".join(line for line in told if line)


def machine(here: Here, sent: Sent) -> dict[str, Any]:
    """Return what came of sending for a program; what would be sent is under `would_send` and `not_now`."""
    changes = Changes(here)
    told: dict[str, Any] = {
        "sent": [
            {
                "system": one.system,
                "outcome": _word(one),
                "counts": dict(sorted(one.counts.items())),
                "stopped": one.stopped and changes.reason(*one.stopped),
                "error": one.error and context.tell(one.error),
            }
            for one in sent.results
        ],
        "troubles": [changes.machine(row) for row in sent.troubles],
        "out": [asdict(one) for one in sent.stands],
        "not_adopted": [one.system for one in sent.stands if one.lacks_adoption],
    }
    if sent.planned is None:
        return told
    for name, goes in (("would_send", True), ("not_now", False)):
        told[name] = [
            {
                **changes.machine(one.row),
                "guards": _said(changes, one.guards),
                "why": _why(changes, one) or None,
            }
            for one in sent.planned
            if one.goes is goes
        ]
    return told


def _word(result: PushResult) -> str:
    if result.skipped is not None:
        return "skipped"
    if result.error is not None:
        return "failed"
    return "stopped" if result.stopped is not None else "done"
