from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from simulators import clock
from simulators.wms import OUT, RET, WmsLine, WmsRow
from simulators.wms_database import fill, outbound, outbound_line
from tests.simulators.worlds import healthy


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'wms.db'}"
    server: sa.URL = request.getfixturevalue("postgres_server")
    return server.set(database="postgres").render_as_string(hide_password=False)


def a_row(**changes: object) -> WmsRow:
    row = WmsRow(
        delivery_no="WH1-00800001",
        company="HSDQ",
        order_ref="DQ-1000001",
        kind=OUT,
        state="90",
        held="N",
        customer="苏州恒泰电气有限公司",
        warehouse="W01",
        created=1_780_000_000,
        changed=1_780_000_005,
        shipped_at=1_780_000_000,
        lines=[WmsLine(1, "100207", "BOX", 2, 2), WmsLine(2, "CJ-0000", "PCS", 4, 4)],
    )
    for name, value in changes.items():
        setattr(row, name, value)
    return row


def test_rows_land_in_a_real_database(url: str) -> None:
    assert fill(url, iter([a_row(), a_row(delivery_no="WH1-00800002", shipped_at=None)]), block=1) == 2
    engine = sa.create_engine(url)
    with engine.connect() as conn:
        first, second = conn.execute(sa.select(outbound).order_by(outbound.c.id)).all()
        lines = (
            conn.execute(sa.select(outbound_line.c.qty).where(outbound_line.c.outbound_id == 1))
            .scalars()
            .all()
        )
    engine.dispose()
    assert first.order_ref == "DQ-1000001"
    assert first.shipped_at == clock.naive(1_780_000_000)  # local, without a zone, to the second
    assert first.changed == datetime(2026, 5, 29, 4, 26, 45)  # noqa: DTZ001 - what the column holds
    assert second.shipped_at is None
    assert sorted(lines) == [2, 4]


def test_filling_again_starts_anew(url: str) -> None:
    for _ in range(2):
        assert fill(url, iter([a_row()])) == 1
    engine = sa.create_engine(url)
    with engine.connect() as conn:
        assert conn.scalar(sa.select(sa.func.count()).select_from(outbound_line)) == 2
    engine.dispose()


def test_stamps_made_in_the_wrong_zone_are_eight_hours_early(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'wms.db'}"
    wrong = a_row(utc=(1_780_000_000, 1_780_000_005))
    fill(url, iter([a_row(), wrong]))
    engine = sa.create_engine(url)
    with engine.connect() as conn:
        right, shifted = conn.execute(sa.select(outbound).order_by(outbound.c.id)).all()
    engine.dispose()
    assert (right.shipped_at - shifted.shipped_at).total_seconds() == 8 * clock.HOUR
    assert right.changed == shifted.changed  # made after somebody had set the clock right


def test_the_warehouse_speaks_its_own_words() -> None:
    rows = list(healthy().warehouse.rows())
    assert {row.company for row in rows} == {"HSDQ", "HSJG"}
    assert {row.order_ref[:3] for row in rows} == {"DQ-", "JG-"}
    assert {line.unit for row in rows for line in row.lines} == {"PCS", "BOX"}
    assert {"00", "10", "30", "90", "95", "99"} <= {row.state for row in rows}
    assert len({row.delivery_no for row in rows}) == len(rows)
    for row in rows:
        assert all((line.qty < 0) == (row.kind == RET) for line in row.lines)
        assert row.created <= row.changed


def test_a_quiet_warehouse_is_never_silent() -> None:
    systems = healthy()
    newest = max(row.changed for row in systems.warehouse.rows() if row.shipped_at is None)
    assert systems.world.now - newest <= 8 * clock.HOUR


def test_some_stamps_move_though_nothing_happened() -> None:
    moved = [row for row in healthy().warehouse.rows() if row.remark]
    assert len(moved) > 20
    assert any(row.shipped_at and row.changed > row.shipped_at + clock.HOUR for row in moved)
