"""The service description: zeep reads it and writes the requests, never the answers.

Trust ends at the WSDL's own host: no schema is fetched from anywhere else, document types and entities
are refused, and the service address inside (often an inner host name) is taken as path and query only.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit
from urllib.request import url2pathname

from connectors.soap import schemas
from connectors.soap.kinds import Kind, kind_of
from connectors.soap.security import Secure
from connectors.soap.shape import ANYTHING, Shape, of_element
from connectors.soap.writing import Writer, header_element
from hub.errors import ConfigError

Fetch = Callable[[str], bytes]
"""Gives the bytes behind a URL of the connection's own host."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: what it takes, and what its answer looks like.

    `takes` are the names of its arguments in their order, `answer` is the local name of the response
    element ("" where the schema does not say), `shape` its content. `soap12` and `action` go into the HTTP
    headers. `encoded` are the parts of an answer in SOAP encoding by name, None for a literal answer. One
    that is `silent` is not answered (WSDL 1.1, section 2.4.1).
    """

    name: str
    address: str
    takes: tuple[str, ...]
    asked: Shape
    answer: str
    shape: Shape
    soap12: bool
    action: str
    encoded: Mapping[str, Kind] | None
    silent: bool
    _namespace: str
    _writer: Any

    def request(
        self,
        args: Mapping[str, Any],
        headers: Mapping[str, Any] | None = None,
        secure: Secure | None = None,
    ) -> bytes:
        """Return the envelope for arguments by name; ConfigError if one is missing, unknown or ill-typed.

        An argument that is None is sent as nil; one that is not there is absent. `headers` are SOAP headers
        by name, with their namespace where the description does not declare them (`{urn:x}Session`).
        """
        from lxml import etree
        from zeep.exceptions import Error

        try:
            envelope = self._envelope(args, headers or {})
            if secure is not None:
                secure(envelope)
            return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        except (Error, TypeError, ValueError, ArithmeticError) as error:
            raise ConfigError("soap.bad_arguments", operation=self.name, reason=error) from error

    def by_position(self, args: Sequence[Any]) -> dict[str, Any]:
        """Return arguments by name that were given in their order; ConfigError if there are too many."""
        if len(args) > len(self.takes):
            reason = f"{len(args)} > {len(self.takes)} ({', '.join(self.takes)})"
            raise ConfigError("soap.bad_arguments", operation=self.name, reason=reason)
        return dict(zip(self.takes, args, strict=False))

    def _envelope(self, args: Mapping[str, Any], headers: Mapping[str, Any]) -> Any:
        if isinstance(self._writer, Writer):
            return self._writer.envelope(args, self._header_elements(headers))
        declared = self._writer.input.header
        if not headers:
            return self._writer.create(**_with_nil(args)).content
        if declared is not None and not any(name.startswith("{") for name in headers):
            return self._writer.create(**_with_nil(args), _soapheaders=dict(headers)).content
        return self._writer.create(**_with_nil(args), _soapheaders=self._header_elements(headers)).content

    def _header_elements(self, headers: Mapping[str, Any]) -> list[Any]:
        return [header_element(name, value, self._namespace) for name, value in headers.items()]

    @property
    def headers(self) -> dict[str, str]:
        """The HTTP headers of a request (SOAP 1.1 section 6.1.1, SOAP 1.2 part 2 section 7.1.1)."""
        if self.soap12:
            return {"Content-Type": f'application/soap+xml; charset=utf-8; action="{self.action}"'}
        return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{self.action}"'}


class Wsdl:
    """A loaded service description: one service and port of it."""

    def __init__(
        self, url: str, fetch: Fetch, *, service: str = "", port: str = "", base: str = "", address: str = ""
    ) -> None:
        """Load from `url` (http, https, file, or a plain path); http and https go through `fetch`.

        `service` and `port` choose among several (the first SOAP port otherwise). `base` is scheme, host and
        port of the connection: they win over the host in the file, and `address` over its path. Raises
        ConfigError where the file is no use, and what `fetch` raises where it cannot be had.
        """
        self.url = url
        loader = _Loader(url, fetch)
        self._port = _choose(_load(url, loader), url, service, port)
        self._uses = loader.uses
        self.address = _address(address, self._port.binding_options["address"], base)

    @property
    def operations(self) -> list[str]:
        """The names of all operations of the port."""
        return sorted(self._port.binding.all())

    def operation(self, name: str) -> Operation:
        """Return one operation; ConfigError with the nearest known name if there is none."""
        known = self._port.binding.all()
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            key = "soap.no_operation_near" if near else "soap.no_operation"
            raise ConfigError(
                key, name=name, near="".join(near), known=", ".join(sorted(known)), url=self.url
            )
        found = known[name]
        taken = found.input.body.type.elements if found.input.body is not None else []
        asked = of_element(found.input.body) if found.input.body is not None else None
        binding = self._port.binding.name
        encoded = self._uses.get((binding.localname, name)) == "encoded"
        if encoded and found.style != "rpc":
            raise ConfigError("soap.style", operation=name, style=f"{found.style}/encoded")
        soap12 = type(self._port.binding).__name__ == "Soap12Binding"
        answer, shape = _answer(found) if not encoded else ("", ANYTHING)
        return Operation(
            name=name,
            address=self.address,
            takes=tuple(name for name, _ in taken),
            asked=asked or ANYTHING,
            answer=answer,
            shape=shape,
            soap12=soap12,
            action=found.soapaction or "",
            encoded=_parts(found.output) if encoded else None,
            silent=found.output is None,
            _namespace=binding.namespace or "",
            _writer=_writer(found, soap12) if encoded else found,
        )


def _answer(operation: Any) -> tuple[str, Shape]:
    """Return the name and shape of an answer; an rpc answer is named as its server likes."""
    body = getattr(operation.output, "body", None)
    if body is None or getattr(operation.output, "_is_body_wrapped", False):
        return "", ANYTHING
    shape = of_element(body)
    name = "" if operation.style == "rpc" else body.qname.localname
    return name, shape if shape is not None else ANYTHING


def _writer(operation: Any, soap12: bool) -> Writer:
    body = operation.input.body
    namespace = (body.qname.namespace or "") if body is not None else ""
    return Writer(operation.name, namespace, _parts(operation.input), soap12)


def _parts(message: Any) -> dict[str, Kind]:
    body = getattr(message, "body", None)
    return {name: kind_of(element.type) for name, element in body.type.elements} if body is not None else {}


def _with_nil(args: Any) -> Any:
    """Return arguments in which None means nil: what is to be absent was left out before.

    Decimals are texts: into an element of texts zeep would write some of them with an exponent.
    """
    from zeep.xsd import Nil

    if isinstance(args, Decimal):
        return f"{args:f}"
    if isinstance(args, Mapping):
        return {name: _with_nil(one) for name, one in args.items()}
    if isinstance(args, list):
        return [_with_nil(one) for one in args]
    return Nil if args is None else args


def _load(url: str, loader: _Loader) -> Any:
    from lxml.etree import LxmlError
    from zeep.exceptions import Error
    from zeep.settings import Settings
    from zeep.wsdl import Document

    settings = Settings(strict=True, forbid_dtd=True, forbid_entities=True, force_https=False)
    try:
        return Document(url, loader, settings=settings)
    except (Error, LxmlError, OSError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        # zeep meets a broken description with whatever its own code trips over
        raise ConfigError("soap.bad_wsdl", url=url, reason=f"{type(error).__name__}: {error}") from error


class _Loader:
    """What zeep loads documents with: the WSDL's own host or folder, the bundled schemas, and nothing else.

    `uses` gathers, by binding and operation, whether messages are literal or encoded: zeep forgets it.
    """

    def __init__(self, home: str, fetch: Fetch) -> None:
        self._home, self._fetch = home, fetch
        self.uses: dict[tuple[str, str], str] = {}

    def load(self, url: str) -> bytes:
        """Return the document at `url`; ConfigError if it lies elsewhere."""
        found = schemas.bundled(url)
        if found is None:
            found = schemas.completed(self._document(url))
            self.uses |= _uses(found)
        return found

    def _document(self, url: str) -> bytes:
        home, there = urlsplit(self._home), urlsplit(url)
        if home.scheme in ("http", "https"):
            if (there.scheme, there.netloc) != (home.scheme, home.netloc):
                raise ConfigError("soap.remote_schema", url=url, wsdl=self._home)
            return self._fetch(url)
        if there.scheme not in ("", "file"):
            raise ConfigError("soap.remote_schema", url=url, wsdl=self._home)
        file = _file(url).resolve()
        if not file.is_relative_to(_file(self._home).resolve().parent):
            raise ConfigError("soap.remote_schema", url=url, wsdl=self._home)
        return file.read_bytes()


def _uses(document: bytes) -> dict[tuple[str, str], str]:
    """Return how the bindings of a description say that messages are written: literal or encoded."""
    if b"encoded" not in document:
        return {}
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError:
        return {}  # zeep says what is wrong with it
    return {
        (str(binding.get("name")), str(operation.get("name"))): body.get("use", "literal")
        for binding in root.iterfind("{*}binding")
        for operation in binding.iterfind("{http://schemas.xmlsoap.org/wsdl/}operation")
        for body in operation.iterfind("{*}input/{*}body")
    }


def _file(url: str) -> Path:
    parts = urlsplit(url)
    return Path(url2pathname(parts.path) if parts.scheme == "file" else url)


def _choose(document: Any, url: str, service: str, port: str) -> Any:
    services = document.services
    if service and service not in services:
        raise ConfigError("soap.no_service", name=service, url=url, known=", ".join(services))
    ports = [
        (each.name, found)
        for each in ([services[service]] if service else services.values())
        for found in each.ports.values()
        if type(found.binding).__name__ in ("Soap11Binding", "Soap12Binding")
    ]
    for _, found in ports:
        if not port or found.name == port:
            return found
    known = ", ".join(f"{name}.{found.name}" for name, found in ports)
    raise ConfigError("soap.no_port", name=port, url=url, known=known)


def _address(wanted: str, stated: str, base: str) -> str:
    """Return where to send: path and query as wanted or stated, the host from `base`."""
    if not base:
        return wanted if urlsplit(wanted).scheme else urljoin(stated, wanted)
    path, query = urlsplit(wanted or stated)[2:4]
    scheme, host = urlsplit(base)[:2]
    return urlunsplit((scheme, host, path or "/", query, ""))
