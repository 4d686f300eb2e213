"""Sends the calls of one mapping: filled, let in, signed; tried again where that helps, judged at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import tenacity
from requests.utils import check_header_validity

from connectors.calls import jsons
from connectors.calls.asker import NOTHING
from connectors.calls.gates import Seen
from connectors.calls.names import Names
from connectors.http import passes, signing, wire
from connectors.http.access import Access, Look, access
from connectors.http.draft import Draft, Request
from connectors.http.limits import Limiter, Sleep
from connectors.http.session import TIMEOUT, Session
from connectors.http.ways import Way
from connectors.pauses import Pauses
from connectors.rest.answers import RestReply, conditions, digest_of
from connectors.rest.decoding import Style
from connectors.rest.judging import Judge
from connectors.rest.packing import lists_of
from connectors.rest.plans import Plan, require_own
from connectors.rest.slices import slicing
from connectors.retry import retrying
from hub.config import Connection
from hub.errors import AuthExpired, Rejected
from hub.mapping import hooks
from hub.mapping.grammar import CallSpec, SystemMapping
from hub.mapping.paths import roots


class Caller:
    """One system asked through one session. Not for several threads at once."""

    def __init__(
        self,
        mapping: SystemMapping,
        connection: Connection,
        clock: Callable[[], datetime],
        names: Names,
        retry: tenacity.Retrying | None = None,
        *,
        sleep: Sleep = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open nothing yet. ConfigError where mapping or connection lack something that is needed."""
        self._mapping, self._clock, self._names = mapping, clock, names
        self._base = connection.url()
        self._hook = hooks.load(mapping)
        self._secret = connection.password or ""
        self._retry = retry or retrying()
        self._refused = False
        self._plans: dict[int, Plan] = {}
        limits = mapping.limits
        self._pauses = Pauses(mapping, clock)
        common = passes.shared(passes.identity(mapping, connection))
        limiter = passes.thing(common, "limiter", lambda: Limiter(limits.per_second, limits.parallel))
        timeout = limits.timeout.total_seconds() if limits.timeout else TIMEOUT
        self._session = Session(
            connection, mapping.system, timeout, limiter, jar=common.jar, sleep=sleep, monotonic=monotonic
        )
        self._access: Access = access(mapping.auth, connection, mapping.system, self._enter, common, clock)
        self._judge = Judge(mapping.system, mapping.errors, self._hook, clock)
        self._many = lists_of(
            [one.model_dump(mode="json", exclude={"examples"}) for one in mapping.streams.values()]
        )

    def mentions(self, call: CallSpec) -> frozenset[str]:
        """Return the names that a call mentions."""
        return self._plan(call).names

    def ask(
        self, call: CallSpec, names: Mapping[str, Any], seen: Seen | None = None, *, unread: bool = False
    ) -> RestReply:
        """Send a read and return its answer, which said yes; what may work later is tried again.

        Where the login expired there is one new login and one more try; after that nothing is sent any more,
        since accounts lock after a few tries. `unread`: what of it need not be parsed at once is not.
        """
        if self._refused:
            raise AuthExpired("http.refused_before", system=self._mapping.system, operation=call.name)
        try:
            return self._retry(self._exchanged, call, names, seen, unread)
        except AuthExpired:
            self._refused = True
            raise

    def needs(self, call: CallSpec) -> frozenset[str]:
        """Return the names that a call cannot do without."""
        return self._plan(call).needs

    def write(self, call: CallSpec, names: Mapping[str, Any], *, creates: bool) -> Look:
        """Send a write, once, and return a look into its answer; see `Sender`."""
        if self._refused:
            raise AuthExpired("http.refused_before", system=self._mapping.system, operation=call.name)
        self._pauses.require_none(call.name)
        try:
            held = self._access.values(writes=True)
            try:
                return self._written(call, {**names, **self._names, **held}, creates).look
            except AuthExpired:  # it was not done
                if self._refused or not self._access.renew(writes=True):
                    raise
            held = self._access.values(writes=True)
            return self._written(call, {**names, **self._names, **held}, creates).look
        except AuthExpired:
            self._refused = True
            raise

    def close(self) -> None:
        """Close the session; what the login gave is kept for others."""
        self._session.close()

    def _exchanged(
        self, call: CallSpec, names: Mapping[str, Any], seen: Seen | None, unread: bool
    ) -> RestReply:
        self._pauses.require_none(call.name)
        held = self._access.values()
        try:
            return self._once(call, {**names, **self._names, **held}, seen, unread)
        except AuthExpired:
            if not self._access.renew():
                raise
        return self._once(call, {**names, **self._names, **self._access.values()}, seen, unread)

    def _once(self, call: CallSpec, names: Mapping[str, Any], seen: Seen | None, unread: bool) -> RestReply:
        draft = self._plan(call).draft(self._base, names)
        require_own(draft.url, self._base, call.name)
        self._access.apply(draft, names)
        request = self._sealed(draft, call, names)
        asked = conditions(seen, request.url) if call.validators is not False else {}
        if asked:
            request = Request(request.method, request.url, {**request.headers, **asked}, request.body)
        answer = self._session.send(request, call.name)
        if seen is not None and answer.status == 304:
            return RestReply(answer, call, same=True)
        if seen is not None and answer.status < 300 and digest_of(answer, call) == seen.get("digest"):
            return RestReply(answer, call, same=True)
        return self._judge.reply(answer, call, self._style(call, unread=unread and answer.status < 300))

    def _written(self, call: CallSpec, names: Mapping[str, Any], creates: bool) -> RestReply:
        plan = self._plan(call)
        draft = plan.draft(self._base, names)
        require_own(draft.url, self._base, call.name)
        self._access.apply(draft, names, writes=True)
        if not creates and "version" not in plan.names and draft.header("If-Match") is None:
            version = names.get("version")
            draft.put("headers", {} if version is None else {"If-Match": version})
        answer = self._session.write(self._sendable(draft, call, names), call.name)
        return self._judge.outcome(answer, call, self._style(call), creates=creates)

    def _sendable(self, draft: Draft, call: CallSpec, names: Mapping[str, Any]) -> Request:
        """Return the finished request; Rejected if what the order says cannot be put into it."""
        try:
            request = self._sealed(draft, call, names)
            for header in request.headers.items():
                check_header_validity(header)
                header[1].encode("latin-1")
        except ValueError as error:
            place = {"system": self._mapping.system, "operation": call.name}
            raise Rejected("rest.unsendable", code="unsendable", reason=str(error)[:200], **place) from error
        return request

    def _enter(self, call: CallSpec, ways: tuple[Way, ...]) -> Look:
        """Send a call of the login itself, which may go to another host, without what a login gives."""
        names = self._names.of(call, NOTHING)
        draft = self._plan(call).draft(self._base, names)
        for way in ways if wire.origin(draft.url) == wire.origin(self._base) else ():
            way(draft)
        answer = self._session.send(self._sealed(draft, call, names), call.name)
        due = any("meta" not in roots(path) for path in call.take.values())
        return self._judge.reply(answer, call, self._style(call), due=due).look

    def _sealed(self, draft: Draft, call: CallSpec, names: Mapping[str, Any]) -> Request:
        auth = self._mapping.auth
        signs = [auth.sign if auth and auth.sign else {}, call.sign or {}]
        return signing.sealed(draft, signs, names, self._hook.sign, self._secret)

    def _plan(self, call: CallSpec) -> Plan:
        plan = self._plans.get(id(call))
        if plan is None or plan.call is not call:
            plan = self._plans[id(call)] = Plan(call)
        return plan

    def _style(self, call: CallSpec, *, unread: bool = False) -> Style:
        charsets = call.encoding or self._mapping.text.encoding
        columns = call.columns if call.format == "csv" else ()
        cut = slicing(call, self._mapping.errors, self._hook, self._mapping.system) if unread else None
        read = cut.read if cut else jsons.read
        return Style(charsets, call.format, call.delimiter, columns, self._many, read)
