"""`orderhub orders`: orders in from a sheet, and out into one."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import DONE, FAILED, context, show
from cli.options import Company, File, Json, moment
from hub.errors import ConfigError
from hub.model import Status
from hub.problems import nearest

if TYPE_CHECKING:
    from sync.sheets import Imported, RowProblem

app = typer.Typer(help="Orders in spreadsheets: CSV and XLSX, in and out.", no_args_is_help=True)

_PROBLEMS = 50
"""So many problems are shown; --json has all."""


@app.command("import")
def import_(
    file: File,
    system: Annotated[
        str, typer.Option(help="Whose word it is: the name this sheet has as a system.")
    ] = "sheet",
    company: Annotated[str | None, typer.Option(help="The company of rows that name none.")] = None,
    zone: Annotated[
        str | None, typer.Option(help="Time zone of times written without an offset, such as Asia/Shanghai.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    as_json: Json = False,
) -> None:
    """Take in orders from a sheet: good rows come in, bad ones are listed.

    Needed are the columns company, order_no, status and one of ordered, produced, shipped, returned. There
    may be side, money, occurred_at, order_type, customer_no, customer_name, salesperson, plant, amount,
    currency, due and priority. A row that says what the hub holds already changes nothing. Ends with 1 if a
    row was bad.
    """
    from sync.sheets import import_orders

    with context.here().hub() as hub, show.bars() as bars:
        result = import_orders(
            hub, file, system=system, company=company, zone=_zone(zone), dry_run=dry_run, progress=bars.of("")
        )
    if as_json:
        show.print_json(_json(result, dry_run))
    else:
        _show(result, dry_run)
    raise typer.Exit(FAILED if result.bad else DONE)


@app.command()
def export(
    file: File,
    company: Company = None,
    status: Annotated[str | None, typer.Option(help="Only orders in this status.")] = None,
    order_type: Annotated[str | None, typer.Option("--type", help="Only orders of this type.")] = None,
    customer: Annotated[str | None, typer.Option(help="Only orders of this customer (its number).")] = None,
    changed_since: Annotated[
        str | None, typer.Option(metavar="ISO", help="Only orders changed since then (ISO 8601 with offset).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the canonical orders to a sheet, as `orders import` reads it.

    No cell can be taken for a formula.
    """
    from sync.sheets import Wanted, export_orders

    here = context.here()
    wanted = Wanted(company, _status(status), order_type, customer, moment(changed_since))
    with here.store() as store, show.bars() as bars:
        count = export_orders(store, file, wanted, here.zone, bars.of(""))
    if as_json:
        show.print_json({"file": file.absolute(), "orders": count})
    else:
        show.line(context.say("cli.exported", orders=show.number(count), file=str(file)), "good")


def _status(word: str | None) -> Status | None:
    if word is None:
        return None
    try:
        return Status.of(word)
    except KeyError:
        known = [status.word for status in Status]
        near = nearest(word, known)
        key = "cli.no_word_near" if near else "cli.no_word"
        raise ConfigError(key, option="--status", word=word, nearest=near, known=", ".join(known)) from None


def _zone(name: str | None) -> tzinfo | None:
    from zoneinfo import ZoneInfo

    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ConfigError("cli.no_zone", zone=name) from None


def _show(result: Imported, dry_run: bool) -> None:
    say = context.say
    if result.problems:
        show.table(
            [
                show.Column(say("cli.row"), number=True),
                say("cli.column"),
                say("cli.what_is_wrong"),
                say("cli.what_to_do"),
            ],
            [[one.row, one.column, _wrong(one), _todo(one)] for one in result.problems[:_PROBLEMS]],
        )
        if len(result.problems) > _PROBLEMS:
            show.line(say("cli.shown_of", shown=_PROBLEMS, total=show.number(len(result.problems))), "dim")
    if result.ignored:
        show.warn(say("cli.ignored_columns", columns=", ".join(result.ignored)))
    counts = result.counts
    values = {
        "rows": result.rows,
        "taken": counts["taken"],
        "unchanged": counts["unchanged"],
        "bad": result.bad,
    }
    key = "cli.would_import" if dry_run else "cli.imported"
    told = {name: show.number(value) for name, value in values.items()}
    show.line(say(key, **told), "warn" if result.bad else "good")
    if not dry_run:
        show.line(
            say("cli.import_merged", born=show.number(counts["born"]), changed=show.number(counts["changed"]))
        )


def _wrong(problem: RowProblem) -> show.Cell:
    text = context.reason(problem.error)
    return show.Cell(
        context.say("cli.left_out", why=text) if problem.dropped else text, "warn" if problem.dropped else ""
    )


def _todo(problem: RowProblem) -> str:
    """Return what a person can do about it, by what the column holds."""
    from sync.sheets.columns import NUMBERS, TIMES

    if problem.error.key == "sync.sheet_twice":
        return context.say("cli.todo_twice")
    if problem.column in NUMBERS:
        return context.say("cli.todo_number")
    return context.say("cli.todo_time" if problem.column in TIMES else "cli.todo_cell")


def _json(result: Imported, dry_run: bool) -> dict[str, Any]:
    return {
        "rows": result.rows,
        "taken": result.counts["taken"],
        "unchanged": result.counts["unchanged"],
        "bad": result.bad,
        "born": result.counts["born"],
        "changed": result.counts["changed"],
        "dry_run": dry_run,
        "ignored_columns": list(result.ignored),
        "problems": [
            {
                "row": one.row,
                "column": one.column or None,
                "reason": one.error.key,
                "says": context.reason(one.error),
                "todo": _todo(one),
                "dropped": one.dropped,
            }
            for one in result.problems
        ],
    }
