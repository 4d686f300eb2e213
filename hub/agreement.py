"""Agreement at a glance: what a view says, folded into two integers whose sums tell whether all views agree.

A scan that compares a dozen columns of millions of views is slow by the columns. So each view carries two
integers, computed by the store itself from its other columns; a scan adds them up over the views of an order
and looks at the sums alone. What these do not prove equal is looked at closely; what they pass is equal, and
only a hash can err: lines are told by 24 bits of their digest, a quantity by its whole units up to 33
million.

`claims` is a number in digits of three bits, so that up to seven views add up without a carry::

    digits 0-9     1 if the view's range [lo, hi] covers that one of `STEPS`
    digit 10       1: the views are counted
    digit 11       1 if the view has to be looked at closely
    digits 12-15   1 if it has an event stamp of that one of `MILESTONES`
    bits 48-62     twelve bits of the system's name: sums of them tell who holds the order

All ranges have a rank in common if some step is covered by as many views as there are. Of a cancelled order
nothing is compared but that, and when what happened: a view that says just this has no step (one that has to
be looked at for another reason has all), so that where nobody has a step and all must be looked at, all say
it. `goods` holds the one
quantity that the order is about and the lines, each with a counter of those that say it::

    bits 0-27      24 bits of the line digest      bits 28-30   1 if there is one
    bits 31-58     25 bits of the quantity         bits 59-61   1 if there is one

All that say it say the same if the sum is the counter times the value of any; the greatest `goods` has one.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from hub.model import MILESTONES, Side, Status

MOST_VIEWS = 7
"""So many views of an order add up; where there are more systems the sums mean nothing."""

DIGIT = 3
STEPS = (
    Status.CONFIRMED, Status.ALLOCATED, Status.IN_PRODUCTION, Status.STOCKED, Status.READY,
    Status.PARTLY_SHIPPED, Status.SHIPPED, Status.IN_TRANSIT, Status.DELIVERED, Status.COMPLETED,
)  # fmt: skip
"""Ranks by which ranges are seen to meet; those that meet elsewhere alone are looked at closely."""

COUNT = DIGIT * len(STEPS)
CLOSELY = COUNT + DIGIT
STAMPED = {milestone: CLOSELY + DIGIT * place for place, milestone in enumerate(MILESTONES, start=1)}
SYSTEMS = CLOSELY + DIGIT * (len(MILESTONES) + 1)
"""Where the digits and the bits of `claims` begin."""

BADGE = 12
"""How many bits of `claims` are of the system's name."""

VALUE = 25
LINES, LINES_COUNT = 0, VALUE + DIGIT
QUANTITY, QUANTITY_COUNT = VALUE + 2 * DIGIT, 2 * VALUE + 3 * DIGIT
"""How many bits of a value `goods` holds, and where its parts begin."""

_WHOLE = "coalesce(ordered, nullif(shipped, 0))"
_UNIT = 1_000_000
_ODD = 0x9E3779B1
"""Spreads the fraction of a quantity over all bits."""


class Computed(sa.ColumnElement[int]):
    """An expression over the columns of `views` that both engines understand."""

    inherit_cache = False
    type = sa.BigInteger()

    def __init__(self, text: str) -> None:
        """Take the text; `codepoint` in it is the engine's function for the code of a character."""
        self.text = text


@compiles(Computed)
def _computed(element: Computed, compiler: Any, **_: Any) -> str:
    return element.text.replace("codepoint", "unicode" if compiler.dialect.name == "sqlite" else "ascii")


def claims() -> Computed:
    """Return what is computed as `claims`."""
    places = list(enumerate(STEPS))
    first = _case([(f"lo <= {int(step)}", _digits(place, len(STEPS))) for place, step in places])
    last = _case([(f"hi >= {int(step)}", _digits(0, place + 1)) for place, step in reversed(places)])
    stamps = [_case([(f"{step.word}_at IS NOT NULL", 1 << place)]) for step, place in STAMPED.items()]
    every, closely = _digits(0, len(STEPS)), 1 << CLOSELY
    strange = f"WHEN {_cancelled()} THEN {closely} WHEN {_odd()} THEN {every + closely}"
    said = f"CASE {strange} ELSE {first} & {last} END"
    system = f"(({' + '.join(_badge())}) & {(1 << BADGE) - 1}) * {1 << SYSTEMS}"
    return Computed(" + ".join([f"({said})", str(1 << COUNT), *stamps, system]))


def badge(system: str) -> int:
    """Return what a system's name adds to `claims`, from bit `SYSTEMS` on."""
    first, second, last = (ord(letter) if letter else 0 for letter in (system[:1], system[1:2], system[-1:]))
    return (first + second * 37 + last * 331 + len(system) * 211) & ((1 << BADGE) - 1)


def goods() -> Computed:
    """Return what is computed as `goods`."""
    units = f"{_WHOLE} / {_UNIT}"
    rest = f"({_WHOLE} - {units} * {_UNIT})"
    quantity = f"(({units} + {rest} * {_ODD}) & {_mask()}) * {1 << QUANTITY}"
    letters = " + ".join(f"{_letter(place)} * {16**place}" for place in range(VALUE // 4))
    lines = f"({letters}) * {1 << LINES}"
    return Computed(
        f"CASE WHEN {_WHOLE} IS NULL THEN 0 ELSE {1 << QUANTITY_COUNT} + {quantity} END"
        f" + CASE WHEN line_digest IS NULL THEN 0 ELSE {1 << LINES_COUNT} + {lines} END"
    )


def _odd() -> str:
    """Return the condition under which one number does not tell all that a view says.

    Its quantities are neither nothing nor the whole or do not stand to its status as they must, or it says
    something beside the chain, a code that nobody knows or a stamp of the future.
    """
    apart = [
        f"{name} IS NOT NULL AND ({name} <> coalesce({_WHOLE}, -1) OR lo < {int(status)})"
        f" AND ({name} <> 0 OR hi >= {int(status)})"
        for name, status in (("shipped", Status.SHIPPED), ("produced", Status.PRODUCED))
    ]
    return " OR ".join(["side <> 0", "future", "unknown_code IS NOT NULL", "returned <> 0", *apart])


def _cancelled() -> str:
    """Return the condition under which a view says that the order is cancelled, and nothing odd beside."""
    quiet = "NOT future AND unknown_code IS NULL AND coalesce(returned, 0) = 0"
    return f"side = {int(Side.CANCELLED)} AND {quiet}"


def _badge() -> list[str]:
    """Return the terms of `badge` as the engines compute them."""
    places = (("1", 1), ("2", 37), ("length(system)", 331))
    letters = [f"coalesce(codepoint(substr(system, {place}, 1)), 0) * {times}" for place, times in places]
    return [*letters, "length(system) * 211"]


def _letter(place: int) -> str:
    """Return four bits of one character of the line digest: its value, shuffled, if it is hexadecimal."""
    return f"(((coalesce(codepoint(substr(line_digest, {place + 1}, 1)), 0) * 177) >> 4) & 15)"


def _case(choices: list[tuple[str, int]]) -> str:
    told = " ".join(f"WHEN {condition} THEN {value}" for condition, value in choices)
    return f"CASE {told} ELSE 0 END"


def _digits(first: int, end: int) -> int:
    return sum(1 << (DIGIT * place) for place in range(first, end))


def _mask() -> int:
    return (1 << VALUE) - 1
