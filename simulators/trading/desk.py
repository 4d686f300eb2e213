"""Where a system's writes are taken in: noted first, then done or not, as the day's faults will have it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from simulators.trading.database import Clock, Database
from simulators.trading.faults import AFTER, BEFORE, Fault, Faults, Interrupted, fault_table
from simulators.trading.journal import HUB, Entry, Journal, Request, journal_table
from simulators.trading.records import Body, Records, Stale, Unknown

T = TypeVar("T")
Sleep = Callable[[float], object]


class NotDone(Exception):
    """A request that changes nothing; noted as such in the journal."""


class Refused(NotDone):
    """A request that the system does not carry out, in its own code and words."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.text = code, text


class Desk:
    """One system's records, journal and faults, and the one way in which it is read and written."""

    def __init__(self, file: Path, first: int, clock: Clock, sleep: Sleep = time.sleep) -> None:
        """Open the file; numbers of documents begin with `first`."""
        metadata = sa.MetaData()
        journal, faults = journal_table(metadata), fault_table(metadata)
        self.records = Records(metadata, first, clock)
        self.database = Database(file, metadata)
        self.faults = Faults(self.database, faults)
        self._journal = Journal(self.database, journal, clock)
        self._clock, self._sleep = clock, sleep

    def journal(self) -> list[Entry]:
        """Return every attempt to write that was received."""
        return self._journal.entries()

    def write(
        self,
        request: Request,
        work: Callable[[sa.Connection], T],
        person: Callable[[Body], object] | None = None,
        ref_of: Callable[[T], str] | None = None,
        then: Callable[[T], object] | None = None,
    ) -> T:
        """Note the attempt, do the work in one transaction, note that it was done, and return what it gave.

        What goes wrong goes wrong for the hub: people have no such days.

        `person` makes the change of somebody else that a fault has ordered; `ref_of` tells the order of what
        was made; `then` hears of what was done, also where the answer is lost. Raises Interrupted for an
        ordered fault, before the work or after, and what `work` raises.
        """
        entry = self._journal.received(request)
        faults = self.faults.due(request.operation, request.order_ref) if request.who == HUB else []
        self._beside(faults, person)
        try:
            _raise(faults, BEFORE)
            with self.database.writing() as conn:
                made = work(conn)
                self._journal.done(conn, entry, ref_of(made) if ref_of else "")
        except (Interrupted, NotDone, Stale, Unknown) as error:
            self._journal.not_done(entry, str(error))
            raise
        if then is not None:
            then(made)
        _raise(faults, AFTER)
        return made

    def read(self, operation: str, order_ref: str, work: Callable[[sa.Connection, datetime | None], T]) -> T:
        """Return what `work` reads, as of the moment that this operation shows; Interrupted for a fault."""
        faults = self.faults.due(operation, order_ref)
        self._beside(faults, None)
        _raise(faults, BEFORE | AFTER)
        with self.database.reading() as conn:
            return work(conn, self._shown(operation))

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def _shown(self, operation: str) -> datetime | None:
        lag = self.faults.quirk("lag", operation)
        return None if lag is None else self._clock() - timedelta(seconds=float(lag))

    def _beside(self, faults: list[Fault], person: Callable[[Body], object] | None) -> None:
        for fault in faults:
            if fault.way == "slow":
                self._sleep(float(fault.value or 1))
            elif fault.way == "person" and person is not None:
                person(json.loads(fault.value))


def _raise(faults: list[Fault], ways: frozenset[str]) -> None:
    for fault in faults:
        if fault.way in ways:
            raise Interrupted(fault)
