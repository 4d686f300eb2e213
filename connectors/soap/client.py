"""Asking a SOAP system: descriptions loaded once, logins kept, reads tried again, writes never."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import tenacity

from connectors.calls import reactions as answers
from connectors.calls.asker import NOTHING
from connectors.calls.fill import fill
from connectors.calls.names import Names
from connectors.http import passes
from connectors.http.access import Access, Look, access
from connectors.http.draft import Draft
from connectors.http.limits import Limiter
from connectors.http.ways import Way, way_of
from connectors.pauses import Pauses
from connectors.retry import retrying
from connectors.soap import reactions, security
from connectors.soap.stream import Answer
from connectors.soap.transport import TIMEOUT, Transport
from connectors.soap.wsdl import Operation, Wsdl
from hub.config import Connection
from hub.errors import AuthExpired, ConfigError, Rejected
from hub.mapping.callspec import CallSpec, ErrorsSpec
from hub.mapping.grammar import SystemMapping
from hub.mapping.paths import compile_path

Filled = Callable[[Mapping[str, Any]], tuple[Mapping[str, Any], Mapping[str, Any]]]
"""Gives arguments and SOAP headers, from what the login gave."""


class Client:
    """One system asked through one session. Not for several threads at once."""

    def __init__(
        self,
        mapping: SystemMapping,
        connection: Connection,
        clock: Callable[[], datetime],
        retry: tenacity.Retrying | None,
    ) -> None:
        """Open nothing yet. Raises ConfigError for a way of being let in that the connection cannot serve."""
        self._mapping, self._connection, self._clock = mapping, connection, clock
        self._names = Names(connection, clock)
        self._retry = retry or retrying()
        self._wsdls: dict[str, Wsdl] = {}
        ways = mapping.auth.names_ if mapping.auth else ()
        self._secure = security.secure(ways, connection, clock)
        limits = mapping.limits
        self._pauses = Pauses(mapping, clock)
        common = passes.shared(passes.identity(mapping, connection))
        self._access = self._accessed(common)
        self.transport = Transport(
            connection,
            mapping.system,
            clock,
            limits.timeout.total_seconds() if limits.timeout else TIMEOUT,
            mapping.text.encoding[0] if mapping.text.encoding else None,
            self._ways(),
            common.jar,
            passes.thing(common, "limiter", lambda: Limiter(limits.per_second, limits.parallel)),
        )

    def wsdl(self, url: str, *, service: str = "", port: str = "", address: str = "") -> Wsdl:
        """Return the description at `url`, loaded once."""
        if url not in self._wsdls:
            self._wsdls[url] = Wsdl(
                url, self._fetch, service=service, port=port, base=self.transport.base, address=address
            )
        return self._wsdls[url]

    def description(self) -> Wsdl:
        """Return the description that the mapping names."""
        said = self._mapping.wsdl
        return self.wsdl(
            self._located(said.url if said else "?wsdl"),
            service=said and said.service or "",
            port=said and (said.port or said.binding) or "",
            address=said and said.address or "",
        )

    def ask(
        self,
        operation: Operation,
        args: Mapping[str, Any] | Filled,
        *,
        address: str = "",
        errors: ErrorsSpec | None = None,
        judge: Callable[[Answer], None] = lambda answer: None,
    ) -> Answer:
        """Send one read and return its complete answer; what may work later is tried again.

        A fault raises by the tables of the call and the system. `judge` raises for an answer that says no
        without a fault; it runs within the same tries. Where a login expired there is one new login and one
        more try.
        """
        filled: Filled = args if callable(args) else lambda held: (args, {})

        def once() -> Answer:
            self._pauses.require_none(operation.name)
            held = self._access.values()
            try:
                return self._exchanged(operation, filled, held, address, errors, judge)
            except AuthExpired:
                if not self._access.renewable():
                    raise
            self.transport.forgive()
            self._access.renew()
            return self._exchanged(operation, filled, self._access.values(), address, errors, judge)

        return self._retry(once)

    def write(
        self,
        operation: Operation,
        filled: Filled,
        *,
        creates: bool,
        errors: ErrorsSpec | None = None,
        judge: Callable[[Answer], None] = lambda answer: None,
    ) -> Answer:
        """Send one write, once, and return its complete answer, which said yes.

        Only where a login expired, by which nothing was done, there is one new login and one more try.
        """
        self._pauses.require_none(operation.name)
        held = self._access.values(writes=True)
        body = self._request(operation, filled, held)
        try:
            return self._written(operation, body, held, creates, errors, judge)
        except AuthExpired:
            if not self._access.renewable(writes=True):
                raise
        self.transport.forgive()
        self._access.renew(writes=True)
        held = self._access.values(writes=True)
        body = self._request(operation, filled, held)
        return self._written(operation, body, held, creates, errors, judge)

    def close(self) -> None:
        """Close the session."""
        self.transport.close()

    def _exchanged(
        self,
        operation: Operation,
        filled: Filled,
        held: Mapping[str, Any],
        address: str,
        errors: ErrorsSpec | None,
        judge: Callable[[Answer], None],
    ) -> Answer:
        def dress(draft: Draft) -> None:
            self._access.apply(draft, {**self._names, **held})

        body = operation.request(*filled(held), self._secure)
        return self._sent(operation, body, address, dress, errors, judge)

    def _sent(
        self,
        operation: Operation,
        body: bytes,
        address: str,
        dress: Callable[[Draft], None] | None,
        errors: ErrorsSpec | None,
        judge: Callable[[Answer], None],
        *,
        login: bool = False,
    ) -> Answer:
        answer = self.transport.call(operation, body, address=address, dress=dress)
        return self._judged(operation, answer, errors, judge, login=login)

    def _written(
        self,
        operation: Operation,
        body: bytes,
        held: Mapping[str, Any],
        creates: bool,
        errors: ErrorsSpec | None,
        judge: Callable[[Answer], None],
    ) -> Answer:
        def dress(draft: Draft) -> None:
            self._access.apply(draft, {**self._names, **held}, writes=True)

        answer = self.transport.write(operation, body, creates=creates, dress=dress)
        return self._judged(operation, answer, errors, judge, writes=True)

    def _judged(
        self,
        operation: Operation,
        answer: Answer,
        errors: ErrorsSpec | None,
        judge: Callable[[Answer], None],
        *,
        login: bool = False,
        writes: bool = False,
    ) -> Answer:
        """Return an answer that says yes; raise for a fault, by the tables, or as `judge` does."""
        if answer.fault is not None:
            raise reactions.of_fault(
                answer.fault,
                errors,
                self._mapping.errors,
                system=self._mapping.system,
                operation=operation.name,
                login=login,
                writes=writes,
            )
        judge(answer)
        return answer

    def _request(self, operation: Operation, filled: Filled, held: Mapping[str, Any]) -> bytes:
        """Return the envelope of a write; Rejected if what the order says cannot be put into it."""
        try:
            return operation.request(*filled(held), self._secure)
        except ConfigError as error:
            if not isinstance(error.__cause__, ValueError | ArithmeticError):
                raise
            place = {"system": self._mapping.system, "operation": operation.name}
            reason = str(error.__cause__)[:200]
            raise Rejected("soap.unsendable", code="unsendable", reason=reason, **place) from error

    def _enter(self, call: CallSpec, _ways: tuple[Way, ...]) -> Look:
        """Send a call of the login itself, without what a login gives."""
        operation = self.description().operation(call.target)
        # `calls:` may put what a login gives under this call too, where it is not known yet
        names = {**dict.fromkeys(call.take), **self._names.of(call, NOTHING)}
        args, headers = filled_by(call, operation, names)
        body = operation.request(args, headers, self._secure)
        judge = partial(self._judge_login, call)
        answer = self._sent(operation, body, "", None, call.errors, judge, login=True)
        whole = answer.plain()
        return lambda path: compile_path(path)(whole)

    def _judge_login(self, call: CallSpec, answer: Answer) -> None:
        def look(path: str) -> Any:
            return compile_path(path)(answer.plain())

        system, operation = self._mapping.system, call.target
        tables = (call.errors, self._mapping.errors)
        error = answers.of_answer(look, call.ok, *tables, system=system, operation=operation)
        if error is not None:
            raise error

    def _accessed(self, common: passes.Shared) -> Access:
        """Return what logins give; ways that need no call are the transport's own."""
        auth = self._mapping.auth
        if auth is None:
            return Access((), (), common, self._clock)
        names = tuple(name for name in auth.names_ if name not in security.WAYS and name not in _PLAIN)
        said = auth.model_copy(update={"names_": names})
        return access(said, self._connection, self._mapping.system, self._enter, common, self._clock)

    def _ways(self) -> tuple[Way, ...]:
        """Return the ways that the mapping names; basic, if it names none and the connection has a login."""
        auth = self._mapping.auth
        names = auth.names_ if auth else ("basic",) if self._connection.login else ()
        wanted = [name for name in names if name in _PLAIN]
        return tuple(way for name in wanted if (way := way_of(name, self._connection)))

    def _located(self, url: str) -> str:
        """Return where the description is: an address, a file beside the mapping, or a path."""
        if urlsplit(url).scheme in ("http", "https", "file"):
            return url
        path = self._mapping.path
        beside = path.parent / url if path else Path(url)
        if beside.is_file():
            return beside.absolute().as_uri()
        base = self._connection.url()
        return base + url if url.startswith("?") else urljoin(base + "/", url)

    def _fetch(self, url: str) -> bytes:
        return self._retry(self.transport.get, url)


_PLAIN = frozenset({"basic", "bearer", "api_key"})


def filled_by(
    call: CallSpec, operation: Operation, names: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the arguments (by name, however the call gives them) and SOAP headers of a call."""
    said = call.args or {}
    if isinstance(said, list):
        said = operation.by_position(said)
    return fill(said, names), fill(call.headers, names)
