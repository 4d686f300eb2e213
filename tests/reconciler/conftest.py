from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import Store
from tests.reconciler.house import House


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> Iterator[House]:
    """A small house of two systems over a store on SQLite."""
    (tmp_path / "house").mkdir()
    found = House(tmp_path / "house", sqlite_store)
    yield found
    for engine in found.engines.values():
        engine.dispose()


@pytest.fixture
def any_house(store: Store, tmp_path: Path) -> Iterator[House]:
    """The same over a store on one engine and then on the other."""
    (tmp_path / "house").mkdir()
    found = House(tmp_path / "house", store)
    yield found
    for engine in found.engines.values():
        engine.dispose()
