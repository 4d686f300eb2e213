"""A practice bank with connectors on it: one clock for both, which only waiting moves."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.cmb import CmbConnector
from connectors.contract import Ask, Page, Since
from connectors.retry import retrying
from hub.config import Connection
from hub.mapping.grammar import SystemMapping
from hub.model import Record
from simulators.bank import BankServer, Entry, Keys, Ledger, Link, Vault
from simulators.bank.link import ZONE

KEYS = Keys.made()
ACCOUNT, OTHER = "755915680110101", "755915680110202"
NOON = datetime(2026, 3, 20, 4, 7, tzinfo=UTC)
"""20 March, 12:07 at the bank."""

READ = {"funcode": "trsQryByBreakPoint"}

_NUMBERS = itertools.count()
"""A bank gets its own: connectors of one connection share their limits, and ports are used again."""


@dataclass
class Clock:
    """The time of day of bank and hub; sleeping moves it on."""

    now: datetime = NOON
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return sum(self.slept)


class Bank:
    """The server, its books, and the connectors that were opened on it."""

    def __init__(self, size: int = 3) -> None:
        self.clock, self.number = Clock(), next(_NUMBERS)
        self.ledger = Ledger({ACCOUNT: []})
        self.link = Link(self.ledger, self.clock, size)
        self.server = BankServer(self.link, Vault(KEYS))
        self.waits: list[float] = []
        self.opened: list[CmbConnector] = []
        self.server.__enter__()

    def connection(self, **extra: Any) -> Connection:
        keys = {"bank_key": KEYS.bank_public, "secret_key": KEYS.cipher, "bank": self.number, **extra}
        place = ("http", "127.0.0.1", self.server.port, KEYS.user)
        return Connection("bank", *place, KEYS.private, "cdcserver/api/v2", keys)

    def open(self, mapping: SystemMapping, connection: Connection | None = None) -> CmbConnector:
        made = CmbConnector(
            mapping, connection or self.connection(), self.clock, retrying(self.waits.append, 3),
            sleep=self.clock.sleep, monotonic=self.clock.monotonic,
        )  # fmt: skip
        self.opened.append(made)
        return made

    def pages(self, ask: Ask | None = None, **said: Any) -> list[Page]:
        return list(self.open(mapping(**said)).fetch("entries", ask or Since({})))

    def book(self, serial: str, amount: str, at: str = "2026-03-02 09:30:00", **more: Any) -> None:
        moment = datetime.fromisoformat(at)
        account = more.pop("account", ACCOUNT)
        entry = Entry(serial, moment.date(), moment.time(), Decimal(amount), **more)
        self.ledger.book(account, entry)

    def at(self, day: date, hour: int = 12) -> None:
        """Let it be another day."""
        self.clock.now = datetime(day.year, day.month, day.day, hour, 7, tzinfo=ZONE).astimezone(UTC)

    def close(self) -> None:
        for one in self.opened:
            one.close()
        self.server.__exit__()


def mapping(read: dict[str, Any] | None = None, **said: Any) -> SystemMapping:
    """Return a mapping; `accounts` and `intraday` are those of `cmb:`."""
    own = {name: said.pop(name) for name in ("accounts", "intraday") if name in said}
    whole = {
        "system": "source",
        "connector": "cmb",
        "cmb": {"accounts": [ACCOUNT], **own},
        "streams": {"entries": {"yields": "bank_entry", "read": read or READ}},
        **said,
    }
    return SystemMapping.model_validate(whole)


def records(pages: list[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def serials(pages: list[Page]) -> list[str]:
    return [str(record["transSequenceIdn"]) for record in records(pages)]


def state(pages: list[Page]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for page in pages:
        merged |= page.state
    return merged
