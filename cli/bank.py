"""`orderhub bank`: what a statement file says, before anything is done with it."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import DONE, FAILED, bank_learn, context, show
from cli.options import Json

if TYPE_CHECKING:
    from connectors.statements.model import Entry, Parsed, Remark, Statement

app = typer.Typer(
    help="Bank statements and bills of payment platforms: what a file says.", no_args_is_help=True
)

_STDIN = "-"


@app.command()
def parse(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Statement files; - is stdin.")],
    profile: Annotated[
        str | None, typer.Option(help="Of the profiles of downloads, try this one before all others.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read statement files of any format (told by the content) and show what they say.

    Nothing is stored. Ends with 1 if a file has errors; warnings alone do not count.
    """
    from connectors.statements.parse import known_profiles, parse_file

    profiles = known_profiles(bank_learn.downloads(), profile)
    found: list[tuple[str, Parsed]] = []
    for file in files:
        content = _content(file)
        found += [_closed(file, content)] if isinstance(content, str) else parse_file(
            str(file), content, profiles=profiles
        )  # fmt: skip
    if as_json:
        show.print_json([_json(name, parsed) for name, parsed in found])
    else:
        for name, parsed in found:
            _show(name, parsed)
    raise typer.Exit(FAILED if any(parsed.errors for _, parsed in found) else DONE)


app.command()(bank_learn.learn)


def _content(file: Path) -> bytes | str:
    """Return what a file holds, or why it cannot be opened."""
    try:
        return sys.stdin.buffer.read() if str(file) == _STDIN else file.read_bytes()
    except OSError as error:
        return error.strerror or str(error)


def _closed(file: Path, reason: str) -> tuple[str, Parsed]:
    from connectors.statements.model import Parsed, Remark

    return str(file), Parsed("", errors=[Remark("bank.closed", 0, {"reason": reason})])


def _json(name: str, parsed: Parsed) -> dict[str, Any]:
    return {
        "file": name,
        "format": parsed.form,
        "statements": [
            {
                "account": one.account,
                "currency": one.currency,
                "opening": one.opening,
                "closing": one.closing,
                "entries": [_entry(entry) for entry in one.entries],
            }
            for one in parsed.statements
        ],
        "warnings": [_said(one) for one in parsed.warnings],
        "errors": [_said(one) for one in parsed.errors],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "booked_on": entry.booked_on,
        "value_date": entry.value_date,
        "amount": entry.amount or Decimal(0),
        "currency": entry.currency,
        "reference": entry.reference,
        "payer_name": entry.payer_name,
        "payer_account": entry.payer_account,
        "remittance_info": entry.remittance_info,
        "reversal": entry.reversal,
        "note": _said(entry.note) if entry.note else None,
    }


def _said(remark: Remark) -> str:
    return context.say(remark.key, line=remark.line, **remark.values)


def _show(name: str, parsed: Parsed) -> None:
    say = context.say
    show.line(f"{name}  {parsed.form or say('bank.no_format')}", "bold")
    for one in parsed.statements:
        _statement(one)
    for remark in parsed.warnings:
        show.line(_said(remark), "warn")
    for remark in parsed.errors:
        show.line(_said(remark), "bad")
    show.line()


def _statement(one: Statement) -> None:
    say = context.say
    amounts = [entry.amount for entry in one.entries]
    coming = sum((amount for amount in amounts if amount > 0), Decimal(0))
    going = sum((amount for amount in amounts if amount < 0), Decimal(0))
    told = {
        "bank.account": f"{one.account or show.NOTHING} {one.currency or ''}".strip(),
        "bank.period": _period(one),
        "bank.opening": _money(one.opening),
        "bank.in": _money(coming),
        "bank.out": _money(going),
        "bank.closing": _money(one.closing),
        "bank.entries": len(one.entries),
    }
    show.pairs({say(key): value for key, value in told.items()})
    if not one.entries:
        return
    amount = show.Column(say("bank.amount"), number=True)
    rest = [say(f"bank.{name}") for name in ("reference", "payer", "remittance", "note")]
    columns: list[show.Column | str] = [show.Column(say("bank.booked"), whole=True), amount, *rest]
    show.table(columns, [_row(entry) for entry in one.entries])


def _money(value: Decimal | None) -> str | None:
    """Return an amount with separators, and with all decimals that it has."""
    return None if value is None else f"{value:,f}"


def _period(one: Statement) -> str | None:
    days = [entry.booked_on for entry in one.entries if entry.booked_on]
    first, last = one.first_day or min(days, default=None), one.last_day or max(days, default=None)
    return f"{first or show.NOTHING} – {last or show.NOTHING}" if first or last else None


def _row(entry: Entry) -> list[Any]:
    party = " ".join(one for one in (entry.payer_name, entry.payer_account) if one)
    reversed_ = context.say("bank.reversal") if entry.reversal else ""
    note = " ".join(one for one in (reversed_, _said(entry.note) if entry.note else "") if one)
    look: show.Look = "bad" if entry.amount < 0 else ""
    amount = show.Cell(f"{entry.amount:,f}", look)
    return [entry.booked_on, amount, entry.reference, party, entry.remittance_info, note]
