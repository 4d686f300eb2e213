"""What the scan must not hold back, and systems that nobody reads any more."""

from __future__ import annotations

import base64
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hub.store import Store
from reconciler import tasks
from reconciler.result import Result
from reconciler.run import reconcile
from tests.conftest import KEY
from tests.reconciler.faults import settled, without
from tests.reconciler.world import DAY, NOW, fill, hub_rules

RULES = hub_rules()


def test_a_scheduled_run_knows_from_when_each_system_counts(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(Path(__file__).parents[2] / "mappings", tmp_path / "mappings")
    tms = tmp_path / "mappings" / "systems" / "tms.yaml"
    lines = [line for line in tms.read_text("utf-8").splitlines() if not line.startswith("start:")]
    tms.write_text("\n".join([*lines, "start: 2026-11-01"]) + "\n", "utf-8")
    told: dict[str, Any] = {}

    def look(*_: object, **given: Any) -> Result:
        told.update(given)
        return Result(NOW, "UTC", settled=True)

    monkeypatch.setattr(tasks, "reconcile", look)
    tasks.reconcile_all(
        {
            "ORDERHUB_HOME": str(tmp_path),
            "ORDERHUB_STORE": sqlite_store.engine.url.render_as_string(),
            "ORDERHUB_KEY": base64.b64encode(KEY).decode(),
        }
    )
    assert told["starts"]["tms"].date() == date(2026, 11, 1)


def kinds(store: Store) -> set[tuple[str, str, str]]:
    return {(one.kind, one.order_no, one.system) for one in reconcile(store, RULES, NOW).findings}


def test_more_returned_than_shipped_is_found_though_one_system_alone_says_it(store: Store) -> None:
    (one,) = settled(5, 1)
    views = dict(one.views)
    shipped = views["wms"].shipped
    assert shipped is not None
    views["wms"] = replace(views["wms"], returned=shipped + 1)
    fill(store, [replace(one, views=views)])
    assert kinds(store) == {("quantity", one.order.order_no, "wms")}


def test_a_system_that_nobody_read_for_days_is_one_finding(store: Store) -> None:
    old = NOW - 60 * DAY
    fill(
        store,
        [without(one, "tms") for one in settled(5, 40)],
        {"tms": {"complete_at": old, "newest_at": old}},
    )
    assert ("not_compared", "*", "tms") in kinds(store)
