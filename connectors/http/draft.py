"""A request in the making: filled, let in, signed, and then sealed into the bytes that are sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from connectors.calls import jsons
from connectors.http import wire

KINDS = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "xml": "text/xml; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}
"""The kinds of body, with the Content-Type of each where the call says none."""


@dataclass(frozen=True, slots=True)
class Request:
    """What goes over the wire."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(slots=True)
class Draft:
    """A request that can still be added to. `url` has no query; `body` is a structure of its `kind`."""

    method: str
    url: str
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = ""
    body: Any = None
    cookies: dict[str, str] = field(default_factory=dict)

    def put(self, part: str, values: Mapping[str, Any]) -> None:
        """Add values to a part: headers, query, cookies, a kind of body, or "body" for the kind it has."""
        if part == "headers":
            self.headers.update({name: wire.text(value) for name, value in values.items()})
        elif part == "cookies":
            self.cookies.update({name: wire.text(value) for name, value in values.items()})
        elif part == "query":
            self.query.update(values)
        elif values:
            self._into_body(part, values)

    def _into_body(self, part: str, values: Mapping[str, Any]) -> None:
        kind = (self.kind or "json") if part == "body" else part
        if self.body is None:
            self.kind, self.body = kind, {}
        if self.kind != kind or not isinstance(self.body, dict):
            return  # a call of another kind, a document fetched with GET: it has no place for them
        if kind == "xml" and len(self.body) == 1 and part == "body":
            (root,) = self.body
            self.body = {root: {**(self.body[root] or {}), **values}}
        else:
            self.body = {**self.body, **values}

    def content(self) -> bytes | None:
        """Return the body as it is sent."""
        if not self.kind or self.body is None:
            return None
        charset = wire.charset(wire.content_type(self.header("Content-Type"))) or "utf-8"
        if self.kind == "json":
            return jsons.written(self.body) if charset == "utf-8" else _recoded(self.body, charset)
        if self.kind == "form":
            return urlencode(pairs(self.body), encoding=charset).encode("ascii")
        if self.kind == "xml" and not isinstance(self.body, str):
            from connectors.http.xmls import written  # late: few systems are sent XML

            return written(self.body, charset)
        return wire.text(self.body).encode(charset)

    def header(self, name: str) -> str | None:
        """Return a header, however its name is spelt."""
        return next((value for one, value in self.headers.items() if one.lower() == name.lower()), None)

    def path(self) -> str:
        """Return the path of the address, without the query."""
        return urlsplit(self.url).path or "/"

    def sealed(self, content: bytes | None = None) -> Request:
        """Return what is sent; `content` if the bytes of the body are settled already."""
        body = self.content() if content is None else content
        headers = dict(self.headers)
        if body is not None and self.header("Content-Type") is None:
            headers["Content-Type"] = KINDS[self.kind]
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        query = query_string(self.query)
        return Request(self.method, f"{self.url}?{query}" if query else self.url, headers, body)


def query_string(values: Mapping[str, Any]) -> str:
    """Return a query as it is sent: a blank is %20, since OData and others take `+` for a plus."""
    return urlencode(pairs(values), quote_via=quote)


def pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return names and values as texts; a list gives its name several times, a structure is sent as JSON."""
    found = []
    for name, value in values.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            if one is not None:
                found.append((name, wire.text(one)))
    return found


def _recoded(body: Any, charset: str) -> bytes:
    return jsons.written(body).decode().encode(charset)
