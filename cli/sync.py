"""`orderhub sync`: read what is new, place what waited, merge, send what is wanted of the systems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import DONE, FAILED, WRONG, context, sent, show
from cli.options import Json, Systems
from hub.errors import ConfigError, HubError

if TYPE_CHECKING:
    from cli.show import Bars
    from sync.run import Hub, SyncResult

COUNTS = ("records", "unchanged", "skipped", "changed", "quarantined", "waiting")
"""What the summary counts: records read, unchanged, not meant; orders changed; records put aside."""

_WARNINGS = 10
"""So many kinds of warnings are shown for each system; all are counted."""


def sync(
    systems: Systems = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing: show what would be sent, and why.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read what is new, merge the orders, and send what systems lack.

    A system that does not answer, or whose mapping is wrong, stops no other. A system that another worker
    is at just now is skipped. Systems are read as named, or all; written to are all that are live.
    """
    from sync.run import merge_orders, place_waiting

    here = context.here()
    chosen = here.chosen(systems)
    with here.hub() as hub, show.bars() as bars:
        results = [_one(hub, system, here.broken.get(system), bars) for system in chosen]
        placed = place_waiting(hub)
        merged = merge_orders(hub, bars.of(""))
        out = sent.look(hub) if dry_run else sent.send(hub)
    if as_json:
        show.print_json({**_json(results, placed, merged), **sent.machine(here, out)})
    else:
        _show(results, placed, merged)
        sent.tell(here, out)
    errors = [(result.system, error) for result in results for error in result.errors]
    errors += [(one.system, one.error) for one in out.results if one.error is not None]
    for system, error in errors:
        told = context.tell(error)
        show.fail(told if told.startswith(f"{system}: ") else f"{system}: {told}")
    raise typer.Exit(_code(error for _, error in errors) or (FAILED if out.failed else DONE))


def _one(hub: Hub, system: str, broken: HubError | None, bars: Bars) -> SyncResult:
    """Sync one system; what is wrong with its set-up ends in the result, as what its source does."""
    from sync.run import SyncResult, sync_system

    if broken is not None:
        return SyncResult(system, error=broken)
    try:
        return sync_system(hub, system, bars.of(system))
    except ConfigError as error:
        return SyncResult(system, error=error)


def _code(errors: Iterable[HubError]) -> int:
    """Return 2 if a set-up is wrong, 1 if a system failed, else 0."""
    codes = {context.code_of(error) for error in errors}
    return next((code for code in (WRONG, FAILED) if code in codes), DONE)


def _state(result: SyncResult, error: HubError | None) -> show.Cell:
    if result.skipped is not None:
        return show.Cell(context.say("cli.busy"), "warn")
    if error is not None:
        return show.Cell(context.say("cli.failed"), "bad")
    return show.Cell(context.say("cli.done"), "good")


def _show(results: list[SyncResult], placed: Counter[str], merged: Counter[str]) -> None:
    say = context.say
    total = sum((result.counts for result in results), Counter[str]())
    names = [name for name in COUNTS if name != "skipped" or total[name]]
    columns: list[show.Column | str] = [
        show.Column(say("cli.system"), whole=True),
        show.Column(say("cli.stream"), whole=True),
        *(show.Column(say(f"cli.count_{name}"), number=True) for name in names),
        show.Column(say("cli.result"), whole=True),
    ]
    rows = [row for result in results for row in _rows(result, names)]
    blank = show.Cell("")
    summed = [say("cli.total"), blank, *_numbers(total, names), blank] if len(rows) > 1 else None
    show.table(columns, rows, total=summed)
    for result in results:
        if result.skipped is not None:
            show.warn(context.tell(result.skipped))
        _warn(result)
    if placed["records"]:
        show.line(say("cli.placed", records=show.number(placed["records"])))
    show.line(
        say("cli.merged", **{name: show.number(merged[name]) for name in ("merged", "born", "changed")})
    )


def _rows(result: SyncResult, names: list[str]) -> list[list[Any]]:
    if not result.streams:
        return [[result.system, None, *[None] * len(names), _state(result, result.error)]]
    return [
        [
            result.system if at == 0 else show.Cell(""),
            stream.stream if stream.kind == "since" else f"{stream.stream} ({context.say('cli.sweep')})",
            *_numbers(stream.counts, names),
            _state(result, stream.error or result.error),
        ]
        for at, stream in enumerate(result.streams)
    ]


def _numbers(counts: Counter[str], names: list[str]) -> list[show.Cell]:
    """Return the counts as cells; what wants attention is seen at once, what is nothing steps back."""
    looks: dict[str, show.Look] = {"quarantined": "bad", "waiting": "warn"}
    return [show.count(counts[name], looks.get(name, "")) for name in names]


def _warn(result: SyncResult) -> None:
    warnings = sum((stream.warnings for stream in result.streams), Counter[str]())
    for text, count in warnings.most_common(_WARNINGS):
        show.warn(
            context.say(
                "cli.warning", system=result.system, count=show.number(count), text=context.warning(text)
            )
        )
    if len(warnings) > _WARNINGS:
        show.warn(context.say("cli.more_warnings", system=result.system, count=len(warnings) - _WARNINGS))


def _json(results: list[SyncResult], placed: Counter[str], merged: Counter[str]) -> dict[str, Any]:
    return {
        "systems": [
            {
                "system": result.system,
                "outcome": "skipped" if result.skipped else "failed" if result.errors else "done",
                "errors": [context.tell(error) for error in result.errors],
                "counts": dict(sorted(result.counts.items())),
                "streams": [
                    {
                        "stream": stream.stream,
                        "kind": stream.kind,
                        "counts": dict(sorted(stream.counts.items())),
                        "warnings": {
                            context.warning(text): count for text, count in stream.warnings.most_common()
                        },
                        "error": stream.error and context.tell(stream.error),
                    }
                    for stream in result.streams
                ],
            }
            for result in results
        ],
        "placed": dict(sorted(placed.items())),
        "merged": dict(sorted(merged.items())),
    }
