"""Four systems at once: `python -m benchmarks.crowd [--orders 50000] [--size 20000] [--engine sqlite]`.

Each system is read by the real command in a process of its own, all at the same time, in pages so large that
a transaction lasts seconds. Nobody may fail: on SQLite all stand in one line. Exit code 1 if anybody does.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.store import make_key, open_store, read_key
from hub.store.tables import views

SYSTEMS = ("s1", "s2", "s3", "s4")
HUB_YAML = "zone: UTC\nownership: {ordered: s1, shipped: s1, extras: [s1]}\n"
MAPPING = """
system: NAME
connector: sql
connection: NAME
time: {zone: UTC, format: iso}
streams:
  orders:
    read: {table: orders, cursor: [changed, no], size: SIZE}
    fields:
      company: {const: C1}
      order_no: no
      status: {from: state, codes: {N: confirmed, S: shipped}}
      ordered: qty
      occurred_at: {from: changed, says: modified}
    extras: {customer_name: customer}
    links: {delivery: delivery}
"""


def crowd(folder: Path, url: str, orders: int, size: int) -> dict[str, Any]:
    """Let four processes read four systems at once; return how long each took and what it said."""
    key = make_key()
    env = {**os.environ, **_home(folder, orders, size)}
    env |= {"ORDERHUB_HOME": str(folder), "ORDERHUB_STORE": url, "ORDERHUB_KEY": key}
    store = open_store(url, read_key(key))
    store.upgrade()
    begin = time.perf_counter()
    running = {system: _sync(env, system) for system in SYSTEMS}
    told = {}
    for system, process in running.items():
        out, wrong = process.communicate()
        told[system] = {
            "seconds": round(time.perf_counter() - begin, 1),
            "code": process.returncode,
            "outcome": json.loads(out)["systems"][0]["outcome"] if out else wrong[-500:],
        }
    with store.read() as conn:
        held = conn.scalar(sa.select(sa.func.count()).select_from(views))
    store.close()
    good = all(one["code"] == 0 and one["outcome"] == "done" for one in told.values())
    return {"systems": told, "views": held, "good": good and held == len(SYSTEMS) * orders}


def _home(folder: Path, orders: int, size: int) -> dict[str, str]:
    """Write the home and its systems; return their connections."""
    systems = folder / "mappings" / "systems"
    systems.mkdir(parents=True)
    (systems.parent / "hub.yaml").write_text(HUB_YAML, "utf-8")
    connections = {}
    for system in SYSTEMS:
        text = MAPPING.replace("NAME", system).replace("SIZE", str(size))
        (systems / f"{system}.yaml").write_text(text, "utf-8")
        database = sqlite3.connect(folder / f"{system}.db")
        with database:
            database.execute(
                "create table orders (no text primary key, state text, qty int, customer text, delivery text,"
                " changed text)"
            )
            database.executemany(
                "insert into orders values (?, 'N', ?, ?, ?, '2026-03-02T08:00:00')",
                (
                    (f"SO{one:08}", one % 900 + 1, f"Customer {one % 99}", f"{system}-{one}")
                    for one in range(orders)
                ),
            )
        database.close()
        connections[f"AIRFLOW_CONN_{system.upper()}"] = f"sqlite:///{folder / f'{system}.db'}"
    return connections


def _sync(env: dict[str, str], system: str) -> subprocess.Popen[str]:
    code = "from cli.main import app; app(prog_name='orderhub')"
    return subprocess.Popen(
        [sys.executable, "-c", code, "sync", system, "--json"],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def _store(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'hub.db'}"
        return
    from tests.postgres import running_server

    with running_server() as url:
        yield url.render_as_string(hide_password=False)


def main() -> None:
    """Run it and print what each system came to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=50_000)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--engine", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    told: dict[str, Any] = {"orders": asked.orders, "size": asked.size}
    for engine in asked.engine or ("sqlite",):
        folder = Path(tempfile.mkdtemp(prefix="orderhub-crowd-"))
        try:
            with _store(engine, folder) as url:
                told[engine] = crowd(folder, url, asked.orders, asked.size)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print(f"{engine}: {told[engine]}", flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=1))
    sys.exit(0 if all(told[engine]["good"] for engine in asked.engine or ("sqlite",)) else 1)


if __name__ == "__main__":
    main()
