"""What a first load costs by statement: `python -m benchmarks.statements [--orders 50000] [--json FILE]`.

PostgreSQL writes down how long each statement of a first load took; they are summed by what they do and to
which table. These are milliseconds of the server's clock, not of its CPU, and writing them down costs too:
they say what share a statement has.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any
from unittest import mock

import sqlalchemy as sa

from benchmarks.load import KEY, _hub
from benchmarks.source import HUB_YAML, MAPPING, Pages, write_pages

_TIMED = re.compile(
    r"duration: (?P<ms>[\d.]+) ms\s+(?:statement|execute [^:]*|parse [^:]*|bind [^:]*): (?P<sql>.*)"
)
_TABLE = re.compile(r"\b(?:INTO|FROM|UPDATE|COPY|TABLE)\s+(?!STDIN)\"?(\w+)", re.IGNORECASE)


def measure(orders: int) -> dict[str, Any]:
    """Load `orders` into a PostgreSQL that notes each statement; return milliseconds by statement."""
    from sync.run import sync_systems
    from tests.postgres import running_server

    with tempfile.TemporaryDirectory(prefix="oh-stmt-") as folder, running_server(()) as url:
        home = Path(folder)
        write_pages(home / "pages", orders)
        (home / "mappings" / "systems").mkdir(parents=True)
        (home / "mappings" / "hub.yaml").write_text(HUB_YAML)
        (home / "mappings" / "systems" / "shop.yaml").write_text(MAPPING)
        logged = _logging(url)
        from hub.store import open_store

        store = open_store(url.render_as_string(hide_password=False), KEY)
        store.upgrade()
        store.close()
        before = {path: path.stat().st_size for path in logged()}
        hub = _hub(url.render_as_string(hide_password=False), folder)
        with mock.patch("sync.run.open_connector", lambda *_: Pages(home / "pages")):
            (result,) = sync_systems(hub, ["shop"])
        hub.store.close()
        if result.errors:
            raise result.errors[0]
        text = "".join(path.read_bytes()[before.get(path, 0) :].decode(errors="replace") for path in logged())
    return {"orders": orders, "ms": summed(text)}


def summed(text: str) -> dict[str, float]:
    """Sum the milliseconds of a log by statement and table."""
    costs: dict[str, float] = defaultdict(float)
    for found in _TIMED.finditer(text):
        table = _TABLE.search(found["sql"])
        costs[f"{found['sql'].split(None, 1)[0].upper()} {table[1] if table else ''}".strip()] += float(
            found["ms"]
        )
    return {name: round(costs[name], 1) for name in sorted(costs, key=costs.__getitem__, reverse=True)}


def _logging(url: sa.URL) -> Any:
    """Let the server note the duration of every statement; return what lists its log files."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.exec_driver_sql("ALTER SYSTEM SET log_min_duration_statement = 0")
        conn.exec_driver_sql("SELECT pg_reload_conf()")
        data = Path(conn.exec_driver_sql("SHOW data_directory").scalar_one())
    engine.dispose()
    return lambda: sorted([*data.rglob("*.log"), *data.glob("log"), *data.parent.glob("*.log")])


def main() -> None:
    """Print the statements, the dearest first."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=50_000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    told = measure(asked.orders)
    for name, ms in told["ms"].items():
        print(f"{ms:10.1f} ms  {name}")
    if not told["ms"]:
        raise SystemExit("The server noted no statement.")
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=1), "utf-8")


if __name__ == "__main__":
    main()
