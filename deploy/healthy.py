"""Says by its exit code whether a part of a deployment is at work: `healthy.py PART`.

Cheap on purpose, for it is asked every half minute: `airflow jobs check` costs some 5 s of CPU each time.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from urllib.request import urlopen

PATIENCE = 8.0
"""Seconds that an answer may take."""

AIRFLOW = {
    "api-server": "metadatabase",
    "scheduler": "scheduler",
    "dag-processor": "dag_processor",
    "triggerer": "triggerer",
}
"""What the API server calls the parts when it tells of everybody's health; its own is to have a database."""


DOORS = {"practice": 8765, "metrics": 9464}
"""Parts that are at work if they take calls."""


def airflow(part: str) -> bool:
    """Ask the API server, which sees every part's sign of life in the database."""
    place = os.environ.get("ORDERHUB_API_SERVER") or "api-server:8080"
    with urlopen(f"http://{place}/api/v2/monitor/health", timeout=PATIENCE) as answer:
        found = json.load(answer)
    return bool(found[AIRFLOW[part]]["status"] == "healthy")


def watch() -> bool:
    """Look into the store: a watch that lives renews its hold on every system it reads."""
    from hub.config import Settings
    from hub.store import open_store
    from hub.store.turns import wall
    from sync.watch.heartbeat import watched

    settings = Settings.load()
    store = open_store(settings.store_url, settings.key)
    try:
        with store.read() as conn:
            return any(socket.gethostname() in one.holder for one in watched(conn, wall()))
    finally:
        store.close()


def worker() -> bool:
    """Call this container's worker over the queue, as whoever gives it work does."""
    from celery import Celery  # type: ignore[import-not-found,unused-ignore]  # only images have it

    asked = Celery(broker=os.environ["AIRFLOW__CELERY__BROKER_URL"]).control
    return bool(asked.ping(destination=[f"celery@{socket.gethostname()}"], timeout=PATIENCE))


def open_door(port: int) -> bool:
    """Knock at a port of this very container."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE):
        return True


def main(part: str) -> int:
    """Return 0 if `part` is at work, else 1 with a word why."""
    ask = {"watch": watch, "worker": worker}.get(part, lambda: airflow(part))
    try:
        good = open_door(DOORS[part]) if part in DOORS else ask()
    except OSError as error:
        sys.stderr.write(f"{part}: {error}\n")
        return 1
    if not good:
        sys.stderr.write(f"{part}: no sign of life\n")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
