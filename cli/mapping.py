"""`orderhub mapping`: are the mapping files right, and what do they make of records?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import DONE, WRONG, context, show
from cli.context import Here
from cli.options import Json, Systems

if TYPE_CHECKING:
    from connectors.contract import Page
    from hub.mapping import ExampleResult, Problem, SystemMapping
    from hub.mapping.preview import PreviewRow
    from hub.mapping.suggest import Sample
    from hub.model import Record

Samples = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[SAMPLE]...", exists=True, dir_okay=False, help="Records: JSON, JSON lines, CSV, XLSX, XML."
    ),
]

_SAMPLED = 200
"""So many records are read through a half-written mapping."""

app = typer.Typer(help="The mapping files: check, try out, test.", no_args_is_help=True)


@app.command()
def check(systems: Systems = None, as_json: Json = False) -> None:
    """Find what is wrong in mappings/, with line and column.

    Needs no connection.
    """
    from hub.mapping import check as check_home

    here = context.here()
    problems = [*check_home(here.settings.home), *_unknown_kinds(here)]
    if systems:
        files = {str(here.files[here.known(name)]) for name in systems} | _hooks(here, systems)
        problems = [one for one in problems if one.file in files]
    errors = sum(one.severity == "error" for one in problems)
    if as_json:
        show.print_json([_problem(one) for one in problems])
    else:
        for one in problems:
            show.print_text(one.say(context.language()))
        values = {"errors": show.number(errors), "warnings": show.number(len(problems) - errors)}
        values["files"] = show.number(len(systems or here.files))
        show.line(context.say("cli.mapping_checked", **values), "bad" if errors else "good")
    raise typer.Exit(WRONG if errors else DONE)


def _hooks(here: Here, systems: list[str]) -> set[str]:
    """Return the files of the systems' hooks, which are checked with them."""
    from hub.errors import MappingError
    from hub.mapping import hooks
    from hub.yamlfile import load

    found = set()
    for name in systems:
        with suppress(MappingError):  # said already
            said = load(here.files[name]).data
            hook = said.get("hook") if isinstance(said, dict) else None
            found |= {str(hooks.file_of(str(hook), here.files[name]))} if hook else set()
    return found


def _unknown_kinds(here: Here) -> Iterator[Problem]:
    """Yield the mappings whose connector is not installed, or whose name for it is a slip."""
    from connectors.registry import load_kind
    from hub import yamlfile
    from hub.errors import ConfigError

    for mapping in here.systems.values():
        try:
            load_kind(mapping.connector)
        except ConfigError as error:
            values: dict[str, Any] = {name: str(value) for name, value in error.values.items()}
            yield yamlfile.load(mapping.path).problem(("connector",), error.key, **values)


def _problem(one: Problem) -> dict[str, Any]:
    message = context.say(one.key, **one.values)
    place = {"file": one.file, "line": one.line, "column": one.column}
    return {**place, "severity": one.severity, "key": one.key, "says": message}


@app.command()
def preview(
    system: Annotated[str, typer.Argument(metavar="SYSTEM", help="The system to read from.")],
    stream: Annotated[
        str | None, typer.Argument(metavar="[STREAM]", help="Default: its first stream.")
    ] = None,
    records: Annotated[int, typer.Option(min=1, help="Read so many records.")] = 10,
    raw: Annotated[bool, typer.Option("--raw", help="Show the records too, as they come.")] = False,
    as_json: Json = False,
) -> None:
    """Read the first records and show what the hub would understand.

    Writes nothing.
    """
    from hub.mapping import preview as understand
    from hub.mapping.connected import connected

    here = context.here()
    mapping = here.mapping(system)
    name = _stream(mapping, stream)
    seen, meta, broken, warnings = _first(here, mapping, name, records)
    filled = connected(mapping, here.env)
    rows = understand(filled, name, seen, here.rules, meta=meta, read_at=here.clock())
    if as_json:
        show.print_json([_row(one, seen if raw else None) for one in rows] + broken)
        return
    shown = 0
    for one in rows:
        if raw and one.number > shown:
            shown = one.number
            show.line(context.say("cli.record_as_it_comes", number=one.number), "bold")
            show.pairs({key: str(value) for key, value in seen[one.number - 1].items()})
        _show(one)
    for bad in broken:
        show.fail(bad["error"])
    for warning in warnings:
        show.line(warning, "warn")
    if not rows and not broken:
        show.line(context.say("cli.nothing_there"), "warn")


def _stream(mapping: SystemMapping, stream: str | None) -> str:
    """Return the stream's name; ConfigError, with the known ones, if there is no such stream."""
    from hub.errors import ConfigError
    from hub.problems import nearest

    if stream is None:
        return next(iter(mapping.streams))
    if stream not in mapping.streams:
        near = nearest(stream, mapping.streams) or next(iter(mapping.streams))
        raise ConfigError("connectors.unknown_stream", system=mapping.system, stream=stream, near=near)
    return stream


def _first(
    here: Here, mapping: SystemMapping, stream: str, count: int
) -> tuple[list[Record], Mapping[str, Any], list[dict[str, Any]], list[str]]:
    """Return the first records of a stream with what surrounds them, what was no record, and warnings."""
    from connectors.contract import Since
    from connectors.registry import open_connector

    connector = open_connector(mapping, here.env, here.clock)
    try:
        pages: Iterator[Page] = connector.fetch(stream, Since({}))
        found: list[Record] = []
        meta: Mapping[str, Any] = {}
        broken: list[dict[str, Any]] = []
        warnings: dict[str, None] = {}
        for page in pages:
            meta = meta or page.meta
            warnings |= dict.fromkeys(page.warnings)
            broken += [{"key": bad.key, "error": context.reason(bad.error)} for bad in page.bad]
            found += islice(page.records, count - len(found))
            if len(found) >= count:
                break
        return found, meta, broken, list(warnings)
    finally:
        connector.close()


