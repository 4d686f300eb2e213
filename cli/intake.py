"""`orderhub intake`: answer the files that people drop into the folders of bank statements."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import DONE, FAILED, context, show, stopping
from cli.options import Json
from hub.errors import ConfigError, HubError
from hub.redact import redact

if TYPE_CHECKING:
    from reconciler.payments.intake import Answered, Desk, Drop, Round
    from sync.run import Hub

EVERY = 5.0
"""Seconds between two looks."""


def intake(
    once: Annotated[bool, typer.Option("--once", help="Look once and end: for schedulers.")] = False,
    every: Annotated[str, typer.Option(help="How often the folders are looked at: 5s, 1m.")] = "5s",
    as_json: Json = False,
) -> None:
    """Answer the statements and workbooks that people drop.

    Watches the folders of all mappings that read `format: bank`, until stopped. Statements are taken in, what
    people decided on proposals is carried out; the answer lies beside each file, which stays as it is.
    """
    from reconciler.payments.intake import Desk, folders, look

    here = context.here()
    seconds = stopping.seconds(every, "intake.every", 1.0)
    for system, error in here.broken.items():
        show.fail(f"{system}: {context.tell(error)}")
    with here.hub() as hub:
        watched = folders(hub)
        if not watched:
            raise ConfigError("intake.nothing")
        desk, teller = Desk(hub, context.language()), Teller(as_json)
        if once:
            found = look(desk, watched, teller.answered)
            teller.ended(found)
            raise typer.Exit(FAILED if found.errors else DONE)
        for drop in watched:
            teller.line(context.say("intake.watching", folder=drop.root, system=drop.mapping.system), "dim")
        with stopping.asked() as asked:
            while True:
                teller.errors(_turn(desk, watched, teller.answered))
                if asked.within(seconds):
                    raise typer.Exit(asked.code)


def _turn(desk: Desk, watched: Sequence[Drop], tell: Callable[[Answered], None]) -> list[HubError]:
    """Look once; return what stood in the way, whatever it was: the next look may go well."""
    from reconciler.payments.intake import look
    from sync.watch.events import Fault

    try:
        return look(desk, watched, tell).errors
    except Exception as error:  # the last net: the store may be away for a while
        return [Fault.of(error)]


@contextmanager
def beside(
    hub: Hub, systems: Collection[str], tell: Callable[[Answered], None], failed: Callable[[HubError], None]
) -> Iterator[None]:
    """Answer what people drop for `systems`, in a thread, as long as the block lasts."""
    from reconciler.payments.intake import Desk, folders

    try:
        watched = [drop for drop in folders(hub) if drop.mapping.system in systems]
    except HubError as error:  # no reason not to watch all else
        watched = []
        failed(error)
    if not watched:
        yield
        return
    desk, ended = Desk(hub, context.language()), Event()
    quiet = _Quiet()

    def run() -> None:
        while not ended.is_set():
            for error in quiet.fresh(_turn(desk, watched, tell)):
                failed(error)
            ended.wait(EVERY)

    thread = Thread(target=run, name="watch intake", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(20.0)


class _Quiet:
    """Lets an error through once, and again only after it was gone."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def fresh(self, errors: list[HubError]) -> list[HubError]:
        """Return those that were not there at the last look."""
        fresh = [error for error in errors if str(error) not in self._told]
        self._told = {str(error) for error in errors}
        return fresh


class Teller:
    """Writes what happens: a line for each answer, or JSON."""

    def __init__(self, as_json: bool) -> None:
        """Take whether programs listen."""
        self._json, self._quiet = as_json, _Quiet()

    def answered(self, one: Answered) -> None:
        """Tell of one answer."""
        if self._json:
            self._write(machine(one))
        else:
            show.line(told(one), "good" if one.kind == "read" and not one.fault else "warn")
            sys.stdout.flush()

    def errors(self, errors: list[HubError]) -> None:
        """Tell what stood in the way, once as long as it lasts."""
        for error in self._quiet.fresh(errors):
            show.fail(context.tell(error))

    def ended(self, found: Round) -> None:
        """Tell what a single look came to."""
        for name in found.busy:
            self.line(context.say("intake.busy", name=name), "dim")
        if found.growing:
            self.line(context.say("intake.growing", count=found.growing), "dim")
        if not (found.answered or found.busy or found.growing or found.errors):
            self.line(context.say("intake.none"), "dim")
        self.errors(found.errors)

    def line(self, said: str, look: show.Look = "") -> None:
        """Write a line for people."""
        if not self._json:
            show.line(said, look)
            sys.stdout.flush()

    def _write(self, said: dict[str, Any]) -> None:
        sys.stdout.write(redact(json.dumps(said, ensure_ascii=False)) + "\n")
        sys.stdout.flush()


def machine(one: Answered) -> dict[str, Any]:
    """Return an answer as a program reads it."""
    return {
        "system": one.system,
        "stream": one.stream,
        "file": one.file,
        "kind": one.kind,
        "answer": one.answer or None,
        "counts": dict(one.counts),
        "fault": one.fault or None,
    }


def told(one: Answered) -> str:
    """Return an answer in a line."""
    say = context.say
    if one.fault:
        return say("intake.not_put", file=one.file, fault=one.fault)
    if one.kind != "read":
        return say("intake.answered_problem", file=one.file, answer=one.answer)
    key = "intake.told_sheet" if "confirmed" in one.counts else "intake.told"
    counts = {name: show.number(count) for name, count in one.counts.items()}
    return say("intake.answered_read", file=one.file, told=say(key, **counts))
