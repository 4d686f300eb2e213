"""Which column is what: by its name as far as it is known, if its values look like it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.mapping.suggest import shapes
from hub.mapping.suggest.columns import Column, Table
from hub.mapping.suggest.lexicon import bare, names_of, words

LEAST = 0.35
"""A guess less sure than this is none."""

_NAMES = frozenset(
    {
        "order_no", "part", "event_id", "delivery", "waybill", "customer_po", "number", "id", "customer_no",
        "sku", "line_no", "invoice_no", "payer_account", "lot", "warehouse", "version",
    }
)  # fmt: skip
_CODES = frozenset({"status", "company", "plant", "cancelled", "on_hold", "deleted", "unit"})
_NUMBERS = frozenset(
    {
        "ordered", "produced", "shipped", "returned", "amount", "balance", "open", "tax", "net", "on_hand",
        "available", "reserved",
    }
)  # fmt: skip
_TIMES = frozenset({"changed", "happened", "created", "due_first"})
_SHARED = frozenset({"id", "delivery", "number"})
"""Roles whose column may have another role beside."""

_GENERIC = frozenset({"fnumber", "number", "code", "no", "id", "value", "name", "fname", "key"})


@dataclass(frozen=True, slots=True)
class Guess:
    """One role and the column that has it; `sure` from 0 to 1."""

    role: str
    column: Column
    table: Table
    sure: float


def guesses_of(table: Table, roles: Iterable[str], style: str | None) -> dict[str, Guess]:
    """Return the best column of a table for each role that has one; a column has one role, few have two."""
    found: dict[str, Guess] = {}
    taken: set[str] = set()
    rated = [
        Guess(role, column, table, sure)
        for role in roles
        for column in table.columns
        if (sure := _rate(role, column, table, style)) >= LEAST
    ]
    for guess in sorted(rated, key=lambda one: -one.sure):
        path = guess.column.path
        if guess.role in found or (path in taken and guess.role not in _SHARED):
            continue
        found[guess.role] = guess
        if guess.role not in _SHARED:
            taken.add(path)
    return found


def _rate(role: str, column: Column, table: Table, style: str | None) -> float:
    named = named_like(role, column)
    return named * _fits(role, column, table, style) if named else 0.0


def named_like(role: str, column: Column) -> float:
    """Return how much a column is called like a role: 1 is its surest name."""
    names = names_of(role)
    return max(
        (
            weight * _alike(candidate, name) * (1 - 0.4 * at / len(names))
            for candidate, weight in _candidates(column.steps)
            for at, name in enumerate(names)
        ),
        default=0.0,
    )


def _candidates(steps: Sequence[str]) -> list[tuple[str, float]]:
    """Return what a column may be called by: its own name, with its parent's, or its parent's alone."""
    steps = [part for step in steps for part in step.split(".") if part] or list(steps)
    own = steps[-1]
    found = [(own, 1.0 if len(steps) == 1 or bare(own) not in _GENERIC else 0.6)]
    if len(steps) > 1:
        found.append((f"{steps[-2]}_{own}", 1.0))
        if bare(own) in _GENERIC:
            found.append((steps[-2], 0.95))
    return found


def _alike(candidate: str, name: str) -> float:
    if bare(candidate) == bare(name):
        return 1.0
    if not name.isascii() and len(name) > 1 and name in candidate:
        return 0.7
    mine, theirs = words(candidate), words(name)
    if len(theirs) > 1 and set(theirs) <= set(mine):
        return 0.75
    return 0.55 if len(theirs) == 1 and len(name) > 2 and theirs[0] in (mine[:1] + mine[-1:]) else 0.0


def _fits(role: str, column: Column, table: Table, style: str | None) -> float:
    """Return how well the values of a column fit a role, from 0 (not at all) to 1."""
    if not column.filled:
        return 0.0
    share = len(column.filled) / max(len(column.values), 1)
    if role in _NUMBERS:
        return float(shapes.is_numeric(column, style))
    if role in _TIMES:
        return float(shapes.stamps_of(column) is not None)
    if role == "currency":
        return 1.0 if all(len(text) == 3 and text.isalpha() for text in column.counts) else 0.0
    if role in _CODES:
        return 1.0 if shapes.is_coded(column, table.rows) else 0.0
    if role == "id":
        return float(shapes.is_unique(column))
    if role in _NAMES:
        if not shapes.is_name(column) or (shapes.stamps_of(column) and "no" not in words(column.steps[-1])):
            return 0.3 if shapes.is_name(column) else 0.0
        return 0.5 + 0.5 * share
    return 1.0


def lines_of(tables: Sequence[Table], style: str | None) -> tuple[Table, Mapping[str, Guess]] | None:
    """Return the list that holds the order's lines, with what its columns are; None if there is none."""
    best: tuple[Table, Mapping[str, Guess]] | None = None
    weight = 0.0
    for table in tables:
        found = guesses_of(table, LINE, style)
        total = sum(one.sure for role, one in found.items() if role in {"sku", "ordered", "shipped"})
        if total > weight:
            best, weight = (table, found), total
    return best


LINE = ("line_no", "sku", "unit", "ordered", "shipped", "produced", "returned")
