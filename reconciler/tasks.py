"""Work as a scheduler calls it: everything from the environment, counts as the answer."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from hub.config import Settings
from hub.mapping.survey import contacts, starts, survey
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
        rules = rules.with_contacts(contacts(mappings))
        result = reconcile(store, rules, datetime.now(UTC), starts=starts(mappings))
    finally:
        store.close()
    write_reports(result, settings.home / "reports", rules.locale)
    return result.counts
