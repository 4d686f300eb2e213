"""A warehouse that can be written to: its orders, apart from any protocol, and how it goes wrong.

A server of some protocol holds one and does its calls by `create`, `change` and the like; what it gives the
suite is looked at here, behind the protocol's back.
"""

from __future__ import annotations

import abc
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from connectors.contract import Writer
from hub.config import Connection
from hub.errors import SourceError
from hub.mapping.grammar import SystemMapping
from hub.model import Record
from tests.connectors.conformance_writing import EXPECTED, Fault, Kept, WriteCase
from tests.connectors.soap_server import Reply, Request, SoapServer

NOW = datetime(2026, 12, 1, tzinfo=UTC)


class Refusal(Exception):
    """What the warehouse says no with: `kind` is one of stale, missing, exists."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(slots=True)
class Stored:
    """One order with the warehouse's own number and version."""

    id: str
    kept: Kept
    rev: int = 1


@dataclass(slots=True)
class Warehouse:
    """Orders by own number. `strict` refuses a second order of the same number."""

    orders: dict[str, Stored] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    strict: bool = False
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def rows(self) -> list[Kept]:
        return [one.kept for one in self.orders.values()]

    def named(self, number: str | None) -> list[Stored]:
        return [one for one in self.orders.values() if one.kept.number == number]

    def put(self, *orders: Kept) -> None:
        for kept in orders:
            own = f"W{next(self._numbers)}"
            self.orders[own] = Stored(own, kept)

    def create(self, kept: Kept, key: str = "") -> Stored:
        """Make an order, one for each `key` where there is any."""
        if key in self.by_key:
            return self.orders[self.by_key[key]]
        if self.strict and self.named(kept.number):
            raise Refusal("exists")
        self.put(kept)
        made = [*self.orders.values()][-1]
        if key:
            self.by_key[key] = made.id
        return made

    def change(self, own: str, rev: str | None, **said: object) -> Stored:
        """Change an order if `rev`, where it is said, is its version still."""
        if own not in self.orders:
            raise Refusal("missing")
        found = self.orders[own]
        if rev is not None and rev != str(found.rev):
            raise Refusal("stale")
        found.kept = replace(found.kept, **said)  # type: ignore[arg-type]  # the fields of an order
        found.rev += 1
        return found

    def change_line(self, own: str, rev: str | None, sku: str, quantity: Decimal) -> Stored:
        lines: Mapping[str, Decimal] = self.orders[own].kept.lines if own in self.orders else {}
        return self.change(own, rev, lines={**lines, sku: quantity})

    def edit(self, number: str, note: str) -> None:
        (found,) = self.named(number)
        self.change(found.id, None, note=note)

    def remove(self, number: str) -> None:
        for found in self.named(number):
            del self.orders[found.id]


@dataclass(slots=True)
class Failing:
    """Answers by `answer`; writes as `fault` wants it, in the protocol's words for it (`said`)."""

    warehouse: Warehouse
    answer: Callable[[Request], Reply]
    writes: Callable[[Request], bool]
    said: Mapping[Fault, Reply]
    overtaking: Callable[[Request], Kept] | None = None
    fault: Fault | None = None

    def __call__(self, request: Request) -> Reply:
        if self.fault is None or not self.writes(request):
            return self.answer(request)
        if self.fault is Fault.LOST_BEFORE:
            return Reply(status=0)
        if self.fault is Fault.LOST_AFTER:
            self.answer(request)
            return Reply(status=0)
        if self.fault is Fault.TORN:
            whole = self.answer(request)
            return replace(whole, cut=len(whole.body) - 9)
        if self.fault is Fault.OVERTAKEN and self.overtaking is not None:
            self.fault = None
            self.warehouse.put(self.overtaking(request))
            self.warehouse.strict = True
            return self.answer(request)
        return self.said[self.fault]


class Served(WriteCase):
    """A case whose target is a warehouse behind a server: what is the same in any protocol."""

    patience = 7.0
    can = frozenset({"ids", "versions", "guards", "doubles", "login", "native", "steps", "lines", "updates"})
    faults: ClassVar[Mapping[Fault, type[SourceError]]] = EXPECTED
    names: ClassVar[tuple[str, str]] = ("id", "rev")
    """Where a record says its own number and its version."""

    def __init__(
        self,
        said: SystemMapping,
        warehouse: Warehouse,
        answer: Callable[[Request], Reply],
        saying: Mapping[Fault, Reply],
        overtaking: Callable[[Request], Kept] | None = None,
    ) -> None:
        """`answer` serves the warehouse; `saying` are its words for the faults."""
        self.said, self.warehouse = said, warehouse
        self.failing = Failing(warehouse, answer, self.writes, saying, overtaking)
        self.server = SoapServer(self.answer)
        self.opened: list[Writer] = []

    @property
    def mapping(self) -> SystemMapping:
        return self.said

    @abc.abstractmethod
    def connect(self, to: Connection) -> Writer:
        """Return a new connector."""

    @abc.abstractmethod
    def writes(self, request: Request) -> bool:
        """Tell whether a fault is to strike at a request."""

    def answer(self, request: Request) -> Reply:
        return self.failing(request)

    def open(self) -> Writer:
        made = self.connect(Connection("target", "http", "127.0.0.1", self.server.port, "hub", self.secret))
        self.opened.append(made)
        return made

    def rows(self) -> list[Kept]:
        return self.warehouse.rows()

    def put(self, *orders: Kept) -> None:
        self.warehouse.put(*orders)

    def edit(self, number: str, note: str) -> None:
        self.warehouse.edit(number, note)

    def remove(self, number: str) -> None:
        self.warehouse.remove(number)

    def known(self, record: Record) -> dict[str, Any]:
        number, version = self.names
        return {"part": record[number], "version": record[version]}

    def fail(self, fault: Fault) -> None:
        if fault is Fault.NOBODY:
            self.server.close()
        self.failing.fault = fault

    def mend(self) -> None:
        if self.failing.fault is Fault.NOBODY:
            self.server.open()
        self.failing.fault = None

    def close(self) -> None:
        for connector in self.opened:
            connector.close()
        self.server.close()
