"""A small house: an ERP and a WMS in databases of their own, a hub over both, and a clock to move."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.findings import Finding, list_findings
from hub.mapping import SystemMapping
from hub.mapping.survey import contacts, survey
from hub.rules import Rules, load_rules
from hub.store import Store, tables
from reconciler.result import Result
from reconciler.run import reconcile
from sync.run import Hub, sync_systems

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

HUB_YAML = """
zone: Asia/Shanghai
ownership:
  status:
    - {from: draft, to: confirmed, owner: erp}
    - {from: allocated, to: delivered, owner: wms}
    - {from: completed, to: completed, owner: erp}
  ordered: erp
  shipped: wms
  lines: erp
  extras: [erp, wms]
routes:
  - types: [sample]
    origin: erp
    ends: shipped
    systems: {erp: {from: confirmed, within: 1d}, wms: {from: confirmed, within: 4h}}
  - {origin: erp, systems: {erp: {from: confirmed, within: 1d}, wms: {from: confirmed, within: 4h}}}
grace: {default: 4h, erp: {shipped: 8h}}
quiet: {erp: 400d, wms: 400d}
people:
  erp: {owner: finance, deputy: chief}
"""

ERP_YAML = """
system: erp
connector: sql
connection: erp
time: {zone: Asia/Shanghai, format: iso}
streams:
  orders:
    read:
      table: orders
      cursor: [changed, id]
      overlap: 5m
      nest: {lines: {table: lines, on: {order_id: id}}}
    sweep: {every: 1h}
    key: id
    fields:
      company: company
      order_no: number
      part: document
      status: {from: state, codes: {NEW: draft, OK: confirmed, OUT: shipped, END: completed}}
      side: {from: void, codes: {Y: cancelled}}
      ordered: qty
      occurred_at: {from: changed, says: modified}
    extras:
      order_type: kind
      customer_no: customer
      amount: amount
      currency: {const: CNY}
      due_now: due
      changed_by: editor
      change_reason: reason
      lines: {each: lines, as: {line_no: pos, sku: sku, quantity: qty}}
    links: {customer_po: po}
"""

WMS_YAML = """
system: wms
connector: sql
connection: wms
contact: warehouse-lead
time: {zone: Asia/Shanghai, format: iso}
streams:
  orders:
    read:
      table: orders
      cursor: [changed, id]
      overlap: 5m
      nest: {lines: {table: lines, on: {order_id: id}}}
    sweep: {every: 1h}
    key: id
    fields:
      company: company
      order_no: number
      part: document
      status: {from: state, codes: {NEW: confirmed, PICK: allocated, OUT: shipped, END: delivered}}
      side: {from: void, codes: {Y: cancelled}}
      ordered: qty
      shipped: sent
      occurred_at: {from: changed, says: event}
    extras:
      lines: {each: lines, as: {line_no: pos, sku: sku, quantity: qty}}
