"""The ERP's plain order service: document/literal, one call does it all. What is wrong is said in `Code`."""

from __future__ import annotations

from datetime import datetime
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import sqlalchemy as sa

from simulators.clock import ZONE
from simulators.erp.envelope import NAMESPACE, fault
from simulators.trading.database import stamp
from simulators.trading.desk import Refused
from simulators.trading.erp import LOCKED, Erp, locked_text
from simulators.trading.erp_service_wsdl import NS
from simulators.trading.faults import Interrupted
from simulators.trading.journal import HUB
from simulators.trading.records import Body, Record, Stale, Unknown
from simulators.trading.serving import Reply, garbage

LONGEST_PAGE = 100
_WRITTEN = {"Status": "status", "Shipped": "shipped", "Block": "block", "Rejected": "rejected"}


class OrderService:
    """Answers the calls of the service."""

    def __init__(self, erp: Erp) -> None:
        """Take the ERP behind it."""
        self._erp = erp
        self._operations = {
            "CreateOrder": self._create,
            "ChangeOrder": self._change,
            "GetOrders": self._orders,
            "FindOrder": self._find,
        }

    def answer(self, body: bytes) -> Reply | None:
        """Answer one call; None hangs up."""
        try:
            call = ElementTree.fromstring(body).find(f"{{{NAMESPACE}}}Body/*")
        except ElementTree.ParseError as error:
            return _xml(fault("SOAP-ENV:Client", str(error)), 500)
        name = "" if call is None else call.tag.rpartition("}")[2]
        if call is None or name not in self._operations:
            return _xml(fault("SOAP-ENV:Client", f"no such operation: {name}"), 500)
        try:
            inner = self._operations[name](_read(call), body)
        except Interrupted as error:
            return _interrupted(error, name)
        except Refused as error:
            inner = _said(error.code, error.text)
        except Stale as error:
            inner = _said("STALE", str(error))
        except Unknown as error:
            inner = _said("V1045", f"sales document {error} does not exist")
        return _answered(name, inner)

    def _create(self, said: Body, content: bytes) -> str:
        order = {"customer": said.get("Customer", ""), "lines": said.get("Lines", [])} | _written(said)
        made = self._erp.create(said.get("Reference", ""), order, HUB, content)
        return f"{_said('0')}<Number>{made.number}</Number><Version>{made.version}</Version>"

    def _change(self, said: Body, content: bytes) -> str:
        version = int(said["Version"]) if said.get("Version") else None
        changes = _written(said) | ({"lines": said["Lines"]} if "Lines" in said else {})
        changed = self._erp.change(_number(said.get("Number", "")), changes, HUB, version, content)
        return f"{_said('0')}<Version>{changed.version}</Version>"

    def _orders(self, said: Body, _: bytes) -> str:
        if said.get("Number"):
            number = _number(said["Number"])
            records = self._erp.desk.records
            found = self._erp.desk.read("get", "", lambda conn, at: [records.get(conn, number, at)])
            return f"{_said('0')}{_listed(found)}"
        limit = min(int(said.get("Max") or LONGEST_PAGE), LONGEST_PAGE)
        since, (changed, _, last) = utc(said.get("Since", "")), said.get("Cursor", "").partition(" ")

        def work(conn: sa.Connection, at: datetime | None) -> list[Record]:
            place = changed, int(last or 0)
            return self._erp.desk.records.changed(conn, since, place, limit + 1, at)

        found = self._erp.desk.read("list", "", work)
        page = found[:limit]
        following = f"<Next>{page[-1].changed} {page[-1].number}</Next>" if len(found) > limit else ""
        return f"{_said('0')}{_listed(page)}{following}"

    def _find(self, said: Body, _: bytes) -> str:
        ref, records = said.get("Reference", ""), self._erp.desk.records
        found = self._erp.desk.read("find", ref, lambda conn, at: records.find(conn, ref, at))
        return f"{_said('0')}{_listed(found)}"


def _read(call: ElementTree.Element) -> Body:
    said: Body = {}
    for child in call:
        name = child.tag.rpartition("}")[2]
        said[name] = [_line(line) for line in child] if name == "Lines" else (child.text or "").strip()
    return said


def _line(element: ElementTree.Element) -> Body:
    texts = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element}
    return {"pos": texts.get("Pos", "0"), "material": texts.get("Material"), "qty": texts.get("Quantity")}


def _written(said: Body) -> Body:
    return {ours: said[name] for name, ours in _WRITTEN.items() if name in said}


def _number(text: str) -> int:
    if not text.isdecimal():
        raise Unknown(text)
    return int(text)


def _said(code: str, text: str = "") -> str:
    return f"<Code>{code}</Code><Text>{escape(text)}</Text>"


def _listed(records: list[Record]) -> str:
    return f"<Orders>{''.join(map(_order, records))}</Orders>"


def _order(record: Record) -> str:
    body = record.body
    cells = {
        "Number": str(record.number),
        "Reference": record.ref,
        "Customer": body["customer"],
        "Status": body["status"],
        "Block": body["block"],
        "Rejected": body["rejected"],
        "Shipped": body["shipped"],
        "Money": body["money"],
        "Changed": _local(record.changed),
        "Version": str(record.version),
    }
    lines = "".join(
        f"<Line><Pos>{line['pos']}</Pos><Material>{escape(line['material'])}</Material>"
        f"<Quantity>{line['qty']}</Quantity></Line>"
        for line in body["lines"]
    )
    texts = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in cells.items())
    return f"<Order>{texts}<Lines>{lines}</Lines></Order>"


def _local(changed: str) -> str:
    """Return a stamp as the ERP writes it: local time, milliseconds, no zone."""
    local = datetime.fromisoformat(changed).astimezone(ZONE)
    return local.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def utc(text: str) -> str:
    """Return a stamp of a caller, who means the ERP's local time where he says no zone."""
    if not text:
        return ""
    moment = datetime.fromisoformat(text)
    return stamp(moment if moment.tzinfo else moment.replace(tzinfo=ZONE))


def _answered(name: str, inner: str) -> Reply:
    content = f'<{name}Response xmlns="{NS}">{inner}</{name}Response>'
    head = f'<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="{NAMESPACE}"><e:Body>'
    return _xml(f"{head}{content}</e:Body></e:Envelope>")


def _interrupted(error: Interrupted, name: str) -> Reply | None:
    match error.way:
        case "500_before" | "500_after":
            return _xml(fault("SOAP-ENV:Server", "TIME_OUT"), 500)
        case "429":
            return Reply(429, b"", {"Retry-After": error.value or "1", "Content-Type": "text/plain"})
        case "locked":
            return _answered(name, _said(LOCKED, locked_text(0, error.value or "WANGJG")))
    return garbage(error)


def _xml(text: str, status: int = 200) -> Reply:
    return Reply(status, text.encode(), {"Content-Type": "text/xml; charset=utf-8"})
