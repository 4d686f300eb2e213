"""The bank's connector passes the reading half of the contract against the practice bank."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

import pytest

from connectors.contract import Connector
from hub.errors import AuthExpired, Incomplete, Missing, RateLimited, Rejected, SourceError, Unavailable
from hub.model import Record
from simulators.bank import Entry
from simulators.bank.link import ZONE
from tests.connectors.cmb.bank import ACCOUNT, KEYS, Bank, mapping
from tests.connectors.conformance import Case, Fault, Reading, Row

WAYS = {
    Fault.UNREACHABLE: "gone",
    Fault.DENIED: "gateway",
    Fault.SERVER_ERROR: "html_503",
    Fault.TORN: "cut",
    Fault.GARBAGE: "html",
    Fault.ERROR_IN_ANSWER: "refused",
    Fault.BUSY: "http_429",
    Fault.CHANGED: "http_404",
}


class CmbCase(Case):
    stream = "entries"
    secret = KEYS.private
    can = frozenset({"late", "pages", "cap"})
    faults: ClassVar[Mapping[Fault, type[SourceError]]] = {
        Fault.UNREACHABLE: Unavailable,
        Fault.DENIED: AuthExpired,
        Fault.SERVER_ERROR: Unavailable,
        Fault.TORN: Incomplete,
        Fault.GARBAGE: Unavailable,
        Fault.ERROR_IN_ANSWER: Rejected,
        Fault.BUSY: RateLimited,
        Fault.CHANGED: Missing,
    }

    def __init__(self) -> None:
        self.bank = Bank(self.size)

    def open(self) -> Connector:
        return self.bank.open(mapping())

    def put(self, rows: Sequence[Row]) -> None:
        for row in rows:
            at = row.stamp.astimezone(ZONE)
            entry = Entry(row.key, at.date(), at.time(), Decimal("-40.01"), row.note)
            self.bank.ledger.book(ACCOUNT, entry)

    def key(self, record: Record) -> str:
        return str(record["transSequenceIdn"])

    def note(self, record: Record) -> str:
        return str(record["remarkTextClt"])

    def cap(self, records: int) -> None:
        self.bank.link.size = records

    def fail(self, fault: Fault) -> None:
        self.bank.server.fail(WAYS[fault])

    def mend(self) -> None:
        self.bank.server.fail("")


class TestCmb(Reading):
    @pytest.fixture
    def case(self) -> Iterator[Case]:
        made = CmbCase()
        yield made
        made.bank.close()


def test_every_way_to_fail_is_tried() -> None:
    assert set(WAYS) == set(Fault) == set(CmbCase.faults)
