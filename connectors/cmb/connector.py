"""The bank's direct link as a source: entries of several accounts; balances, to see whether it answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import ClassVar

import tenacity

from connectors.calls.reading import stream_of
from connectors.calls.records import batches
from connectors.cmb.caller import ZONE, Caller
from connectors.cmb.options import Account, read_options
from connectors.cmb.reading import FUNCODE, Reading
from connectors.cmb.rows import Row, refusal, rows_of
from connectors.contract import Ask, Capabilities, Everything, Health, Keys, Page, Since, Window
from connectors.http.limits import Sleep
from hub.config import Connection
from hub.errors import ConfigError, HubError, Rejected
from hub.mapping.grammar import StreamMapping, SystemMapping

BALANCES = "NTQADINF"
_BATCH = 30
_MOMENT = timedelta(microseconds=1)


class CmbConnector:
    """Reads the accounts of one user of the direct link (contract, 11.2); nothing is ever written."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        asks=frozenset({"since", "window", "everything"}), summary="cmb.summary"
    )

    def __init__(
        self,
        mapping: SystemMapping,
        connection: Connection,
        clock: Callable[[], datetime],
        retry: tenacity.Retrying | None = None,
        *,
        sleep: Sleep = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open nothing yet; ConfigError if `cmb:` or a key is wrong. `sleep` and `monotonic` serve limits."""
        self._mapping, self._clock = mapping, clock
        self._options = read_options(mapping.options, mapping.system)
        self._caller = Caller(mapping, connection, clock, retry, sleep=sleep, monotonic=monotonic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._mapping.system!r})"

    def check(self) -> Health:
        """Ask for the balances of all accounts; an account that is refused is none that can be read."""
        begin = self._clock()
        try:
            shown = [self._balance(row) for row in self._balances()]
        except HubError as error:
            return Health(False, error.key, error.values, (self._clock() - begin).total_seconds())
        values = {"system": self._mapping.system, "accounts": len(shown), "balances": "; ".join(shown)}
        return Health(True, "cmb.healthy", values, (self._clock() - begin).total_seconds())

    def fetch(self, stream: str, ask: Ask) -> Iterator[Page]:
        """Yield pages of entries, account by account.

        An account that the bank refuses is left out and its position stays; the others are read, and the
        refusal is raised at the end.
        """
        call = self._stream(stream).read
        reading = Reading(self._mapping.system, self._caller, self._options.intraday, call.errors)
        start = self._mapping.start
        match ask:
            case Since(state):
                yield from self._each(lambda one: reading.since(one, state.get(one.slot), start))
            case Window(begin, end):
                days = (begin.astimezone(ZONE).date(), (end - _MOMENT).astimezone(ZONE).date())
                yield from self._each(lambda one: reading.between(one, *days))
            case Everything():
                yield from self._each(lambda one: reading.between(one, start, None))
            case Keys():
                raise ConfigError(
                    "connectors.unanswered_ask", system=self._mapping.system, ask="keys", stream=stream
                )

    def close(self) -> None:
        """Close the session."""
        self._caller.close()

    def _each(self, read: Callable[[Account], Iterator[Page]]) -> Iterator[Page]:
        refused: list[Rejected] = []
        for account in self._options.accounts:
            try:
                yield from read(account)
            except Rejected as error:
                refused.append(error)
                yield Page([], warnings=[error.say()])
        if refused:
            raise refused[0]

    def _balances(self) -> Iterator[Row]:
        """Yield the row of each account; Rejected for the first that the bank says no to, or leaves out."""
        for number, some in enumerate(batches(self._options.accounts, _BATCH)):
            asked = [
                {"accnbr": one.number, "bbknbr": one.branch or "", "ccynbr": one.currency or ""}
                for one in some
            ]
            body = self._caller.ask(BALANCES, {"ntqadinfx": asked}, f"{BALANCES} {number}")
            rows = {str(row.get("accnbr") or ""): row for row in rows_of(body, "ntqadinfz")}
            for account in some:
                row = rows.get(account.number, {"errcod": "-", "errtxt": "-"})
                for code, reason in filter(None, [refusal(row)]):
                    place = {"system": self._mapping.system, "operation": BALANCES, "record": account.slot}
                    raise Rejected("calls.rejected", code=code, reason=reason, **place)
                yield row

    @staticmethod
    def _balance(row: Row) -> str:
        return f"…{str(row.get('accnbr'))[-4:]} {row.get('onlblv') or '-'}"

    def _stream(self, name: str) -> StreamMapping:
        stream = stream_of(self._mapping, name)
        if stream.read.target != FUNCODE:
            known = f"funcode: {FUNCODE}"
            raise ConfigError(
                "cmb.no_reader", name=stream.read.name, system=self._mapping.system, known=known
            )
        return stream
