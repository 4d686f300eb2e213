"""Asking a SOAP system: descriptions loaded once, reads tried again, faults turned into errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import tenacity

from connectors.retry import retrying
from connectors.soap import reactions
from connectors.soap.stream import Answer
from connectors.soap.transport import TIMEOUT, Transport
from connectors.soap.wsdl import Operation, Wsdl
from hub.config import Connection
from hub.errors import ConfigError
from hub.mapping.callspec import ErrorsSpec
from hub.mapping.grammar import SystemMapping


class Client:
    """One system asked through one session. Not for several threads at once."""

    def __init__(
        self,
        mapping: SystemMapping,
        connection: Connection,
        clock: Callable[[], datetime],
        retry: tenacity.Retrying | None,
    ) -> None:
        """Open nothing yet. Raises ConfigError if the mapping asks for a login that is not basic."""
        ways = mapping.auth.names_ if mapping.auth else ()
        if mapping.auth and (mapping.auth.login or set(ways) - {"basic"}):
            raise ConfigError("soap.auth", system=mapping.system, known="basic")
        timeout = mapping.limits.timeout.total_seconds() if mapping.limits.timeout else TIMEOUT
        encoding = mapping.text.encoding[0] if mapping.text.encoding else None
        self.transport = Transport(connection, mapping.system, clock, timeout, encoding)
        self._system = mapping.system
        self._errors = mapping.errors
        self._retry = retry or retrying()
        self._wsdls: dict[str, Wsdl] = {}

    def wsdl(self, url: str, *, service: str = "", port: str = "", address: str = "") -> Wsdl:
        """Return the description at `url`, loaded once."""
        if url not in self._wsdls:
            self._wsdls[url] = Wsdl(
                url, self._fetch, service=service, port=port, base=self.transport.base, address=address
            )
        return self._wsdls[url]

    def ask(
        self,
        operation: Operation,
        args: Mapping[str, Any],
        *,
        address: str = "",
        errors: ErrorsSpec | None = None,
        judge: Callable[[Answer], None] = lambda answer: None,
    ) -> Answer:
        """Send one read and return its complete answer; what may work later is tried again.

        A fault raises by the tables of the call and the system. `judge` raises for an answer that says no
        without a fault; it runs within the same tries.
        """
        body = operation.request(args)

        def once() -> Answer:
            answer = self.transport.call(operation, body, address=address)
            if answer.fault is not None:
                raise reactions.of_fault(
                    answer.fault, errors, self._errors, system=self._system, operation=operation.name
                )
            judge(answer)
            return answer

        return self._retry(once)

    def close(self) -> None:
        """Close the session."""
        self.transport.close()

    def _fetch(self, url: str) -> bytes:
        return self._retry(self.transport.get, url)
