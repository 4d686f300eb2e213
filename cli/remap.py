"""`orderhub remap`: read what was kept of a system again, by its mapping as it is now."""

from __future__ import annotations

import getpass
import json
import os
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import context, show
from cli.context import Here
from cli.options import Json
from hub.errors import LeaseBusy
from hub.locale import catalogue
from hub.model import Money, Side, Status

if TYPE_CHECKING:
    from sync.foresight import Change, Foresight


def remap(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="Whose mapping changed.")],
    stream: Annotated[str | None, typer.Option(help="Only this stream.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Carry it out; without it, only look.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Even if more records fail than hub.yaml allows.")
    ] = False,
    examples: Annotated[int, typer.Option(min=0, help="Show so many orders for each field.")] = 3,
    writes: Annotated[
        bool, typer.Option("--writes", help="Also ask of every order what the writes of now would send.")
    ] = False,
    who: Annotated[
        str | None, typer.Option(help="Who does it: kept with it; default: who is logged in.", metavar="NAME")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read what was kept of SYSTEM again after its mapping changed.

    First a look at what would change; --apply carries it out, page by page. It may be stopped at any moment
    and goes on where it stopped.
    """
    from sync.remap import remap as run

    here = context.here()
    here.mapping(system)
    by = (who or _logged_in()) if apply else None
    with here.hub() as hub, show.bars() as bars:
        try:
            told, changed = run(
                hub, system, stream, bars.of("remap"), who=by, force=force, examples=examples, writes=writes
            )
        except LeaseBusy as busy:
            bars.end()
            _busy(system, busy, as_json)
            return
    if as_json:
        show.print_json(_json(here, told, changed))
    else:
        _show(here, told, changed)


def _logged_in() -> str:
    """Return who is logged in; a container may know no names."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _busy(system: str, busy: LeaseBusy, as_json: bool) -> None:
    if as_json:
        show.print_json({"system": system, "outcome": "skipped", "says": context.tell(busy)})
    else:
        show.warn(context.tell(busy))


def _show(here: Here, told: Foresight, changed: int | None) -> None:
    say, number = context.say, show.number
    if told.nothing:
        show.line(say("remap.nothing", system=told.system), "good")
    elif told.records:
        versions = ", ".join(f"{name} {new[:8]}" for name, (_, new) in told.versions.items())
        counts = {"records": number(told.records), "kept": number(told.kept)}
        show.line(say("remap.read_again", system=told.system, versions=versions, **counts), "bold")
        _changes(here, told)
    _rest(told)
    if told.nothing:
        return
    if changed is None:
        show.line(say("remap.not_yet", system=told.system), "dim")
    else:
        show.line(say("remap.applied", changed=number(changed)), "good")


def _changes(here: Here, told: Foresight) -> None:
    say, number = context.say, show.number
    if not told.orders:
        show.line(say("remap.no_changes"))
        return
    counts = {name: number(getattr(told, name)) for name in ("orders", "appear", "vanish")}
    show.line(say("remap.changes", **counts))
    words = _Words(here)
    if told.statuses:
        show.table(
            [say("remap.from"), say("remap.to"), show.Column(say("remap.count"), number=True)],
            [
                [words.value("status", old), words.value("status", new), count]
                for (old, new), count in told.statuses.most_common()
            ],
        )
    show.table(
        [say("remap.field"), show.Column(say("remap.count"), number=True), say("remap.examples")],
        [
            [words.field(name), count, "\n".join(map(words.example, told.examples.get(name, ())))]
            for name, count in told.fields.most_common()
        ],
    )


def _rest(told: Foresight) -> None:
    """Tell what is not a change of an order: failures, quarantine, what stands as it was read."""
    say, number = context.say, show.number
    if told.documents:
        show.line(say("remap.documents", documents=number(told.documents)))
    if told.writes:
        show.warn(say("remap.writes", writes=number(told.writes)))
    for reason, count in told.failing.most_common():
        show.fail(say("remap.failing", count=number(count), why=context.warning(reason)))
    if told.passing or told.still_bad:
        show.line(say("remap.passing", passing=number(told.passing), still_bad=number(told.still_bad)))
    if told.stay:
        show.warn(say("remap.stay", count=number(told.stay)))
    for stream, count in told.unmapped.items():
        show.warn(say("remap.unmapped", stream=stream, count=number(count)))


class _Words:
    """Fields and their values: `value` as people read them, `plain` for a program."""

    def __init__(self, here: Here) -> None:
        self._here = here

    def field(self, name: str) -> str:
        """Return the name of a field in the language to answer in, where it has one there."""
        name = name.removeprefix("extras.")
        key = f"cli.field_{name}"
        return context.say(key) if key in catalogue("en") else name

    def example(self, change: Change) -> str:
        """Return one change of one order."""
        old, new = (self.value(change.field, value) for value in (change.old, change.new))
        return f"{change.company}/{change.order_no}: {old} → {new}"

    def value(self, field: str, value: Any) -> str:
        """Return a value as people read it."""
        if value is None:
            return show.NOTHING
        if field == "status":
            return self._here.words.status(Status(value).word)
        if isinstance(value, datetime):
            return show.when(value, self._here.zone, seconds=True)
        told = self.plain(field, value)
        return show.plain(told if isinstance(told, str | int | Decimal) else json.dumps(told, default=str))

    def plain(self, field: str, value: Any) -> Any:
        """Return a value as JSON may hold it: words for ranks and flags."""
        if value is None:
            return None
        if field == "status":
            return Status(value).word
        if field == "money":
            return Money(value).name.lower()
        if field == "side":
            return " ".join(str(side.name).lower() for side in Side if side and side & value) or None
        return value


def _json(here: Here, told: Foresight, changed: int | None) -> dict[str, Any]:
    words = _Words(here)
    counts = (
        "kept", "records", "orders", "documents", "writes", "appear", "vanish", "passing", "still_bad",
        "stay",
    )  # fmt: skip
    return {
        "system": told.system,
        "outcome": "foretold" if changed is None else "done",
        "changed": changed,
        "mappings": {name: {"old": list(old), "new": new} for name, (old, new) in told.versions.items()},
        **{name: getattr(told, name) for name in counts},
        "fields": dict(told.fields.most_common()),
        "statuses": [
            {"from": words.plain("status", old), "to": words.plain("status", new), "orders": count}
            for (old, new), count in told.statuses.most_common()
        ],
        "failing": dict(told.failing.most_common()),
        "unmapped": dict(told.unmapped),
        "examples": [
            {**change._asdict(), "old": words.plain(change.field, change.old),
             "new": words.plain(change.field, change.new)}
            for some in told.examples.values()
            for change in some
        ],
    }  # fmt: skip
