"""Work as a scheduler calls it: everything from the environment, counts as the answer."""

from __future__ import annotations

import os
from collections.abc import Mapping

from hub.config import Settings
from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import open_store
from sync.run import Hub, sync_systems
from sync.sheets import with_sheets


def sync_system(system: str, env: Mapping[str, str] | None = None) -> dict[str, int]:
    """Pull one system and merge; return its counts ("skipped": 1 if another worker has it).

    The first error of the run is raised after everything that could be read was kept.
    """
    env = dict(os.environ if env is None else env)
    settings = Settings.load(env)
    store = open_store(settings.store_url, settings.key)
    try:
        store.require_current()
        mappings, _ = survey(settings.home)
        hub = Hub(store, load_rules(settings.home), with_sheets(store, mappings), env=env)
        (result,) = sync_systems(hub, [system])
    finally:
        store.close()
    for error in result.errors:
        raise error
    return {"skipped": 1} if result.skipped else dict(result.counts)
