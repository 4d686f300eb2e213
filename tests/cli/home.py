"""A small hub to command: an ERP's CSV drop and a WMS's SQLite database, each with its own words."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from cli.main import app
from hub.store import make_key

HUB = """
locale: en
zone: Asia/Shanghai
ownership:
  status:
    - {from: draft, to: confirmed, owner: erp}
    - {from: allocated, to: completed, owner: wms}
  ordered: erp
  shipped: wms
  extras: [erp, wms]
routes:
  - origin: erp
    systems: {erp: {from: confirmed, within: 1h}, wms: {from: confirmed, within: 1h}}
grace: {default: 1h}
sla: {confirmed: 0d, allocated: 0d, ready: 0d, partly_shipped: 0d, shipped: 0d, in_transit: 0d}
quiet: {erp: 3650d, wms: 3650d}
people: {wms: {owner: warehouse-lead}}
"""

ERP = """
system: erp
connector: files
connection: erp
time: {zone: UTC, format: iso}
streams:
  orders:
    read: {file: "orders_*.csv"}
    key: join('/', [company, no])
    fields:
      company: company
      order_no: no
      status: {from: state, codes: {C: confirmed, S: shipped}}
      ordered: qty
      shipped: sent
      occurred_at: {from: changed, says: modified}
    extras: {customer_name: customer, amount: amount, currency: currency}
    examples:
      - record: &one {company: N1, no: SO1, state: C, qty: 10, sent: 0, changed: "2026-01-05T08:00:00"}
        gives: {company: N1, order_no: SO1, status: confirmed, occurred_at: "2026-01-05T08:00:00Z"}
      - record: {<<: *one, state: S}
        gives: {status: shipped}
"""

WMS = """
system: wms
connector: sql
connection: wms
time: {zone: Asia/Shanghai, format: iso}
streams:
  deliveries:
    read: {table: delivery, cursor: [changed, id]}
    fields:
      company: company
      order_no: order_no
      part: id
      status: {from: state, codes: {NEW: confirmed, PICK: allocated, SENT: shipped}}
      ordered: qty
      shipped: sent
      occurred_at: {from: changed, says: event}
    links: {delivery: id}
    examples:
      - record: &one {id: D1, company: N1, order_no: SO1, state: NEW, qty: 1, changed: "2026-01-05 16:00:00"}
        gives: {order_no: SO1, part: D1, status: confirmed, occurred_at: "2026-01-05T08:00:00Z"}
      - record: {<<: *one, state: PICK}
        gives: {status: allocated}
      - record: {<<: *one, state: SENT}
        gives: {status: shipped}
"""

HEADER = "company,no,state,qty,sent,changed,customer,amount,currency"
ORDERS = (
    "N1,SO1,S,10,10,2026-01-05T08:00:00,Ada,100.50,CNY",
    "N1,SO2,C,5,0,2026-01-05T09:00:00,=Bob,20,CNY",
    "N2,SO1,C,7,0,2026-01-05T10:00:00,Eve,-3,CNY",
    "N1,SO3,C,x7,0,2026-01-05T11:00:00,Kim,1,CNY",
)
"""SO1 agrees, SO2 differs in quantity, N2/SO1 is missing in the WMS, SO3 cannot be read."""

DELIVERIES = (
    ("D1", "N1", "SO1", "SENT", 10, 10, "2026-01-05 16:30:00"),
    ("D2", "N1", "SO2", "NEW", 6, 0, "2026-01-05 17:00:00"),
)


@dataclass(frozen=True, slots=True)
class Home:
    """The hub's folder and what its commands see of the environment."""

    path: Path
    env: dict[str, str]

    def run(self, *args: str, **env: str) -> Result:
        """Run `orderhub` with `args` in this process."""
        return CliRunner().invoke(app, list(args), env={**self.env, **env})

    def json(self, *args: str, code: int = 0) -> Any:
        """Return what a command answers with --json; it must exit with `code`; stdout is pure JSON."""
        done = self.run(*args, "--json")
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    def drop(self, name: str, rows: Sequence[str]) -> None:
        """Drop a file of the ERP."""
        (self.path / "drop" / name).write_text("\n".join([HEADER, *rows]) + "\n", "utf-8")

    def deliver(self, rows: Iterable[Sequence[object]]) -> None:
        """Put rows into the WMS's table, over those with the same id."""
        with sqlite3.connect(self.path / "wms.db") as wms:
            wms.executemany("INSERT OR REPLACE INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        wms.close()

    def read(self) -> None:
        """Sync and reconcile, so that there is something to look at."""
        assert self.run("sync").exit_code == 0
        assert self.run("reconcile").exit_code == 0


KEY = make_key()


def home_in(path: Path) -> Home:
    """Return the home that lies in `path`."""
    env = {
        "ORDERHUB_HOME": str(path),
        "ORDERHUB_STORE": f"sqlite:///{path / 'hub.db'}",
        "ORDERHUB_KEY": KEY,
        "ORDERHUB_LOCALE": "",
        "AIRFLOW_CONN_ERP": json.dumps({"conn_type": "file", "extra": {"path": str(path / "drop")}}),
        "AIRFLOW_CONN_WMS": f"sqlite:///{path / 'wms.db'}",
        "COLUMNS": "100",
        "TZ": "UTC",
    }
    return Home(path, env)


def make_home(path: Path) -> Home:
    """Make a home in `path`; its store has no tables yet."""
    systems = path / "mappings" / "systems"
    systems.mkdir(parents=True)
    (path / "mappings" / "hub.yaml").write_text(HUB, "utf-8")
    (systems / "erp.yaml").write_text(ERP, "utf-8")
    (systems / "wms.yaml").write_text(WMS, "utf-8")
    (path / "drop").mkdir()
    with sqlite3.connect(path / "wms.db") as wms:
        wms.execute(
            "CREATE TABLE delivery (id TEXT PRIMARY KEY, company TEXT, order_no TEXT, state TEXT,"
            " qty INTEGER, sent INTEGER, changed TEXT)"
        )
    wms.close()
    return home_in(path)
