"""Calling a BAPI: its WSDL, its client and language, and what RETURN says.

Sources (contracts erp 1.1 to 1.3): SOAP RFC paths and WSDL shape, confirmed; `sap-client` and
`sap-language` on every path, likely; BAPIRETURN and BAPIRET2 fields, confirmed; a table that is not sent is
not returned, likely: RETURN is sent along with every write, for nothing else tells what became of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from connectors.calls import reactions
from connectors.sap_soap.names import is_rfc, normal, rfc_name, to_rfc, to_wire
from connectors.sap_soap.options import SapOptions
from connectors.soap.client import Client
from connectors.soap.stream import Answer
from connectors.soap.wsdl import Operation
from hub.errors import ConfigError, Missing, OutcomeUnknown, RecordLocked, Rejected, SourceError
from hub.mapping.callspec import ErrorsSpec
from hub.mapping.grammar import SystemMapping
from hub.model import Record
from hub.redact import redact

_log = logging.getLogger(__name__)

LOCKED = frozenset({"V1 042", "V1 043", "V1 044", "V1 045", "MC 601"})
"""Somebody is editing the document (classes V1 and MC), likely: to be verified on the customer's system."""


@dataclass(frozen=True, slots=True)
class Said:
    """One row of RETURN: `type` S, I, W, E or A; `code` is message class and number ("V1 042")."""

    type: str
    code: str
    text: str

    @property
    def failed(self) -> bool:
        """True for errors (E) and terminations (A)."""
        return self.type in ("E", "A")


COMMIT, ROLLBACK = "BAPI_TRANSACTION_COMMIT", "BAPI_TRANSACTION_ROLLBACK"

_SILENT = frozenset({COMMIT, ROLLBACK})
"""Functions that need not say anything where all went well."""


def said(row: Mapping[str, Any]) -> Said:
    """Read a row of BAPIRETURN (TYPE, CODE) or BAPIRET2 (TYPE, ID, NUMBER)."""
    kind, text = (str(row.get(name) or "").strip() for name in ("TYPE", "MESSAGE"))
    code = str(row.get("CODE") or "").strip()
    area, number = (str(row.get(name) or "").strip() for name in ("ID", "NUMBER"))
    if not area and len(code) > 3:
        area, number = code[:-3].strip(), code[-3:]
    return Said(kind.upper(), f"{area} {number}".strip() or code, text)


