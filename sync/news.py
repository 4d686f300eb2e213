"""What of a page is news: observations that say what their part, or their event, had not said yet. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sync.facts import differs, settled, tombstone

Row = dict[str, Any]
Histories = dict[tuple[str, str], list[Row]]
"""All observations of one system by (company, order_no)."""

Place = tuple[str, str, str, str]
"""Company, order_no, part and the record that spoke of it."""

LONGEST_ID = 200
"""Characters that the store keeps of an event's id."""


def place_of(row: Mapping[str, Any]) -> Place:
    """Return where an observation stands."""
    return row["company"], row["order_no"], row["part"], row["record"]


def event_id(stream: str, record: str, at: int) -> str:
    """Return the id of an event that its source gives none: record and place in it, within the stream."""
    name = f"{stream}/{record}#{at}"
    return name if len(name) <= LONGEST_ID else f"#{blake2b(name.encode(), digest_size=16).hexdigest()}"


@dataclass(slots=True)
class News:
    """Sifts the rows of one page; `fresh` are those to be written, which are added to `histories` as well.

    `stamp` holds the run and the time of reading, for rows that take others away; `keeps` the fields that the
    stream does not know. `forms` names records that are understood anew, by another mapping, and when their
    form was read: what was said of just this form is replaced, its stamp too. `unplaced` are ids of
    events that the page speaks of and that wait for their order.
    """

    stream: str
    event: bool
    keeps: Iterable[str]
    histories: Histories
    stamp: Row
    forms: Mapping[str, datetime] = field(default_factory=dict)
    unplaced: Collection[str] = ()
    fresh: list[Row] = field(default_factory=list)
    _latest: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    _events: dict[tuple[str, str, str], Row] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for history in self.histories.values():
            for row in sorted(history, key=lambda row: row["seq"]):
                self._remember(row)

    def sift(self, rows: list[Row], gone: set[Place]) -> list[Row]:
        """Return what is new of `rows`, once what their records left (`gone`) was taken away."""
        todo = deque([*self._taken_away(rows, gone), *rows])
        while todo:
            row = todo.popleft()
            before = self._before(row)
            if before is not None and before["part"] != row["part"] and not before["deleted"]:
                todo.extendleft([row, tombstone(before) | self.stamp])  # it leaves its part first
                continue
            if before is not None and not row["deleted"] and not before["deleted"]:
                row = settled(row, before, self.keeps, anew=self._anew(row, before))
            if before is None or differs(row, before):
                self._add(row)
        return self.fresh

    def _taken_away(self, rows: list[Row], gone: set[Place]) -> list[Row]:
        """Return tombstones for what this stream said at the places `gone`.

        An event whose id is the source's own stands by itself: it goes only if the page speaks of it again.
        """
        said = {*(row["event_id"] for row in rows), *self.unplaced}
        left = {
            (place_of(row), row["event_id"]): tombstone(row) | self.stamp
            for row in [*self._latest.values(), *self._events.values()]
            if place_of(row) in gone
            and row["stream"] == self.stream
            and (row["event_id"] is None or row["event_id"] in said or self._named_here(row))
        }
        return list(left.values())

    def _named_here(self, row: Row) -> bool:
        return str(row["event_id"]).startswith((f"{self.stream}/{row['record']}#", "#"))

    def _anew(self, row: Row, before: Row) -> bool:
        """Tell whether `before` is what this very form said under another mapping."""
        form = self.forms.get(row["record"])
        return form is not None and before["record"] == row["record"] and before["read_at"] >= form

    def _before(self, row: Row) -> Row | None:
        if self.event:
            return self._events.get((row["company"], row["order_no"], row["event_id"]))
        return self._latest.get((row["company"], row["order_no"], row["part"]))

    def _add(self, row: Row) -> None:
        last = self._latest.get((row["company"], row["order_no"], row["part"]))
        row["seq"] = last["seq"] + 1 if last else 1
        self._remember(row)
        self.histories[row["company"], row["order_no"]].append(row)
        self.fresh.append(row)

    def _remember(self, row: Row) -> None:
        self._latest[row["company"], row["order_no"], row["part"]] = row
        if row["event_id"] is not None:
            self._events[row["company"], row["order_no"], row["event_id"]] = row
