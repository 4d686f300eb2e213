"""What tests of the way out share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store import Store
from tests.sync.out.house import House


@pytest.fixture
def house(tmp_path: Path, store: Store) -> Iterator[House]:
    """A house whose systems are all adopted while nothing is in them."""
    here = House(tmp_path / "house", store)
    here.sync()
    here.adopt()
    yield here
    here.close()
