"""The service description: zeep reads it and writes the requests, never the answers.

Trust ends at the WSDL's own host: no schema is fetched from anywhere else, document types and entities
are refused, and the service address inside (often an inner host name) is taken as path and query only.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit
from urllib.request import url2pathname

from connectors.soap.shape import ANYTHING, Shape, of_element
from hub.errors import ConfigError

Fetch = Callable[[str], bytes]
"""Gives the bytes behind a URL of the connection's own host."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: what it takes, and what its answer looks like.

    `takes` are the names of its arguments in their order, `answer` is the local name of the response
    element ("" where the schema does not say), `shape` its content. `soap12` and `action` go into the HTTP
    headers.
    """

    name: str
    address: str
    takes: tuple[str, ...]
    asked: Shape
    answer: str
    shape: Shape
    soap12: bool
    action: str
    _writer: Any

    def request(self, args: Mapping[str, Any]) -> bytes:
        """Return the envelope for arguments by name; ConfigError if one is missing, unknown or ill-typed."""
        from lxml import etree
        from zeep.exceptions import Error

        try:
            envelope = self._writer.create(**args).content
            return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        except (Error, TypeError, ValueError, ArithmeticError) as error:
            raise ConfigError("soap.bad_arguments", operation=self.name, reason=error) from error

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
        self._port = _choose(_load(url, fetch), url, service, port)
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
        if found.style != "document":
            raise ConfigError("soap.style", operation=name, style=found.style)
        taken = found.input.body.type.elements if found.input.body is not None else []
        answer, shape = _answer(found)
        soap12 = type(self._port.binding).__name__ == "Soap12Binding"
        action = found.soapaction or ""
        names = tuple(name for name, _ in taken)
        asked = of_element(found.input.body) if found.input.body is not None else None
        return Operation(name, self.address, names, asked or ANYTHING, answer, shape, soap12, action, found)


def _answer(operation: Any) -> tuple[str, Shape]:
    body = getattr(operation.output, "body", None)
    if body is None or operation.output._is_body_wrapped:
        return "", ANYTHING
    shape = of_element(body)
    return body.qname.localname, shape if shape is not None else ANYTHING


def _load(url: str, fetch: Fetch) -> Any:
    from lxml.etree import LxmlError
    from zeep.exceptions import Error
    from zeep.settings import Settings
    from zeep.wsdl import Document

    settings = Settings(strict=True, forbid_dtd=True, forbid_entities=True, force_https=False)
    try:
        return Document(url, _Loader(url, fetch), settings=settings)
    except (Error, LxmlError, OSError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        # zeep meets a broken description with whatever its own code trips over
        raise ConfigError("soap.bad_wsdl", url=url, reason=f"{type(error).__name__}: {error}") from error


class _Loader:
    """What zeep loads documents with: the WSDL's own host, or the WSDL's own folder, and nothing else."""

    def __init__(self, home: str, fetch: Fetch) -> None:
        self._home, self._fetch = home, fetch

    def load(self, url: str) -> bytes:
        """Return the document at `url`; ConfigError if it lies elsewhere."""
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
