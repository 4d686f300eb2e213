"""Homes for the command line: one that is only set up, and one that has been read and reconciled."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.home import DELIVERIES, ORDERS, Home, home_in, make_home


@pytest.fixture(scope="session")
def _fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with data in its systems and a migrated store that holds nothing."""
    home = make_home(tmp_path_factory.mktemp("cli") / "fresh")
    assert home.run("db", "upgrade").exit_code == 0
    home.drop("orders_1.csv", ORDERS)
    home.deliver(DELIVERIES)
    return home.path


@pytest.fixture(scope="session")
def _read(_fresh: Path) -> Path:
    home = home_in(Path(shutil.copytree(_fresh, _fresh.parent / "read")))
    home.read()
    return home.path


@pytest.fixture
def fresh(_fresh: Path, tmp_path: Path) -> Home:
    """A home of one's own, nothing read yet."""
    return home_in(Path(shutil.copytree(_fresh, tmp_path / "home")))


@pytest.fixture
def home(_read: Path, tmp_path: Path) -> Home:
    """A home of one's own, read and reconciled."""
    return home_in(Path(shutil.copytree(_read, tmp_path / "home")))
