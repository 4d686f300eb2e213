"""The demo's second act: whatever the seed, four systems come to hold the same, and nothing loops."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from cli.demo_two_way import LOST, two_way


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_the_day_ends_well_whatever_the_seed(seed: int, tmp_path: Path) -> None:
    day = two_way(tmp_path / "day", seed, lambda stage, done, total: None)
    assert day.agreeing == day.orders == 12
    assert (day.doubled, day.idle_writes) == (0, 0)
    assert day.lost_answers == 2 * LOST
    assert day.set_right
    assert Decimal(day.conflict["crm"]) != Decimal(day.conflict["wms"])
    assert set(day.written) == {"crm", "erp", "wms", "tms"}
    assert day.good
