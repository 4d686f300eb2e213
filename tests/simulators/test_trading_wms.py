"""The WMS's database on both engines: what triggers do, what people do, and how writing goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from simulators.trading.faults import faults_at
from simulators.trading.journal import doubled
from simulators.trading.watch import Watch
from simulators.trading.wms import Wms
from simulators.trading.wms_proxy import WmsProxy

INSERT = "INSERT INTO outbound (order_ref, state, customer) VALUES (:ref, '00', '恒泰电气') RETURNING id"
LINE = "INSERT INTO outbound_line (outbound_id, pos, item_code, qty) VALUES (:id, 1, '100200', '10.005')"


@dataclass
class Hub:
    """Writes as the hub does: by SQL, over a connection of its own."""

    engine: sa.Engine

    def create(self, ref: str = "SO-1") -> int:
        with self.engine.begin() as conn:
            at = int(conn.execute(sa.text(INSERT), {"ref": ref}).scalar_one())
            conn.execute(sa.text(LINE), {"id": at})
        return at

    def update(self, set_: str, where: str = "order_ref = 'SO-1'") -> int:
        with self.engine.begin() as conn:
            return conn.execute(sa.text(f"UPDATE outbound SET {set_} WHERE {where}")).rowcount


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture(params=["sqlite", "postgresql"])
def wms(request: pytest.FixtureRequest, tmp_path: Path, watch: Watch) -> Iterator[Wms]:
    postgres = request.param == "postgresql"
    place: Path | str = request.getfixturevalue("postgres_url") if postgres else tmp_path / "wms.db"
    system = Wms(place, watch)
    watch.heard.append(system.tick)
    yield system
    system.close()


@pytest.fixture
def hub(wms: Wms) -> Iterator[Hub]:
    made = Hub(sa.create_engine(wms.url))
    yield made
    made.engine.dispose()


def operations(wms: Wms) -> list[tuple[str, str]]:
    return [(entry.who, entry.operation) for entry in wms.journal()]


def test_a_row_gets_stamp_and_version_and_each_update_moves_them(wms: Wms, hub: Hub, watch: Watch) -> None:
    hub.create()
    (row,) = wms.find("SO-1")
    assert (row["company"], row["held"], row["created"]) == ("HS01", "N", "2026-07-01 16:00:00.000")
    watch.forward(1.5)
    assert hub.update("held = 'Y'", f"order_ref = 'SO-1' AND version = {row['version']}") == 1
    (after,) = wms.find("SO-1")
    assert (after["version"], after["changed"]) == (row["version"] + 1, "2026-07-01 16:00:01.500")
    assert hub.update("held = 'N'", f"order_ref = 'SO-1' AND version = {row['version']}") == 0


def test_a_line_moves_the_stamp_of_its_row(wms: Wms, hub: Hub, watch: Watch) -> None:
    hub.create()
    before = wms.find("SO-1")[0]["version"]
    watch.forward(1)
    with hub.engine.begin() as conn:
        conn.execute(sa.text("UPDATE outbound_line SET qty = 7 WHERE pos = 1"))
    (row,) = wms.find("SO-1")
    assert (row["version"], row["changed"]) == (before + 1, "2026-07-01 16:00:01.000")
    assert [line["qty"] for line in row["lines"]] == [Decimal(7)]


def test_the_journal_tells_the_hubs_writes_from_those_of_the_warehouse(wms: Wms, hub: Hub) -> None:
    hub.create()
    hub.update("held = 'Y'")
    wms.allocate("SO-1")
    assert operations(wms) == [
        ("hub", "create"),
        ("hub", "line"),
        ("hub", "change"),
        ("warehouse", "change"),
    ]
    assert all(entry.done and entry.order_ref == "SO-1" for entry in wms.journal())


def test_what_is_rolled_back_leaves_no_row_and_no_entry(wms: Wms, hub: Hub) -> None:
    with hub.engine.connect() as conn, conn.begin() as transaction:
        conn.execute(sa.text(INSERT), {"ref": "SO-1"})
        transaction.rollback()
    assert (wms.rows(), wms.journal()) == ([], [])


def test_without_a_unique_key_an_order_may_stand_there_twice(wms: Wms, hub: Hub) -> None:
    hub.create()
    hub.create()
    assert len(wms.find("SO-1")) == 2
    assert doubled(wms.journal()) == ["SO-1"]


def test_with_a_unique_key_the_second_is_refused(tmp_path: Path, watch: Watch) -> None:
    wms = Wms(tmp_path / "wms.db", watch, unique=True)
    hub = Hub(sa.create_engine(wms.url))
    hub.create()
    with pytest.raises(sa.exc.IntegrityError):
        hub.create()
    assert len(wms.find("SO-1")) == 1
    hub.engine.dispose()
    wms.close()


def test_the_warehouse_allocates_picks_ships_in_parts_and_voids(wms: Wms) -> None:
    wms.receive("SO-1", {"100200": Decimal(10), "100207": Decimal(3)})
    states = []
    for step in (wms.allocate, wms.pick):
        step("SO-1")
        states.append(wms.find("SO-1")[0]["state"])
    wms.ship("SO-1", Decimal("0.5"))
    (half,) = wms.find("SO-1")
    assert [*states, half["state"]] == ["10", "20", "80"]
    assert [line["qty_sent"] for line in half["lines"]] == [Decimal(5), Decimal("1.5")]
    wms.ship("SO-1")
    (whole,) = wms.find("SO-1")
    assert (whole["state"], whole["shipped_at"]) == ("90", half["shipped_at"])
    wms.void("SO-1")
    assert wms.find("SO-1")[0]["state"] == "99"


@pytest.mark.parametrize(("way", "says"), [("locked", "locked by user LIXM"), ("dead", "disk I/O error")])
def test_the_hubs_writes_can_be_refused_while_the_warehouse_works_on(
    wms: Wms, hub: Hub, way: str, says: str
) -> None:
    hub.create()
    wms.faults.order(way, order_ref="SO-1")
    with pytest.raises(sa.exc.DBAPIError, match=says):
        hub.update("held = 'Y'")
    assert wms.find("SO-1")[0]["held"] == "N"
    wms.allocate("SO-1")
    hub.create("SO-2")
    wms.faults.clear()
    assert hub.update("held = 'Y'") == 1


def test_what_the_wms_cannot_hold_it_rounds_cuts_and_merges(wms: Wms, hub: Hub) -> None:
    with faults_at(wms.url) as faults:
        for way, value in (("round", "2"), ("cut", "2"), ("merge", "20=10")):
            faults.order(way, value)
    hub.create()
    hub.update("state = '20'")
    (row,) = wms.find("SO-1")
    assert (row["state"], row["customer"], row["lines"][0]["qty"]) == ("10", "恒泰", Decimal("10.01"))
    assert operations(wms) == [("hub", "create"), ("hub", "line"), ("hub", "change")]


def test_a_busy_database_lets_nobody_write(tmp_path: Path, watch: Watch) -> None:
    wms = Wms(tmp_path / "wms.db", watch)
    hub = Hub(sa.create_engine(wms.url, connect_args={"timeout": 0}))
    with wms.busy(), pytest.raises(sa.exc.OperationalError, match="locked"):
        hub.create()
    hub.create()
    hub.engine.dispose()
    wms.close()


def test_records_outlive_the_process(tmp_path: Path, watch: Watch) -> None:
    for ref in ("SO-1", "SO-2"):
        wms = Wms(tmp_path / "wms.db", watch)
        wms.receive(ref, {"100200": Decimal(1)})
        wms.close()
    again = Wms(tmp_path / "wms.db", watch)
    assert [row["order_ref"] for row in again.rows()] == ["SO-1", "SO-2"]
    again.close()


@pytest.fixture
def server(postgres_url: str, watch: Watch) -> Iterator[Wms]:
    system = Wms(postgres_url, watch)
    yield system
    system.close()


@pytest.fixture
def remote(server: Wms, watch: Watch) -> Iterator[Hub]:
    """The hub behind a wire that can break."""
    with WmsProxy(server, watch.forward) as proxy:
        made = Hub(sa.create_engine(proxy.url))
        yield made
        made.engine.dispose()


@pytest.mark.parametrize(("way", "done"), [("lost", True), ("dead", False)])
def test_the_wire_can_break_after_or_before_a_commit(server: Wms, remote: Hub, way: str, done: bool) -> None:
    server.faults.order(way, operation="commit")
    with pytest.raises(sa.exc.OperationalError):
        remote.create()
    assert len(server.find("SO-1")) == (1 if done else 0)
    remote.create("SO-2")
    assert len(server.find("SO-2")) == 1


def test_over_the_wire_somebody_may_change_a_row_just_before_it_is_updated(server: Wms, remote: Hub) -> None:
    remote.create()
    version = server.find("SO-1")[0]["version"]
    server.faults.order("person", json.dumps({"ref": "SO-1", "held": "Y"}), operation="update")
    assert remote.update("state = '99'", f"order_ref = 'SO-1' AND version = {version}") == 0
    (row,) = server.find("SO-1")
    assert (row["state"], row["held"]) == ("00", "Y")