"""

_COLUMNS = (
    "id", "company", "number", "document", "state", "void", "qty", "sent", "kind", "customer", "amount",
    "due", "po", "editor", "reason", "changed",
)  # fmt: skip


@dataclass
class House:
    """The two systems as people work in them, and the hub that reads them; `now` is everybody's clock."""

    folder: Path
    store: Store
    now: datetime = START
    hub_yaml: str = HUB_YAML
    sku: dict[str, int] = field(default_factory=lambda: {"A": 10})

    def __post_init__(self) -> None:
        (self.home / "mappings" / "systems").mkdir(parents=True)
        self.write()
        self.engines = {}
        for name in ("erp", "wms"):
            engine = self.engines[name] = sa.create_engine(f"sqlite:///{self.folder / name}.db")
            sa.event.listen(engine, "connect", lambda raw, _: raw.execute("pragma synchronous=off"))
            with engine.begin() as conn:
                columns = ", ".join(f"{column} text" for column in _COLUMNS[1:])
                conn.exec_driver_sql(f"create table orders (id text primary key, {columns})")
                conn.exec_driver_sql(
                    "create table lines (order_id text, pos text, sku text, qty text,"
                    " primary key (order_id, pos))"
                )

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @cached_property
    def rules(self) -> Rules:
        return load_rules(self.home)

    @cached_property
    def systems(self) -> dict[str, SystemMapping]:
        mappings, wrong = survey(self.home)
        assert not wrong, [str(error) for error in wrong]
        return mappings

    def write(self, **mappings: str) -> None:
        (self.home / "mappings" / "hub.yaml").write_text(self.hub_yaml, "utf-8")
        for name, text in {"erp": ERP_YAML, "wms": WMS_YAML, **mappings}.items():
            (self.home / "mappings" / "systems" / f"{name}.yaml").write_text(text, "utf-8")
        for name in ("rules", "systems"):  # read anew
            self.__dict__.pop(name, None)

    def put(self, system: str, number: str, lines: dict[str, int] | None = None, **said: Any) -> None:
        """Write an order into a system as of now; what is not said stays, or is plain at its birth."""
        key = str(said.pop("id", number))
        engine = self.engines[system]
        with engine.begin() as conn:
            old = conn.exec_driver_sql("select * from orders where id = ?", (key,)).mappings().one_or_none()
            plain = {
                "company": "C1",
                "void": "N",
                "sent": "0",
                "document": key,
                "customer": "K1",
                "amount": "1000",
            }
            row = {**dict.fromkeys(_COLUMNS), **plain, **(dict(old) if old else {}), **said}
            row |= {"id": key, "number": number, "changed": self.local(row.pop("at", None) or self.now)}
            goods = lines if lines is not None else None if old else self.sku
            if goods is not None:
                row["qty"] = str(sum(goods.values()))
                conn.exec_driver_sql("delete from lines where order_id = ?", (key,))
                for pos, (sku, quantity) in enumerate(goods.items(), 1):
                    conn.exec_driver_sql(
                        "insert into lines values (?, ?, ?, ?)", (key, str(pos), sku, str(quantity))
                    )
            marks = ", ".join("?" * len(_COLUMNS))
            values = tuple(row[name] for name in _COLUMNS)
            conn.exec_driver_sql(f"insert or replace into orders values ({marks})", values)

    def erp(self, number: str, state: str = "OK", **said: Any) -> None:
        self.put("erp", number, state=state, **said)

    def wms(self, number: str, state: str = "NEW", **said: Any) -> None:
        self.put("wms", number, state=state, **said)

    def both(self, number: str, **said: Any) -> None:
        """Write an order that was confirmed in the ERP and taken over by the WMS."""
        self.erp(number, **said)
        self.wms(number, **{name: said[name] for name in ("lines", "company") if name in said})

    def delete(self, system: str, key: str) -> None:
        with self.engines[system].begin() as conn:
            conn.exec_driver_sql("delete from lines where order_id = ?", (key,))
            conn.exec_driver_sql("delete from orders where id = ?", (key,))

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def look(self) -> Result:
        """Synchronise everything and reconcile, now."""
        mappings = self.systems
        env = {
            f"AIRFLOW_CONN_{name.upper()}": json.dumps(
                {"conn_type": "sql", "extra": {"sqlalchemy_url": f"sqlite:///{self.folder / name}.db"}}
            )
            for name in self.engines
        }
        hub = Hub(self.store, self.rules, mappings, lambda: self.now, env)
        for one in sync_systems(hub, sorted(mappings)):
            assert not one.errors, one.errors
        return reconcile(self.store, self.rules.with_contacts(contacts(mappings)), self.now)

    def found(self) -> list[tuple[str, str, str]]:
        """Synchronise, reconcile, and return what asks for somebody: class, order, system."""
        return [(one.kind, one.order_no, one.system) for one in self.look().findings]

    def stored(self, **filters: Any) -> list[Finding]:
        with self.store.read() as conn:
            return list_findings(conn, **filters)

    def marks(self) -> int:
        with self.store.read() as conn:
            d = tables.dirty.c
            return int(conn.execute(sa.select(sa.func.count()).where(d.consumer == "history")).scalar_one())

    @staticmethod
    def local(moment: datetime | str) -> str:
        if isinstance(moment, str):
            return moment
        return (moment + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")
