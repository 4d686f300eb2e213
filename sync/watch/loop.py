"""A watch as a whole: begins its threads, gives signs of life, and ends them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from threading import Thread

from hub.errors import FenceLost, HubError, LeaseBusy
from hub.store.leases import Lease
from sync.run import Hub
from sync.watch import heartbeat
from sync.watch.events import Event, Fault, Tell
from sync.watch.inbox import Inbox, doors
from sync.watch.merging import Merging
from sync.watch.reading import Reading
from sync.watch.sending import Sending

EVERY = 5.0
"""Seconds from the beginning of one pull to that of the next."""

HOST, PORT = "127.0.0.1", 8790
"""Where calls are taken unless it is said."""

PATIENCE = 20.0
"""Seconds that an answer on its way is waited for at the end. What was sent by then is looked up later."""

Rest = Callable[[float], bool]
"""Waits for so many seconds at most; returns True once the watch is to end."""


class Watch:
    """Watches some systems of a hub until it is told to end."""

    def __init__(
        self,
        hub: Hub,
        systems: Sequence[str],
        tell: Tell,
        *,
        every: float = EVERY,
        listen: tuple[str, int] | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the systems and how often (seconds) they are pulled.

        Without `listen` calls are taken at HOST and PORT if any of the mappings has a `webhook`.
        """
        self._hub, self._tell, self._timer = hub, tell, timer
        self.systems, self._every = list(systems), every
        self.merging = Merging(hub, tell, lambda: self.sending.wake(), timer)
        self.sending = Sending(hub, tell, self.merging.now, timer)
        self.readings = {
            system: Reading(hub, system, every, tell, self.merging.wake, timer) for system in self.systems
        }
        self.inbox = Inbox(doors(hub, self.systems), self._woken, tell, hub.clock, timer)
        hooked = any(hub.mappings[system].webhook for system in self.systems)
        self._listen = listen or ((HOST, PORT) if hooked else None)

    def run(self, rest: Rest) -> None:
        """Watch until `rest` says so. Raises LeaseBusy, ConfigError (no port), FenceLost.

        What is under way comes to the end of its transaction; then all threads are gone, all leases free.
        """
        with ExitStack() as stack:
            held = self._held(stack, rest)
            if held is None:
                return
            if self._listen is not None:
                server = stack.enter_context(self.inbox.serve(*self._listen))
                self._say("listening", place=server.place)
            stack.callback(self._end, self._begin())
            self._say("watching")
            while not rest(heartbeat.BEAT):
                self._beat(held)
        self._say("ended")

    def _held(self, stack: ExitStack, rest: Rest) -> list[Lease] | None:
        """Take the leases, also those of a watch that was killed elsewhere; None if told to end meanwhile."""
        until = self._timer() + heartbeat.TERM.total_seconds()
        while True:
            try:
                return stack.enter_context(heartbeat.watching(self._hub.store, self.systems))
            except LeaseBusy:
                if self._timer() >= until:
                    raise
            if rest(1.0):
                return None

    def _begin(self) -> list[Thread]:
        threads = [
            Thread(target=reading.run, name=f"watch {system}", daemon=True)
            for system, reading in self.readings.items()
        ]
        threads.append(Thread(target=self.merging.run, name="watch merge", daemon=True))
        threads.append(Thread(target=self.sending.run, name="watch out", daemon=True))
        for thread in threads:
            thread.start()
        return threads

    def _end(self, threads: Sequence[Thread]) -> None:
        for reading in self.readings.values():
            reading.stop()
        self.merging.stop()
        self.sending.stop()
        until = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        for thread in threads:
            if thread.is_alive():
                self._say("failed", error=Fault("watch.still_busy", name=thread.name))
        self._keep()

    def _beat(self, held: Sequence[Lease]) -> None:
        """Give a sign of life; a store that cannot be reached just now is no reason to end."""
        try:
            heartbeat.beat(self._hub.store, held)
        except FenceLost:
            raise
        except Exception as error:  # the last net: the database may be away for a while
            self._say("failed", error=Fault.of(error))
        else:
            self._keep()

    def _keep(self) -> None:
        try:
            self.inbox.keep()
        except Exception as error:  # the last net, as above: a call that is forgotten is only read again
            self._say("failed", error=Fault.of(error))

    def _woken(self, system: str, stream: str, keys: list[str]) -> None:
        self.readings[system].ask(stream, keys)

    def _say(self, kind: str, place: str = "", error: HubError | None = None) -> None:
        self._tell(Event(self._hub.clock(), kind, error=error, place=place))
