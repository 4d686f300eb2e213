"""Work as a scheduler calls it: everything from the environment, counts as the answer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hub.config import Settings
from hub.mapping import SystemMapping
from hub.mapping.survey import survey
from hub.rules import load_rules
from hub.store import open_store
from reconciler.reports import write_reports
from reconciler.run import reconcile


def reconcile_all(env: Mapping[str, str] | None = None) -> dict[str, int]:
    """Reconcile as of now and write the report to `reports/` in the home; return the findings by kind."""
    settings = Settings.load(dict(os.environ if env is None else env))
    rules = load_rules(settings.home)
    store = open_store(settings.store_url, settings.key)
    try:
        store.require_current()
        mappings, _ = survey(settings.home)
        result = reconcile(store, rules, datetime.now(UTC), starts=_starts(mappings))
    finally:
        store.close()
    write_reports(result, settings.home / "reports", rules.locale)
    return result.counts


def _starts(mappings: Mapping[str, SystemMapping]) -> dict[str, datetime]:
    """Return the moments before which orders are history, for the systems that name a start date."""
    return {
        name: datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(mapping.time.zone or "UTC"))
        for name, mapping in mappings.items()
        if (day := mapping.start) is not None
    }
