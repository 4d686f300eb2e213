"""`orderhub doctor`: is all set up and well, and what is to be done where it is not?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from cli import DONE, FAILED, context, show
from cli.context import Here
from cli.options import Json
from hub.errors import HubError

if TYPE_CHECKING:
    from hub.store import Store
    from sync.doctor import Remark

_LOOKS: dict[str, show.Look] = {"ok": "good", "warning": "warn", "problem": "bad"}
_SOME = 20
"""So many findings of the mappings' check are shown here; `orderhub mapping check` shows all."""


def doctor(as_json: Json = False) -> None:
    """Check the set-up and its health, and say what to do.

    Changes nothing. Every system is asked whether it answers. Exits with 1 if there is a problem.
    """
    from sync.doctor import worst

    here = context.here()
    remarks: list[Remark] = []
    for one in _looked(here):
        remarks.append(one)
        if not as_json:
            show.console().print(show.styled(_line(here, one), _LOOKS[one.look]), soft_wrap=True)
    counts = {look: sum(one.look == look for one in remarks) for look in _LOOKS}
    if as_json:
        show.print_json({"counts": counts, "checks": [_machine(here, one) for one in remarks]})
    else:
        show.line(context.say("doctor.summary", **counts), _LOOKS[worst(remarks)])
    raise typer.Exit(FAILED if counts["problem"] else DONE)


def _looked(here: Here) -> Iterator[Remark]:
    """Yield what every check says, the ground floor first; what stands on a broken floor is left out."""
    from sync.doctor import of_connections, of_rules, ok, problem

    try:
        yield ok("home", "doctor.home", folder=here.settings.home)
    except HubError as error:
        yield problem("home", "doctor.wrong", error=error)
        return
    yield from _mappings(here)
    try:
        rules = here.rules
    except HubError:
        return  # its problems are named above
    yield from of_rules(here.systems, rules)
    yield from of_connections(here.systems, here.env, here.clock)
    try:
        with here.store() as store:
            yield from _store(here, store)
    except HubError as error:
        yield problem("store", "doctor.wrong", error=error)


def _mappings(here: Here) -> Iterator[Remark]:
    """Yield what is wrong or doubtful in mappings/, each with its place."""
    from cli.mapping import _unknown_kinds
    from hub.mapping import check
    from sync.doctor import ok, problem, warning

    found = [*check(here.settings.home), *_unknown_kinds(here)]
    for one in found[:_SOME]:
        make = problem if one.severity == "error" else warning
        yield make("mappings", "doctor.mapping", place=one.say(context.language()))
    if len(found) > _SOME:
        yield warning("mappings", "doctor.mappings_more", count=len(found) - _SOME)
    if not here.files:
        yield warning("mappings", "doctor.no_system")
    elif not found:
        yield ok("mappings", "doctor.mappings", count=len(here.files))


def _store(here: Here, store: Store) -> Iterator[Remark]:
    """Yield what the store says, which is open: its address, its tables and the key are right."""
    from hub.store.turns import wall
    from sync.doctor import of_calls, of_clock, ok
    from sync.vitals import of_store
    from sync.watch.heartbeat import watched

    yield ok("store", "doctor.store", url=repr(store.engine.url))
    yield of_clock(store)
    with store.read() as conn:
        yield from of_store(conn, here.systems, here.rules, here.clock())
        listened = [one.system for one in watched(conn, wall())]
    yield from of_calls(here.systems, here.env, listened)
    if listened:
        yield ok("watch", "doctor.watched", systems=", ".join(listened))


def _told(here: Here, one: Remark) -> str:
    """Return a remark as a sentence."""
    values: Mapping[str, Any] = {
        name: show.when(value, here.zone) if isinstance(value, datetime) else value
        for name, value in one.values.items()
    }
    error = context.tell(one.error).removeprefix(f"{one.system}: ") if one.error is not None else ""
    return context.say(one.key, **{"system": one.system, "error": error, **values})


def _line(here: Here, one: Remark) -> str:
    look, topic = context.say(f"doctor.look_{one.look}"), context.say(f"doctor.topic_{one.topic}")
    return "  ".join(filter(None, (look.ljust(8), topic, one.system, _told(here, one))))


def _machine(here: Here, one: Remark) -> dict[str, Any]:
    return {
        "topic": one.topic,
        "system": one.system or None,
        "look": one.look,
        "key": one.key,
        "says": _told(here, one),
    }
