"""The row in which the columns have their names, and which column plays which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from connectors.statements.exports.cells import amount, day, is_nothing, order_of, plain
from connectors.statements.exports.delimited import Row
from connectors.statements.exports.moves import is_direction
from connectors.statements.exports.names import (
    DECISIVE,
    IGNORED,
    MONEY,
    OPTIONAL,
    SINGLE,
    UNDECIDED,
    name_of,
    names_of,
    recognised,
    roles_of,
)
from connectors.statements.exports.profiles import Profile
from connectors.statements.exports.words import shape
from connectors.statements.model import Remark

_LONGEST_NAME = 60
_SAMPLE = 400


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is laid out: the profile that it was read by, and where each role stands.

    `units` are the factors of columns whose header names another unit than the currency's (分, 万元).
    `confirmed` is False where no profile knew the header and the names alone said what is what.
    """

    profile: Profile
    line: int
    height: int
    cells: tuple[str, ...]
    at: Mapping[str, int]
    texts: tuple[int, ...]
    units: Mapping[int, Decimal]
    currency: str | None
    dates: str
    confirmed: bool

    def cell(self, row: Row, role: str) -> str:
        """Return what stands in the column of a role, "" if there is no such column or cell."""
        at = self.at.get(role)
        return row.cells[at] if at is not None and at < len(row.cells) else ""

    @property
    def may_turn(self) -> bool:
        """Whether its columns may be seen from the bank's side: income is always the holder's."""
        names = [plain(self.cells[self.at[role]]) for role in ("in", "out") if role in self.at]
        return not any(shape("own_side").search(name) for name in names)

    @property
    def width(self) -> int:
        """How many cells a whole row has."""
        return max((at + 1 for at, cell in enumerate(self.cells) if cell), default=0)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A row that looks like a header but cannot be decided: why, and what was understood of it."""

    remark: Remark
    profile: Profile
    worth: int


def header_at(rows: Sequence[Row], at: int, profiles: Sequence[Profile]) -> Layout | Doubt | None:
    """Return the header that begins in a row, in one row or two; a Doubt if it cannot be decided."""
    one = rows[at].cells
    if sum(bool(cell) for cell in one) < 2 or any(len(cell) > _LONGEST_NAME for cell in one):
        return None
    tries = [(one, 1)]
    if at + 1 < len(rows) and (both := _joined(one, rows[at + 1].cells)):
        tries.insert(0, (both, 2))
    doubts = []
    for cells, height in tries:
        found = _decided(cells, height, rows, at, profiles)
        if isinstance(found, Layout):
            return found
        if found is not None:
            doubts.append(found)
    return doubts[0] if doubts else None


def _joined(top: Sequence[str], below: Sequence[str]) -> tuple[str, ...] | None:
    """Return the names of two rows together (发生额 over 借方 and 贷方), None if the second is no header."""
    width = max(len(top), len(below))
    tops = [*top, *[""] * (width - len(top))]
    subs = [*below, *[""] * (width - len(below))]
    filled = [cell for cell in subs if cell]
    if len(filled) < 2 or any(amount(cell) is not None or day(cell)[0] for cell in filled):
        return None
    if all(tops):
        return None
    names, last = [], ""
    for upper, sub in zip(tops, subs, strict=True):
        last = upper or last
        names.append(f"{last}{sub}" if sub else upper)
    if not all(
        roles_of(name_of(name).name) or roles_of(name_of(sub).name)
        for name, sub in zip(names, subs, strict=True)
        if sub
    ):
        return None
    return tuple(names)


def _decided(
    cells: Sequence[str], height: int, rows: Sequence[Row], at: int, profiles: Sequence[Profile]
) -> Layout | Doubt | None:
    names = names_of(cells)
    known = next((profile for profile in profiles if profile.fits(names)), None)
    if known is None and recognised(cells) < 2:
        return None
    below = rows[at + height :]
    line = rows[at].line
    profile = known or taken(cells, names, below)
    places = [(index, profile.by_name.get(name, IGNORED)) for index, name in enumerate(names) if name]
    layout = Layout(
        profile,
        line,
        height,
        tuple(rows[at].cells if height == 1 else cells),
        _places(places),
        tuple(index for index, role in places if role == "text"),
        {index: unit for index, cell in enumerate(cells) if (unit := name_of(cell).unit) != 1},
        profile.currency or _currency(cells, places),
        profile.dates,
        known is not None,
    )
    if known is not None and not known.entries:
        return layout
    return _checked(layout, names, below, recognised(cells))


def _places(places: Sequence[tuple[int, str]]) -> dict[str, int]:
    """Return the column of each role; the first one where a profile names several that not every file has."""
    at: dict[str, int] = {}
    for index, role in places:
        if role in SINGLE:
            at.setdefault(role, index)
    return at


def _currency(cells: Sequence[str], places: Sequence[tuple[int, str]]) -> str | None:
    """Return the currency that the headers of amounts name, as 金额(元) does."""
    return next(
        (name.currency for at, role in places if role in MONEY and (name := name_of(cells[at])).currency),
        None,
    )


def taken(cells: Sequence[str], names: Sequence[str], below: Sequence[Row]) -> Profile:
    """Return what the names of columns alone say: a role for each, `?` where several fit one equally.

    The best name for a role gets it. Columns that say the same in every row are as good as one.
    """
    roles: dict[int, str] = {}
    fits = {index: roles_of(name) for index, name in enumerate(names) if name}
    for role in SINGLE:
        candidates = {
            index: rank
            for index, found in fits.items()
            if index not in roles
            for one, rank in found
            if one == role and _can_be(role, rank, _column(below[:_SAMPLE], index))
        }
        best = [index for index, rank in candidates.items() if rank == min(candidates.values())]
        if len(best) > 1 and role in (*DECISIVE, *OPTIONAL) and _differ(below, best):
            roles |= dict.fromkeys(best, UNDECIDED if role in DECISIVE else IGNORED)
        elif best:
            roles[best[0]] = role
    for index, found in fits.items():
        roles.setdefault(index, "text" if any(role == "text" for role, _ in found) else IGNORED)
    if {"in", "out"} <= set(roles.values()):
        roles = {index: IGNORED if role in ("amount", "direction") else role for index, role in roles.items()}
    elif "amount" in roles.values():
        roles = {index: IGNORED if role in ("in", "out") else role for index, role in roles.items()}
    return Profile("unknown", {_shown(cells[at], names[at]): roles[at] for at in sorted(roles)})


def _differ(rows: Sequence[Row], columns: Sequence[int]) -> bool:
    return len({tuple(_column(rows, at)) for at in columns}) > 1


def _shown(cell: str, name: str) -> str:
    """Return the name of a column as it is written, with its number where it comes again."""
    sign, number = name.partition("#")[1:]
    return " ".join(cell.split()) + sign + number


def _column(rows: Sequence[Row], at: int) -> list[str]:
    return [row.cells[at] for row in rows if at < len(row.cells)]


def _can_be(role: str, rank: int, column: list[str]) -> bool:
    """Tell whether what stands in a column lets it play a role that its name alone does not settle."""
    filled = [cell for cell in column if not is_nothing(cell)]
    if role == "direction" and rank:
        return bool(filled) and all(is_direction(cell) for cell in filled)
    told = [cell for cell in filled if any(map(str.isdigit, cell))]
    if role == "date" and rank == 2 and told:
        return any(day(cell, "dmy")[0] or day(cell, "mdy")[0] for cell in told)
    if role in ("in", "out", "amount", "balance") and told:
        return any(amount(cell) is not None for cell in told)
    return True


def _checked(layout: Layout, names: Sequence[str], below: Sequence[Row], worth: int) -> Layout | Doubt | None:
    """Return the layout with the order of its days, or why it cannot be decided; None if it is none."""
    columns = layout.profile.columns

    def doubt(key: str, **values: object) -> Doubt:
        return Doubt(Remark(key, layout.line, values), layout.profile, worth)

    has_money = "amount" in layout.at or {"in", "out"} <= layout.at.keys()
    if rivals := layout.profile.undecided:
        return doubt("exports.rivals", columns=", ".join(rivals))
    if "date" in layout.at and has_money:
        order = layout.dates or order_of(_column(below, layout.at["date"]))
        if order is None:
            return doubt("exports.day_or_month", column=layout.cells[layout.at["date"]])
        return replace(layout, dates=order)
    listed = ", ".join(f"{name} = {role}" for name, role in columns.items())
    sides = [side for side in ("in", "out") if side in layout.at]
    if "date" in layout.at and sides:
        return doubt("exports.one_side", column=layout.cells[layout.at[sides[0]]], columns=listed)
    money = has_money or sides
    if (worth < 3 and len(sides) < 2) or not ("date" in layout.at or money):
        return None
    return doubt(
        "exports.no_amount_column" if "date" in layout.at else "exports.no_date_column", columns=listed
    )
