"""The peers beside OrderHub: `python -m benchmarks.peers.run [--orders N] [--compared N] [--json FILE]`.

dlt loads the pages of `benchmarks.load` into one flat table, then the same again; on SQLite, where its merge
is slow, at a tenth of the size. datacompy and reladiff compare what the reconciler compares, on the tables of
`benchmarks.million`, two pairs of systems. Each runs in `.venv-bench`, made from its lock if need be.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from benchmarks.load import KEY, _server
from benchmarks.measure import Cost, in_child, metered
from benchmarks.source import HUB_YAML, MAPPING, write_pages

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-bench" / "bin" / "python"
PAIRS = {("erp", "wms"): ["ordered", "shipped"], ("wms", "tms"): ["shipped"]}
"""Which systems the peers compare, and in which columns: those that mean the same in both."""

QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "PYTHONWARNINGS": "ignore"}


@dataclass(frozen=True, slots=True)
class Place:
    """A server of ours: its URL, the pid of its parent process, and how the peers' driver finds it."""

    url: sa.URL
    pid: int

    @property
    def env(self) -> dict[str, str]:
        """Return libpq's settings: the server listens on a socket in a folder."""
        return {"PGHOST": str(self.url.query["host"]), "PGUSER": str(self.url.username), "PGPASSWORD": "-"}

    def database(self, name: str) -> str:
        """Make an empty database and return its URL as psycopg wants it."""
        base = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(base, autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name}")
        return self.url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)


def peer(function: str, server: int | None, env: Mapping[str, str], **arguments: Any) -> Cost:
    """Run a peer's function in its environment; the server's CPU is what it used meanwhile."""
    command = [str(PYTHON), str(ROOT / "benchmarks" / "peers" / "own.py"), function, json.dumps(arguments)]
    with metered(server) as cost:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env={**os.environ, **QUIET, **env},
        )
        if done.returncode:
            raise RuntimeError(f"{function} failed:\n{done.stderr[-2000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    for name, value in told.items():
        setattr(cost, name, value)
    return cost


def dlt(orders: int, folder: Path, place: Place | None) -> dict[str, Cost]:
    """Load `orders` with dlt, twice; on SQLite if there is no server."""
    write_pages(folder / "pages", orders)
    url = f"sqlite:///{folder}/peer.db"
    env: dict[str, str] = {}
    if place is not None:
        place.database("dlt")
        env = {**place.env, "PGDATABASE": "dlt"}
        url = f"postgresql://{place.url.username}:-@{str(place.url.query['host']).replace('/', '%2F')}/dlt"
    given = {"url": url, "folder": str(folder / "pages"), "home": str(folder / "dlt")}
    pid = place.pid if place else None
    return {name: peer("dlt_load", pid, env, **given) for name in ("dlt, first", "dlt, again")}


def ours_loading(orders: int, folder: Path, place: Place | None) -> dict[str, Cost]:
    """Load the same pages with OrderHub, twice."""
    from hub.store import open_store

    url = (
        place.database("ours").replace("postgresql", "postgresql+psycopg", 1)
        if place
        else f"sqlite:///{folder}/o.db"
    )
    systems = folder / "home" / "mappings" / "systems"
    systems.mkdir(parents=True)
    (systems.parent / "hub.yaml").write_text(HUB_YAML)
    (systems / "shop.yaml").write_text(MAPPING)
    store = open_store(url, KEY)
    store.upgrade()
    store.close()
    given = {"url": url, "home": str(folder / "home"), "folder": str(folder / "pages")}
    pid = place.pid if place else None
    return {
        name: in_child("benchmarks.load", "load", {**given, "server": pid})
        for name in ("ours, first", "ours, again")
    }


def reconciling(url: str, home: str, server: int | None) -> Cost:
    """Reconcile a store that `million.build` made: what OrderHub's own comparison costs."""
    from benchmarks.million import NOW
    from hub.rules import load_rules
    from hub.store import open_store
    from reconciler.run import keep_findings

    store = open_store(url, KEY)
    rules = load_rules(Path(home))
    with metered(server) as cost:
        looked = keep_findings(store, rules, NOW)
        store.close()
    cost.told = {"findings": looked.changes["new"]}
    return cost


def comparing(orders: int, place: Place) -> dict[str, Cost]:
    """Compare the systems of one store with OrderHub, datacompy and reladiff."""
    from benchmarks.million import build
    from hub.store import open_store

    plain = place.database("million")
    url = plain.replace("postgresql", "postgresql+psycopg", 1)
    store = open_store(url, KEY)
    store.upgrade()
    build(store, orders)
    store.close()
    with psycopg.connect(plain, autocommit=True) as conn:
        for system in ("erp", "wms", "tms"):
            conn.execute(f"CREATE TABLE peer_{system} AS SELECT * FROM views WHERE system = '{system}'")
            conn.execute(f"ALTER TABLE peer_{system} ADD PRIMARY KEY (company, order_no)")
        conn.execute("VACUUM (ANALYZE)")
        conn.execute("CHECKPOINT")
    costs = {
        "ours, reconcile": in_child(
            "benchmarks.peers.run", "reconciling", {"url": url, "home": str(ROOT), "server": place.pid}
        )
    }
    env = {**place.env, "PGDATABASE": "million"}
    for name, function, prefix in (
        ("datacompy", "datacompy_compare", ""),
        ("reladiff", "reladiff_compare", "peer_"),
    ):
        costs[name] = _sum(
            peer(
                function,
                place.pid,
                env,
                url="postgresql:///million",
                columns=columns,
                left=f"{prefix}{one}",
                right=f"{prefix}{two}",
            )
            for (one, two), columns in PAIRS.items()
        )
    return costs


def _sum(costs: Any) -> Cost:
    """Return the sum of several costs; the peak is the highest."""
    whole = Cost()
    for number, cost in enumerate(costs):
        whole.client += cost.client
        whole.server += cost.server
        whole.wall += cost.wall
        whole.peak = max(whole.peak, cost.peak)
        whole.told["-".join(list(PAIRS)[number])] = cost.told
    return whole


def _shown(engine: str, orders: int, costs: Mapping[str, Cost]) -> dict[str, Any]:
    for name, cost in costs.items():
        print(
            f"{engine:10} {orders:>9,} {name:16} {cost.cpu:8.3f} CPU s"
            f" ({cost.client:.2f} + {cost.server:.2f}) wall {cost.wall:.2f} peak {cost.peak:.0f} MB"
            f" {cost.told or ''}",
            flush=True,
        )
    return {"orders": orders, **{name: asdict(cost) for name, cost in costs.items()}}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run them all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=50_000)
    parser.add_argument("--compared", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    subprocess.run(["sh", str(ROOT / ".ci" / "setup"), "peers"], check=True)
    results: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="oh-peers-"))
    try:
        few = max(asked.orders // 10, 1000)
        (folder / "small").mkdir()
        loads = {**dlt(few, folder / "small", None), **ours_loading(few, folder / "small", None)}
        results["load sqlite"] = _shown("sqlite", few, loads)
        with _server("postgresql") as server:
            assert server is not None
            place = Place(*server)
            (folder / "large").mkdir()
            loads = {
                **dlt(asked.orders, folder / "large", place),
                **ours_loading(asked.orders, folder / "large", place),
            }
            results["load postgresql"] = _shown("postgresql", asked.orders, loads)
            results["compare postgresql"] = _shown(
                "postgresql", asked.compared, comparing(asked.compared, place)
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if asked.json:
            asked.json.write_text(json.dumps(results, indent=1), "utf-8")


if __name__ == "__main__":
    main()
