"""A house in which orders are born in a shop, shipped by a warehouse and billed by a ledger: all live.

Three real databases, one mapping each; people work in them with SQL, the hub through its connectors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import Store
from hub.store.tables import outbox
from sync.out.adopt import Adopted, adopt
from sync.run import Hub, SyncResult, sync_systems

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SYSTEMS = ("ledger", "shop", "wms")

HUB_YAML = """
zone: UTC
company: C1
ownership:
  status:
    - {from: draft, to: confirmed, owner: shop}
    - {from: allocated, to: shipped, owner: wms}
    - {from: in_transit, to: completed, owner: ledger}
  ordered: shop
  shipped: wms
  lines: shop
  extras: [shop, wms, ledger]
routes:
  - origin: shop
    systems:
      shop: {from: draft, within: 1h}
      wms: {from: confirmed, within: 1h}
      ledger: {from: confirmed, within: 1h}
grace: {default: 1h}
fuse: {rules: []}
"""

_READ = """
system: {system}
connector: sql
connection: {system}
mode: live
time: {{zone: UTC, format: "%Y-%m-%d %H:%M:%S.%f"}}
streams:
  orders:
    read: {{table: orders, cursor: [changed, id], overlap: 1m, size: 50}}
    sweep: {{every: 12h}}
    key: id
    version: rev
    fields:
      order_no: ref
      part: id
      status: {{from: state, codes: {codes}}}
      side: {{from: flag, codes: {{X: cancelled, H: on_hold}}}}
      ordered: qty
      shipped: sent
      occurred_at: {{from: changed, says: modified}}
    extras: {{customer_name: customer, salesperson: seller, amount: worth, currency: {{const: CNY}}}}

"""

_UPDATE = "UPDATE orders SET {sets}, rev = rev + 1 WHERE id = :part AND rev = :version"
"""How every field is written: guarded by the version that was read."""


def _update(field: str, sets: str) -> str:
    return f'      {field}: {{sql: "{_UPDATE.format(sets=sets)}"}}\n'


SHOP = (
    _READ.format(
        system="shop",
        codes="{D: draft, A: confirmed, W: allocated, S: shipped, C: completed}",
    )
    + """writes:
  order:
    stream: orders
    find: {table: orders, where: "ref = :order_no"}
    update:
"""
    + _update("status", "state = :status")
    + _update("shipped", "sent = :shipped")
)

WMS = (
    _READ.format(system="wms", codes='{"00": confirmed, "10": allocated, "20": ready, "90": shipped}')
    + """writes:
  outbound:
    stream: orders
    find: {table: orders, where: "ref = :order_no"}
    create:
      sql: >
        INSERT INTO orders (ref, state, qty, customer, changed)
        VALUES (:order_no, '00', :ordered, :customer_name, :occurred_at)
    update:
"""
    + _update("ordered", "qty = :ordered")
    + _update("customer_name", "customer = :customer_name")
    + """
      status:
        cancelled: {sql: "UPDATE orders SET flag = 'X', rev = rev + 1 WHERE id = :part AND rev = :version"}
        on_hold: {sql: "UPDATE orders SET flag = 'H', rev = rev + 1 WHERE id = :part AND rev = :version"}
        confirmed: {sql: "UPDATE orders SET flag = '', rev = rev + 1 WHERE id = :part", if: view.on_hold}
        allocated: {sql: "UPDATE orders SET flag = '', rev = rev + 1 WHERE id = :part", if: view.on_hold}
"""
)

LEDGER = (
    _READ.format(system="ledger", codes="{open: confirmed, shipped: shipped, closed: completed}")
    + """writes:
  posting:
    stream: orders
    find: {table: orders, where: "ref = :order_no"}
    create:
      sql: >
        INSERT INTO orders (ref, state, qty, customer, worth, changed)
        VALUES (:order_no, 'open', :ordered, :customer_name, :amount, :occurred_at)
    update:
"""
    + _update("status", "state = :status")
    + _update("ordered", "qty = :ordered")
    + _update("shipped", "sent = :shipped")
)

_TABLE = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, ref TEXT, state TEXT, flag TEXT NOT NULL DEFAULT '',
  qty NUMERIC, sent NUMERIC, customer TEXT, seller TEXT, worth NUMERIC, rev INTEGER NOT NULL DEFAULT 1,
  changed TEXT)
"""
_MOVED = """
CREATE TRIGGER moved AFTER UPDATE ON orders WHEN new.changed = old.changed BEGIN
  UPDATE orders SET changed = (SELECT at FROM clock) WHERE id = new.id;
END
"""
_WRITTEN = """
CREATE TRIGGER {name} AFTER {event} ON orders WHEN {when} BEGIN
  INSERT INTO journal (what, ref, state, qty, sent, flag)
  VALUES ('{event}', new.ref, new.state, new.qty, new.sent, new.flag);
END
"""


