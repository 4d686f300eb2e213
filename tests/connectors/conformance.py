"""The reading half of the contract, as one suite that every connector passes.

A connector joins by a `Case` (how to fill, delay and break its source) and three lines::

    class TestSql(Reading):
        @pytest.fixture
        def case(self, tmp_path: Path) -> Iterator[Case]:
            yield SqlCase(tmp_path)

What a kind of source cannot do (cap a page, come late, answer by key) it leaves out of `can`, `faults`
or the connector's own capabilities; the test in question is then not about it and returns at once.
"""

from __future__ import annotations

import abc
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

import pytest

from connectors.contract import Ask, Connector, Everything, Keys, Page, Since, State, Window
from hub.errors import ConfigError, Incomplete, SourceError, Unavailable
from hub.locale import LOCALES
from hub.model import Record

BEGIN = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
NOTE = '加急 O\'Brien; "5 mm", <a&b> 😀'
ASKS = {"since": Since, "window": Window, "keys": Keys, "everything": Everything}


@dataclass(frozen=True, slots=True)
class Row:
    """One record as the suite wants it in the source; `key` is ten digits, `stamp` aware UTC."""

    key: str
    stamp: datetime
    note: str = NOTE


class Fault(StrEnum):
    """Ways in which a source fails."""

    UNREACHABLE = "unreachable"  # nobody there: server down, folder gone, file missing
    DENIED = "denied"  # credentials refused
    SERVER_ERROR = "server_error"  # 5xx, an internal error
    TORN = "torn"  # the answer or file ends before its end
    GARBAGE = "garbage"  # an answer in no known form: HTML, noise
    ERROR_IN_ANSWER = "error_in_answer"  # HTTP 200 that says no
    BUSY = "busy"  # 429 with Retry-After
    CHANGED = "changed"  # what is read is no longer there: table, operation


class Case(abc.ABC):
    """How the suite handles one kind of source.

    `size` is the page size the mapping asks for, `overlap` its overlap, `tick` the smallest step between
    two stamps that the source can tell apart. `faults` says which error class each possible fault must
    give. `secret` is in the connection and must never show. `can` holds "cap" (the source can give
    smaller pages than asked for), "late" (a record can appear with an older stamp), "pages" (a page
    holds no more than `size` records) and "files" (records come in files: a window is one of file times,
    and a file that was opened stays readable).
    """

    stream: ClassVar[str] = "orders"
    system: ClassVar[str] = "source"
    secret: ClassVar[str] = "s3cret-Zq81"
    size: ClassVar[int] = 4
    overlap: ClassVar[timedelta] = timedelta(minutes=5)
    tick: ClassVar[timedelta] = timedelta(seconds=1)
    faults: ClassVar[Mapping[Fault, type[SourceError]]] = {}
    can: frozenset[str] = frozenset({"late", "pages"})

    @abc.abstractmethod
    def open(self) -> Connector:
        """Return a new connector on the source (retries without sleeping); the case closes it at the end."""

    @abc.abstractmethod
    def put(self, rows: Sequence[Row]) -> None:
        """Bring rows into the source; a key that is there already is replaced."""

    @abc.abstractmethod
    def key(self, record: Record) -> str:
        """Return the suite's key of a record that was read."""

    @abc.abstractmethod
    def note(self, record: Record) -> str:
        """Return the suite's note of a record that was read."""

    @abc.abstractmethod
    def fail(self, fault: Fault) -> None:
        """Break the source from the next call on."""

    @abc.abstractmethod
    def mend(self) -> None:
        """Undo `fail`."""

    def cap(self, records: int) -> None:
        """Make the source give at most `records` a page, whatever is asked for (only with "cap")."""
        raise AssertionError(f"{type(self).__name__} cannot cap {records}")

    def rows(self, count: int, *, first: int = 1, begin: datetime = BEGIN) -> list[Row]:
        """Return `count` rows with rising keys and stamps one `tick` apart."""
        return [Row(f"{first + n:010d}", begin + n * self.tick) for n in range(count)]


@dataclass(slots=True)
class Got:
    """What a read gave, kept as the engine keeps it: records, and the state committed page by page."""

    case: Case
    state: dict[str, Any] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)

    def read(self, connector: Connector, ask: Ask) -> Got:
        """Read to the end."""
        for page in connector.fetch(self.case.stream, ask):
            self.take(page)
        return self

    def take(self, page: Page) -> None:
        """Commit one page."""
        self.pages.append(page)
        self.state = {**self.state, **json.loads(json.dumps(page.state))}

    @property
    def records(self) -> list[Record]:
        return [record for page in self.pages for record in page.records]

    @property
    def keys(self) -> list[str]:
        return [self.case.key(record) for record in self.records]


