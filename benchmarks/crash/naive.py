"""The control: the loop that people write, killed in the same way. It doubles.

It reads the approved orders of the CRM, makes each in ERP and WMS, and notes in a file of its own what it has
done; where something goes wrong it tries again. It looks nothing up, since it notes what it did.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import requests
import sqlalchemy as sa

from benchmarks.crash.children import answered
from benchmarks.crash.phases import Phases
from benchmarks.crash.world import World
from simulators.trading.crm import APPROVED
from simulators.trading.erp_service_wsdl import NS, PATH

PHASES = ("opening", "between", "pull", "push", "receipt", "end")

_TRIES, _PATIENCE = 3, 10
_ENVELOPE = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="{ns}"><soap:Body>'
    "<t:CreateOrder><t:Reference>{ref}</t:Reference><t:Customer>{customer}</t:Customer><t:Lines>{lines}</t:Lines>"
    "</t:CreateOrder></soap:Body></soap:Envelope>"
)
_LINE = "<t:Line><t:Pos>{pos}</t:Pos><t:Material>{sku}</t:Material><t:Quantity>{qty}</t:Quantity></t:Line>"


class Naive:
    """The loop, its phases marked where the parent sees them."""

    def __init__(self, folder: Path, world: World) -> None:
        """Keep its notes in `folder`."""
        self.world, self._notes = world, folder / "done.txt"

    def rest(self) -> dict[str, Any]:
        """Let a run end undisturbed; return what the world's own records prove."""
        self.world.ask("well")
        if answered(self._undisturbed) is None:
            return {"error": "a run died undisturbed"}
        self.world.later(20)
        return {**self.world.ask("proof"), "open": []}

    def _undisturbed(self) -> bool:
        self.run(Phases(PHASES, ()))
        return True

    def run(self, phases: Phases) -> None:
        """Go through one run; for a child."""
        phases.enter("opening")
        conns = self.world.connections
        crm, erp, wms = (json.loads(conns[f"AIRFLOW_CONN_{name}"]) for name in ("CRM", "ERP", "WMS"))
        engine = sa.create_engine(wms["extra"]["sqlalchemy_url"])
        phases.enter("between")
        with requests.Session() as http:
            phases.enter("pull")
            done = set(self._notes.read_text("utf-8").split()) if self._notes.exists() else set()
            new = [one for one in _approved(http, crm) if one["ref"] not in done]
            phases.enter("between")
            for order in new:
                phases.enter("push")
                for _ in range(_TRIES):
                    try:
                        _bill(http, erp, order)
                        _store(engine, order)
                    except (requests.RequestException, sa.exc.SQLAlchemyError):
                        continue
                    phases.enter("receipt")
                    with self._notes.open("a", encoding="utf-8") as notes:
                        notes.write(f"{order['ref']}\n")
                    break
                phases.enter("between")
        phases.enter("end")


def _url(conn: Mapping[str, Any]) -> str:
    return f"http://{conn['host']}:{conn['port']}"


def _approved(http: requests.Session, conn: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the approved orders of the CRM, page by page."""
    secret = {"client_id": conn["login"], "client_secret": conn["password"]}
    token = _json(http.post(f"{_url(conn)}/token", data=secret, timeout=_PATIENCE))["access_token"]
    headers, query = {"Authorization": f"Bearer {token}"}, {"limit": "100"}
    while True:
        page = _json(http.get(f"{_url(conn)}/orders", params=query, headers=headers, timeout=_PATIENCE))
        yield from (one for one in page["orders"] if one["status"] == APPROVED)
        if not page["next"]:
            return
        query["cursor"] = page["next"]


def _json(answer: requests.Response) -> Any:
    answer.raise_for_status()
    return answer.json()


def _bill(http: requests.Session, conn: Mapping[str, Any], order: Mapping[str, Any]) -> None:
    """Make an order in the ERP."""
    lines = "".join(_LINE.format(**line) for line in order["lines"])
    body = _ENVELOPE.format(ns=NS, ref=escape(order["ref"]), customer=escape(order["customer"]), lines=lines)
    login = (conn["login"], conn["password"])
    http.post(_url(conn) + PATH, data=body.encode(), auth=login, timeout=_PATIENCE).raise_for_status()


def _store(engine: sa.Engine, order: Mapping[str, Any]) -> None:
    """Make an order in the warehouse's database."""
    lines: Sequence[Mapping[str, Any]] = order["lines"]
    with engine.begin() as conn:
        head = "INSERT INTO outbound (order_ref, state, customer) VALUES (:ref, '00', :customer) RETURNING id"
        said = {"ref": order["ref"], "customer": order["customer_name"]}
        made = conn.execute(sa.text(head), said).scalar_one()
        for line in lines:
            conn.execute(
                sa.text(
                    "INSERT INTO outbound_line (outbound_id, pos, item_code, qty)"
                    " VALUES (:id, :pos, :sku, CAST(:qty AS numeric))"
                ),
                {"id": made, "pos": line["pos"], "sku": line["sku"], "qty": line["qty"]},
            )
