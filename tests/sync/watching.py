"""A watch in the test's own process: started, listened to, and stopped with nothing left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sync.run import Hub
from sync.watch.events import Event
from sync.watch.loop import Watch

PATIENCE = 15.0
"""Seconds after which a test gives up."""


class Ear:
    """Hears events from all threads, and waits for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def kinds(self, system: str) -> list[str]:
        with self._news:
            return [event.kind for event in self.events if event.system == system]

    def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until `holds` is true, looked at after each event; fail if it never is."""
        with self._news:
            found = self._news.wait_for(holds, PATIENCE)
        assert found, [(one.kind, one.system, str(one.error or ""), one.counts) for one in self.events]
        return found

    def hear(self, kind: str, system: str = "") -> Event:
        """Wait for an event of a kind."""

        def heard() -> Event | None:
            return next((one for one in self.events if (one.kind, one.system) == (kind, system)), None)

        event: Event = self.until(heard)
        return event


@contextmanager
def watching(
    hub: Hub, systems: Sequence[str], ear: Ear, every: float = 3600.0, listen: bool = True
) -> Iterator[Watch]:
    """Run a watch; at the end all its threads must be gone."""
    stop = threading.Event()
    watch = Watch(hub, systems, ear, every=every, listen=("127.0.0.1", 0) if listen else None)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            watch.run(stop.wait)
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=run, name="watch main")
    thread.start()
    try:
        ear.hear("watching")
        yield watch
    finally:
        stop.set()
        thread.join(PATIENCE)
    assert not failed
    assert not [one.name for one in threading.enumerate() if one.name.startswith("watch")]


def port(ear: Ear) -> int:
    """Return the port on which the watch takes calls."""
    return int(ear.hear("listening").place.rpartition(":")[2])
