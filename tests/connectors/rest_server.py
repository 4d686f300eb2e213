"""A small real HTTP server for everything that is no SOAP, and a shop of orders behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.contract import Ask, Page, Since
from connectors.rest import RestConnector
from connectors.retry import retrying
from hub.config import Connection
from hub.mapping import load_system, parse_system
from hub.mapping.grammar import SystemMapping
from hub.model import Record
from tests.connectors.soap_server import Reply, Request, SoapServer

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html; charset=utf-8"}
Answer = Callable[[Request], Reply]

_FIELDS = re.compile(r"fields: \{order_no: (\w+)\}")
_KEPT = r"fields: {order_no: \1, status: {keep: true}, ordered: {keep: true}}"


def reply(data: Any, status: int = 200, **headers: str) -> Reply:
    """Answer with JSON; header names are written with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(json.dumps(data), status, {**JSON, **named})


def path(request: Request) -> str:
    return urlsplit(request.path).path


def query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))


def form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode(), keep_blank_values=True))


def said(request: Request) -> Any:
    return json.loads(request.body)


def header(request: Request, name: str) -> str | None:
    return {one.lower(): value for one, value in request.headers.items()}.get(name.lower())


@dataclass
class Running:
    """A server with connectors on it, closed together."""

    server: SoapServer
    opened: list[RestConnector] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def requests(self) -> list[Request]:
        return self.server.requests

    def connection(self, schema: str = "", **more: Any) -> Connection:
        given: dict[str, Any] = {"login": "hub", "password": "s3cret-Zq81", **more}
        return Connection("shop", "http", "127.0.0.1", self.server.port, schema=schema or None, **given)

    def open(
        self,
        mapping: str | SystemMapping,
        clock: Callable[[], datetime] = lambda: NOW,
        connection: Connection | None = None,
        **more: Any,
    ) -> RestConnector:
        """Open a connector on a mapping, or on YAML to which the head of a mapping is added."""
        whole = mapping if isinstance(mapping, SystemMapping) else shop(mapping)
        made = RestConnector(
            whole, connection or self.connection(), clock, retrying(self.waits.append, 3), **more
        )
        self.opened.append(made)
        return made

    def read(self, mapping: str | SystemMapping, ask: Ask | None = None, **more: Any) -> list[Record]:
        """Read all records of the only stream."""
        return [record for page in self.pages(mapping, ask, **more) for record in page.records]

    def pages(self, mapping: str | SystemMapping, ask: Ask | None = None, **more: Any) -> list[Page]:
        return list(self.open(mapping, **more).fetch("orders", ask or Since({})))

    def close(self) -> None:
        for connector in self.opened:
            connector.close()
        self.server.close()


@contextmanager
def serving(answer: Answer) -> Iterator[Running]:
    running = Running(SoapServer(answer))
    try:
        yield running
    finally:
        running.close()


def shop(text: str, folder: Path | None = None) -> SystemMapping:
    """Return a mapping of stream `orders` from its own YAML; what it says not is filled in."""
    lines = text.strip("\n")
    head = [] if "system:" in lines else ["system: shop", "connector: rest"]
    if "streams:" not in lines:
        head.append("streams: {orders: {read: {get: /orders}, fields: {order_no: id}}}")
    if "time:" not in lines:
        head.append("time: {zone: Asia/Shanghai, format: '%Y-%m-%d %H:%M:%S'}")
    whole = _FIELDS.sub(_KEPT, "\n".join([*head, lines]))
    if folder is None:
        return parse_system(whole)
    folder.mkdir(exist_ok=True)
    (folder / "shop.yaml").write_text(whole, "utf-8")
    return load_system(folder / "shop.yaml")


def state_of(pages: list[Page], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the state after these pages, as a store would hand it out."""
    state = dict(before or {})
    for page in pages:
        state |= page.state
    kept = {slot: value for slot, value in state.items() if value is not None}
    found: dict[str, Any] = json.loads(json.dumps(kept))
    return found
