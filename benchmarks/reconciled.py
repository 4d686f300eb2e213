"""Reconciling a store of any size: `python -m benchmarks.reconciled [--orders 1000000] [--engine sqlite]`.

The store of `benchmarks.million`, freshly loaded (unvacuumed) and vacuumed, is reconciled from nothing;
beside it stands the bare GROUP BY over the same views. How many findings there are is held against what was
planted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.load import KEY, _server
from benchmarks.measure import Cost, in_child, metered

ROOT = Path(__file__).resolve().parent.parent
_BARE = (
    "SELECT count(*) FROM (SELECT company, order_no FROM views GROUP BY company, order_no"
    " HAVING count(*) < 3 OR max(shipped) <> min(shipped)) AS odd"
)


def bare(url: str, server: int | None) -> Cost:
    """Group all views by order, as plainly as SQL can: the floor."""
    from hub.store import open_store

    store = open_store(url, KEY)
    with store.read() as conn, metered(server) as cost:
        cost.told = {"odd": conn.execute(sa.text(_BARE)).scalar_one()}
    store.close()
    return cost


def reconciling(url: str, server: int | None) -> Cost:
    """Reconcile everything and write the findings."""
    from benchmarks.million import NOW
    from hub.rules import load_rules
    from hub.store import open_store
    from hub.store.tables import findings
    from reconciler.run import reconcile

    store = open_store(url, KEY)
    rules = load_rules(ROOT)
    with metered(server) as cost:
        result = reconcile(store, rules, NOW)
    with store.read() as conn:
        found = conn.execute(sa.select(sa.func.count()).select_from(findings)).scalar_one()
    cost.told = {"orders": result.orders, "findings": found}
    store.close()
    return cost


def building(url: str, orders: int, server: int | None) -> Cost:
    """Build the store."""
    from benchmarks.million import build
    from hub.store import open_store

    store = open_store(url, KEY)
    store.upgrade()
    with metered(server) as cost:
        build(store, orders)
    store.close()
    return cost


def vacuum(url: str) -> None:
    """Vacuum a database, as its owner would after a bulk load."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.exec_driver_sql("VACUUM (ANALYZE)" if engine.dialect.name == "postgresql" else "ANALYZE")
    engine.dispose()


def measure(engine: str, orders: int) -> dict[str, Cost]:
    """Return the costs on one engine."""
    costs: dict[str, Cost] = {}
    with tempfile.TemporaryDirectory(prefix="oh-rec-") as folder, _server(engine) as server:
        url = server[0].render_as_string(hide_password=False) if server else f"sqlite:///{folder}/hub.db"
        given: dict[str, Any] = {"url": url, "server": server[1] if server else None}

        def case(name: str, function: str, **more: Any) -> None:
            cost = costs[name] = in_child("benchmarks.reconciled", function, {**given, **more})
            print(
                f"{engine:10} {name:16} {cost.cpu:8.3f} CPU s peak {cost.peak:.0f} MB {cost.told}", flush=True
            )

        case("build", "building", orders=orders)
        case("bare, unvacuumed", "bare")
        vacuum(url)
        case("bare", "bare")
        case("full", "reconciling")
    return costs


def main() -> int:
    """Measure each engine; exit 1 if what was found is not as many as what was planted."""
    from benchmarks.million import faults

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--engine", action="append", choices=("sqlite", "postgresql"))
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    planted = len(faults(asked.orders))
    results: dict[str, Any] = {"orders": asked.orders, "planted": planted}
    for engine in asked.engine or ("sqlite", "postgresql"):
        results[engine] = {name: asdict(cost) for name, cost in measure(engine, asked.orders).items()}
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1), "utf-8")
    found = [
        results[engine]["full"]["told"]["findings"]
        for engine in results
        if engine in ("sqlite", "postgresql")
    ]
    return 0 if all(one == planted for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
