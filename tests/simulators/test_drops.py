from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from simulators import clock, tms
from simulators.drops import drop, sorted_out
from simulators.tms import COLUMNS, Carrier
from tests.simulators.worlds import healthy, world


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drop")
    drop(folder, healthy().carrier)
    return folder


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def finished(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.csv") if path.with_suffix(".ok").exists())


def test_every_file_but_the_last_has_its_marker(folder: Path) -> None:
    (half,) = set(folder.glob("*.csv")) - set(finished(folder))
    assert half.name > max(path.name for path in finished(folder) if "HISTORY" not in path.name)
    assert not half.read_bytes().endswith(b"\n")


def test_a_file_comes_every_two_hours_and_bears_the_time_of_its_drop(folder: Path) -> None:
    times = [int(path.stat().st_mtime) for path in finished(folder) if path.stem.endswith("_01")]
    assert {later - earlier for earlier, later in zip(times, times[1:], strict=False)} == {tms.PERIOD}
    assert times[-1] == healthy().carrier.last_drop
    assert max(int(path.stat().st_mtime) for path in folder.iterdir()) <= world().now


def test_history_comes_by_the_month_with_two_milestones_a_shipment(folder: Path) -> None:
    history = [row for path in folder.glob("*_HISTORY.csv") for row in lines(path)]
    assert len(history) > 1000
    assert {row["code"] for row in history} == {"DEPARTED_PICKUP", "DELIVERED"}


def test_events_come_late_out_of_order_twice_and_corrected(folder: Path) -> None:
    recent = {path: lines(path) for path in finished(folder) if "HISTORY" not in path.name}
    whole = [row for rows in recent.values() for row in rows]
    assert all(list(row) == list(COLUMNS) for row in whole)
    assert any(
        [r["recorded_at"] for r in rows] != sorted(r["recorded_at"] for r in rows) for rows in recent.values()
    )
    assert max(Counter(row["event_id"] for row in whole).values()) > 1
    assert any(row["replaces"] for row in whole)
    assert {"ETA_UPDATED", "DELAYED"} <= {row["code"] for row in whole}
    assert any(path.stem.endswith("_02") for path in recent)
    again = next(path for path in recent if path.stem.endswith("_02"))
    assert again.read_bytes() == again.with_name(again.name.replace("_02", "_01")).read_bytes()


def test_an_event_has_one_content_whenever_it_is_sent(folder: Path) -> None:
    known: dict[str, dict[str, str]] = {}
    for path in finished(folder):
        for row in lines(path):
            assert known.setdefault(row["event_id"], row) == row


def test_a_correction_stands_in_the_file_of_what_it_replaces(folder: Path) -> None:
    """Else a wrong time would stand for hours, and rightly be called a skew."""
    for path in finished(folder):
        rows = lines(path)
        inside = {row["event_id"] for row in rows}
        assert all(row["replaces"] in inside for row in rows if row["replaces"])


def test_some_shipments_are_known_by_their_delivery_note_only() -> None:
    shipments: dict[str, set[bool]] = {}
    for event in healthy().carrier.events():
        shipments.setdefault(event.shipment_id, set()).add(bool(event.sales_order))
    assert all(len(named) == 1 for named in shipments.values())
    nameless = sum(named == {False} for named in shipments.values())
    assert 0.07 < nameless / len(shipments) < 0.13


def test_quantities_begin_with_loading() -> None:
    for event in healthy().carrier.events():
        bare = event.code in ("DISPATCHED", "ARRIVED_PICKUP", "ETA_UPDATED", "DELAYED")
        assert (event.quantity is None) == bare


def test_nothing_is_recorded_before_it_happened_or_too_late_to_be_forgiven() -> None:
    for event in healthy().carrier.events():
        if not event.estimated:
            assert 0 < event.recorded - event.occurred < tms.LATEST


def test_a_silent_tms_drops_nothing_more() -> None:
    shared = world()
    carrier = Carrier(shared, 7, silent_since=shared.now - 36 * clock.HOUR)
    drops = sorted_out(carrier)
    assert max(drops.recent) == carrier.last_drop <= shared.now - 36 * clock.HOUR
    assert drops.unsent


def test_the_same_world_drops_the_same_files(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "TMS_EVENTS_2020010100_01.csv").touch()  # of a world that is no more
    drop(tmp_path, Carrier(world(), 7))
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        p.name: p.read_bytes() for p in folder.iterdir()
    }
