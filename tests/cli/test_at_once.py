"""Several commands at once, each a process of its own: one works on a system at a time, and nobody fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
import sqlalchemy as sa

from hub.rules import load_rules
from hub.store import make_key, open_store, read_key
from hub.store.tables import orders, views
from sync.run import Hub, merge_orders

KEY = make_key()
HUB = "zone: UTC\nownership: {ordered: s1, shipped: s1, extras: [s1]}\n"
FIELDS = """
    fields:
      company: {const: C1}
      order_no: no
      status: {from: state, codes: {N: confirmed, S: shipped}}
      ordered: qty
      occurred_at: {from: changed, says: modified}
"""
FILES = """
system: NAME
connector: files
connection: drop
time: {zone: UTC, format: iso}
streams:
  orders:
    read: {file: "NAME_*.csv"}
    key: no
"""
REST = """
system: slow
connector: rest
connection: slow
time: {zone: UTC, format: iso}
streams:
  orders:
    read: {get: /orders}
    key: no
"""


class Answering(BaseHTTPRequestHandler):
    """Answers once the test says so."""

    asked, go = Event(), Event()

    def do_GET(self) -> None:
        self.asked.set()
        self.go.wait(60)
        body = json.dumps([{"no": "1", "state": "N", "qty": 3, "changed": "2026-03-02T08:00:00"}]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def slow() -> Iterator[str]:
    """The address of a system that answers when it is told to."""
    Answering.asked.clear()
    Answering.go.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    Answering.go.set()
    server.shutdown()
    server.server_close()
    thread.join()


def home(folder: Path, mappings: dict[str, str], **connections: str) -> dict[str, str]:
    """Write a home with an empty store; return the environment of its commands."""
    systems = folder / "mappings" / "systems"
    systems.mkdir(parents=True)
    (folder / "mappings" / "hub.yaml").write_text(HUB, "utf-8")
    for name, text in mappings.items():
        (systems / f"{name}.yaml").write_text(text.strip().replace("NAME", name) + FIELDS, "utf-8")
    url = f"sqlite:///{folder / 'hub.db'}"
    store = open_store(url, read_key(KEY))
    store.upgrade()
    store.close()
    env = {"ORDERHUB_HOME": str(folder), "ORDERHUB_STORE": url, "ORDERHUB_KEY": KEY, "ORDERHUB_LOCALE": "en"}
    return {
        **os.environ,
        **env,
        **{f"AIRFLOW_CONN_{name.upper()}": said for name, said in connections.items()},
    }


def sync(env: dict[str, str], *systems: str) -> subprocess.Popen[str]:
    """Start `orderhub sync SYSTEM... --json` in a process of its own."""
    command = [sys.executable, "-c", "from cli.main import app; app(prog_name='orderhub')"]
    out = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*command, "sync", *systems, "--json"], env=env, text=True, **out)  # type: ignore[call-overload,no-any-return]  # pipes by name


def answer(process: subprocess.Popen[str]) -> tuple[str, int]:
    """Return the outcome and the records of a sync of one system, which must end well."""
    told, wrong = process.communicate(timeout=120)
    assert process.returncode == 0, wrong
    (said,) = json.loads(told)["systems"]
    assert not said["errors"]
    return said["outcome"], said["counts"].get("records", 0)


def test_of_two_syncs_of_one_system_the_second_is_skipped_and_a_killed_one_blocks_nobody(
    slow: str, tmp_path: Path
) -> None:
    env = home(tmp_path, {"slow": REST}, slow=slow)
    first = sync(env, "slow")
    assert Answering.asked.wait(60)
    assert answer(sync(env, "slow")) == ("skipped", 0)
    first.kill()
    first.communicate()
    Answering.go.set()
    assert answer(sync(env, "slow")) == ("done", 1)


def test_four_systems_at_once_on_one_sqlite_store_all_get_their_turn(tmp_path: Path) -> None:
    names, rows = [f"s{number}" for number in range(1, 5)], 3_000
    drop = tmp_path / "drop"
    drop.mkdir()
    for name in names:
        lines = [f"{number},N,{number % 90 + 1},2026-03-02T08:00:00" for number in range(rows)]
        (drop / f"{name}_1.csv").write_text("\n".join(["no,state,qty,changed", *lines]) + "\n", "utf-8")
    folder = json.dumps({"conn_type": "fs", "extra": {"path": str(drop)}})
    env = home(tmp_path / "home", dict.fromkeys(names, FILES), drop=folder)
    running = [sync(env, name) for name in names]
    assert [answer(process) for process in running] == [("done", rows)] * 4
    store = open_store(env["ORDERHUB_STORE"], read_key(KEY))
    merge_orders(Hub(store, load_rules(tmp_path / "home"), {}))  # what came after the others' merge had begun
    with store.read() as conn:
        counted = [conn.scalar(sa.select(sa.func.count()).select_from(table)) for table in (views, orders)]
    store.close()
    assert counted == [4 * rows, rows]
