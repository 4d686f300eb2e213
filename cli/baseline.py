"""`orderhub baseline`: history stays history, old differences are one item, what nobody knows is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import DONE, FAILED, context, show
from cli.context import Here
from cli.dual_run import begin_of
from cli.options import Actor, Json, actor

if TYPE_CHECKING:
    import sqlalchemy as sa

    from sync.baseline.gaps import Row
    from sync.baseline.reading import Filled
    from sync.baseline.taken import Baseline

_PROBLEMS = 50


def baseline(
    before: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="Orders born before then are old; the day of cut-over."),
    ] = None,
    xlsx: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what people have to say to this workbook.")
    ] = None,
    read_in: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take in the workbook once it is filled in.")
    ] = None,
    who: Actor = None,
    as_json: Json = False,
) -> None:
    """Draw the line under what was before the hub.

    With --from, orders born before then are taken as they are: finished ones are history, and what differs
    about the others is accepted as one counted item; each of them comes back when it changes. Systems that
    are written to are adopted, if they are not yet.

    With --xlsx, customers, SKUs, units, codes and numbers that nobody knows are written to a workbook, to be
    filled in. With --read-in it is read back: SKUs and units go to mappings/*.csv, numbers are joined to
    their orders, for the rest it is said what to change. If one cell is wrong, nothing is taken; that ends
    with 1.
    """
    if before is None and xlsx is None and read_in is None:
        raise typer.BadParameter("Say --from DATE, --xlsx FILE or --read-in FILE.")
    here = context.here()
    told: dict[str, Any] = {}
    if read_in is not None:
        told["read_in"] = _read_in(here, read_in, actor(who), as_json)
    if before is not None and not told.get("read_in", {}).get("problems"):
        told["baseline"] = _take(here, before, actor(who), as_json)
    if xlsx is not None:
        told["xlsx"] = _write(here, xlsx, as_json)
    if as_json:
        show.print_json(told)
    raise typer.Exit(FAILED if told.get("read_in", {}).get("problems") else DONE)


def _take(here: Here, before: str, who: str, as_json: bool) -> dict[str, Any]:
    """Compare what is not compared yet, then park what is old; return what came of it."""
    from reconciler.run import keep_findings
    from sync.baseline.taken import take_baseline

    begin = begin_of(before, here.zone)
    assert begin is not None  # there is a text
    with here.hub() as hub:
        keep_findings(hub.store, here.judging_rules(), here.clock(), starts=here.starts())
        done = take_baseline(hub.store, hub.out, begin, who, here.clock())
    if not as_json:
        _show(here, done)
    return asdict(done)


def _show(here: Here, done: Baseline) -> None:
    say, number = context.say, show.number
    at = show.when(done.before, here.zone)
    counts = {name: number(getattr(done, name)) for name in ("history", "taken", "younger")}
    show.line(say("baseline.orders", at=at, **counts))
    show.line(say("baseline.parked", parked=number(done.parked), legacy=number(done.legacy)), "good")
    for one in done.adopted:
        mode, born = say(f"outbox.mode_{one.mode}"), show.when(one.born_from, here.zone)
        told = {"system": one.system, "mode": mode, "parked": number(one.parked), "born": born}
        show.line(say("baseline.adopted", **told))


def legacy_line(here: Here, conn: sa.Connection) -> str | None:
    """Return what a baseline parked and that still stands, in one line; None if there is nothing."""
    from sync.baseline.taken import legacy

    found = legacy(conn)
    if found is None:
        return None
    at, day = (show.day(one, here.zone) for one in (found.before, found.at))
    return context.say(
        "baseline.legacy", findings=show.number(found.findings), before=at, day=day, who=found.who
    )


def _write(here: Here, path: Path, as_json: bool) -> dict[str, Any]:
    from sync.baseline.gaps import TOPICS, gaps, write_gaps

    with here.store() as store, store.read() as conn:
        rows = gaps(conn, here.rules)
    write_gaps(path, rows, context.language())
    if not as_json:
        say = context.say
        show.table(
            [say("baseline.sheet"), show.Column(say("baseline.rows"), number=True)],
            [[say(f"baseline.sheet_{topic.name}"), _count(rows[topic.name])] for topic in TOPICS],
        )
        show.line(say("baseline.written", file=str(path)), "good")
    return {"file": path.absolute(), "rows": {name: len(found) for name, found in rows.items()}}


def _count(rows: list[Row]) -> show.Cell:
    return show.count(len(rows), "warn")


def _read_in(here: Here, path: Path, who: str, as_json: bool) -> dict[str, Any]:
    """Check the workbook and take it in, if nothing is wrong in it."""
    from hub.store import lease
    from sync.baseline.reading import read_filled
    from sync.baseline.taking import take_filled
    from sync.run import LEASE, holder, merge_orders, place_waiting, wall

    with here.hub() as hub:
        with hub.store.read() as conn:
            filled = read_filled(path, conn, here.rules.catalogue, hub.mappings)
        if not filled.problems:
            with lease(hub.store, "place", holder(), wall(), LEASE):
                take_filled(hub.store, here.settings.home / "mappings", filled, who, here.clock())
    if not filled.problems:
        with context.here().hub() as hub:  # with the catalogue as it is now
            place_waiting(hub)
            merge_orders(hub)
    if not as_json:
        _show_problems(filled) if filled.problems else _show_taken(filled)
    return _json(filled)


def _show_problems(filled: Filled) -> None:
    say = context.say
    heads = [show.Column(say("baseline.sheet"), whole=True), show.Column(say("baseline.cell"), whole=True)]
    show.table(
        [*heads, say("baseline.said"), say("cli.what_is_wrong")],
        [
            [one.sheet, f"{one.column}{one.row}", one.said, context.reason(one.error)]
            for one in filled.problems[:_PROBLEMS]
        ],
    )
    show.fail(say("baseline.nothing_taken", count=show.number(len(filled.problems))))


def _show_taken(filled: Filled) -> None:
    say, number = context.say, show.number
    counts = {name: number(len(getattr(filled, name))) for name in ("skus", "units", "joins")}
    show.line(say("baseline.taken", known=number(filled.known), **counts), "good")
    for system in sorted({row[0] for row in filled.skus}):
        show.line(say("baseline.next_skus", system=system))
    if filled.units:
        show.line(say("baseline.next_units"))
    if filled.codes:
        show.line()
        show.line(say("baseline.add_codes"), "bold")
        show.print_plain(yaml_of(filled.codes))
        for system in sorted({row[0] for row in filled.codes}):
            show.line(say("baseline.next_codes", system=system))
    if filled.customers:
        show.line()
        show.line(say("baseline.mend_customers"), "bold")
        show.table(
            [
                say("cli.system"),
                say("baseline.column_company"),
                say("baseline.found"),
                say("baseline.column_keep"),
            ],
            filled.customers,
        )


def yaml_of(codes: Iterable[tuple[str, str, str, str]]) -> str:
    """Return the lines that mappings lack for `codes` (system, stream, code, word)."""
    import json

    from hub.model import Status

    by_place: dict[str, dict[str, dict[str, list[str]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for system, stream, code, word in dict.fromkeys(codes):
        field = "status" if word.upper() in Status.__members__ else "side"
        by_place[system][stream][field].append(f"{json.dumps(code, ensure_ascii=False)}: {word}")
    lines = []
    for system, streams in sorted(by_place.items()):
        lines += [f"# mappings/systems/{system}.yaml", "streams:"]
        for stream, fields in sorted(streams.items()):
            lines += [f"  {stream}:", "    fields:"]
            for field, told in sorted(fields.items(), reverse=True):
                lines += [f"      {field}:", "        codes:", *(f"          {one}" for one in told)]
    return "\n".join(lines) + "\n"


def _json(filled: Filled) -> dict[str, Any]:
    names = ("skus", "units", "joins", "codes", "customers")
    return {
        **{name: [list(row) for row in getattr(filled, name)] for name in names},
        "known": filled.known,
        "yaml": yaml_of(filled.codes) if filled.codes else None,
        "problems": [
            {
                "sheet": one.sheet,
                "row": one.row,
                "column": one.column,
                "said": one.said,
                "reason": one.error.key,
                "says": context.reason(one.error),
            }
            for one in filled.problems
        ],
    }
