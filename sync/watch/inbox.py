"""The inbox for wake-up calls: `POST /hooks/SYSTEM`, believed if signed, answered before anything is read.

It stands on loopback, behind the house's own web server, which brings TLS. Answers and events hold nothing
of a call but which system it was for.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hub.config import connection
from hub.errors import HubError
from hub.mapping.webhook import Refused, verify
from hub.mapping.writespec import Webhook
from sync.run import Hub
from sync.watch.events import Event, Fault, Tell
from sync.watch.seen import Seen
from sync.watch.server import Server

LARGEST = 64 * 1024
"""Bytes of a call, at most."""

PATIENCE = 5.0
"""Seconds that a caller has to say what it wants, and between two words of it."""

_PLACE = re.compile(r"/hooks/([a-z][a-z0-9_]{0,31})/?")
_QUIET = 60.0
"""Seconds for which calls of a system that are refused for one reason are told once."""

_NOT_BELIEVED = frozenset({"webhook.not_genuine", "webhook.too_old"})

Wake = Callable[[str, str, list[str]], None]
"""Told of a call that is believed: system, stream, keys."""


@dataclass(frozen=True, slots=True)
class Door:
    """What one system's calls are verified with."""

    spec: Webhook
    conn: Mapping[str, Any]
    seen: Seen


def doors(hub: Hub, systems: list[str]) -> dict[str, Door]:
    """Return the doors of the systems whose mapping has a `webhook`; ConfigError without a connection."""
    found = {}
    for system in systems:
        mapping = hub.mappings[system]
        if mapping.webhook is not None:
            known = connection(mapping.connection or system, hub.env)
            conn = {"login": known.login, "password": known.password, "extra": dict(known.extra)}
            seen = Seen(hub.store, system, mapping.webhook.within, hub.clock)
            found[system] = Door(mapping.webhook, conn, seen)
    return found


class Inbox:
    """Decides what becomes of a call; `serve` gives it to the network."""

    def __init__(
        self,
        doors: Mapping[str, Door],
        wake: Wake,
        tell: Tell,
        clock: Callable[[], datetime],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the doors by system, and whom to tell."""
        self._doors, self._wake, self._tell = doors, wake, tell
        self._clock, self._timer = clock, timer
        self._told: dict[tuple[str, str], float] = {}

    def serve(self, host: str, port: int) -> Server:
        """Return a server that gives calls to this inbox; ConfigError if nobody may listen there."""
        handler = type("Handler", (_Handler,), {"inbox": self})
        return Server((host, port), handler)

    def system_of(self, path: str) -> str | None:
        """Return the system that a path is for, None if there is no such door."""
        found = _PLACE.fullmatch(path)
        return found[1] if found and found[1] in self._doors else None

    def take(self, system: str, body: bytes, headers: Mapping[str, str], query: Mapping[str, str]) -> int:
        """Verify one call and let its records be read; return the status that answers it."""
        door = self._doors[system]
        try:
            woken = verify(door.spec, body, headers, self._clock(), door.conn, query)
        except Refused as error:
            self._say(system, error)
            return 401 if error.key in _NOT_BELIEVED else 400
        except HubError as error:
            self._say(system, error)
            return 500
        except Exception as error:  # the last net: a call holds what a stranger likes
            self._say(system, Fault.of(error))
            return 500
        if not all(key.isprintable() for key in woken.keys):
            return 400
        if woken.replay is None or door.seen.first_time(woken.replay):
            self._wake(system, woken.stream, list(woken.keys))
        return 202

    def keep(self) -> None:
        """Keep which calls came, for the next watch."""
        for door in self._doors.values():
            door.seen.keep()

    def _say(self, system: str, error: HubError) -> None:
        now, place = self._timer(), (system, error.key)
        if now - self._told.get(place, -_QUIET) >= _QUIET:
            self._told[place] = now
            self._tell(Event(self._clock(), "refused", system, error=error))


class _Handler(BaseHTTPRequestHandler):
    """One call."""

    inbox: Inbox
    timeout = PATIENCE

    def do_POST(self) -> None:
        """Take a call."""
        url = urlsplit(self.path)
        system = self.inbox.system_of(url.path)
        if system is None:
            self._answer(404)
            return
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal():
            self._answer(400)
        elif len(length) > len(str(LARGEST)) or int(length) > LARGEST:
            self._answer(413)
        elif (body := self._body(int(length))) is None:
            self._answer(400)
        else:
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            self._answer(self.inbox.take(system, body, dict(self.headers.items()), query))

    def do_GET(self) -> None:
        """Show nobody anything."""
        self._answer(404)

    def _body(self, length: int) -> bytes | None:
        """Return the body; None if it did not come whole and in time."""
        body, until = b"", time.monotonic() + PATIENCE
        while len(body) < length and time.monotonic() < until:
            try:
                some = self.rfile.read1(length - len(body))
            except OSError:
                return None
            if not some:
                return None
            body += some
        return body if len(body) == length else None

    def _answer(self, status: int) -> None:
        self.close_connection = True
        self.send_response_only(status)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no HTTP of ours without a word about it."""
        self._answer(code)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: what is refused is an event."""
