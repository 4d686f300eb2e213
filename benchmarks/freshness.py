"""How soon a change is seen: `python -m benchmarks.freshness [--changes 60] [--engine sqlite] [--json FILE]`.

A server in a process of its own lists orders by their change stamp and changes one of them at random
moments. A worker in another polls it over HTTP each second, syncs and merges. This process looks at `orders`
many times a second, and notes when each change is there. What calls bring is measured by `benchmarks.wakeup`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from benchmarks.delays import look, running, told_of
from benchmarks.load import KEY, _server

POLL = 1.0
"""Seconds from the beginning of one poll to that of the next."""

ORDERS = 500
FIRST = 1000
"""The n-th order is changed to the quantity FIRST + n."""

MODULE = "benchmarks.freshness"
HUB_YAML = "zone: UTC\nownership: {ordered: shop, shipped: shop}\n"
MAPPING = """
system: shop
connector: rest
connection: shop
time: {zone: UTC, format: iso}
streams:
  orders:
    read: {get: /orders, query: {since: =since}, records: rows, cursor: [changed, id], overlap: 1s}
    key: id
    fields:
      company: {const: C1}
      order_no: id
      status: {from: status, codes: {R: confirmed}}
      ordered: quantity
      occurred_at: {from: changed, says: modified}
"""


class Shop:
    """Orders with change stamps; order n is changed once, at a random moment, to the quantity FIRST + n."""

    def __init__(self, changes: int, seed: int = 11) -> None:
        self._dice, self._changes = random.Random(seed), changes
        self._rows = {f"SO{n:05}": self._row(f"SO{n:05}", n % 900 + 1, time.time()) for n in range(ORDERS)}
        self.moments: dict[str, float] = {}

    def since(self, stamp: str) -> list[dict[str, Any]]:
        """Return what changed at or after `stamp`, oldest first."""
        rows = [row for row in list(self._rows.values()) if row["changed"] >= stamp]
        return sorted(rows, key=lambda row: (row["changed"], row["id"]))

    def live(self) -> None:
        """Change one order after the other, about one a second."""
        for number in range(self._changes):
            time.sleep(self._dice.uniform(0.1, 1.9))
            order, now = f"SO{number:05}", time.time()
            self._rows[order] = self._row(order, FIRST + number, now)
            self.moments[order] = now

    def _row(self, order: str, quantity: int, now: float) -> dict[str, Any]:
        changed = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {"id": order, "status": "R", "quantity": quantity, "changed": changed}


def serve(changes: int) -> None:
    """Serve a shop on a port of the system's choice, which is printed; `/begin` lets it live."""
    shop = Shop(changes)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            said: Any = shop.moments
            if asked.path == "/orders":
                said = {"rows": shop.since(parse_qs(asked.query).get("since", [""])[0])}
            elif asked.path == "/begin":
                threading.Thread(target=shop.live, daemon=True).start()
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        print(server.server_port, flush=True)
        server.serve_forever()


def work(url: str, home: str, port: int) -> None:
    """Poll until the input ends, and say what the polls after the first cost."""
    from benchmarks.load import _hub
    from sync.run import Hub, sync_systems

    told = _hub(url, home)
    hub = Hub(told.store, told.rules, told.mappings, env={"AIRFLOW_CONN_SHOP": f"http://127.0.0.1:{port}"})
    stop = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=wait, daemon=True).start()
    polls, cpu, errors, due = 0, 0.0, 0, time.monotonic()
    while not stop.wait(max(0.0, due - time.monotonic())):
        due = max(due + POLL, time.monotonic())
        before = time.process_time()
        (result,) = sync_systems(hub, ["shop"])
        errors += len(result.errors)
        if polls == 0:
            print("ready" if not result.errors else repr(result.errors[0]), flush=True)
        else:
            cpu += time.process_time() - before
        polls += 1
    hub.store.close()
    print(
        json.dumps(
            {"polls": polls, "cpu_ms_a_poll": round(cpu / max(polls - 1, 1) * 1000, 2), "errors": errors}
        )
    )


def measure(url: str, home: Path, changes: int) -> dict[str, Any]:
    """Let a shop change and a worker poll; return the delays in seconds."""
    from hub.store import open_store

    store = open_store(url, KEY)
    store.upgrade()
    with running(MODULE, "--serve", str(changes)) as shop:
        assert shop.stdout
        port = int(shop.stdout.readline())
        with running(MODULE, "--work", url, str(home), str(port)) as worker:
            assert worker.stdout
            said = worker.stdout.readline().strip()
            if said != "ready":
                raise RuntimeError(said)
            _get(port, "/begin")
            seen = look(store, changes, FIRST, time.monotonic() + 2 * changes + 30)
            told = json.loads(worker.communicate()[0].splitlines()[-1])
        moments = _get(port, "/moments")
    store.close()
    delays = sorted(seen[order] - at for order, at in moments.items() if order in seen)
    return {**told_of(delays), "changes": changes, "lost": changes - len(delays), **told}


def _get(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return json.load(answer)


def main() -> int:
    """Measure each engine; exit 1 if a change never came."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--changes", type=int, default=60)
    parser.add_argument("--engine", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve is not None:
        serve(asked.serve)
    elif asked.work:
        work(asked.work[0], asked.work[1], int(asked.work[2]))
    else:
        return _all(asked.engine or ["sqlite", "postgresql"], asked.changes, asked.json)
    return 0


def _all(engines: list[str], changes: int, told: Path | None) -> int:
    results = {}
    with tempfile.TemporaryDirectory(prefix="oh-fresh-") as folder:
        systems = Path(folder) / "mappings" / "systems"
        systems.mkdir(parents=True)
        (systems.parent / "hub.yaml").write_text(HUB_YAML)
        (systems / "shop.yaml").write_text(MAPPING)
        for engine in engines:
            with _server(engine) as server:
                url = (
                    server[0].render_as_string(hide_password=False)
                    if server
                    else f"sqlite:///{folder}/hub.db"
                )
                found = results[engine] = measure(url, Path(folder), changes)
            delays = "  ".join(f"{name} {found[name]:.2f} s" for name in ("p50", "p95", "worst"))
            print(
                f"{engine:10} {delays}  {found['cpu_ms_a_poll']} ms CPU a poll, {found['lost']} lost",
                flush=True,
            )
    if told:
        told.write_text(json.dumps(results, indent=1), "utf-8")
    return 1 if any(one["lost"] or one["errors"] for one in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
