"""Which records are to be read again: keys by stream, each once, and when. One reader takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MOST = 10_000
"""So many keys lie there at most; past that a pull of the stream is asked for, which shows them as well."""

Asked = dict[str, list[str]]
"""Keys by stream; none of a stream stands for a pull of it."""


class Calls:
    """The keys that wait to be read, each until its time (seconds of the reader's timer).

    No thread protects itself here: the reader does, with the lock by which it waits.
    """

    def __init__(self) -> None:
        """Nothing waits."""
        self._waiting: dict[str, dict[str, float]] = {}
        self._whole: dict[str, float] = {}
        self._second: set[tuple[str, str]] = set()

    def ask(self, stream: str, keys: Iterable[str], at: float) -> None:
        """Let these records be read from `at` on; what is asked for sooner stays so."""
        waiting = self._waiting.setdefault(stream, {})
        for key in keys:
            waiting[key] = min(at, waiting.get(key, at))
            self._second.discard((stream, key))
        if len(waiting) > MOST:
            self._whole[stream] = at
            waiting.clear()

    def put_back(self, asked: Mapping[str, Iterable[str]], at: float) -> None:
        """Let what could not be read be read later."""
        for stream, keys in asked.items():
            some = list(keys)
            for key in some:
                self._waiting.setdefault(stream, {}).setdefault(key, at)
            if not some:
                self._whole[stream] = at

    def was_read(self, stream: str, keys: Iterable[str], again_at: float | None) -> None:
        """Note what was read; with `again_at` it is read once more then, unless this was that second look."""
        waiting = self._waiting.setdefault(stream, {})
        for key in keys:
            if (stream, key) in self._second:
                self._second.discard((stream, key))
            elif again_at is not None and key not in waiting:
                waiting[key] = again_at
                self._second.add((stream, key))

    def take(self, now: float) -> Asked:
        """Return what is due, and forget it."""
        whole = [stream for stream, at in self._whole.items() if at <= now]
        found: Asked = {stream: [] for stream in whole}
        for stream in whole:
            del self._whole[stream]
        for stream, waiting in self._waiting.items():
            due = [key for key, at in waiting.items() if at <= now]
            if due and stream not in found:
                found[stream] = due
            for key in due:
                del waiting[key]
        return found

    def next_at(self) -> float | None:
        """Return when the next one is due, None if nothing waits."""
        times = [at for waiting in self._waiting.values() for at in waiting.values()]
        return min([*times, *self._whole.values()], default=None)