class Bapi:
    """The functions of one SAP server."""

    def __init__(self, client: Client, mapping: SystemMapping, options: SapOptions, base: str) -> None:
        """Call through `client`; `base` is the address of the connection."""
        self._client, self._options, self._base = client, options, base
        self._system, self._errors = mapping.system, mapping.errors
        self._operations: dict[str, Operation] = {}

    def operation(self, function: str, sap_client: str) -> Operation:
        """Return the description of a function, loaded once for all clients of the server."""
        if function not in self._operations:
            self._operations[function] = self._describe(function, sap_client)
        return self._operations[function]

    def published(self, function: str, sap_client: str) -> Operation:
        """Return the description of a function that writes; ConfigError if the server does not publish it.

        A page that is not there says nothing of the order: it must not be taken for one that is gone.
        """
        try:
            return self.operation(function, sap_client)
        except Missing as error:
            raise ConfigError("sap.not_published", system=self._system, function=function) from error

    def send(
        self,
        function: str,
        sap_client: str,
        args: Mapping[str, Any],
        errors: ErrorsSpec | None = None,
        *,
        creates: bool = False,
        command: str = "",
    ) -> dict[str, Any]:
        """Send a function that writes, once, and return its whole answer, RFC names throughout.

        `command` opens or closes a session (`sap-sessioncmd`). Raises as `Writer.push` does: what RETURN says
        no to as `call` does, OutcomeUnknown where an answer does not tell.
        """
        operation = self.published(function, sap_client)
        address = self._with_client(operation.address, sap_client, command)
        wired = to_wire(self._with_return(operation, args), operation.asked)

        def judge(answer: Answer) -> None:
            self._require_done(operation, function, answer, errors)

        answer = self._client.write(
            replace(operation, address=address),
            lambda held: (wired, {}),
            creates=creates,
            errors=errors,
            judge=judge,
        )
        return whole(operation, answer)

    def ask(
        self, function: str, sap_client: str, args: Mapping[str, Any], errors: ErrorsSpec | None = None
    ) -> dict[str, Any]:
        """Call a function that reads, and return its whole answer, RFC names throughout; raises as `call`."""
        return whole(self.operation(function, sap_client), self._asked(function, sap_client, args, errors))

    def call(
        self, function: str, sap_client: str, args: Mapping[str, Any], errors: ErrorsSpec | None = None
    ) -> dict[str, Iterator[Record]]:
        """Call a function and return the rows of its tables, RFC names throughout.

        Every wanted table stands in `args`, empty. Raises what the error tables say for a RETURN of type E
        or A, by default RecordLocked for a lock and Rejected for the rest, and the transport's errors.
        """
        answer = self._asked(function, sap_client, args, errors)
        tables = {rfc_name(path[-1]): iter(rows) for path, rows in answer.rows.items()}
        if is_rfc(self.operation(function, sap_client).name):
            return tables
        return {name: map(to_rfc, rows) for name, rows in tables.items()}

    def narrow(self, function: str, sap_client: str, table: str, columns: Sequence[str]) -> None:
        """Read nothing but `columns` from the rows of a table: lists are long and wide."""
        wanted = set(map(normal, columns))
        for name, child in self.operation(function, sap_client).shape.children.items():
            row = child.children[child.row] if child and child.row and normal(name) == normal(table) else None
            if row is not None:
                row.wanted = tuple(column for column in row.children if normal(column) in wanted)

    def has_table(self, function: str, sap_client: str, table: str) -> bool:
        """Tell whether this release's function has a table parameter."""
        return normal(table) in map(normal, self.operation(function, sap_client).takes)

    def _asked(
        self, function: str, sap_client: str, args: Mapping[str, Any], errors: ErrorsSpec | None
    ) -> Answer:
        operation = self.operation(function, sap_client)

        def judge(answer: Answer) -> None:
            error = self._judged(function, answer, errors)
            if error is not None:
                raise error

        return self._client.ask(
            operation,
            to_wire(args, operation.asked),
            address=self._with_client(operation.address, sap_client),
            errors=errors,
            judge=judge,
        )

    def _judged(self, function: str, answer: Answer, errors: ErrorsSpec | None) -> SourceError | None:
        """Return the error of an answer: what a table knows of its messages, else a lock, else the first."""
        failed = [one for one in map(said, _returned(answer)) if one.failed]
        for one in failed:
            for code in (one.code, one.code.replace(" ", "")):
                named = reactions.reaction(code, one.text, errors, self._errors)
                if named is not None:
                    return reactions.error(named, one.code, one.text, system=self._system, operation=function)
        for one in failed:
            if one.code in LOCKED:
                return self._error(RecordLocked, "sap.locked", function, one)
        return self._error(Rejected, "sap.rejected", function, failed[0]) if failed else None

    def _error(self, kind: type[SourceError], key: str, function: str, one: Said) -> SourceError:
        return kind(key, code=one.code, reason=one.text, system=self._system, operation=function)

    def _require_done(
        self, operation: Operation, function: str, answer: Answer, errors: ErrorsSpec | None
    ) -> None:
        """Raise what RETURN says no with; OutcomeUnknown where it says nothing. Warnings go to the log."""
        error = self._judged(function, answer, errors)
        if error is not None:
            raise error
        messages = list(map(said, _returned(answer)))
        for one in messages:
            if one.type == "W":
                _log.warning("%s: %s: %s %s", self._system, function, one.code, redact(one.text))
        returns = "RETURN" in map(rfc_name, operation.shape.children)
        if returns and not messages and function not in _SILENT:
            raise OutcomeUnknown("sap.no_return", system=self._system, operation=function)

    def _with_return(self, operation: Operation, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments with RETURN among them where it is a table: only then it is returned."""
        asks = "RETURN" in map(rfc_name, operation.takes) and "RETURN" not in args
        return {**args, "RETURN": []} if asks else dict(args)

    def _describe(self, function: str, sap_client: str) -> Operation:
        places = self._options.descriptions
        for place in places[:-1]:
            try:
                return self._described(function, sap_client, place)
            except Missing:
                continue  # the server publishes the other generation only
        return self._described(function, sap_client, places[-1])

    def _described(self, function: str, sap_client: str, place: str) -> Operation:
        url = self._with_client(self._base + place.replace("{function}", function), sap_client)
        wsdl = self._client.wsdl(url, address=self._options.path)
        wanted = {normal(function), normal(function).removeprefix("BAPI")}
        for name in wsdl.operations:
            style = "rfc" if is_rfc(name) else "mc"
            if normal(name) in wanted and self._options.style in ("auto", style):
                return wsdl.operation(name)
        known = ", ".join(wsdl.operations)
        raise ConfigError("sap.no_function", name=function, url=url, known=known, style=self._options.style)

    def _with_client(self, address: str, sap_client: str, command: str = "") -> str:
        scheme, host, path, query, _ = urlsplit(address)
        kept = [
            (name, value) for name, value in parse_qsl(query) if name not in ("sap-client", "sap-language")
        ]
        kept.append(("sap-client", sap_client))
        if self._options.language:
            kept.append(("sap-language", self._options.language))
        if command:
            kept.append(("sap-sessioncmd", command))
        return urlunsplit((scheme, host, path, urlencode(kept), ""))


def whole(operation: Operation, answer: Answer) -> dict[str, Any]:
    """Return all of an answer, its tables as lists, with RFC names throughout."""
    plain = answer.plain()
    if is_rfc(operation.name):
        return plain
    return {rfc_name(name): to_rfc(inner) for name, inner in plain.items()}


def _returned(answer: Answer) -> Iterator[dict[str, Any]]:
    """Yield the rows of RETURN, which is a structure in some functions and a table in others."""
    for name, value in answer.head.items():
        if rfc_name(name) == "RETURN" and isinstance(value, dict):
            yield to_rfc(value)
    for path, rows in answer.rows.items():
        if rfc_name(path[-1]) == "RETURN":
            yield from map(to_rfc, rows)
