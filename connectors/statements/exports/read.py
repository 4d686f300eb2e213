"""An export is read: tables, their headers, their rows, and what the balances prove."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from connectors.statements.exports.around import Facts
from connectors.statements.exports.delimited import Sheet
from connectors.statements.exports.header import Doubt, Layout, taken
from connectors.statements.exports.moves import Moves
from connectors.statements.exports.names import IGNORED, name_of, names_of
from connectors.statements.exports.profiles import Profile, built_in
from connectors.statements.exports.roles import Read, ragged_row, read_row
from connectors.statements.exports.running import Chain, chain
from connectors.statements.exports.sections import Section, sections
from connectors.statements.exports.tables import Unreadable, sheets
from connectors.statements.exports.words import spent_or_got
from connectors.statements.model import Declared, Entry, Parsed, Remark, Statement

FORM = "export:"


def read_export(content: bytes, profiles: Sequence[Profile] = ()) -> Parsed | None:
    """Return what a downloaded table says, None if there is no header of entries in it.

    `profiles` are those that people confirmed; they come before those of OrderHub. A row that cannot be read
    is an entry with the amount 0 and a note. A header that cannot be decided is an error, and so is a file
    that breaks off: the row in which it does is left out.
    """
    try:
        tables = sheets(content)
    except Unreadable as error:
        return Parsed(FORM + "workbook", errors=[Remark(error.key)])
    read = [(sheet, sections(sheet, (*profiles, *built_in()))) for sheet in tables]
    good = [(sheet, found) for sheet, found in read if isinstance(found, list)]
    if not good:
        doubts = [found for _, found in read if isinstance(found, Doubt)]
        return Parsed(FORM + "unknown", errors=[doubt.remark for doubt in doubts]) if doubts else None
    parsed = Parsed(FORM + good[0][1][0].layout.profile.name)
    for sheet, found in good:
        _take(sheet, found, parsed)
    return parsed


def profile_of(
    content: bytes, profiles: Sequence[Profile] = (), told: Collection[str] = ()
) -> Profile | None:
    """Return how the first table of an export would be read, None if it has no header of entries.

    Columns that several roles fit equally have the role `?`. `told` are columns that a person names: the row
    that has them is the header, whatever else it looks like. Raises Unreadable for a broken workbook.
    """
    tables = sheets(content)
    read = [sections(sheet, (*profiles, *built_in())) for sheet in tables]
    laid_out = next((found[0].layout for found in read if isinstance(found, list)), None)
    found = next((found.profile for found in read if isinstance(found, Doubt)), None)
    if laid_out is not None:
        found = replace(laid_out.profile, dates=laid_out.dates, currency=laid_out.currency)
    wanted = {name_of(name).name for name in told}
    if found is not None and wanted <= found.by_name.keys():
        return found
    return next((named for sheet in tables if (named := _named(sheet, wanted))), found)


def _named(sheet: Sheet, wanted: Collection[str]) -> Profile | None:
    """Return what the first row says that has these names in it."""
    for at, row in enumerate(sheet.rows):
        names = names_of(row.cells)
        if wanted and set(wanted) <= set(names):
            return taken(row.cells, names, sheet.rows[at + 1 :])
    return None


def _take(sheet: Sheet, found: Sequence[Section], parsed: Parsed) -> None:
    """Add the statements of one sheet."""
    parsed.warnings += sheet.warnings
    for at, section in enumerate(found):
        last = at == len(found) - 1
        parsed.warnings += _about(section.layout)
        if last and (torn := _torn(sheet, section)):
            parsed.errors.append(torn)
        elif last and sheet.open_end and section.rows and section.rows[-1] is sheet.rows[-1]:
            parsed.warnings.append(Remark("exports.no_line_end", sheet.rows[-1].line))
        parsed.statements += _statements(section, parsed)


def _about(layout: Layout) -> Iterator[Remark]:
    """Say how a header was understood that no profile knows, and that a summary has no entries."""
    if not layout.profile.entries:
        yield Remark("exports.summary", layout.line)
    if layout.confirmed:
        return
    columns = layout.profile.columns
    taken = ", ".join(f"{name} = {role}" for name, role in columns.items() if role != IGNORED)
    left = ", ".join(name for name, role in columns.items() if role == IGNORED) or "-"
    yield Remark("exports.unknown_header", layout.line, {"taken": taken, "left": left})


def _torn(sheet: Sheet, section: Section) -> Remark | None:
    """Return the error of a file that breaks off, and take the row in which it does out of the section."""
    last = section.rows[-1] if section.rows else None
    if last is None and sheet.open_end and sheet.rows[-1].line == section.layout.line:
        return Remark("exports.torn", section.layout.line)  # within the header
    ends = last is not None and last is sheet.rows[-1]
    short = (
        ends
        and sheet.open_end
        and last is not None
        and (len(last.cells) < section.layout.width or _shorter(section))
    )
    if not sheet.torn and not short:
        return None
    if ends:
        section.rows.pop()
    return Remark("exports.torn", sheet.torn or (last.line if last else 0))


def _shorter(section: Section) -> bool:
    """Tell whether the last cell of the last row is an amount with fewer decimals than all above have."""
    width = section.layout.width
    cells = [row.cells[width - 1] for row in section.rows if len(row.cells) >= width]
    decimals = [len(cell.rpartition(".")[2]) if "." in cell else -1 for cell in cells]
    numbers = all(cell.replace(",", "").replace(".", "").lstrip("+-").isdecimal() for cell in cells)
    return numbers and len(cells) > 1 and len(set(decimals[:-1])) == 1 and decimals[-1] < decimals[0]


def _statements(section: Section, parsed: Parsed) -> Iterator[Statement]:
    """Yield a statement for each account and currency of a table."""
    layout, facts = section.layout, section.facts
    moves = (
        Moves(layout, [row for row in section.rows if not section.is_ragged(row)])
        if layout.profile.entries
        else None
    )
    code = facts.currency or layout.currency
    ragged = {row.line for row in section.rows if section.is_ragged(row)}
    rows = [
        ragged_row(row, layout, code) if row.line in ragged else read_row(row, layout, moves, code)
        for row in section.rows
        if moves
    ]
    groups: dict[tuple[str, str | None], list[Read]] = {}
    key = ("", code)
    for row in rows:
        if (
            row.entry.booked_on is not None or not groups
        ):  # else nothing in it counts: it stays with the row above
            key = (row.account, row.entry.currency or code)
        groups.setdefault(key, []).append(row)
    if not groups:
        yield _statement([], facts, facts.account, code, Declared())
        parsed.warnings.append(Remark("exports.no_rows", layout.line))
    for (account, currency), group in groups.items():
        alone = len(groups) == 1
        own = facts if alone else Facts()
        made = _statement(group, own, account or facts.account, currency, own.declared())
        _prove(made, chain(group, own.money("opening"), may_turn=layout.may_turn), layout, own, parsed)
        yield made


def _statement(
    rows: Sequence[Read], facts: Facts, account: str | None, currency: str | None, declared: Declared
) -> Statement:
    first, last = facts.days
    opening, closing = facts.money("opening"), facts.money("closing")
    entries = [row.entry for row in rows]
    return Statement(account, currency, opening, closing, entries, declared, first, last)


def _prove(made: Statement, proof: Chain, layout: Layout, facts: Facts, parsed: Parsed) -> None:
    """Hold the signs against the balances, and take opening and closing from them where none is told."""
    made.opening = proof.opening if made.opening is None else made.opening
    made.closing = proof.closing if made.closing is None else made.closing
    if proof.turned:
        for entry in made.entries:
            entry.amount = -entry.amount + Decimal(0)
        made.declared = _swapped(made.declared)
        parsed.warnings.append(Remark("exports.turned", layout.line))
    if proof.jumps:
        values = {"count": len(proof.jumps), "rows": proof.pairs}
        parsed.warnings.append(Remark("exports.balance_jumps", proof.jumps[0], values))
    contrary = _contrary(made, layout) if len(proof.jumps) == proof.pairs else None
    if contrary is not None:
        said = {"column": layout.cells[layout.at["amount"]], "row": contrary.remittance_info[:40]}
        parsed.warnings.append(Remark("exports.sign_contrary", contrary.line, said))
    one_column = "amount" in layout.at and "direction" not in layout.at and "refund" not in layout.at
    moved = [entry.amount for entry in made.entries if entry.amount]
    if one_column and not layout.confirmed and moved and min(moved) > 0 and not proof.pairs:
        column = layout.cells[layout.at["amount"]]
        parsed.warnings.append(Remark("exports.sign_unproven", layout.line, {"column": column}))


def _contrary(made: Statement, layout: Layout) -> Entry | None:
    """Return a row whose words say that money went the other way than its sign does, if no row agrees.

    Bills of credit cards write what was spent above zero. It is in doubt where one column alone says all.
    """
    if "amount" not in layout.at or layout.confirmed or {"direction", "refund"} & layout.at.keys():
        return None
    told = [(entry, spent_or_got(entry.remittance_info)) for entry in made.entries if entry.amount]
    against = [entry for entry, sign in told if sign and (entry.amount > 0) != (sign > 0)]
    agreeing = [entry for entry, sign in told if sign and (entry.amount > 0) == (sign > 0)]
    return against[0] if against and not agreeing else None


def _swapped(declared: Declared) -> Declared:
    return Declared(
        declared.entries, declared.debits, declared.debit_sum, declared.credits, declared.credit_sum
    )
