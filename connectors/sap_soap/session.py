"""One session of BAPIs that write: nothing they do is stored before COMMIT in the same session.

An answer that is lost before COMMIT was sent means "not done": the document's number is burnt, nothing
exists. Only what becomes of COMMIT itself can be unknown. After anything that went wrong ROLLBACK gives the
locks back, as far as the server can be reached and answers; else they end with the session.

Sources (contracts erp 1.3): the session is told by the cookie `sap-contextid`, opened in classic SOAP RFC by
`sap-sessioncmd=open`, likely. A server that keeps none would commit nothing and say nothing: that is noticed
by the missing cookie.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from requests.cookies import RequestsCookieJar

from connectors.sap_soap.bapi import COMMIT, ROLLBACK, Bapi
from connectors.soap.transport import Transport
from hub.errors import ConfigError, HubError, OutcomeUnknown, Unavailable
from hub.mapping.callspec import ErrorsSpec

COOKIE = "sap-contextid"


class Session:
    """The BAPIs of one move, in one SAP client, and then one COMMIT. Its cookies are nobody else's."""

    def __init__(self, bapi: Bapi, transport: Transport, system: str) -> None:
        """Open nothing yet; `transport` is what `bapi` sends by."""
        self._bapi, self._transport, self._system = bapi, transport, system
        self._jar = RequestsCookieJar()
        self._client = ""

    def send(
        self,
        function: str,
        client: str,
        args: Mapping[str, Any],
        errors: ErrorsSpec | None = None,
        *,
        creates: bool = False,
    ) -> dict[str, Any]:
        """Send a function that writes and return its answer; what it did waits for `commit`.

        Unavailable where its answer is lost, ConfigError where the server keeps no session.
        """
        if client != (self._client or client):
            raise ConfigError("sap.two_clients", system=self._system, one=self._client, other=client)
        for name in (COMMIT, ROLLBACK):
            self._bapi.published(name, client)
        command = "" if self._client else "open"
        self._client, before = client, self._contexts()
        try:
            with self._cookies():
                answer = self._bapi.send(function, client, args, errors, creates=creates, command=command)
        except OutcomeUnknown as error:  # nothing is stored without COMMIT, and none was sent
            raise Unavailable(error.key, **error.values) from error  # type: ignore[arg-type]  # its own values
        if not self._contexts():
            raise ConfigError("sap.no_session", system=self._system, function=function)
        if before and self._contexts() != before:
            raise Unavailable("sap.other_session", system=self._system, operation=function)
        return answer

    def commit(self) -> None:
        """Store what was sent, if anything was; OutcomeUnknown where the answer to that is lost."""
        if not self._client:
            return
        before = self._contexts()
        with self._cookies():
            self._bapi.send(COMMIT, self._client, {"WAIT": "X"}, command="close")
        if self._contexts() - before:  # it was answered by a session that had nothing to commit
            raise OutcomeUnknown("sap.other_session", system=self._system, operation=COMMIT)

    def rollback(self) -> None:
        """Forget what was sent and give the locks back, if the server can be reached."""
        if not self._contexts():
            return
        with self._cookies(), suppress(HubError):
            self._bapi.send(ROLLBACK, self._client, {}, command="close")

    @contextmanager
    def _cookies(self) -> Iterator[None]:
        """Send with the cookies of this session, and leave those of the reads alone."""
        kept, self._transport.jar = self._transport.jar, self._jar
        try:
            yield
        finally:
            self._transport.close()
            self._transport.jar = kept

    def _contexts(self) -> frozenset[str]:
        return frozenset(str(cookie.value) for cookie in self._jar if cookie.name == COOKIE)
