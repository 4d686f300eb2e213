"""The rest connector passes the reading half of the contract under every style of paging."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from connectors.contract import Connector
from connectors.rest import RestConnector
from connectors.retry import retrying
from hub.config import Connection
from hub.errors import AuthExpired, Incomplete, Missing, RateLimited, Rejected, SourceError, Unavailable
from hub.mapping.grammar import SystemMapping
from hub.model import Record
from tests.connectors.conformance import Case, Fault, Reading, Row
from tests.connectors.rest_server import HTML, query, reply, said
from tests.connectors.soap_server import Reply, Request, SoapServer

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SINCE = {"from": "=since", "ids": "=keys", "max": "=size"}
READS: dict[str, dict[str, Any]] = {
    "page": {"query": {**SINCE, "page": "=page"}},
    "offset": {"query": {**SINCE, "offset": "=offset"}, "total": "total"},
    "token": {"query": {**SINCE, "after": "=next"}, "next": "next", "total": "total"},
    "link": {"query": SINCE, "next": "link"},
    "header": {"query": SINCE, "next": "meta.link.next"},
    "last": {"query": {**SINCE, "after_id": "=last"}, "sorted": False},
    "keyset": {"query": {**SINCE, "after_id": "=last"}},
}
RPC = {
    "post": "/rpc",
    "json": {
        "jsonrpc": "2.0",
        "id": "=serial",
        "method": "orders.list",
        "params": {"from": "=since", "ids": "=keys", "max": "=size", "offset": "=offset"},
    },
    "records": "result.rows",
    "total": "result.total",
    "ok": "!error",
    "errors": {"code": "error.code", "text": "error.message"},
}


@dataclass
class Shop:
    """Orders by number, listed by change stamp."""

    style: str
    orders: dict[str, dict[str, str]] = field(default_factory=dict)
    cap: int = 1_000
    broken: Callable[[Request], Reply] | None = None

    def __call__(self, request: Request) -> Reply:
        if self.broken:
            return self.broken(request)
        if self.style == "rpc":
            call = said(request)
            assert call["method"] == "orders.list"
            return reply(
                {"jsonrpc": "2.0", "id": call["id"], "result": self.listing(call["params"], request)}
            )
        asked: dict[str, Any] = query(request)
        answer = self.listing(asked, request)
        link = answer.get("link")
        return reply(answer, Link=f'<{link}>; rel="next"') if link else reply(answer)

    def listing(self, asked: Mapping[str, Any], request: Request) -> dict[str, Any]:
        since, size = asked.get("from", ""), min(int(asked["max"]), self.cap)
        ids = [part for name in ("ids",) for part in self._ids(asked.get(name), request)]
        found = sorted(self.orders.values(), key=lambda one: (one["changed"], one["id"]))
        found = [one for one in found if one["changed"] >= since and (not ids or one["id"] in ids)]
        after = asked.get("after_id")
        if self.style == "last":
            found = sorted((one for one in found if one["id"] > (after or "")), key=lambda one: one["id"])
        elif after:
            found = [one for one in found if (one["changed"], one["id"]) > (since, after)]
        begin = int(asked.get("offset") or asked.get("after") or asked.get("at") or 0)
        begin = (int(asked["page"]) - 1) * size if "page" in asked else begin
        more = begin + size < len(found)
        answer: dict[str, Any] = {"rows": found[begin : begin + size], "total": len(found)}
        if more:
            answer["next"] = str(begin + size)
            answer["link"] = f"http://inner.example:8080/api/orders?{self._with(request, begin + size)}"
        return answer

    @staticmethod
    def _with(request: Request, begin: int) -> str:
        kept = request.path.partition("?")[2].split("&")
        return "&".join([one for one in kept if not one.startswith("at=")] + [f"at={begin}"])

    @staticmethod
    def _ids(ids: Any, request: Request) -> list[str]:
        if isinstance(ids, list):
            return ids
        return [
            part.partition("=")[2].replace("+", " ")
            for part in request.path.partition("?")[2].split("&")
            if part.startswith("ids=")
        ]


class RestCase(Case):
    overlap = timedelta(hours=1)
    can = frozenset({"late", "pages", "cap"})
    faults: ClassVar[Mapping[Fault, type[SourceError]]] = {
        Fault.UNREACHABLE: Unavailable,
        Fault.DENIED: AuthExpired,
        Fault.SERVER_ERROR: Unavailable,
        Fault.TORN: Incomplete,
        Fault.GARBAGE: Unavailable,
        Fault.ERROR_IN_ANSWER: Rejected,
        Fault.BUSY: RateLimited,
        Fault.CHANGED: Missing,
    }

    def __init__(self, style: str) -> None:
        self.style = style
        self.shop = Shop(style)
        self.server = SoapServer(self.shop)
        self.opened: list[Connector] = []

    def mapping(self) -> SystemMapping:
        get = {"get": "/orders", "records": "rows", "ok": "!code", "errors": {"code": "code", "text": "say"}}
        read = RPC if self.style == "rpc" else {**get, **READS[self.style]}
        read = {**read, "size": self.size, "cursor": ["changed", "id"], "overlap": "1h"}
        stream = {"read": read, "sweep": {"every": "1h"}, "fields": {"order_no": "id"}}
        whole = {
            "system": self.system,
            "connector": "rest",
            "auth": "basic",
            "time": {"zone": "Asia/Shanghai", "format": ["%Y-%m-%d %H:%M:%S"]},
            "streams": {"orders": stream},
        }
        return SystemMapping.model_validate(whole)

    def open(self) -> Connector:
        connection = Connection("source", "http", "127.0.0.1", self.server.port, "hub", self.secret, "api")
        self.opened.append(RestConnector(self.mapping(), connection, lambda: NOW, retrying(lambda _: None)))
        return self.opened[-1]

    def put(self, rows: Sequence[Row]) -> None:
        for row in rows:
            stamp = (row.stamp + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")
            self.shop.orders[row.key] = {"id": row.key, "changed": stamp, "note": row.note}

    def key(self, record: Record) -> str:
        return str(record["id"])

    def note(self, record: Record) -> str:
        return str(record["note"])

    def cap(self, records: int) -> None:
        self.shop.cap = records

    def fail(self, fault: Fault) -> None:
        no = {"error": {"code": 7, "message": "no"}} if self.style == "rpc" else {"code": 7, "say": "no"}

        def torn(request: Request) -> Reply:
            broken, self.shop.broken = self.shop.broken, None
            body = self.shop(request).body
            self.shop.broken = broken
            return Reply(body, cut=len(body) - 9, length=False)

        ways: dict[Fault, Callable[[Request], Reply]] = {
            Fault.DENIED: lambda request: Reply("<h1>Logon failed</h1>", 401, HTML),
            Fault.SERVER_ERROR: lambda request: Reply("<h1>busy</h1>", 503, HTML),
            Fault.TORN: torn,
            Fault.GARBAGE: lambda request: Reply("<html><h1>Welcome</h1></html>", 200, HTML),
            Fault.ERROR_IN_ANSWER: lambda request: reply(no),
            Fault.BUSY: lambda request: Reply("", 429, {"Retry-After": "1"}),
            Fault.CHANGED: lambda request: Reply(json.dumps({"x": "gone"}), 404),
            Fault.UNREACHABLE: lambda request: Reply(status=0),
        }
        self.shop.broken = ways[fault]

    def mend(self) -> None:
        self.shop.broken = None

    def close(self) -> None:
        for connector in self.opened:
            connector.close()
        self.server.close()


@pytest.mark.parametrize("style", [*READS, "rpc"])
class TestRest(Reading):
    @pytest.fixture
    def case(self, style: str) -> Iterator[Case]:
        made = RestCase(style)
        yield made
        made.close()
