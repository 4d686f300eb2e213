"""Answers of which only the envelope is parsed: their records stay the bytes that came until somebody looks.

A source that tells everything each time says mostly what is known, and the engine tells that from the bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from connectors.calls import jsons
from connectors.contract import Buffer, Unread
from hub.errors import Unavailable
from hub.mapping import paths
from hub.mapping.callspec import CallSpec, ErrorsSpec
from hub.mapping.hooks import Hook
from hub.model import Record

_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BRACE = ord("{")


@dataclass(frozen=True, slots=True)
class Slicing:
    """Reads answers whose records, a list of objects, stand under `names`, one name within the other."""

    names: tuple[str, ...]
    system: str
    operation: str

    def read(self, body: bytes) -> Any:
        """Do as `jsons.read`, but leave the records unread; an answer of another shape is read as ever."""
        try:
            if not body.isascii():
                body.decode()  # the characters of what is cut out are looked at by nobody else
            return self._cut(body, self.names)
        except ValueError:
            return jsons.read(body)

    def _cut(self, part: Buffer, names: Sequence[str]) -> Any:
        if names:
            name, *rest = names
            members = _MEMBERS.decode(part)
            return {
                one: self._cut(raw, rest) if one == name else jsons.read(raw) for one, raw in members.items()
            }
        raws = _LIST.decode(part)
        if any(memoryview(raw)[0] != _BRACE for raw in raws):
            raise ValueError("rows without names")
        return Unread(raws, self._record)

    def _record(self, raw: Buffer) -> Record:
        try:
            record: Record = jsons.read(raw)
        except ValueError as error:  # well formed, yet nothing that can be held: a number of 5000 digits
            reason = str(error)[:200]
            raise Unavailable(
                "http.malformed", system=self.system, operation=self.operation, reason=reason
            ) from error
        return record


def slicing(call: CallSpec, errors: ErrorsSpec, hook: Hook, system: str) -> Slicing | None:
    """Return how the answers of a call are cut; None where all of their records are looked at in any case."""
    rows = (call.errors and call.errors.rows) or errors.rows
    names = _names(call.records or "@")
    if names is None or rows or call.unpack or call.nest or hook.fault:
        return None
    apart = all(_apart(path, names) for path in _looked_at(call, errors))
    return Slicing(names, system, call.name) if apart else None


def _names(records: str) -> tuple[str, ...] | None:
    """Return the names that lead to the records; None for a path that chooses, filters or leads elsewhere."""
    if records.strip() == "@":
        return ()
    return None if paths.roots(records) else paths.only(records)


def _looked_at(call: CallSpec, errors: ErrorsSpec) -> Iterator[str]:
    """Yield the paths at which an answer is looked at, its records apart."""
    tables = (table for table in (call.errors, errors) if table is not None)
    said = [path for table in tables for path in (table.code, table.text)]
    yield from (path for path in (call.next, call.total, call.ok, *said, *call.take.values()) if path)


@lru_cache(maxsize=1024)
def _apart(path: str, names: tuple[str, ...]) -> bool:
    """Tell whether what is at a path neither lies in the records under `names` nor holds them."""
    seen = paths.looks_at(path)
    if seen is None or not names:
        return seen is not None  # in a list no name leads anywhere
    return not any(all(a == b for a, b in zip(one, names, strict=False)) for one in seen)
