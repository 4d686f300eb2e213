"""The life of a finding in words: what happened to it, when, by whom, and what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cli import context, show
from cli.context import Here

if TYPE_CHECKING:
    from hub.findings import Event, Finding

_HIDDEN = ("views", "cause", "currency")
"""What a change of these says is told elsewhere, or says nothing to people."""


def life(here: Here, finding: Finding) -> list[tuple[str, str]]:
    """Return the turns of a finding's life as (when, what), its birth first."""
    say = context.say
    turns = [(show.when(finding.first_seen, here.zone, seconds=True), say("cli.event_new"))]
    for event in finding.events:
        who = f"  {event.who}" if event.who else ""
        run = f"  ({say('cli.run', run=event.run)})" if event.run else ""
        at = show.when(event.at, here.zone, seconds=True)
        told = "".join(f"\n{line}" for line in _told(here, event))
        turns.append((at, f"{say(f'cli.event_{event.what}')}{who}{run}{told}"))
    return turns


def _told(here: Here, event: Event) -> Iterator[str]:
    """Yield what an event says, a line each: a reason, a time, or what changed."""
    from reconciler.reports.histories import field_of, word_of

    words = here.words
    for name, value in event.details.items():
        if value is None or name in _HIDDEN:
            continue
        field = field_of(words, name)
        if name == "after":
            yield f"{field}: {words.span(int(value))}"
        elif isinstance(value, list) and len(value) == 2 and event.what not in ("assigned", "explained"):
            yield from (f"{field}: {line}" for line in _change(here, *value))
        else:
            yield f"{field}: {word_of(words, value)}"


def _change(here: Here, old: Any, new: Any) -> Iterator[str]:
    """Yield what changed between two values; of two maps only what differs."""
    from reconciler.reports.histories import field_of, word_of

    words = here.words
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                yield from (
                    f"{field_of(words, name)} {line}" for line in _change(here, old.get(name), new.get(name))
                )
    else:
        yield f"{word_of(words, old)} → {word_of(words, new)}"


def typed(kind: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """Return details, which the store keeps as JSON, with quantities and moments in their own types again."""
    if kind == "quantity":
        return {**details, "fields": _numbers(details["fields"])}
    if kind in ("line", "wrong_shipment") and details.get("changes"):
        return {**details, "changes": [{**_numbers(one), "sku": one["sku"]} for one in details["changes"]]}
    if kind == "not_compared" and details.get("since"):
        return {**details, "since": datetime.fromisoformat(details["since"])}
    return dict(details)


def _numbers(value: Any) -> Any:
    """Return `value` with every text that is a number as a Decimal."""
    if isinstance(value, Mapping):
        return {name: _numbers(inner) for name, inner in value.items()}
    if isinstance(value, str) and value.removeprefix("-").replace(".", "", 1).isdecimal():
        return Decimal(value.rstrip("0").rstrip(".") if "." in value else value)
    return value
