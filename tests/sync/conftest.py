"""A small company: a warehouse in a real database, a carrier that drops CSV files, and a hub over both."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import Store
from hub.store.tables import metadata, orders, views
from sync.run import Hub, SyncResult, sync_systems

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

HUB_YAML = """
zone: Asia/Shanghai
limits: {quantity: 100000, text: 64kB, bad_share: 40%}
ownership:
  status:
    - {from: draft, to: shipped, owner: wms}
    - {from: in_transit, to: completed, owner: tms}
  ordered: wms
  shipped: wms
  extras: [wms, tms]
routes:
  - origin: wms
    systems: {wms: {from: confirmed, within: 1h}, tms: {from: shipped, within: 4h}}
"""

WMS_YAML = """
system: wms
connector: sql
connection: wms
time: {zone: Asia/Shanghai, format: iso}
streams:
  outbound:
    read: {table: outbound, cursor: [changed, id], overlap: 5m, size: 3}
    sweep: {every: 1h}
    key: id
    fields:
      company: company
      order_no: {from: order_ref, strip: "0"}
      part: delivery
      status: {from: state, codes: {NEW: confirmed, PICK: allocated, SENT: shipped}}
      side: {from: state, codes: {VOID: cancelled}}
      ordered: qty
      shipped: sent
      occurred_at: {from: changed, says: modified}
    extras: {customer_name: customer}
    links: {delivery: delivery}
"""

TMS_YAML = """
system: tms
connector: files
connection: tms
time: {format: iso}
streams:
  events:
    yields: event
    read: {file: "EV_*.csv", done: "{{ stem }}.ok"}
    key: event
    fields:
      event_id: event
      replaces: replaces
      company: {const: C1}
      order_no: [order, {link: delivery, from: note}]
      part: shipment
      status: {from: code, codes: {DEP: shipped, ARR: delivered}}
      shipped: qty
      occurred_at: {from: at, says: event}
"""

UNITS = "sku,unit,factor\n"

COLUMNS = ("id", "company", "order_ref", "delivery", "state", "qty", "sent", "customer", "changed")
EVENT = ("event", "order", "note", "shipment", "code", "qty", "at", "replaces")


@dataclass
class Company:
    """The systems as people work in them, and the hub that reads them; `now` is the hub's clock."""

    folder: Path
    store: Store
    now: datetime = START
    drops: int = 0
    mappings: dict[str, str] = field(default_factory=lambda: {"wms": WMS_YAML, "tms": TMS_YAML})

    def __post_init__(self) -> None:
        for name in ("home/mappings/systems", "drop"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.write_mappings()
        self.wms = sa.create_engine(f"sqlite:///{self.folder / 'wms.db'}")
        with self.wms.begin() as conn:
            conn.exec_driver_sql(
                "create table outbound (id integer primary key, company text, order_ref text, delivery text,"
                " state text, qty text, sent text, customer text, changed text)"
            )

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def env(self) -> dict[str, str]:
        return {
            "AIRFLOW_CONN_WMS": json.dumps(
                {"conn_type": "sql", "extra": {"sqlalchemy_url": f"sqlite:///{self.folder / 'wms.db'}"}}
            ),
            "AIRFLOW_CONN_TMS": json.dumps({"conn_type": "fs", "extra": {"path": str(self.folder / "drop")}}),
        }

    def write_mappings(self) -> None:
        (self.home / "mappings" / "hub.yaml").write_text(HUB_YAML, "utf-8")
        (self.home / "mappings" / "units.csv").write_text(UNITS, "utf-8")
        for name, text in self.mappings.items():
            (self.home / "mappings" / "systems" / f"{name}.yaml").write_text(text, "utf-8")

    def hub(self) -> Hub:
        mappings, wrong = survey(self.home)
        assert not wrong, [str(error) for error in wrong]
        return Hub(self.store, load_rules(self.home), mappings, lambda: self.now, self.env)

    def sync(self, *systems: str) -> dict[str, SyncResult]:
        return {one.system: one for one in sync_systems(self.hub(), systems or ("wms", "tms"))}

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def outbound(self, number: int, **values: Any) -> None:
        """Write a row of the warehouse; what is not said is as usual, its change stamp the hub's time."""
        row: dict[str, Any] = {"company": "C1", "order_ref": f"{number:06}", "delivery": f"D{number}"}
        row |= {
            "state": "NEW",
            "qty": "10",
            "sent": "0",
            "customer": "Ace",
            "changed": self.local(),
            "id": number,
        } | values
        with self.wms.begin() as conn:
            marks = ", ".join(f":{name}" for name in COLUMNS)
            conn.execute(sa.text(f"insert or replace into outbound values ({marks})"), row)

    def local(self, moment: datetime | None = None) -> str:
        shanghai = (moment or self.now) + timedelta(hours=8)
        return shanghai.strftime("%Y-%m-%d %H:%M:%S")

    def drop(self, *events: Mapping[str, str], done: bool = True) -> str:
        """Drop one file of events; return its stem."""
        self.drops += 1
        stem = f"EV_{self.drops:04}"
        lines = [",".join(EVENT)]
        lines += [",".join(str(event.get(name, "")) for name in EVENT) for event in events]
        (self.folder / "drop" / f"{stem}.csv").write_text("\n".join(lines) + "\n", "utf-8")
        if done:
            (self.folder / "drop" / f"{stem}.ok").touch()
        return stem

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        with self.store.read() as conn:
            keys = list(table.primary_key)
            return [dict(row._mapping) for row in conn.execute(sa.select(table).order_by(*keys))]

    def order(self, order_no: str) -> dict[str, Any]:
        return next(row for row in self.rows(orders) if row["order_no"] == order_no)

    def view(self, order_no: str, system: str) -> dict[str, Any] | None:
        found = [row for row in self.rows(views) if (row["order_no"], row["system"]) == (order_no, system)]
        return found[0] if found else None

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Return every row of the store, but for leases, which say who worked last."""
        return {table.name: self.rows(table) for table in metadata.sorted_tables if table.name != "leases"}


@pytest.fixture
def company(tmp_path: Path, store: Store) -> Iterator[Company]:
    here = Company(tmp_path / "company", store)
    yield here
    here.wms.dispose()
