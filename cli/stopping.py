"""What goes on until it is stopped: signals that ask for an end, how often something is done, and where."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import FrameType

from cli import DONE, STOPPED
from hub.errors import ConfigError


class Asked:
    """The signals that came."""

    def __init__(self, signals: SimpleQueue[int]) -> None:
        """Take the queue of signals."""
        self._signals, self._came = signals, list[int]()

    def within(self, wait: float) -> bool:
        """Wait for so many seconds at most; tell whether an end was asked for."""
        try:
            self._came.append(self._signals.get(timeout=wait))
        except Empty:
            return False
        return True

    @property
    def code(self) -> int:
        """The exit code that the end asks for."""
        return STOPPED if signal.SIGINT in self._came else DONE


@contextmanager
def asked() -> Iterator[Asked]:
    """Hear the signals that ask for an end; a second one ends the process at once."""
    came: SimpleQueue[int] = SimpleQueue()  # the one queue that a signal handler may put into
    asking = (signal.SIGINT, signal.SIGTERM)

    def heard(number: int, _frame: FrameType | None) -> None:
        for one in asking:
            signal.signal(one, signal.SIG_DFL)
        came.put(number)

    before = {one: signal.signal(one, heard) for one in asking}
    try:
        yield Asked(came)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def seconds(every: str, key: str, least: float) -> float:
    """Return how many seconds `5s` or `1m` are; ConfigError `key` for what is none, or fewer than `least`."""
    from pydantic_core import PydanticCustomError

    from hub.spec import duration

    try:
        found = float(duration(every).total_seconds())
    except PydanticCustomError:
        found = 0.0
    if found < least:
        raise ConfigError(key, found=every)
    return found


def place(listen: str) -> tuple[str, int]:
    """Return the host and port of HOST:PORT (an IPv6 address in brackets); ConfigError for what is none."""
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise ConfigError("watch.listen", found=listen)
    return host, int(port)
