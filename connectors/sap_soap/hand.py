"""How writes reach SAP: found by the customer's reference, sent as BAPIs, kept by one COMMIT a move.

SAP takes the same reference (PURCH_NO) any number of times: what keeps an order from being made twice is that
it is looked for first, always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from connectors.calls.asker import NOTHING
from connectors.calls.fill import compiled, fill
from connectors.calls.names import Names
from connectors.references import References
from connectors.sap_soap.bapi import COMMIT, ROLLBACK, Bapi
from connectors.sap_soap.details import Details
from connectors.sap_soap.filled import INSERT, UPDATE, with_marks, with_zeros
from connectors.sap_soap.finding import Finding
from connectors.sap_soap.guard import Guard, Place
from connectors.sap_soap.options import SapOptions
from connectors.sap_soap.session import Session
from connectors.soap.transport import Transport
from connectors.writing import Send, ids_of, wanted_ids
from hub.errors import ConfigError, OutcomeUnknown, SourceError, Unavailable
from hub.mapping.expressions import READ_NAMES
from hub.mapping.grammar import CallSpec, SystemMapping
from hub.mapping.paths import compile_path
from hub.model import Record


class SapHand:
    """Sends the calls of one system's writes."""

    def __init__(
        self,
        mapping: SystemMapping,
        options: SapOptions,
        bapi: Bapi,
        transport: Transport,
        finding: Finding,
        details: Details,
        names: Names,
    ) -> None:
        """Take what the connector reads by; `transport` is what `bapi` sends by."""
        self._mapping, self._options, self._names = mapping, options, names
        self._bapi, self._transport, self._finding = bapi, transport, finding
        self._guard = Guard(mapping, details)
        self._references: dict[str, References] = {}
        self._always = frozenset(names) | frozenset(READ_NAMES) - {"key"}
        self._creating = {id(call) for write in mapping.writes.values() for call in write.create}
        self.atomic = options.commit == "session"

    def needs(self, call: CallSpec) -> frozenset[str]:
        """Return the names that a call cannot be sent without: not those that are always there."""
        return (compiled(call.args or {}).needs | self._guard.needs(call)) - self._always

    def find(self, call: CallSpec, names: Mapping[str, Any]) -> list[Record]:
        """Return the orders that a call finds, as the stream reads them; see `Finding`."""
        return self._finding.records(call, self._filled(call, {**NOTHING, **names}))

    @contextmanager
    def move(self) -> Iterator[Send]:
        """Yield what sends the calls of one move: committed when the block ends, rolled back on any error."""
        if not self.atomic:
            yield partial(self._send, self._bapi.send)
            return
        session = Session(self._bapi, self._transport, self._mapping.system)
        looked: dict[Place, tuple[CallSpec, str]] = {}
        try:
            yield partial(self._send, session.send, looked=looked)
            session.commit()
        except Exception as error:
            if not (
                isinstance(error, SourceError) and error.key == "soap.timeout"
            ):  # it would not answer now
                session.rollback()
            raise
        for place, (call, read) in looked.items():
            self._guard.learn(call, place, read)

    def require_published(self) -> None:
        """Raise ConfigError for a function of a write that the server does not publish."""
        client = self._options.organisations[0].client
        called = {call.target for write in self._mapping.writes.values() for _, call in write.calls()}
        for function in sorted(called | ({COMMIT, ROLLBACK} if called and self.atomic else set())):
            self._bapi.published(function, client)

    def _send(
        self,
        send: Callable[..., dict[str, Any]],
        call: CallSpec,
        names: Mapping[str, Any],
        looked: dict[Place, tuple[CallSpec, str]] | None = None,
    ) -> Mapping[str, Any]:
        args = self._filled(call, names)
        client = self._client(args, names)
        creates = id(call) in self._creating
        takes = self._bapi.published(call.target, client).takes
        marked = with_marks(args, takes, INSERT if creates else UPDATE)
        number = str(args.get("SALESDOCUMENT") or "")
        if looked is None:  # it is stored at once: the look comes before
            seen = self._guard.require_unchanged(call, client, number, names)
            answer = send(call.target, client, marked, call.errors, creates=creates)
            if seen is not None:
                self._guard.learn(call, *seen)
            return self._took(call, answer)
        answer = send(call.target, client, marked, call.errors, creates=creates)
        if (client, number) not in looked:
            seen = self._guard.require_unchanged(call, client, number, names)
            if seen is not None:
                looked[seen[0]] = call, seen[1]
        return self._took(call, answer)

    def _took(self, call: CallSpec, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return what an answer gives: its number counts once it is committed."""
        found = {name: compile_path(path)(answer) for name, path in call.take.items()}
        took = {name: value for name, value in found.items() if value is not None}
        wanted = wanted_ids(call)
        ids = ids_of({kind: compile_path(path)(answer) for kind, path in wanted.items()})
        if wanted and not ids:
            place = {"system": self._mapping.system, "operation": call.target}
            paths = ", ".join(wanted.values())
            if self.atomic:
                raise Unavailable("sap.no_number", paths=paths, **place)
            raise OutcomeUnknown("writing.no_number", paths=paths, **place)
        return {**took, **({"id": ids} if ids else {})}

    def _filled(self, call: CallSpec, names: Mapping[str, Any]) -> dict[str, Any]:
        if isinstance(call.args, list):
            raise ConfigError("sap.args_by_name", system=self._mapping.system, function=call.target)
        with self._looking_up(names).at_hand():
            filled = fill(call.args, self._names.of(call, names))
        return dict(with_zeros(filled))

    def _looking_up(self, names: Mapping[str, Any]) -> References:
        """Return the look-ups in the client that an order lives in, as far as that is known by now."""
        client = self._known_client(names) or self._options.organisations[0].client
        if client not in self._references:
            self._references[client] = References(self._mapping, partial(self._take, client))
        return self._references[client]

    def _take(self, client: str, call: CallSpec, names: Mapping[str, Any]) -> Mapping[str, Any]:
        args = dict(
            with_zeros(fill(call.args if isinstance(call.args, dict) else {}, self._names.of(call, names)))
        )
        answer = self._bapi.ask(call.target, client, args, call.errors)
        return {name: compile_path(path)(answer) for name, path in call.take.items()}

    def _client(self, args: Mapping[str, Any], names: Mapping[str, Any]) -> str:
        """Return the SAP client of an order; ConfigError where several could be meant.

        It is that of the sales organisation which the call names, else the one in which the order was read,
        else that of its company.
        """
        said = next((inner["SALES_ORG"] for inner in args.values() if _names_organisation(inner)), None)
        own = {one.sales_org: one.client for one in self._options.organisations}
        found = self._known_client(names) if said is None else own.get(str(said))
        if found is None:
            name = names.get("company") if said is None else said
            raise ConfigError("sap.no_client", system=self._mapping.system, name=name, known=", ".join(own))
        return found

    def _known_client(self, names: Mapping[str, Any]) -> str | None:
        organisations = self._options.organisations
        clients = {one.client for one in organisations}
        was = names.get("was")
        if isinstance(was, Mapping) and was.get("CLIENT") in clients:
            return str(was["CLIENT"])
        company = str(names.get("company") or "")
        for one in organisations:
            if company in (one.sales_org, one.client):
                return one.client
        return clients.pop() if len(clients) == 1 else None


def _names_organisation(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("SALES_ORG") is not None
