"""Reconciling a store of any size: `python -m benchmarks.reconciled [--orders 1000000] [--engine sqlite]`.

The store of `benchmarks.million`, freshly loaded (on PostgreSQL unvacuumed) and vacuumed, is reconciled from
nothing; then after a hundredth of its orders changed, and at last with what only a report shows. Beside it
stands the bare GROUP BY over the same views. What is found must be exactly what was planted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from benchmarks.load import KEY, _server
from benchmarks.measure import Cost, in_child, metered

if TYPE_CHECKING:
    from hub.store import Store

ROOT = Path(__file__).resolve().parent.parent
_TIMES, _TURNS = 9, 15
LOOKS = ("full", "1 % changed", "with the report")
"""The cases that must find exactly what was planted."""

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


def reconciling(
    url: str, server: int | None, orders: int, turn: int | None = None, report: bool = False
) -> Cost:
    """Reconcile and write the findings.

    With a `turn` a hundredth of the orders changes before, each time another one; `report` comes after all.
    """
    from benchmarks.million import NOW, change, changed_faults
    from hub.rules import load_rules
    from hub.store import open_store
    from reconciler.run import keep_findings, reconcile

    store = open_store(url, KEY)
    rules = load_rules(ROOT)
    if turn is not None:
        change(store, orders, rules, turn)
    planted = changed_faults(orders, _TURNS if report else 0 if turn is None else turn + 1)
    with metered(server) as cost:
        if report:
            looked_at = reconcile(store, rules, NOW, full=True).looked_at
        else:
            looked_at = keep_findings(store, rules, NOW).looked_at
    found = _findings(store)
    cost.told = {"looked_at": looked_at, "findings": len(found), "exact": found == planted}
    store.close()
    return cost


def _findings(store: Store) -> set[tuple[str, str, str, str]]:
    """Return the live findings as kind, company, order and system."""
    from hub.findings import list_findings

    with store.read() as conn:
        return {(one.kind, one.company, one.order_no, one.system) for one in list_findings(conn)}


def forget(url: str, server: int | None) -> Cost:
    """Take away what was found, so that the next run begins from nothing."""
    from hub.store import open_store

    store = open_store(url, KEY)
    with metered(server) as cost, store.write() as conn:
        for table in ("findings", "finding_events", "causes", "runs", "cursors", "dirty"):
            conn.exec_driver_sql(f"DELETE FROM {table}")
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

        def case(name: str, function: str, times: int = 1, turns: bool = False, **more: Any) -> None:
            """Run one case, several times from nothing or as so many `turns`.

            The least of them counts: the work is the same, and what the host does besides only adds.
            """
            found = []
            for time in range(times):
                if time and not turns:
                    in_child("benchmarks.reconciled", "forget", given)
                each = {**more, "turn": time} if turns else more
                found.append(in_child("benchmarks.reconciled", function, {**given, **each}))
            found.sort(key=lambda one: one.cpu)
            cost = costs[name] = found[0]
            cost.told["most"] = found[-1].cpu
            if "exact" in cost.told:
                cost.told["exact"] = all(one.told["exact"] for one in found)
            print(
                f"{engine:10} {name:16} {cost.cpu:8.3f} CPU s peak {cost.peak:.0f} MB {cost.told}", flush=True
            )

        case("build", "building", orders=orders)
        if server:
            case("bare, unvacuumed", "bare")
            case("full, unvacuumed", "reconciling", orders=orders)
            case("forget", "forget")
        vacuum(url)
        case("bare", "bare", _TIMES)
        case("full", "reconciling", _TIMES, orders=orders)
        case("1 % changed", "reconciling", _TURNS, turns=True, orders=orders)
        case("with the report", "reconciling", orders=orders, report=True)
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
    results: dict[str, Any] = {"orders": asked.orders, "planted": len(faults(asked.orders))}
    engines = asked.engine or ("sqlite", "postgresql")
    for engine in engines:
        results[engine] = {name: asdict(cost) for name, cost in measure(engine, asked.orders).items()}
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1), "utf-8")
    exact = [results[engine][name]["told"]["exact"] for engine in engines for name in LOOKS]
    return 0 if all(exact) else 1


if __name__ == "__main__":
    sys.exit(main())