@dataclass
class House:
    """The three systems as people work in them, and the hub over all; `now` is the time of everybody."""

    folder: Path
    store: Store
    now: datetime = START
    hub_yaml: str = HUB_YAML
    mappings: dict[str, str] = field(default_factory=lambda: {"shop": SHOP, "wms": WMS, "ledger": LEDGER})

    def __post_init__(self) -> None:
        (self.folder / "home/mappings/systems").mkdir(parents=True, exist_ok=True)
        self.engines = {name: self._database(name) for name in self.mappings}
        self.write_mappings()

    def _database(self, name: str) -> sa.Engine:
        engine = sa.create_engine(f"sqlite:///{self.folder / name}.db")
        with engine.begin() as conn:
            for statement in (
                _TABLE,
                "CREATE TABLE clock (at TEXT)",
                "INSERT INTO clock VALUES ('')",
                "CREATE TABLE journal (id INTEGER PRIMARY KEY, what TEXT, ref TEXT, state TEXT, qty NUMERIC,"
                " sent NUMERIC, flag TEXT)",
                _WRITTEN.format(name="born", event="INSERT", when="1"),
                _WRITTEN.format(name="edited", event="UPDATE", when="new.rev <> old.rev"),
                _MOVED,
            ):
                conn.exec_driver_sql(statement)
        return engine

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def env(self) -> dict[str, str]:
        return {
            f"AIRFLOW_CONN_{name.upper()}": json.dumps(
                {"conn_type": "sql", "extra": {"sqlalchemy_url": f"sqlite:///{self.folder / name}.db"}}
            )
            for name in self.mappings
        }

    def write_mappings(self) -> None:
        (self.home / "mappings" / "hub.yaml").write_text(self.hub_yaml, "utf-8")
        for name, text in self.mappings.items():
            (self.home / "mappings" / "systems" / f"{name}.yaml").write_text(text, "utf-8")

    def hub(self) -> Hub:
        mappings, wrong = survey(self.home)
        assert not wrong, [str(error) for error in wrong]
        return Hub(self.store, load_rules(self.home), mappings, lambda: self.now, self.env)

    def adopt(self, *systems: str) -> dict[str, Adopted]:
        hub = self.hub()
        return {one: adopt(self.store, hub.out, one, "tester", self.now) for one in systems or self.mappings}

    def sync(self, times: int = 1) -> list[SyncResult]:
        """Run the hub as its schedule does, some seconds apart."""
        results: list[SyncResult] = []
        for _ in range(times):
            self.later(seconds=10)
            results = sync_systems(self.hub(), list(self.mappings))
            assert not [error for one in results for error in one.errors]
        return results

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def born(self, ref: str, **values: Any) -> None:
        """Let an order be born in the shop."""
        row = {"ref": ref, "state": "A", "qty": 10, "customer": "Ace", "worth": 100}
        row |= {"changed": self._stamp()} | values
        self.run("shop", f"INSERT INTO orders ({', '.join(row)}) VALUES (:{', :'.join(row)})", **row)

    def edit(self, system: str, ref: str, **values: Any) -> None:
        """Let somebody change an order by hand."""
        sets = ", ".join(f"{name} = :{name}" for name in values)
        self.run(system, f"UPDATE orders SET {sets}, rev = rev + 1 WHERE ref = :ref", ref=ref, **values)

    def run(self, system: str, sql: str, **values: Any) -> None:
        with self.engines[system].begin() as conn:
            conn.execute(sa.text("UPDATE clock SET at = :at"), {"at": self._stamp()})
            conn.execute(sa.text(sql), values)

    def holds(self, system: str, ref: str) -> dict[str, Any] | None:
        """Return what a system holds of an order, None if it does not know it; several are an error."""
        with self.engines[system].connect() as conn:
            found = conn.execute(sa.text("SELECT * FROM orders WHERE ref = :ref"), {"ref": ref}).all()
        assert len(found) < 2, f"{system} holds {ref} {len(found)} times"
        return dict(found[0]._mapping) if found else None

    def quantity(self, system: str, order: str) -> Any:
        """Return the quantity of an order that a system holds."""
        held = self.holds(system, order)
        assert held is not None, f"{system} does not hold {order}"
        return held["qty"]

    def dispute(self) -> None:
        """Let S1 be changed in the shop and in the warehouse, each in its own way."""
        self.born("S1", qty=10)
        self.sync(3)
        self.edit("shop", "S1", qty=12)
        self.edit("wms", "S1", qty=11)
        self.sync(3)

    def journal(self, system: str) -> list[Mapping[str, Any]]:
        """Return every write that a system saw, whoever made it."""
        with self.engines[system].connect() as conn:
            return [dict(row._mapping) for row in conn.execute(sa.text("SELECT * FROM journal ORDER BY id"))]

    def changes(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return rows of the outbox with these values, oldest first."""
        with self.store.read() as conn:
            rows = [dict(row._mapping) for row in conn.execute(sa.select(outbox).order_by(outbox.c.id))]
        return [row for row in rows if all(row[name] == value for name, value in wanted.items())]

    def _stamp(self) -> str:
        return self.now.strftime("%Y-%m-%d %H:%M:%S.%f")

    def close(self) -> None:
        for engine in self.engines.values():
            engine.dispose()