def _row(one: PreviewRow, seen: list[Record] | None) -> dict[str, Any]:
    row: dict[str, Any] = {"number": one.number, "key": one.key, "skipped": one.skipped}
    row["error"] = context.reason(one.error) if one.error else None
    row["fact"] = dict(one.values) or None
    return row if seen is None else row | {"record": seen[one.number - 1]}


def _show(one: PreviewRow) -> None:
    say = context.say
    head = f"{one.number}  {one.key}"
    if one.error is not None:
        show.line(f"{head}  {say('cli.to_quarantine', why=context.reason(one.error))}", "bad")
    elif not one.values:
        show.line(f"{head}  {say('cli.not_meant' if one.skipped else 'cli.says_nothing')}", "dim")
    else:
        show.line(head, "bold")
        show.pairs({f"  {name}": _text(name, value) for name, value in one.values.items()})


def _text(name: str, value: Any) -> str:
    if name == "warnings":
        return "; ".join(context.warning(one) for one in value)
    if name == "lines":
        return ", ".join(f"{line['line_no']}: {line['sku']} {line['quantity']}" for line in value)
    return (
        ", ".join(f"{key} {one}" for key, one in value.items()) if isinstance(value, Mapping) else str(value)
    )


@app.command()
def test(systems: Systems = None, as_json: Json = False) -> None:
    """Run the examples that the mapping files hold."""
    from hub.mapping import run_examples

    here = context.here()
    results = {name: run_examples(here.mapping(name), here.rules) for name in here.chosen(systems)}
    bad = sum(not one.ok for found in results.values() for one in found)
    if as_json:
        show.print_json([_result(name, one) for name, found in results.items() for one in found])
    else:
        _show_results(results)
    raise typer.Exit(WRONG if bad else DONE)


def _show_results(results: dict[str, list[ExampleResult]]) -> None:
    say = context.say
    for name, found in results.items():
        for one in found:
            if one.ok:
                continue
            show.line(
                say("cli.example_fails", system=name, stream=one.stream, number=one.number, line=one.line),
                "bad",
            )
            show.table(
                [say("cli.field"), say("cli.expected"), say("cli.got")],
                [[different.field, different.expected, different.got] for different in one.differences],
            )
        good = sum(one.ok for one in found)
        values = {"good": show.number(good), "all": show.number(len(found))}
        look: show.Look = "good" if found and good == len(found) else "warn" if not found else "bad"
        show.line(say("cli.examples_hold", system=name, **values), look)


def _result(system: str, one: ExampleResult) -> dict[str, Any]:
    differences = [{"field": d.field, "expected": d.expected, "got": d.got} for d in one.differences]
    place = {"system": system, "stream": one.stream, "number": one.number, "line": one.line}
    return {**place, "ok": one.ok, "differences": differences}


@app.command()
def suggest(
    samples: Samples = None,
    system: Annotated[str, typer.Option(help="What the system is to be called.")] = "new_system",
    connector: Annotated[
        str | None, typer.Option(metavar="KIND", help="rest, soap, sql, files; default: by the sample.")
    ] = None,
    yields: Annotated[
        str | None, typer.Option(metavar="KIND", help="order, event, stock, …; default: by the sample.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="SYSTEM", help="Read through its half-written mapping.")
    ] = None,
    stream: Annotated[str | None, typer.Option(help="With --from: which stream; default: its first.")] = None,
) -> None:
    """Propose a mapping from sampled records, with a reason for each guess.

    Prints YAML; what only a person can know is marked TODO.
    """
    from hub.errors import ConfigError
    from hub.mapping.suggest import read_sample, together
    from hub.mapping.suggest import suggest as propose

    if source is not None:
        sample, mapping = _through(context.here(), source, stream)
        system, kind = mapping.system, mapping.connector
    elif samples:
        sample = together([read_sample(one.name, one.read_bytes()) for one in samples])
        kind = connector or sample.connector
    else:
        raise ConfigError("suggest.no_sample")
    show.print_plain(propose(sample, system, kind, yields=_yields(yields), locale=context.language()))


def _yields(word: str | None) -> str | None:
    """Return what the records are, if it is said; ConfigError with the nearest word for what is none."""
    from hub.errors import ConfigError
    from hub.mapping.grammar import YIELDS
    from hub.problems import unknown

    if word is not None and word not in YIELDS:
        key, values = unknown(word, YIELDS, "word")
        raise ConfigError(key, **values)
    return word


def _through(here: Here, system: str, stream: str | None) -> tuple[Sample, SystemMapping]:
    """Return the first records that a mapping brings, however little it says of them yet."""
    from hub import yamlfile
    from hub.errors import ConfigError
    from hub.mapping.loading import read_system
    from hub.mapping.suggest import Sample
    from hub.problems import MappingErrors

    path = here.files[here.known(system)]
    document = yamlfile.load(path)
    mapping, problems = read_system(document, path)
    if mapping is None:
        raise MappingErrors(problems)
    name = _stream(mapping, stream)
    records, _, broken, _ = _first(here, mapping, name, _SAMPLED)
    if not records:
        raise ConfigError("suggest.no_records", file=system if not broken else broken[0]["error"])
    return Sample(records, read=document.data["streams"][name]["read"]), mapping


@app.command()
def schema() -> None:
    """Print the JSON Schema of mapping files, for editors."""
    from hub.mapping import json_schema

    show.print_json(json_schema())
