"""The main job on the simulated factory: every seeded fault found, nothing else, whatever the seed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from cli.demo import DEMO_NOW
from cli.demo_run import HOME, World, demo_store, keep_score, main_job, run_demo
from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import Store
from hub.store.tables import metadata
from reconciler.result import Result
from reconciler.run import reconcile
from simulators.process import PracticeProcess
from sync.run import Hub, sync_systems

NOW = datetime.fromisoformat(DEMO_NOW)


def unseen(_stage: str, _done: int, _total: int | None) -> None:
    """Nobody watches."""


def dump(store: Store) -> dict[str, list[str]]:
    """Return every row of the store, but for leases, which say who worked last."""
    with store.read() as conn:
        return {
            table.name: sorted(map(repr, conn.execute(sa.select(table)).all()))
            for table in metadata.sorted_tables
            if table.name != "leases"
        }


@contextmanager
def healthy(out: Path, seed: int = 3, wms_url: str = "") -> Iterator[PracticeProcess]:
    with PracticeProcess(orders=500, seed=seed, now=NOW, out=out, faults=False, wms_url=wms_url) as systems:
        yield systems


def found(result: Result) -> list[tuple[str, str, str, str]]:
    return sorted((one.kind, one.company, one.order_no, one.system) for one in result.findings)


@pytest.mark.parametrize("seed", range(1, 21))
def test_every_seed_gives_the_same_verdict(seed: int, tmp_path: Path) -> None:
    with PracticeProcess(orders=600, seed=seed, now=NOW, out=tmp_path / "systems") as systems:
        store = demo_store(tmp_path)
        synced, result = main_job(store, systems.connections, NOW, unseen)
        verdict = keep_score(systems.truth(), result)
        store.close()
    assert [error for one in synced for error in one.errors] == []
    assert verdict.lost == []
    assert verdict.false == []
    assert verdict.seeded >= 20


def test_a_demo_leaves_its_summary_and_a_second_one_writes_no_row(tmp_path: Path) -> None:
    world = World(orders=600, seed=7, now=NOW)
    first = run_demo(world, tmp_path, "en", unseen)
    summary = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    assert summary["found"] == summary["seeded"] > 0
    assert summary["false"] == 0
    assert set(summary["orders"]) == {"erp", "wms", "tms"}
    assert Path(summary["report"]).stat().st_size > 10_000
    assert sum(summary["findings"].values()) == len(first.result.findings)
    assert {"causes", "seconds"} <= set(summary)
    zones = [one for one in first.result.causes if one.kind == "clock_zone"]
    assert [(one.company, one.system, one.details["offset"]) for one in zones] == [("HS02", "wms", -8 * 3600)]
    store = demo_store(tmp_path)
    before = dump(store)
    second = run_demo(world, tmp_path, "en", unseen)
    assert dump(store) == before
    store.close()
    assert second.again
    assert second.written == 0
    assert found(second.result) == found(first.result)


def test_another_world_in_the_same_folder_starts_anew(tmp_path: Path) -> None:
    run_demo(World(orders=300, seed=1, now=NOW), tmp_path, "en", unseen)
    other = run_demo(World(orders=300, seed=2, now=NOW), tmp_path, "zh-CN", unseen)
    assert not other.again
    assert other.verdict.false == []
    assert other.verdict.lost == []


def test_the_truth_is_nowhere_that_the_hub_could_read(tmp_path: Path) -> None:
    with PracticeProcess(orders=600, seed=7, now=NOW, out=tmp_path / "systems") as systems:
        written = [file for file in tmp_path.rglob("*") if file.is_file()]
        truth = systems.truth()
        told = json.dumps(systems.connections)
    assert len(truth) > 20
    # what makes an entry is its class beside its order: the classes must not stand in any file or connection
    texts = [file.read_bytes().decode("utf-8", "replace") for file in written if file.suffix != ".db"]
    for word in ("not_compared", "unknown_code", "mistyped"):
        assert word not in told
        assert not [text for text in texts if word in text]
    with sa.create_engine(f"sqlite:///{tmp_path / 'systems' / 'wms.db'}").connect() as conn:
        names = set(sa.inspect(conn).get_table_names())
    assert names == {"outbound", "outbound_line"}


def alter_wms(statement: str) -> Callable[[Path], None]:
    def alter(systems: Path) -> None:
        engine = sa.create_engine(f"sqlite:///{systems / 'wms.db'}")
        with engine.begin() as conn:
            assert conn.exec_driver_sql(statement).rowcount == 1
        engine.dispose()

    return alter


_SHIPPED = (
    "select o.id from outbound o where o.kind = 'OUT' and o.state = '90' and o.shipped_at < '2026-06-20'"
    " and o.company = 'HSDQ' and (select count(*) from outbound x where x.order_ref = o.order_ref"
    " and x.company = o.company) = 1"
    " and (select count(*) from outbound_line l where l.outbound_id = o.id) = 1"
    " order by o.id limit 1"
)


def alter_tms(systems: Path) -> None:
    """Let one truck leave two hours later than it did."""
    for file in sorted((systems / "tms").glob("*.csv")):
        rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8"))))
        for row in rows:
            if row["code"] == "DEPARTED_PICKUP" and row["sales_order"] and not row["replaces"]:
                hour = row["occurred_at"][11:13]
                row["occurred_at"] = (
                    row["occurred_at"][:11] + f"{(int(hour) + 2) % 24:02}" + row["occurred_at"][13:]
                )
                with file.open("w", encoding="utf-8", newline="") as out:
                    writer = csv.DictWriter(out, rows[0].keys())
                    writer.writeheader()
                    writer.writerows(rows)
                return
    raise AssertionError("no truck has left")


@pytest.mark.parametrize(
    ("alter", "kind", "system"),
    [
        (
            alter_wms(f"update outbound_line set qty = qty + 1 where outbound_id = ({_SHIPPED})"),
            "quantity",
            "wms",
        ),
        (alter_wms(f"update outbound set state = '10' where id = ({_SHIPPED})"), "status", "wms"),
        (alter_wms(f"delete from outbound where id = ({_SHIPPED})"), "missing", "wms"),
        (
            alter_wms(
                f"update outbound set order_ref = replace(order_ref, 'DQ-1', 'DQ-9') where id = ({_SHIPPED})"
            ),
            "missing",
            "wms",
        ),
        (alter_wms(f"update outbound set state = 'ZZ' where id = ({_SHIPPED})"), "unknown_code", "wms"),
        (alter_tms, "skew", None),
    ],
)
def test_one_altered_raw_record_gives_exactly_one_finding_more(
    alter: Callable[[Path], None], kind: str, system: str | None, tmp_path: Path
) -> None:
    systems_folder = tmp_path / "systems"
    with healthy(systems_folder) as systems:
        untouched = demo_store(tmp_path / "untouched")
        _, before = main_job(untouched, systems.connections, NOW, unseen)
        untouched.close()
        alter(systems_folder)
        altered = demo_store(tmp_path / "altered")
        _, after = main_job(altered, systems.connections, NOW, unseen)
        altered.close()
    assert found(before) == []
    (only,) = found(after)
    assert only[0] == kind
    assert system is None or only[3] == system


def test_the_warehouse_and_the_store_may_both_be_postgresql(
    postgres_store: Store, postgres_url: str, tmp_path: Path
) -> None:
    with PracticeProcess(
        orders=400, seed=5, now=NOW, out=tmp_path / "systems", wms_url=postgres_url
    ) as systems:
        mappings, wrong = survey(HOME)
        assert not wrong
        hub = Hub(postgres_store, load_rules(HOME), mappings, lambda: NOW, dict(systems.connections))
        synced = sync_systems(hub, sorted(mappings))
        result = reconcile(postgres_store, hub.rules, NOW)
        verdict = keep_score(systems.truth(), result)
    assert [error for one in synced for error in one.errors] == []
    assert (verdict.lost, verdict.false) == ([], [])
