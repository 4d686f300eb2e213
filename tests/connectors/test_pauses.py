"""Windows of the day in which a database or a folder is left alone (`limits: pause`)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.contract import Since
from connectors.sql import SqlConnector
from hub.config import connection
from hub.errors import ConfigError, RateLimited
from hub.mapping.grammar import SystemMapping
from tests.connectors.drop import Drop

LIMITS = {"time": {"zone": "Asia/Shanghai"}, "limits": {"pause": ["20:00-21:30"]}}
AT_REST = datetime(2026, 4, 1, 12, 30, tzinfo=UTC)
AT_WORK = datetime(2026, 4, 1, 11, 59, tzinfo=UTC)


def database(folder: Path, now: datetime, **said: Any) -> SqlConnector:
    url = f"sqlite:///{folder / 'wms.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE IF NOT EXISTS sheet (id TEXT)")
        conn.exec_driver_sql("INSERT INTO sheet VALUES ('1')")
    engine.dispose()
    streams = {"rows": {"read": {"table": "sheet"}}}
    mapping = SystemMapping.model_validate(
        {"system": "wms", "connector": "sql", **LIMITS, **said, "streams": streams}
    )
    spoken = json.dumps({"conn_type": "sql", "extra": {"sqlalchemy_url": url}})
    return SqlConnector(mapping, connection("wms", {"AIRFLOW_CONN_WMS": spoken}), lambda: now)


def test_a_database_is_left_alone_in_its_pauses(tmp_path: Path) -> None:
    resting, working = (database(tmp_path, now) for now in (AT_REST, AT_WORK))
    with pytest.raises(RateLimited, match="21:30") as caught:
        list(resting.fetch("rows", Since({})))
    assert caught.value.retry_after == 3600
    assert not resting.check().ok
    assert working.check().ok
    (page,) = working.fetch("rows", Since({}))
    assert [record["id"] for record in page.records] == ["1", "1"]
    resting.close()
    working.close()


def test_a_pause_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="25:00"):
        database(tmp_path, AT_WORK, limits={"pause": ["25:00-26:00"]})


def test_a_folder_is_left_alone_in_its_pauses_and_read_on_afterwards(tmp_path: Path) -> None:
    drop = Drop(tmp_path)
    drop.now = AT_WORK
    drop.put("1.csv", "id\n1\n")
    drop.put("2.csv", "id\n2\n")
    pages = drop.stream(system=LIMITS)
    drop.state |= next(pages).state
    drop.now = AT_REST
    with pytest.raises(RateLimited, match="21:30"):
        next(pages)
    assert not drop.connector(system=LIMITS).check().ok
    assert drop.read(system=LIMITS) == []
    assert isinstance(drop.error, RateLimited)
    drop.now = datetime(2026, 4, 1, 13, 30, tzinfo=UTC)
    assert [record["id"] for record in drop.read(system=LIMITS)] == ["2"]
    drop.close()