def read(case: Case, ask: Ask | None = None) -> Got:
    """Read everything asked for with a new connector."""
    ask = ask or Since({})
    got = Got(case, dict(ask.state) if isinstance(ask, Since) else {})
    return got.read(case.open(), ask)


def _keys(rows: Sequence[Row]) -> list[str]:
    return sorted(row.key for row in rows)


def _plain(value: object) -> Iterator[object]:
    """Yield every leaf of a record."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            assert isinstance(name, str)
            yield from _plain(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _plain(inner)
    else:
        yield value


class Reading:
    """The suite. Subclasses give the fixture `case`."""

    @pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 8, 9])
    def test_page_borders(self, case: Case, count: int) -> None:
        rows = case.rows(count)
        if rows:
            case.put(rows)
        got = read(case)
        assert sorted(got.keys) == _keys(rows)
        if "pages" in case.can:
            assert all(len(page.records) <= case.size for page in got.pages)

    def test_page_size_is_a_wish(self, case: Case) -> None:
        if "cap" not in case.can:
            return
        case.put(rows := case.rows(3 * case.size + 1))
        case.cap(case.size - 1)
        assert sorted(read(case).keys) == _keys(rows)

    def test_equal_stamps_across_page_borders(self, case: Case) -> None:
        rows = [replace(row, stamp=BEGIN) for row in case.rows(2 * case.size + 1)]
        case.put(rows)
        got = read(case)
        assert sorted(got.keys) == _keys(rows)
        assert set(read(case, Since(got.state)).keys) <= set(_keys(rows))

    def test_records_are_plain_and_keep_their_text(self, case: Case) -> None:
        case.put(case.rows(2))
        got = read(case)
        assert [case.note(record) for record in got.records] == [NOTE, NOTE]
        leaves = [leaf for record in got.records for leaf in _plain(record)]
        assert not [leaf for leaf in leaves if isinstance(leaf, float | bytes)]

    def test_second_read_brings_what_is_new(self, case: Case) -> None:
        case.put(case.rows(case.size + 1))
        first = read(case)
        case.put(new := case.rows(2, first=50, begin=BEGIN + timedelta(days=9)))
        second = read(case, Since(first.state))
        assert set(_keys(new)) <= set(second.keys)
        assert read(case, Since(second.state)).state == second.state

    def test_nothing_new_moves_nothing(self, case: Case) -> None:
        case.put(case.rows(case.size + 1))
        first = read(case)
        again = read(case, Since(first.state))
        assert again.state == first.state
        assert len(again.keys) == len(set(again.keys))

    def test_late_record_within_overlap(self, case: Case) -> None:
        if "late" not in case.can:
            return
        case.put(rows := case.rows(case.size + 1))
        first = read(case)
        case.put([late := Row("0000000000", rows[-1].stamp - case.overlap / 2)])
        assert late.key in read(case, Since(first.state)).keys

    def test_changed_record_comes_again(self, case: Case) -> None:
        case.put(rows := case.rows(case.size + 1))
        first = read(case)
        case.put([replace(rows[0], stamp=BEGIN + timedelta(days=1), note="changed")])
        notes = {case.key(r): case.note(r) for r in read(case, Since(first.state)).records}
        assert notes[rows[0].key] == "changed"

    def test_resume_after_each_page_loses_nothing(self, case: Case) -> None:
        case.put(rows := case.rows(3 * case.size + 1))
        whole = read(case).pages
        for cut in range(len(whole) + 1):
            got = Got(case)
            for page in whole[:cut]:
                got.take(page)
            assert set(got.read(case.open(), Since(got.state)).keys) == set(_keys(rows))

    def test_alien_state_reads_from_the_start(self, case: Case) -> None:
        case.put(rows := case.rows(case.size + 1))
        aliens: list[State] = [
            {"cursor": "2026"},
            {"cursor": {"by": "other,id", "stamp": 17, "key": 3}},
            {"cursor": {"by": None, "stamp": {"datetime": "yesterday"}}, "page": -1, "file:x": []},
        ]
        for alien in aliens:
            assert set(read(case, Since(alien)).keys) == set(_keys(rows))

    def test_everything_and_its_state(self, case: Case) -> None:
        case.put(rows := case.rows(2 * case.size + 1))
        got = read(case, Everything())
        assert sorted(got.keys) == _keys(rows)
        assert got.state == {}

    def test_window(self, case: Case) -> None:
        if "window" not in case.open().capabilities.asks or {"late", "files"} & case.can != {"late"}:
            return
        case.put(rows := case.rows(2 * case.size + 1))
        got = read(case, Window(rows[1].stamp, rows[-2].stamp))
        assert set(_keys(rows[1:-2])) <= set(got.keys)
        assert got.state == {}

    def test_keys_and_unknown_key(self, case: Case) -> None:
        if "keys" not in case.open().capabilities.asks:
            return
        case.put(rows := case.rows(2 * case.size + 1))
        wanted = [rows[0].key, rows[-1].key]
        got = read(case, Keys([*wanted, "9999999999"]))
        assert sorted(got.keys) == wanted
        assert got.state == {}
        assert read(case, Keys(["no such key"])).keys == []
        assert sorted(read(case, Keys(_keys(rows))).keys) == _keys(rows)

    def test_only_the_asks_it_claims(self, case: Case) -> None:
        connector = case.open()
        claimed = connector.capabilities.asks
        assert claimed
        assert claimed <= set(ASKS)
        samples: list[tuple[str, Ask]] = [
            ("window", Window(BEGIN, BEGIN + timedelta(days=1))),
            ("keys", Keys(["1"])),
            ("everything", Everything()),
            ("since", Since({})),
        ]
        for name, ask in samples:
            if name not in claimed:
                with pytest.raises(ConfigError):
                    list(connector.fetch(case.stream, ask))

    def test_unknown_stream(self, case: Case) -> None:
        with pytest.raises(ConfigError, match="no-such"):
            list(case.open().fetch("no-such", Since({})))

    @pytest.mark.parametrize("fault", list(Fault))
    def test_fault_is_named_and_loses_nothing(self, case: Case, fault: Fault) -> None:
        if fault not in case.faults:
            return
        case.put(rows := case.rows(case.size + 1))
        case.fail(fault)
        got = Got(case)
        with pytest.raises(case.faults[fault]) as caught:
            got.read(case.open(), Since({}))
        assert type(caught.value) is case.faults[fault]
        self._is_well_named(case, caught.value)
        case.mend()
        assert set(got.read(case.open(), Since(got.state)).keys) == set(_keys(rows))

    def test_torn_means_incomplete(self, case: Case) -> None:
        if Fault.TORN in case.faults:
            assert issubclass(case.faults[Fault.TORN], Incomplete)

    def test_gone_between_two_pages(self, case: Case) -> None:
        if {"pages", "files"} & case.can != {"pages"}:
            return
        case.put(rows := case.rows(3 * case.size + 1))
        got = Got(case)
        pages = case.open().fetch(case.stream, Since({}))
        got.take(next(pages))
        case.fail(Fault.UNREACHABLE)
        with pytest.raises(Unavailable):
            for page in pages:
                got.take(page)
        assert len(got.keys) < len(rows)
        case.mend()
        assert set(got.read(case.open(), Since(got.state)).keys) == set(_keys(rows))

    def test_check(self, case: Case) -> None:
        case.put(case.rows(1))
        health = case.open().check()
        assert health.ok, health
        case.fail(Fault.UNREACHABLE)
        health = case.open().check()
        assert not health.ok
        assert case.secret not in f"{health}"

    def test_one_connector_reads_twice(self, case: Case) -> None:
        case.put(rows := case.rows(case.size + 1))
        connector = case.open()
        abandoned = connector.fetch(case.stream, Since({}))
        next(abandoned)
        del abandoned
        for _ in range(2):
            assert set(Got(case).read(connector, Since({})).keys) == set(_keys(rows))
        connector.close()
        connector.close()

    def test_secret_is_not_shown(self, case: Case) -> None:
        assert case.secret not in repr(case.open())

    @staticmethod
    def _is_well_named(case: Case, error: SourceError) -> None:
        assert error.system == case.system
        assert error.operation
        for locale in LOCALES:
            said = error.say(locale)
            assert case.secret not in said
            assert error.key not in said, "the message is missing in the catalogue"
            assert not re.search(r"\{\w*\}", said), "a value is missing"
        assert case.secret not in repr(error)
        assert case.secret not in repr(error.values)
