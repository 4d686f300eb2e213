"""What columns are called, and the roles that they play."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

from connectors.statements.exports.cells import CURRENCIES, plain
from hub.yamlfile import load

MONEY = ("amount", "in", "out")
PARTIES = ("payer", "payer_account", "payer_bank", "payee", "payee_account", "payee_bank")
IGNORED = "-"
UNDECIDED = "?"
SINGLE = (
    "date", "time", "value_date", "amount", "in", "out", "direction", "balance", "currency", "party",
    "party_account", "party_bank", "party_and_account", *PARTIES, "own_account", "reference", "order_no",
    "refund", "refund_no", "refund_state", "fee", "state", "code",
)  # fmt: skip
ROLES = (*SINGLE, "text")
"""What a column can be: one column each, but for `text`, of which there may be several."""

DECISIVE = ("date", *MONEY, "direction", "refund", "state")
"""Roles on which money hangs: two columns that fit one equally are an error."""

OPTIONAL = ("balance", "currency", "own_account", "fee")
"""Roles that a table can do without: of two columns that fit one equally, none is taken."""

_UNITS = {
    "元": Decimal(1),
    "人民币元": Decimal(1),
    "角": Decimal("0.1"),
    "分": Decimal("0.01"),
    "千元": Decimal(1000),
    "万元": Decimal(10000),
}
_UNIT = re.compile(
    r"[/(\[](?:单位[:,]?|币种[:,]?)?(?P<unit>(?:人民币)?(?:元|角|分|千元|万元)?|[a-z]{3}|美元|欧元|港币|港元|日元|英镑)[)\]]?(?=$|\()"
)
_SAME = str.maketrans("帐[]【】", "账()()")
"""Signs that exports write for each other."""


class Name(NamedTuple):
    """The name of a column: as it is compared, and the unit and currency that it gives."""

    name: str
    unit: Decimal = Decimal(1)
    currency: str | None = None


def name_of(cell: str) -> Name:
    """Return the name that stands in a cell of a header, without spaces and unit: `金额(元)` is 金额."""
    text = re.sub(r"[\s`*\"_:]", "", plain(cell).translate(_SAME)).lstrip("#")
    found = _UNIT.search(text)
    if found is None or not found["unit"] or found.start() == 0:
        return Name(text)
    unit = found["unit"]
    if (
        unit not in _UNITS
        and unit not in CURRENCIES
        and not (re.fullmatch("[a-z]{3}", unit) and unit.upper() in CURRENCIES.values())
    ):
        return Name(text)
    currency = "CNY" if unit in _UNITS else CURRENCIES.get(unit, unit.upper())
    return Name(text[: found.start()] + text[found.end() :], _UNITS.get(unit, Decimal(1)), currency)


def names_of(cells: Sequence[str]) -> list[str]:
    """Return the compared names of a header; one that comes again gets its number (`金额#2`)."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for cell in cells:
        name = name_of(cell).name
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 or not name else f"{name}#{seen[name]}")
    return names


@cache
def aliases() -> dict[str, list[tuple[str, int]]]:
    """Return the roles of each known name, with how good a name it is for the role (0 is best)."""
    roles: dict[str, list[tuple[str, int]]] = {}
    for role, lines in load(Path(__file__).with_name("aliases.yaml")).data.items():
        for rank, words in enumerate(lines):
            for word in words:
                roles.setdefault(name_of(str(word)).name, []).append((role, rank))
    return roles


def roles_of(name: str) -> list[tuple[str, int]]:
    """Return the roles that a column of this name can play; a name in two languages counts by either."""
    known, base = aliases(), name.partition("#")[0]
    tries = [base, *_readings(base)]
    return next((known[one] for one in tries if one in known), [])


def _readings(name: str) -> list[str]:
    """Return a name without what stands in brackets, then its Chinese part and its English part alone."""
    bare = re.sub(r"\([^)]*\)$", "", name)
    inner = re.search(r"\(([^)]*)\)$", name)
    readings = [bare + inner[1]] if inner else []  # 发生额(贷方) is 发生额贷方
    if inner is None or not roles_inside(inner[1]):
        readings.append(bare)
    english = "".join(re.findall(r"[a-z/.&'-]+", name)).strip("/.-")
    chinese = "".join(re.findall(r"[\u4e00-\u9fff]+", name))
    if english and chinese:
        readings += [chinese, english]
    return readings


def roles_inside(words: str) -> bool:
    """Tell whether words in brackets say which way money goes: then they are more than a remark."""
    found = aliases().get(words, [])
    return any(role in ("in", "out") for role, _ in found)


def recognised(cells: Sequence[str]) -> int:
    """Return how many different roles the names in a row stand for."""
    return len(
        {found[0][0] for cell in cells if cell and len(cell) < 60 and (found := roles_of(name_of(cell).name))}
    )
