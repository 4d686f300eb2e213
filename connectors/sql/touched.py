"""How many rows a statement touched: exactly one, or it is rolled back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hub.errors import Exists, Rejected, Stale
from hub.mapping.grammar import CallSpec
from hub.mapping.paths import compile_path, is_empty

_COUNTED = frozenset({"insert", "update", "delete", "merge", "replace"})


class Touched(NamedTuple):
    """What a statement did: its first word, rows touched or given, the first row, the key it generated."""

    verb: str
    rows: int
    row: Mapping[str, Any] | None
    key: int | None = None
    returned: bool = False


def require_touched(touched: Touched, call: CallSpec, *, creates: bool, about: Mapping[str, str]) -> None:
    """Raise unless a statement touched the one row that it means, or as many as `ok` of its call allows.

    None: Stale, since the row is not as it was read, or not there; a creating INSERT says so of what Exists.
    More than one: Rejected. A SELECT and a procedure are not counted unless `ok` asks for it.
    """
    rows = touched.rows
    if call.ok is not None:
        fine = not is_empty(compile_path(call.ok)({"rows": rows}))
    else:
        counted = touched.verb in _COUNTED or (touched.verb == "with" and not touched.returned)
        fine = rows == 1 or not counted
    if fine:
        return
    if rows == 0 and creates and touched.verb == "insert":
        raise Exists("sql.exists", **about, code="rows", reason="0")
    if rows == 0:
        raise Stale("sql.stale", **about)
    raise Rejected("sql.too_many_rows", **about, code="rows", reason=str(rows))
