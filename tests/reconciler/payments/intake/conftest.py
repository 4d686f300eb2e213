from __future__ import annotations

from pathlib import Path

import pytest

from hub.store import Store
from tests.reconciler.payments.intake.drawer import Drawer


@pytest.fixture
def drawer(sqlite_store: Store, tmp_path: Path) -> Drawer:
    """A drawer over a store on SQLite."""
    return Drawer(tmp_path / "home", sqlite_store)


@pytest.fixture
def any_drawer(store: Store, tmp_path: Path) -> Drawer:
    """The same over a store on one engine and then on the other."""
    return Drawer(tmp_path / "home", store)
