"""The CRM's way in: REST with bearer tokens, cursor paging, ETags, and a read replica that lags."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import sqlalchemy as sa

from simulators.trading.crm import Crm, number_of, shown
from simulators.trading.database import Clock
from simulators.trading.desk import Refused
from simulators.trading.faults import Interrupted
from simulators.trading.journal import HUB
from simulators.trading.records import Record, Stale, Unknown
from simulators.trading.serving import Asked, Reply, Server, garbage
from simulators.trading.webhooks import Webhooks

LOGIN, PASSWORD = "hub-crm", "Vertrieb-0815"
LONGEST_PAGE = 100

_STATUS = {"KEY_REUSED": 409, "UNKNOWN_FIELD": 400, "BAD_REQUEST": 400}


class CrmServer:
    """Serves a CRM; a context manager. `ttl` is how long a token is good."""

    def __init__(self, crm: Crm, clock: Clock, ttl: timedelta = timedelta(minutes=30), port: int = 0) -> None:
        """Bind to loopback; port 0 takes any free one."""
        self.crm, self.ttl = crm, ttl
        self.webhooks = Webhooks(clock)
        self.logins = 0
        crm.changed = self.webhooks.changed
        self._clock = clock
        self._tokens: dict[str, datetime] = {}
        self._server = Server(self._answer, port)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    def expire(self) -> None:
        """Let every token that was given out be of no use any more."""
        self._tokens.clear()

    def __enter__(self) -> CrmServer:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()
        self.webhooks.close()

    def _answer(self, asked: Asked) -> Reply | None:
        try:
            return self._routed(asked)
        except Interrupted as error:
            return _interrupted(error)
        except Refused as error:
            return _error(_STATUS.get(error.code, 422), error.code, error.text)
        except Stale as error:
            return _error(412, "STALE", str(error))
        except Unknown as error:
            return _error(404, "NOT_FOUND", str(error))
        except ValueError as error:
            return _error(400, "BAD_REQUEST", str(error))

    def _routed(self, asked: Asked) -> Reply:
        if (asked.method, asked.path) == ("POST", "/token"):
            return self._token(asked)
        if not self._lets_in(asked.headers.get("authorization", "")):
            return _error(401, "TOKEN_EXPIRED", "The access token is not valid (any more)")
        folder, _, order = asked.path.strip("/").partition("/")
        match asked.method, folder, bool(order):
            case "GET", "orders", False:
                return self._found(asked) if "ref" in asked.query else self._listed(asked)
            case "GET", "orders", True:
                return self._got(order)
            case "POST", "orders", False:
                return self._created(asked)
            case "PATCH", "orders", True:
                return self._patched(asked, order)
            case "POST", "webhooks", False:
                said = _json(asked)
                self.webhooks.register(said["url"], said["secret"])
                return _json_reply(201, {})
        return _error(404, "NOT_FOUND", asked.path)

    def _token(self, asked: Asked) -> Reply:
        kind = asked.headers.get("content-type", "")
        said = _json(asked) if "json" in kind else {k: v[0] for k, v in parse_qs(asked.body.decode()).items()}
        if (said.get("client_id"), said.get("client_secret")) != (LOGIN, PASSWORD):
            return _error(400, "INVALID_CLIENT", "unknown client, or wrong secret")
        token = secrets.token_urlsafe(24)
        self.logins += 1
        self._tokens[token] = self._clock() + self.ttl
        return _json_reply(200, {"access_token": token, "expires_in": int(self.ttl.total_seconds())})

    def _lets_in(self, authorization: str) -> bool:
        ends = self._tokens.get(authorization.removeprefix("Bearer "))
        return ends is not None and self._clock() < ends

    def _listed(self, asked: Asked) -> Reply:
        limit = min(int(asked.query.get("limit") or LONGEST_PAGE), LONGEST_PAGE)
        since, after = asked.query.get("updated_from", ""), _place(asked.query.get("cursor", ""))

        def work(conn: sa.Connection, at: datetime | None) -> list[Record]:
            return self.crm.desk.records.changed(conn, since, after, limit + 1, at)

        found = self.crm.desk.read("list", "", work)
        page = found[:limit]
        following = _cursor(page[-1]) if len(found) > limit else None
        return _json_reply(200, {"orders": [shown(one) for one in page], "next": following})

    def _found(self, asked: Asked) -> Reply:
        ref = asked.query["ref"]
        found = self.crm.desk.read("find", ref, lambda conn, at: self.crm.desk.records.find(conn, ref, at))
        return _json_reply(200, {"orders": [shown(one) for one in found], "next": None})

    def _got(self, order: str) -> Reply:
        number = number_of(order)
        found = self.crm.desk.read("get", "", lambda conn, at: self.crm.desk.records.get(conn, number, at))
        return _json_reply(200, shown(found), {"ETag": f'"{found.version}"'})

    def _created(self, asked: Asked) -> Reply:
        made = self.crm.create(_json(asked), HUB, asked.headers.get("idempotency-key", ""))
        return _json_reply(201, made, {"ETag": f'"{made["rev"]}"'})

    def _patched(self, asked: Asked, order: str) -> Reply:
        match = asked.headers.get("if-match", "").removeprefix("W/").strip('"')
        if match and not match.isdecimal():
            raise Stale(match)
        version = int(match) if match else None
        made = self.crm.change(order, _json(asked), HUB, version, asked.headers.get("idempotency-key", ""))
        return _json_reply(200, made, {"ETag": f'"{made["rev"]}"'})


def _interrupted(error: Interrupted) -> Reply | None:
    match error.way:
        case "429":
            reply = _error(429, "LIMIT_EXCEEDED", "too many requests")
            return Reply(429, reply.body, {**reply.headers, "Retry-After": error.value or "1"})
        case "locked":
            return _error(423, "LOCKED", f"order is being edited by {error.value or 'Li Xiaomei'}")
        case "500_before" | "500_after":
            return _error(500, "INTERNAL", "something went wrong on our side")
    return garbage(error)


def _json(asked: Asked) -> dict[str, Any]:
    said = json.loads(asked.body or b"{}", parse_float=Decimal)
    if not isinstance(said, dict):
        raise Refused("BAD_REQUEST", "an object is wanted")
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in said.items()}


def _json_reply(status: int, said: Any, headers: dict[str, str] | None = None) -> Reply:
    kind = {"Content-Type": "application/json", **(headers or {})}
    return Reply(status, json.dumps(said, ensure_ascii=False).encode(), kind)


def _error(status: int, code: str, text: str) -> Reply:
    return _json_reply(status, {"error": {"code": code, "message": text}})


def _cursor(last: Record) -> str:
    return base64.urlsafe_b64encode(f"{last.changed} {last.number}".encode()).decode()


def _place(cursor: str) -> tuple[str, int]:
    changed, _, number = base64.urlsafe_b64decode(cursor).decode().partition(" ")
    return changed, int(number or 0)
