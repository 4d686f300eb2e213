"""Which orders the classes of history look at: those that the sync remarked, and those with a finding."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from reconciler import scan
from reconciler.case import Case
from reconciler.kept import Kept
from reconciler.sources import Key, Scope
from sync import dirt
from sync.remarks import CONSUMER

KINDS = (
    "duplicate", "possible_duplicate", "illegal_transition", "changed_after_confirmation", "stale", "gone",
    "conflict", "write_failed",
)  # fmt: skip
"""The classes that are found here, and that a run over all orders closes here."""


def remarked(conn: sa.Connection, scope: Scope, known: Iterable[Kept]) -> list[Key]:
    """Return the orders of `scope` whose history was remarked, or that have a finding of these classes."""
    keys = {mark[:2] for mark in dirt.marks(conn, CONSUMER)}
    keys.update(one.key for one in known if one.kind in KINDS)
    return sorted(key for key in keys if key in scope)


def load_cases(conn: sa.Connection, keys: Collection[Key]) -> dict[Key, Case]:
    """Return the orders `keys` as their systems tell them, less those of which nobody speaks any more."""
    return {(one.order.company, one.order.order_no): one for one in scan.load_cases(conn, keys)}
