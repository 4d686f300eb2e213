"""`orderhub dual-run`: what the hub would have written against what people entered, and the gate."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import context, show
from cli.context import Here
from cli.options import Json, System, moment
from hub.errors import ConfigError

if TYPE_CHECKING:
    from cli.dual_run_words import Words
    from sync.dual_run.days import DualRun, Kpi
    from sync.dual_run.track import Track

app = typer.Typer(help="Old and new side by side, until the figures are good enough.", no_args_is_help=True)

_SHOWN = 20
"""So many orders are shown; the workbook and --json have all."""


@app.callback()
def dual_run() -> None:
    """Keep `report` a command of its own, beside those that may follow."""


@app.command()
def report(
    system: System = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="How many days it takes; default: as hub.yaml says, else 30.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="ISO", help="From this day on; default: the adoption.")
    ] = None,
    track: Annotated[
        str | None,
        typer.Option(metavar="SYSTEM", help="Compare this track (an imported sheet, say) with the hub."),
    ] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write it all to this workbook too.")] = None,
    as_json: Json = False,
) -> None:
    """Say day by day what the hub would have written and what people entered, and whether the gate is met.

    For every system in shadow (`mode: shadow`, `orderhub adopt`), or for --system, also after it went live.
    Agreement is the share of entries that were alike. What people have not entered for more than a day, and
    what they entered though the hub would not have, counts against it.
    """
    from cli.dual_run_words import Words

    here = context.here()
    since = begin_of(from_, here.zone)
    if track is not None:
        compared = _track(here, track, days, since)
        words = Words(here, track)
        _answer(words, [compared], xlsx, as_json)
        return
    found = _dual_runs(here, system, days, since)
    if not found and not as_json:
        key = "dual_run.never_ran" if system else "dual_run.nobody"
        show.line(context.say(key, system=system or ""), "warn")
        return
    _answer(Words(here, system or ""), found, xlsx, as_json)


def begin_of(text: str | None, zone: tzinfo) -> datetime | None:
    """Return the moment that `text` names; a day alone means its begin. ConfigError if it is none."""
    try:
        day = None if text is None else date.fromisoformat(text)
    except ValueError:
        return moment(text)
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=zone)


def _dual_runs(here: Here, system: str | None, days: int | None, since: datetime | None) -> list[DualRun]:
    from sync.dual_run.days import dual_run

    names = here.chosen([system] if system else None)
    with here.hub() as hub, hub.store.read() as conn:
        rules = here.judging_rules()
        asked = (
            dual_run(conn, rules, hub.out.targets, name, hub.clock(), days=days, since=since)
            for name in sorted(names)
        )
        return [one for one in asked if one is not None]


def _track(here: Here, system: str, days: int | None, since: datetime | None) -> Track:
    from sync.dual_run.track import track

    with here.store() as store, store.read() as conn:
        found = track(conn, here.rules, system, here.clock(), days=days, since=since)
    if found is None:
        raise ConfigError("dual_run.no_track", system=system)
    return found


def _answer(words: Words, found: list[Any], xlsx: Path | None, as_json: bool) -> None:
    from cli.dual_run_words import Words as Of

    if xlsx is not None:
        from sync.sheets.book import write_book

        write_book(
            xlsx, [sheet for one in found for sheet in _sheets(Of(words.here, one.system), one, found)]
        )
    if as_json:
        show.print_json([_json(one) for one in found])
        return
    for one in found:
        if hasattr(one, "wishes"):
            _show(Of(words.here, one.system), one)
        else:
            _show_track(Of(words.here, one.system), one)
    if xlsx is not None:
        show.print_text(str(xlsx))


def _show(words: Words, found: DualRun) -> None:
    from cli.dual_run_words import DAY_HEADS, FATES

    say, zone = words.say, words.here.zone
    since = show.when(found.since, zone)
    show.line(
        say(f"title_{found.mode}", system=words.system, since=since, until=show.when(found.until, zone)),
        "bold",
    )
    show.line(words.gate(found.gate), "good" if found.gate.met else "warn")
    show.line()
    heads = [show.Column(words.head(name), number=name != "day", whole=name == "day") for name in DAY_HEADS]
    total = words.cells(words.day(found.total))
    total[0] = say("total")
    show.table(heads, [words.cells(words.day(day)) for day in found.days], total=total)
    if found.total.alike:
        show.line(words.gained(found))
        show.line()
    shown = [one for fate in FATES for one in found.of(fate)]
    if shown:
        rows = [_local(words, words.wish(one)) for one in shown[:_SHOWN]]
        names = ("order", "fate", "wanted", "seen", "asked", "settled", "beside")
        whole = ("order", "fate")
        show.table([show.Column(words.head(name), whole=name in whole) for name in names], rows)
        _more(len(shown))
    _kpis(words, found.kpis)


def _kpis(words: Words, kpis: list[Kpi]) -> None:
    heads: list[show.Column | str] = [words.head("kpi")]
    heads += [show.Column(words.head(name), number=True) for name in ("before", "since")]
    show.table(heads, [words.kpi(kpi) for kpi in kpis])


def _show_track(words: Words, found: Track) -> None:
    from cli.dual_run_words import TRACK_HEADS

    say, zone = words.say, words.here.zone
    told = {"since": show.when(found.since, zone), "read": show.when(found.read_at, zone)}
    show.line(say("title_track", system=words.system, **told), "bold")
    show.line(words.gate(found.gate), "good" if found.gate.met else "warn")
    show.pairs({str(name): value for name, value in words.track_counts(found)})
    show.line()
    heads = [show.Column(words.head(name), number=name != "day", whole=name == "day") for name in TRACK_HEADS]
    show.table(heads, [words.cells(words.day(day, TRACK_HEADS), TRACK_HEADS) for day in found.days])
    if found.rows:
        names = ("order", "fate", "in_hub", "in_track")
        show.table(
            [show.Column(words.head(name), whole=name == "order") for name in names],
            [words.track_row(row) for row in found.rows[:_SHOWN]],
        )
        _more(len(found.rows))


def _more(count: int) -> None:
    if count > _SHOWN:
        show.line(context.say("cli.shown_of", shown=_SHOWN, total=show.number(count)), "dim")


def _local(words: Words, row: list[Any]) -> list[Any]:
    """Return a row with its moments as text in the zone in which people read times."""
    return [show.when(one, words.here.zone) if isinstance(one, datetime) else one for one in row]


def _sheets(words: Words, found: Any, among: list[Any]) -> list[Any]:
    """Return the sheets of one system; of several each sheet's name says whose it is."""
    from cli.dual_run_words import BOOK_HEADS, TRACK_HEADS
    from sync.sheets.book import Sheet

    say = words.say
    prefix = f"{words.name} " if len(among) > 1 else ""
    wishes = hasattr(found, "wishes")
    names = BOOK_HEADS if wishes else TRACK_HEADS
    heads = [words.label(name) for name in names]
    days = [words.day(day, names) for day in found.days]
    counts = words.counts(found) if wishes else words.track_counts(found)
    summary = [[words.gate(found.gate), None], *counts]
    if wishes:
        rows = [[_naive(words, one) for one in words.wish(wish)] for wish in found.wishes]
        cases: tuple[str, ...] = ("order", "fate", "wanted", "seen", "asked", "settled", "beside")
        kpis = Sheet(
            prefix + say("sheet_kpis"),
            [words.label(name) for name in ("kpi", "before", "since")],
            [words.kpi(kpi) for kpi in found.kpis],
            wide=[words.label("kpi")],
        )
    else:
        rows = [words.track_row(row) for row in found.rows]
        cases = ("order", "fate", "in_hub", "in_track")
        kpis = None
    wide = [words.label(name) for name in ("wanted", "seen", "beside", "in_hub", "in_track")]
    summary_heads = [say("sheet_summary"), words.system]
    sheets = [
        Sheet(prefix + say("sheet_summary"), summary_heads, summary, wide=summary_heads[:1], filters=False),
        Sheet(
            prefix + say("sheet_days"),
            heads,
            days,
            shares=[words.label(name) for name in ("agreement", "rate")],
        ),
        Sheet(prefix + say("sheet_orders"), [words.label(name) for name in cases], rows, wide=wide),
    ]
    return [*sheets, *([kpis] if kpis else [])]


def _naive(words: Words, value: Any) -> Any:
    return value.astimezone(words.here.zone) if isinstance(value, datetime) else value


def _json(found: Any) -> dict[str, Any]:
    """Return one comparison for a program."""
    said = asdict(found)
    for row, day in zip(said["days"], found.days, strict=True):
        row |= {"agreement": day.agreement, "rate": day.rate} | _seconds(day)
    if "total" in said:
        said["total"] |= {"agreement": found.total.agreement, "rate": found.total.rate} | _seconds(
            found.total
        )
        for row, wish in zip(said["wishes"], found.wishes, strict=True):
            row["lag"] = wish.lag.total_seconds()
    else:
        counts = {name: found.count(name) for name in ("alike", "different", "lacking", "alone")}
        said |= {"counts": counts, "agreement": found.agreement}
    lacking = [{"reason": key, "values": values} for key, values in found.gate.lacking]
    said["gate"] = {"met": found.gate.met, "day": found.gate.day, "days": found.gate.days, "lacking": lacking}
    return said


def _seconds(day: Any) -> dict[str, int]:
    """Return the lengths of time of a day in whole seconds."""
    return {name: int(getattr(day, name).total_seconds()) for name in ("earlier", "work", "gained")}
