"""`orderhub match`: which receivables bank entries pay; what is certain is matched, all else proposed."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import context, match_check, match_credit, match_rehearse, match_store, show
from cli.options import Json

if TYPE_CHECKING:
    from reconciler.payments.model import Customer, Outcome, Receivable
    from reconciler.payments.reports import Given

app = typer.Typer(help="Match bank entries with receivables.", invoke_without_command=True)

STANDINGS = (
    "posted", "agreed", "proposed", "unidentified", "returned", "duplicate", "outgoing", "own_transfer",
)  # fmt: skip
"""What an entry may come to, in the order in which it is told; `agreed` is posted by a clearing policy."""


@app.callback()
def match(
    ctx: typer.Context,
    receivables: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Open receivables as CSV; credit notes below zero.")
    ] = None,
    bank: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Bank entries as CSV; money out below zero.")
    ] = None,
    matches: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what is certain to this CSV.")
    ] = None,
    proposals: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what people decide to this CSV.")
    ] = None,
    customers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Names, accounts, aliases and parents as CSV.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="On the store: only look, post nothing.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page for people to this HTML file.")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a workbook to decide in to this XLSX file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Match bank entries with receivables: those of the store, or from files into files.

    An entry is posted only if exactly one explanation is left that two independent facts speak for; all
    other entries get up to three proposals, with reasons.
    """
    if ctx.invoked_subcommand is not None:
        return
    began = time.perf_counter()
    paths = (receivables, bank, matches, proposals)
    if not any(paths):
        _store(customers, dry_run, report, sheet, as_json, began)
        return
    if receivables is None or bank is None or matches is None or proposals is None:
        from hub.errors import ConfigError

        raise ConfigError("cash.files_together")
    from reconciler.payments import files
    from reconciler.payments.matcher import match as run
    from reconciler.payments.money import in_hundredths
    from sync.calm import calm

    with calm(), in_hundredths(files.without_cents(receivables, bank)):
        known = files.read_customers(customers) if customers else []
        owed = files.read_receivables(receivables)
        outcomes = run(owed, files.read_bank(bank), known)
        files.write_matches(matches, outcomes)
        files.write_proposals(proposals, outcomes)
        _report(outcomes, owed, known, report, sheet)
        seconds = Decimal(f"{time.perf_counter() - began:.2f}")
        if as_json:
            show.print_json(_json(outcomes, seconds))
            return
        _show(outcomes)
        show.line(context.say("match.written", matches=matches, proposals=proposals, seconds=seconds), "dim")


app.command("list")(match_store.list_)
app.command()(match_store.confirm)
app.command()(match_store.undo)
app.command("import")(match_store.import_)
app.command()(match_check.check)
app.command()(match_credit.standings)
app.command()(match_rehearse.rehearse)


def _store(
    customers: Path | None, dry: bool, report: Path | None, sheet: Path | None, as_json: bool, began: float
) -> None:
    """Match what the store holds, company by company; of several each has files of its own."""
    found = match_store.on_store(customers, dry)
    for one in found:
        several = one.company if len(found) > 1 else ""
        paths = _named(report, several), _named(sheet, several)
        if any(paths):
            _write(match_store.given_of(one), *paths)
    if as_json:
        seconds = Decimal(f"{time.perf_counter() - began:.2f}")
        show.print_json(
            [_json(one.outcomes, seconds) | {"company": one.company, "added": one.posted} for one in found]
        )
        return
    if not found:
        show.line(context.say("cash.nothing_here"))
    for one in found:
        for key, told in one.faults:
            show.warn(context.say(key, **told))
        _show(one.outcomes)
        if not dry:
            show.line(context.say("cash.fresh", count=show.number(one.posted), company=one.company), "bold")


def _report(
    outcomes: Sequence[Outcome],
    owed: Sequence[Receivable],
    known: Iterable[Customer],
    report: Path | None,
    sheet: Path | None,
) -> None:
    """Write the page and the workbook that were asked for, as of the last day on which the bank booked."""
    if not report and not sheet:
        return
    from reconciler.payments.reports import Given

    day = max((one.entry.value_date for one in outcomes), default=datetime.now(UTC).date())
    names = {one.id: one.name for one in known}
    _write(Given(outcomes, owed, day, context.language(), names), report, sheet)


def _write(given: Given, report: Path | None, sheet: Path | None) -> None:
    from reconciler.payments.reports import write_book, write_page

    if report:
        write_page(report, given)
    if sheet:
        write_book(sheet, given)


def _named(path: Path | None, company: str) -> Path | None:
    """Return the file of one company."""
    return path and (path.with_stem(f"{path.stem}-{company}") if company else path)


def _standing(one: Outcome) -> str:
    """Return what an entry came to; what was posted by agreement stands apart from what was matched."""
    if one.posted is None:
        return one.standing
    from reconciler.payments.policies import is_policy

    return "agreed" if is_policy(one.posted.rule) else one.standing


def _sums(outcomes: Iterable[Outcome]) -> dict[str, dict[str, Decimal]]:
    """Return the money of entries by standing and currency, and what of it was posted or stays on account."""
    from reconciler.payments.money import to_major

    minor: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in outcomes:
        currency = one.entry.currency
        paid = sum(posting.amount for posting in one.posted.postings) if one.posted else 0
        minor[_standing(one)][currency] += paid if one.posted else one.entry.amount
        if one.posted and one.posted.rest:
            minor["on_account"][currency] += one.posted.rest
    return {
        name: {code: to_major(amount, code) for code, amount in some.items()} for name, some in minor.items()
    }


def _json(outcomes: Sequence[Outcome], seconds: Decimal) -> dict[str, Any]:
    counts = Counter(map(_standing, outcomes))
    sums = {
        name: {code: str(money) for code, money in some.items()} for name, some in _sums(outcomes).items()
    }
    return {
        "entries": len(outcomes),
        "counts": {name: counts[name] for name in STANDINGS},
        "postings": sum(len(one.posted.postings) for one in outcomes if one.posted),
        "rules": dict(Counter(one.posted.rule for one in outcomes if one.posted).most_common()),
        "sums": sums,
        "seconds": float(seconds),
    }


def _show(outcomes: Sequence[Outcome]) -> None:
    say, number = context.say, show.number
    counts, sums = Counter(map(_standing, outcomes)), _sums(outcomes)
    rows = [
        [say(f"match.{name}"), number(counts[name]) if name in counts else "", _money(sums.get(name, {}))]
        for name in (*STANDINGS, "on_account")
        if name in counts or name in sums
    ]
    show.table(
        [say("match.standing"), show.Column(say("match.entries"), number=True), say("match.money")], rows
    )
    came = [
        one
        for one in outcomes
        if one.entry.amount > 0 and one.standing not in ("returned", "duplicate", "own_transfer")
    ]
    share = 100 * counts["posted"] / max(len(came), 1)
    show.line(say("match.straight_through", share=f"{share:.1f}", entries=number(len(came))), "good")
    if counts["agreed"]:
        show.line(say("match.by_agreement", count=number(counts["agreed"])), "dim")


def _money(sums: dict[str, Decimal]) -> str:
    return "\n".join(f"{show.plain(money)} {currency}" for currency, money in sorted(sums.items()))
