"""`orderhub watch`: read every few seconds, listen to wake-up calls, send at once; until it is stopped."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from queue import Empty, SimpleQueue
from threading import Lock
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from cli import DONE, STOPPED, context, show
from cli.context import Here
from cli.options import Json
from hub.errors import ConfigError, LeaseBusy
from hub.redact import redact

if TYPE_CHECKING:
    from sync.watch.events import Event
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
    seconds, place = _seconds(every), _place(listen)
    chosen = [system for system in here.chosen(systems) if system not in here.broken]
    for system, error in here.broken.items():
        show.fail(f"{system}: {context.tell(error)}")
    if not chosen:
        raise ConfigError("watch.nothing")
    with here.hub() as hub:
        watching = Watch(hub, chosen, _Teller(here, as_json), every=seconds, listen=place)
        raise typer.Exit(_until_stopped(watching))


def _until_stopped(watching: Watch) -> int:
    """Watch until a signal comes; return the exit code that it asks for."""
    came: list[int] = []
    with _signals() as signals:

        def rest(wait: float) -> bool:
            try:
                came.append(signals.get(timeout=wait))
            except Empty:
                return False
            return True

        try:
            watching.run(rest)
        except LeaseBusy as busy:
            show.warn(context.tell(busy))
    return STOPPED if signal.SIGINT in came else DONE


@contextmanager
def _signals() -> Iterator[SimpleQueue[int]]:
    """Give the signals that ask for an end, as they come; a second one ends the process at once."""
    came: SimpleQueue[int] = SimpleQueue()  # the one queue that a signal handler may put into
    asking = (signal.SIGINT, signal.SIGTERM)

    def heard(number: int, _frame: FrameType | None) -> None:
        for one in asking:
            signal.signal(one, signal.SIG_DFL)
        came.put(number)

    before = {one: signal.signal(one, heard) for one in asking}
    try:
        yield came
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _seconds(every: str) -> float:
    from pydantic_core import PydanticCustomError

    from hub.spec import duration

    try:
        seconds = float(duration(every).total_seconds())
    except PydanticCustomError:
        seconds = 0.0
    if seconds < 0.1:
        raise ConfigError("watch.every", found=every)
    return seconds


def _place(listen: str | None) -> tuple[str, int] | None:
    """Return the host and port of HOST:PORT (an IPv6 address in brackets)."""
    if listen is None:
        return None
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise ConfigError("watch.listen", found=listen)
    return host, int(port)


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
