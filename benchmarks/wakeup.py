"""How soon a call brings a change: `python -m benchmarks.wakeup [--changes 200] [--engine E] [--json FILE]`.

The trading world's CRM and ERP in a process of their own; a real `orderhub watch` over them in another, that
pulls once a minute only. Somebody changes an order in the CRM, which calls the watch (signed, over HTTP).
This process looks at `orders` many times a second and notes when each change is there, and the ERP's journal
tells when it was written there.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.delays import look, running, told_of
from benchmarks.load import KEY, _server

EVERY = 60.0
"""Seconds between two pulls: what is seen sooner came by a call."""

SYSTEMS = ("crm", "erp")
FREE = "\nfuse: {rules: []}\nbrakes: {orders: 1000000, least: 1000000, share: 100%, cancellations: 1000000}\n"
FIRST = 1000
"""The n-th order is changed to the quantity FIRST + n."""

MODULE = "benchmarks.wakeup"


def serve(folder: str, changes: int) -> None:
    """Serve CRM and ERP; hear on stdin where to call, change one order after the other, tell when."""
    import random

    from simulators.trading.trading import WEBHOOK_SECRET, Trading

    dice = random.Random(11)
    with Trading(Path(folder) / "systems") as trading:
        refs = trading.customer_orders(changes, lines=1, approved=True)
        print(json.dumps(trading.connections()), flush=True)
        url = sys.stdin.readline().strip()
        trading.webhooks.register(url, WEBHOOK_SECRET)
        moments: dict[str, float] = {}
        for number, ref in enumerate(refs):
            time.sleep(dice.uniform(0.02, 0.4))
            moments[ref] = time.time()
            trading.change_quantity(ref, FIRST + number)
        print(json.dumps(moments), flush=True)
        sys.stdin.readline()
        print(json.dumps({"failed": trading.webhooks.failed, "written": _written(trading, refs)}), flush=True)


def _written(trading: Any, refs: list[str]) -> dict[str, float]:
    """Return when the ERP took the last write of each order, by its journal."""
    return {
        entry.order_ref: datetime.fromisoformat(entry.at).timestamp()
        for entry in trading.journal("erp")
        if entry.order_ref in refs and entry.operation != "create"
    }


def work(url: str, home: str, connections: str) -> None:
    """Watch until the input ends; say where calls are taken, and how often something went wrong."""
    from benchmarks.load import _hub
    from sync.out.adopt import adopt
    from sync.run import Hub, carry_out, sync_systems
    from sync.watch.events import Event
    from sync.watch.loop import Watch

    told = _hub(url, home)
    hub = Hub(told.store, told.rules, told.mappings, env=json.loads(connections))
    for system in SYSTEMS:
        adopt(
            hub.store, hub.out, system, "benchmark", hub.clock(), born_from=datetime(2020, 1, 1, tzinfo=UTC)
        )
    errors: list[str] = []
    for _ in range(3):
        for result in sync_systems(hub, SYSTEMS):
            errors += map(str, result.errors)
        carry_out(hub)

    def hear(event: Event) -> None:
        if event.kind == "listening":
            print(event.place, flush=True)
        elif event.error is not None:
            errors.append(f"{event.system}: {event.error}")

    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    before = time.process_time()
    Watch(hub, SYSTEMS, hear, every=EVERY, listen=("127.0.0.1", 0)).run(stop.wait)
    print(json.dumps({"cpu": round(time.process_time() - before, 2), "errors": errors[:5]}), flush=True)
    hub.store.close()


def measure(url: str, folder: Path, changes: int) -> dict[str, Any]:
    """Let somebody change orders and a watch run; return the delays in seconds."""
    from hub.store import open_store

    store = open_store(url, KEY)
    store.upgrade()
    with running(MODULE, "--serve", str(folder), str(changes)) as world:
        assert world.stdin
        assert world.stdout
        connections = world.stdout.readline().strip()
        with running(MODULE, "--work", url, str(folder / "home"), connections) as worker:
            assert worker.stdin
            assert worker.stdout
            place = worker.stdout.readline().strip()
            if not place:
                raise RuntimeError("the watch did not begin")
            world.stdin.write(f"http://{place}/hooks/crm\n")
            world.stdin.flush()
            seen = look(store, changes, FIRST, time.monotonic() + changes + EVERY)
            moments = json.loads(world.stdout.readline())
            time.sleep(2.0)  # what was seen last is on its way to the ERP
            said = json.loads(worker.communicate()[0].splitlines()[-1])
        journal = json.loads(world.communicate("\n")[0].splitlines()[-1])
    store.close()
    delays = sorted(seen[ref] - at for ref, at in moments.items() if ref in seen)
    written = sorted(journal["written"][ref] - at for ref, at in moments.items() if ref in journal["written"])
    return {
        **told_of(delays),
        "written": {**told_of(written), "lost": changes - len(written)} if written else None,
        "changes": changes,
        "lost": changes - len(delays),
        "calls_failed": journal["failed"],
        **said,
    }


def set_up(folder: Path) -> None:
    """Write a home with the trading world's mappings of the two systems."""
    from simulators.trading.trading import HOME

    home = folder / "home" / "mappings"
    shutil.copytree(HOME / "mappings", home)
    for path in (home / "systems").glob("*.yaml"):
        if path.stem not in SYSTEMS:
            path.unlink()
    hub_yaml = home / "hub.yaml"
    rest = re.sub(r"^(?:fuse|brakes):.*\n(?:[ #].*\n)*", "", hub_yaml.read_text("utf-8"), flags=re.MULTILINE)
    hub_yaml.write_text(rest + FREE, "utf-8")


def main() -> int:
    """Measure each engine; exit 1 if a change never came or an error was told."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--engine", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve[0], int(asked.serve[1]))
    elif asked.work:
        work(*asked.work)
    else:
        return _all(asked.engine or ["sqlite", "postgresql"], asked.changes, asked.json)
    return 0


def _all(engines: list[str], changes: int, told: Path | None) -> int:
    results = {}
    for engine in engines:
        with tempfile.TemporaryDirectory(prefix="oh-wake-") as name, _server(engine) as server:
            folder = Path(name)
            set_up(folder)
            url = server[0].render_as_string(hide_password=False) if server else f"sqlite:///{folder}/hub.db"
            found = results[engine] = measure(url, folder, changes)
        words = ("p50", "p95", "worst")
        delays = "  ".join(f"{word} {found[word]:.3f} s" for word in words)
        there = found["written"] or dict.fromkeys((*words, "lost"), float("nan"))
        written = "  ".join(f"{word} {there[word]:.3f} s" for word in words)
        print(f"{engine:10} in orders: {delays}  {found['lost']} lost; in the ERP: {written}", flush=True)
        print(f"           {found['cpu']} s CPU, errors: {found['errors']}", flush=True)
    if told:
        told.write_text(json.dumps(results, indent=1), "utf-8")
    return 1 if any(one["lost"] or one["errors"] or one["calls_failed"] for one in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
