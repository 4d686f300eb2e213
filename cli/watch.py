"""`orderhub watch`: read every few seconds, listen to wake-up calls, send at once; until it is stopped."""

from __future__ import annotations

import json
import sys
from datetime import UTC
from threading import Lock
from typing import TYPE_CHECKING, Annotated

import typer

from cli import context, intake, show, stopping
from cli.context import Here
from cli.options import Json
from hub.errors import ConfigError, HubError, LeaseBusy
from hub.redact import redact

if TYPE_CHECKING:
    from reconciler.payments.intake import Answered
    from sync.run import Hub
    from sync.watch.events import Event, Tell
    from sync.watch.loop import Watch

_LOOKS: dict[str, show.Look] = {"failed": "bad", "refused": "warn", "busy": "dim"}


def watch(
    systems: Annotated[
        list[str] | None, typer.Option("--system", help="Only this system; may be given several times.")
    ] = None,
    every: Annotated[str, typer.Option(help="How often each system is read: 1s, 5s, 1m.")] = "5s",
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Where calls are taken; default: 127.0.0.1:8790 if a mapping has a `webhook`, else nowhere.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Keep reading, listening and sending until stopped (Ctrl-C).

    A system that fails is tried more and more seldom, and stops no other. A second Ctrl-C ends at once.
    """
    from sync.watch.loop import Watch

    here = context.here()
    seconds, place = stopping.seconds(every, "watch.every", 0.1), stopping.place(listen) if listen else None
    chosen = [system for system in here.chosen(systems) if system not in here.broken]
    for system, error in here.broken.items():
        show.fail(f"{system}: {context.tell(error)}")
    if not chosen:
        raise ConfigError("watch.nothing")
    with here.hub() as hub:
        tell = _Teller(here, as_json)
        watching = Watch(hub, chosen, tell, every=seconds, listen=place)
        raise typer.Exit(_until_stopped(hub, watching, tell))


def _until_stopped(hub: Hub, watching: Watch, tell: Tell) -> int:
    """Watch until a signal comes, the folders that people drop into too; return the exit code it asks for."""
    from sync.watch.events import Event

    def answered(one: Answered) -> None:
        tell(Event(hub.clock(), "answered", one.system, one.counts, place=one.answer or one.file))

    def failed(error: HubError) -> None:
        tell(Event(hub.clock(), "failed", error=error))

    with stopping.asked() as asked, intake.beside(hub, watching.systems, answered, failed):
        try:
            watching.run(asked.within)
        except LeaseBusy as busy:
            show.warn(context.tell(busy))
    return asked.code


class _Teller:
    """Writes a line for each event, from whichever thread it comes."""

    def __init__(self, here: Here, as_json: bool) -> None:
        self._here, self._as_json, self._lock = here, as_json, Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            if self._as_json:
                sys.stdout.write(redact(json.dumps(machine(event), ensure_ascii=False)) + "\n")
            else:
                at = event.at.astimezone(self._here.zone)
                show.line(f"{at:%H:%M:%S}  {_told(event)}", _LOOKS.get(event.kind, ""))
            sys.stdout.flush()


def machine(event: Event) -> dict[str, object]:
    """Return an event as a program reads it."""
    return {
        "at": event.at.astimezone(UTC).isoformat(),
        "event": event.kind,
        "system": event.system or None,
        "counts": {name: count for name, count in sorted(event.counts.items()) if count},
        "error": context.tell(event.error) if event.error is not None else None,
        "place": event.place or None,
    }


def _told(event: Event) -> str:
    """Return an event in a sentence."""
    error = context.tell(event.error) if event.error is not None else ""
    if event.kind == "sent":
        states = [
            f"{context.say(f'watch.state_{name}')} {show.number(count)}"
            for name, count in sorted(event.counts.items())
            if count
        ]
        return context.say("watch.sent", system=event.system, told=", ".join(states))
    names = ("records", "orders", "changed", "born", "asked", "held")
    counts = {name: show.number(event.counts.get(name, 0)) for name in names}
    told = error.removeprefix(f"{event.system}: ")
    key = f"watch.{event.kind}" if event.system or event.kind != "failed" else "watch.failed_here"
    return context.say(key, system=event.system, error=told, place=event.place, **counts)
