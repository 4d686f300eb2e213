"""A house of three systems (`tests.sync.out.house`) as the command line finds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cli import context
from hub.config import Settings
from hub.store import open_store
from tests.cli.home import KEY, Home
from tests.sync.out.house import House


@contextmanager
def house_home(
    folder: Path, monkeypatch: pytest.MonkeyPatch, mappings: Mapping[str, str]
) -> Iterator[tuple[House, Home]]:
    """Make a house whose clock is that of the commands too."""
    env = {
        "ORDERHUB_HOME": str(folder / "home"),
        "ORDERHUB_STORE": f"sqlite:///{folder / 'hub.db'}",
        "ORDERHUB_KEY": KEY,
        "ORDERHUB_LOCALE": "",
        "COLUMNS": "100",
        "TZ": "UTC",
    }
    (folder / "home" / "mappings").mkdir(parents=True)
    settings = Settings.load(env)
    store = open_store(settings.store_url, settings.key)
    store.upgrade()
    house = House(folder, store, mappings=dict(mappings))
    real = context.here
    monkeypatch.setattr(context, "here", lambda env=None: replace(real(env), clock=lambda: house.now))
    try:
        yield house, Home(house.home, env | house.env)
    finally:
        house.close()
        store.close()
