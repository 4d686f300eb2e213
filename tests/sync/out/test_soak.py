"""A small soak of what `benchmarks/soak.py` does ten thousand times."""

from __future__ import annotations

from pathlib import Path

from benchmarks.soak import soak


def test_no_echo_is_written_and_the_systems_come_to_rest(tmp_path: Path) -> None:
    came = soak(tmp_path, changes=150, orders=20, seed=11)
    assert came.changes >= 150
    assert sum(came.writes.values()) > 50
    assert (came.echoes, came.doubled, came.idle_writes, came.open_changes) == (0, 0, 0, 0)
    assert came.differing == []
