"""The ERP's books over HTTP and JSON: lists by change, clearings posted and reversed, errors by code."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from simulators.trading.desk import Refused
from simulators.trading.erp_service import utc
from simulators.trading.faults import Interrupted
from simulators.trading.finance import CLEARING, RECEIVABLE, Finance
from simulators.trading.journal import HUB
from simulators.trading.records import Record, Unknown
from simulators.trading.serving import Asked, Reply, garbage

PATH = "/finance"
LONGEST_PAGE = 100

_LISTS = {f"{PATH}/receivables": RECEIVABLE, f"{PATH}/clearings": CLEARING}


class FinanceService:
    """Answers the calls of the service."""

    def __init__(self, finance: Finance) -> None:
        """Take the books behind it."""
        self._finance = finance

    def answer(self, asked: Asked) -> Reply | None:
        """Answer one call; None hangs up."""
        try:
            return self._done(asked)
        except Interrupted as error:
            return _interrupted(error)
        except Refused as error:
            return _said({"code": error.code, "text": error.text}, 422)
        except Unknown as error:
            return _said({"code": "F5262", "text": f"document {error} does not exist"}, 404)
        except (ValueError, KeyError, TypeError) as error:
            return _said({"code": "F5000", "text": f"not understood: {error}"}, 400)

    def _done(self, asked: Asked) -> Reply:
        *_, number, last = ("", *asked.path.split("/"))
        if asked.method == "GET" and asked.path in _LISTS:
            kind, query = _LISTS[asked.path], asked.query
            found = self._referred(query["reference"]) if "reference" in query else None
            return _listed(found, False) if found is not None else self._changed(kind, asked)
        if asked.method == "POST" and asked.path == f"{PATH}/clearings":
            said = json.loads(asked.body)
            made = self._finance.post(said["reference"], int(said["receivable"]), said, HUB, asked.body)
            return _said({"number": str(made.number)}, 201)
        if asked.method == "POST" and last == "reverse":
            self._finance.reverse(int(number), HUB, asked.body)
            return _said({"number": number})
        return _said({"code": "F5001", "text": f"nothing here: {asked.method} {asked.path}"}, 405)

    def _referred(self, ref: str) -> list[Record]:
        records = self._finance.desk.records

        def work(conn: sa.Connection, at: datetime | None) -> list[Record]:
            return [one for one in records.find(conn, ref, at) if one.body["kind"] == CLEARING]

        return self._finance.desk.read("find_clearing", ref, work)

    def _changed(self, kind: str, asked: Asked) -> Reply:
        query = asked.query
        limit = min(int(query.get("max") or LONGEST_PAGE), LONGEST_PAGE)
        changed, _, number = query.get("after", "").partition(" ")
        since, place = utc(query.get("changed_from", "")), (changed, int(number or 0))

        def work(conn: sa.Connection, at: datetime | None) -> list[Record]:
            all_of = self._finance.desk.records.changed(conn, since, place, at=at)
            return [one for one in all_of if one.body["kind"] == kind][: limit + 1]

        found = self._finance.desk.read(f"list_{kind}s", "", work)
        return _listed(found[:limit], len(found) > limit)


def _listed(records: list[Record], more: bool) -> Reply:
    last = records[-1] if more else None
    return _said(
        {
            "rows": [_row(one) for one in records],
            "next": f"{last.changed} {last.number}" if last else None,
        }
    )


def _row(record: Record) -> dict[str, Any]:
    body = {name: value for name, value in record.body.items() if name != "kind"}
    ref = "order" if record.body["kind"] == RECEIVABLE else "reference"
    return {"number": str(record.number), ref: record.ref, "changed": record.changed, **body}


def _interrupted(error: Interrupted) -> Reply | None:
    ways: dict[str, Callable[[], Reply]] = {
        "500_before": lambda: _said({"code": "F5900", "text": "short dump"}, 500),
        "500_after": lambda: _said({"code": "F5900", "text": "short dump"}, 500),
        "429": lambda: Reply(429, b"", {"Retry-After": error.value or "1"}),
        "locked": lambda: _said({"code": "F5104", "text": f"blocked by user {error.value or 'WANGJG'}"}, 423),
    }
    made = ways.get(error.way)
    return made() if made else garbage(error)


def _said(body: dict[str, Any], status: int = 200) -> Reply:
    content = json.dumps(body, ensure_ascii=False).encode()
    return Reply(status, content, {"Content-Type": "application/json; charset=utf-8"})
