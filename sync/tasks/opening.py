"""The hub that the environment means."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from hub.config import Settings
from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import open_store
from hub.store.turns import wall
from sync.run import Hub
from sync.sheets import with_sheets

Env = Mapping[str, str]
Clock = Callable[[], datetime]


@contextmanager
def opened(env: Env | None = None, clock: Clock = wall) -> Iterator[Hub]:
    """Open the hub of `env` (default: the environment); ConfigError if that cannot be.

    A system whose mapping is wrong is left out.
    """
    env = dict(os.environ if env is None else env)
    settings = Settings.load(env)
    rules = load_rules(settings.home)
    store = open_store(settings.store_url, settings.key)
    try:
        store.require_current()
        mappings, _ = survey(settings.home)
        yield Hub(store, rules, with_sheets(store, mappings), clock, env)
    finally:
        store.close()
