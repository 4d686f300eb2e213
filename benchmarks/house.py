"""A small house of systems for tests by kill and by crowd: its folders, its days, and a hub over it.

A warehouse in a SQLite database, a carrier's and a bank's files. `write_day` puts the systems into the state
of a day: later days bring news, corrections, bad records, links that come late, and rows that are gone.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import Store
from sync.run import Hub

START = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

HUB_YAML = """
zone: Asia/Shanghai
limits: {bad_share: 40%, gone_share: 40%}
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

WMS = """
system: wms
connector: sql
connection: wms
time: {zone: Asia/Shanghai, format: iso}
streams:
  outbound:
    read: {table: outbound, cursor: [changed, id], overlap: 5m, size: 8}
    sweep: {every: 1h}
    key: id
    fields:
      company: company
      order_no: {from: order_ref, strip: "0"}
      part: delivery
      status: {from: state, codes: {NEW: confirmed, PICK: allocated, SENT: shipped}}
      ordered: qty
      shipped: sent
      occurred_at: {from: changed, says: modified}
    extras: {customer_name: customer}
    links: {delivery: delivery}
"""
REMAPPED = WMS.replace("PICK: allocated", "PICK: in_production").replace(
    "customer_name:", "note: state, customer_name:"
)

TMS = """
system: tms
connector: files
connection: files
time: {format: iso}
streams:
  events:
    yields: event
    read: {file: "EV_*.csv"}
    key: event
    fields:
      event_id: event
      company: {const: C1}
      order_no: [order, {link: delivery, from: note}]
      part: shipment
      status: {from: code, codes: {DEP: shipped, ARR: delivered}}
      shipped: qty
      occurred_at: {from: at, says: event}
"""

BANK = """
system: bank
connector: files
connection: files
time: {zone: UTC, format: iso}
streams:
  entries:
    yields: bank_entry
    read: {file: "BANK_*.csv"}
    key: no
    fields: {company: {const: C1}, number: no, order_no: {link: delivery, from: note}, amount: sum,
      occurred_at: at, payer: payer}
"""

_TABLE = (
    "create table outbound (id integer primary key, company text, order_ref text, delivery text, state text,"
    " qty text, sent text, customer text, changed text)"
)


def write_home(folder: Path, wms: str = WMS) -> Path:
    """Write a home with its mappings; return it."""
    systems = folder / "mappings" / "systems"
    systems.mkdir(parents=True)
    (folder / "mappings" / "hub.yaml").write_text(HUB_YAML, "utf-8")
    for name, text in (("wms", wms), ("tms", TMS), ("bank", BANK)):
        (systems / f"{name}.yaml").write_text(text, "utf-8")
    return folder


def write_day(folder: Path, day: int, orders: int) -> Path:
    """Write the systems as they stand on `day` (1, 2, 3); return their folder."""
    folder.mkdir(parents=True)
    database = sqlite3.connect(folder / "wms.db")
    with database:
        database.execute(_TABLE)
        rows = [row for number in range(1, orders + 1) if (row := _outbound(number, day)) is not None]
        database.executemany(f"insert into outbound values ({', '.join('?' * 9)})", rows)
    database.close()
    for one in range(1, min(day, 2) + 1):
        _write(folder / f"EV_{one}.csv", "event,order,note,shipment,code,qty,at", _events(one, orders))
        _write(folder / f"BANK_{one}.csv", "no,note,sum,at,payer", _entries(one, orders))
    return folder


def env(folder: Path) -> dict[str, str]:
    """Return the connections to the systems in `folder`."""
    wms = {"conn_type": "sql", "extra": {"sqlalchemy_url": f"sqlite:///{folder / 'wms.db'}"}}
    files = {"conn_type": "fs", "extra": {"path": str(folder)}}
    return {"AIRFLOW_CONN_WMS": json.dumps(wms), "AIRFLOW_CONN_FILES": json.dumps(files)}


def set_up(home: Path, systems: Path) -> Callable[[Store, datetime], Hub]:
    """Return what gives a hub over a store whose clock stands at a moment; its files are read only once."""
    mappings, wrong = survey(home)
    if wrong:
        raise wrong[0]
    rules, connections = load_rules(home), env(systems)
    return lambda store, now: Hub(store, rules, mappings, lambda: now, connections)


def _outbound(number: int, day: int) -> tuple[object, ...] | None:
    """Return a row of the warehouse; on day 1 some are not born yet, from day 2 on some are gone."""
    if (day == 1 and number % 5 == 4) or (day > 1 and number % 23 == 7):
        return None
    news = day > 1 and number % 2 == 0
    state = "PICK" if news else "NEW"
    if number % 3 == 0:
        state = "SENT" if news else "PICK"
    quantity = "x" if number % 29 == 3 else str(number % 90 + 10 + (day > 1 and number % 7 == 2))
    reference = number + 1 if day == 1 and number % 31 == 5 else number  # a typing error, corrected later
    changed = START + timedelta(hours=8, seconds=number + 3600 * (day > 1 and number % 7 != 2))
    sent = quantity if state == "SENT" else "0"
    row = (number, "C1", f"{reference:06}", f"D{number}", state, quantity, sent, f"K{number % 9}")
    return *row, changed.strftime("%Y-%m-%d %H:%M:%S")


def _events(file: int, orders: int) -> list[str]:
    """Return the events of a file: some name the order, some only the delivery, some come twice."""
    rows = []
    for number in range(1, orders + 1):
        if number % 3 or (number % 2 == 0) == (file == 1):
            continue
        order, note = (str(number), "") if number % 4 > 1 else ("", f"D{number}")
        at = (START + timedelta(minutes=number)).isoformat()
        rows.append(f"E{number},{order},{note},S{number},DEP,{number % 90 + 10},{at}")
        if number % 6 == 3:
            rows.append(f"A{number},{order},{note},S{number},ARR,,{at}")
    return rows


def _entries(file: int, orders: int) -> list[str]:
    chosen = range(file, orders + 1, 11)
    return [f"B{number},D{number},{number}.50,{START.isoformat()},Payer {number % 5}" for number in chosen]


def _write(path: Path, head: str, rows: list[str]) -> None:
    path.write_text("\n".join([head, *rows]) + "\n", "utf-8")
