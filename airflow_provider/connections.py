"""Airflow's connections in the form in which the hub reads them: `AIRFLOW_CONN_<ID>` as JSON.

So a connection that lies in Airflow's database or a secrets backend reaches the hub like one in a variable.
What Airflow hands out it masks in its own logs; the hub registers it with `hub.redact` when it reads it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hub.config import PREFIX, Settings
from hub.mapping.survey import survey

_PARTS = ("host", "port", "login", "password", "schema")

Ask = Callable[[str], Any]
"""Returns a connection of Airflow's by its id, None if there is none."""


def environment(
    systems: Iterable[str] = (), env: Mapping[str, str] | None = None, ask: Ask | None = None
) -> dict[str, str]:
    """Return the environment with the connections of `systems` (default: all) as Airflow knows them.

    To be called inside a task, or in the API server. What stands in a variable is left as it is; what
    Airflow does not know stays out, and the hub names it where it needs it. ConfigError if there is no hub.
    """
    told = dict(os.environ if env is None else env)
    mappings, _ = survey(Settings.load(told).home)
    wanted = set(systems) or mappings.keys()
    named = {one.connection or one.system for name, one in mappings.items() if name in wanted}
    for conn_id in sorted(named):
        variable = PREFIX + conn_id.upper()
        if not told.get(variable) and (found := (ask or of_airflow)(conn_id)) is not None:
            told[variable] = as_json(found)
    return told


def of_airflow(conn_id: str) -> Any:
    """Return a connection of Airflow's, None if there is none of that id."""
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return None


def as_json(conn: Any) -> str:
    """Return a connection of Airflow's as the text of its variable. It holds the secrets: show it nowhere.

    Fields of a form that were left empty are left out.
    """
    parts = {name: getattr(conn, name) for name in _PARTS if getattr(conn, name) not in (None, "")}
    extra = {name: value for name, value in _extra(conn.extra).items() if value not in (None, "")}
    return json.dumps({"conn_type": conn.conn_type, **parts, "extra": extra})


def _extra(text: str | None) -> dict[str, Any]:
    """Return what the extra says; one that is no JSON object says nothing, and no error may quote it."""
    try:
        said = json.loads(text or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
