"""Records that come as bytes end as those that come as words do, and what is known of them stays unparsed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.calls import jsons
from connectors.contract import Page, Unread
from hub.mapping import Reader, parse_system
from hub.model import Record
from hub.rules import Rules
from hub.store import Store, runs
from hub.store.tables import dirty, ledger, observations, quarantine, views
from sync.batch import Batch
from sync.inlet import Inlet
from sync.place import Taken
from sync.replay import take_again

BEGIN = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

MAPPING = """
system: shop
connector: rest
time: {zone: UTC, format: iso}
streams:
  orders:
    read: {get: /orders}
    key: id
    fields:
      order_no: ref
      part: id
      status: {from: state, codes: {N: confirmed, P: allocated, S: shipped}}
      ordered: qty
      shipped: {sum: "lines[].sent"}
      occurred_at: {from: at, says: modified}
    extras: {customer_name: customer}
  events:
    yields: event
    read: {get: /events}
    key: id
    fields:
      order_no: ref
      part: id
      status: {from: state, codes: {N: confirmed, P: allocated, S: shipped}}
      occurred_at: {from: at, says: event}
"""
MAPPINGS = [MAPPING, MAPPING.replace("P: allocated", "P: ready")]
FORMS = ("N", "P", "S", "bad", "N later")
"""What a record may say; a bad one goes to quarantine."""


def record(number: int | None, form: str) -> Record:
    """Return a record; its names are in no order, and some of it JSON alone tells exactly."""
    said: Record = {
        "state": form[0],
        "ref": f"SO{(number or 0) % 9}",
        "qty": -1 if form == "bad" else 10 + len(form),
        "at": f"2026-03-01T10:00:{len(form):02}Z",
        "lines": [{"sent": 2}, {"sent": 1 if form == "S" else 0}],
        "customer": f"Müller {number}",
    }
    return said if number is None else {**said, "id": f"D{number:03}"}


def written(said: Record, *, reworded: bool = False) -> bytes:
    """Return a record as its source writes it, or in other words for the same."""
    if reworded:
        return json.dumps(dict(sorted(said.items())), indent=1).encode()
    return json.dumps(said).replace("10,", "10.0,").encode()


@cache
def reader(mapping: int, stream: str) -> Reader:
    return Reader(parse_system(MAPPINGS[mapping]), stream, Rules())


@dataclass(frozen=True)
class Step:
    """What happens: a page is read, what is kept is taken in again, the mapping is changed before."""

    raws: Sequence[bytes] = ()
    again: bool = False
    mapping: int = 0
    first: bool = False


@dataclass
class Reads:
    """One stream read step by step, in bytes or in words; `parsed` is what was looked at."""

    conn: sa.Connection
    store: Store
    stream: str = "orders"
    unread: bool = True
    parsed: list[bytes] = field(default_factory=list)
    at: datetime = BEGIN

    def parse(self, raw: Any) -> Record:
        self.parsed.append(bytes(raw))
        found: Record = jsons.read(raw)
        return found

    def take(self, *pages: Sequence[bytes], mapping: int = 0, first: bool = False) -> Taken:
        self.at += timedelta(minutes=7)
        given = [
            Page(
                Unread(raws, self.parse) if self.unread else [jsons.read(raw) for raw in raws], meta={"n": n}
            )
            for n, raws in enumerate(pages)
        ]
        inlet, run = self.inlet(mapping), runs.start("pull", "shop", self.at)
        self.parsed.clear()
        return inlet.take(self.conn, Batch.of_pages(given), read_at=self.at, run=run, first=first)

    def take_again(self, mapping: int = 0) -> Counter[str]:
        self.at += timedelta(minutes=7)
        keys = [row["record"] for row in self.rows(ledger)]
        run = runs.start("replay", "shop", self.at)
        return take_again(self.conn, self.inlet(mapping), keys, run, self.at)

    def inlet(self, mapping: int) -> Inlet:
        return Inlet("shop", self.stream, reader(mapping, self.stream), Rules(), self.store.seal)

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        found = self.conn.execute(sa.select(table).order_by(*table.primary_key)).all()
        return [dict(row._mapping) for row in found]

    def dump(self) -> dict[str, Any]:
        """Return what is known at the end, whatever the form in which it came."""
        left_out = {"run", "id", "raw", "digest", "stamp"}
        return {
            table.name: [
                {name: value for name, value in row.items() if name not in left_out}
                for row in self.rows(table)
            ]
            for table in (observations, views, quarantine, dirty, ledger)
        }


class _Undo(Exception):  # noqa: N818 - no error: it ends a transaction of which nothing shall stay
    pass


def through(store: Store, steps: Sequence[Step], stream: str, *, unread: bool) -> tuple[list[Any], Any]:
    """Return the counts of each step and what is known at the end; nothing of it stays in the store."""
    told: list[Any] = []
    dump: dict[str, Any] = {}
    with suppress(_Undo), store.write() as conn:
        reads = Reads(conn, store, stream, unread)
        for step in steps:
            if step.again:
                told.append((reads.take_again(step.mapping), Counter()))
            else:
                taken = reads.take(step.raws, mapping=step.mapping, first=step.first)
                told.append((taken.counts, taken.warnings))
        dump = reads.dump()
        raise _Undo
    return told, dump


@st.composite
def sequences(draw: st.DrawFn, *, rewording: bool = False) -> list[Step]:
    """Draw reads of a source that says everything each time, with all that such sources do to a page."""
    world: dict[int, str] = dict.fromkeys(range(draw(st.integers(0, 24))), "N")
    numbers, forms = st.integers(0, 26), st.sampled_from(FORMS)
    steps, mapping = [], 0
    for at in range(draw(st.integers(2, 6))):
        mapping = draw(st.sampled_from([mapping, mapping, 1 - mapping])) if not rewording else 0
        if at and draw(st.integers(0, 4)) == 0:
            steps.append(Step(again=True, mapping=mapping))
            continue
        before = dict(world)
        world.update(draw(st.dictionaries(numbers, forms, max_size=3)))
        page: list[tuple[int | None, str]] = sorted(world.items())
        more = numbers if rewording else st.one_of(st.none(), numbers)  # what lacks a key speaks of one part
        for number in draw(st.lists(more, max_size=2)):
            form = draw(
                st.sampled_from([draw(forms), *(known.get(number or 0, "N") for known in (before, world))])
            )
            page.insert(draw(st.integers(0, len(page))), (number, form))
        if draw(st.integers(0, 3)) == 0:
            page = draw(st.permutations(page))
        page = page[draw(st.integers(0, 3)) :]
        worded = set(draw(st.lists(st.integers(0, 30), max_size=4))) if rewording else set()
        raws = [written(record(*one), reworded=where in worded) for where, one in enumerate(page)]
        steps.append(Step(raws, mapping=mapping, first=at == 0 and draw(st.booleans())))
    return steps


DRAWN = settings(max_examples=50, suppress_health_check=list(HealthCheck))  # the store holds nothing between


@DRAWN
@given(sequences(), st.sampled_from(["orders", "events"]))
def test_bytes_and_words_end_alike(sqlite_store: Store, steps: list[Step], stream: str) -> None:
    as_bytes = through(sqlite_store, steps, stream, unread=True)
    as_words = through(sqlite_store, steps, stream, unread=False)
    assert as_bytes == as_words


@settings(DRAWN, max_examples=8)
@given(sequences(), st.sampled_from(["orders", "events"]))
def test_bytes_and_words_end_alike_on_postgresql(
    postgres_store: Store, steps: list[Step], stream: str
) -> None:
    as_bytes = through(postgres_store, steps, stream, unread=True)
    as_words = through(postgres_store, steps, stream, unread=False)
    assert as_bytes == as_words


@settings(DRAWN, max_examples=30)
@given(sequences(rewording=True))
def test_other_words_for_the_same_say_nothing_new(sqlite_store: Store, steps: list[Step]) -> None:
    counts, dump = through(sqlite_store, steps, "orders", unread=True)
    others, other = through(sqlite_store, steps, "orders", unread=False)
    for known in (observations, views, quarantine):
        assert dump[known.name] == other[known.name]
    for (count, warned), (told, warned_too) in zip(counts, others, strict=True):
        assert warned == warned_too
        assert count.pop("unchanged", 0) <= told.pop("unchanged", 0)  # they are looked at
        assert count == told


@pytest.fixture
def reads(store: Store) -> Iterator[Reads]:
    """A stream of orders of which a hundred were read."""
    with store.write() as conn:
        found = Reads(conn, store)
        found.take(page(), first=True)
        yield found


def page(changes: Mapping[int, str] | None = None) -> list[bytes]:
    forms = dict.fromkeys(range(100), "N") | dict(changes or {})
    return [written(record(number, form)) for number, form in sorted(forms.items())]


def test_of_what_is_known_the_first_and_the_last_are_parsed(reads: Reads) -> None:
    same = page()
    assert reads.take(same).counts["unchanged"] == 100
    assert reads.parsed == [same[0], same[-1]]


def test_news_is_parsed_once(reads: Reads) -> None:
    some = page({20: "P", 60: "S"})
    taken = reads.take(some)
    assert (taken.counts["unchanged"], taken.counts["observations"]) == (98, 2)
    assert reads.parsed == [some[0], some[-1], some[20], some[60]]
    assert reads.take(some).counts["unchanged"] == 100
    assert len(reads.parsed) == 2


def test_moved_borders_and_empty_pages_are_no_news(reads: Reads) -> None:
    some = page({20: "P"})
    taken = reads.take([], some[:33], some[33:], [])
    assert (taken.counts["records"], taken.counts["unchanged"]) == (100, 99)
    assert len(reads.parsed) == 3
    for part in (some[10:70], some[70:], some[:10]):
        assert reads.take(part).counts["unchanged"] == len(part)
        assert len(reads.parsed) == 2


@pytest.mark.parametrize("nothing", [(), [], Unread((), jsons.read)])
def test_pages_without_records_leave_the_others_unread(nothing: Sequence[Record]) -> None:
    some = Page(Unread(page(), jsons.read))
    joined = Batch.of_pages([Page(nothing), some, Page(nothing), some])
    assert isinstance(joined.records, Unread)
    assert (len(joined.records), len(joined.metas)) == (200, 200)
    assert not isinstance(Batch.of_pages([some, Page([{"id": "D1"}])]).records, Unread)
    assert Batch.of_pages([Page(nothing)]) == Batch([], [])


def test_what_was_taken_in_again_is_known_in_its_bytes(reads: Reads) -> None:
    assert reads.take_again()["records"] == 100
    assert reads.take(page()).counts["unchanged"] == 100
    assert len(reads.parsed) == 2


def test_under_a_new_mapping_all_is_looked_at_once(reads: Reads) -> None:
    assert reads.take(page({20: "P"}), mapping=1).counts["unchanged"] == 0
    reads.take_again(mapping=0)
    assert reads.take(page({20: "P"}), mapping=0).counts["unchanged"] == 100


def test_an_old_form_beside_a_new_one_is_taken_for_what_it_is(reads: Reads) -> None:
    some = page()
    some.insert(40, written(record(50, "S")))  # above the old form, which thus counts
    taken = reads.take(some)
    assert (taken.counts["unchanged"], taken.warnings) == (100, {"sync.same_key": 1})
    some.insert(60, written(record(50, "P")))
    taken = reads.take(some)
    assert (taken.counts["observations"], taken.warnings) == (1, {"sync.same_key": 2})


def test_a_record_that_is_said_twice_counts_once(reads: Reads) -> None:
    some = page()
    taken = reads.take([*some, some[30]])
    assert (taken.counts["records"], taken.counts["unchanged"], taken.warnings) == (101, 100, {})
    taken = reads.take([*some, written(record(120, "N")), written(record(120, "S"))])
    assert (taken.counts["observations"], taken.warnings) == (1, {"sync.same_key": 1})
    assert [row["code"] for row in reads.rows(observations) if row["record"] == "D120"] == ["S"]


def test_a_mended_record_leaves_quarantine_though_nobody_parses_the_rest(reads: Reads) -> None:
    assert reads.take(page({20: "bad"})).counts["quarantined"] == 1
    assert [row["solved_at"] for row in reads.rows(quarantine)] == [None]
    assert reads.take(page()).counts["unchanged"] == 100  # what it said before
    assert [row["solved_at"] for row in reads.rows(quarantine)] == [reads.at]
    reads.take(page())
    assert len(reads.parsed) == 2


def test_a_broken_record_is_an_error_of_the_source(reads: Reads) -> None:
    with pytest.raises(ValueError, match="line 1"):
        reads.take([*page()[:50], b"{}x", *page()[50:]])
