"""The CRM's wake-up calls: signed, sent by a thread, best effort – lost, doubled and disordered on demand."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit
from uuid import uuid4

from simulators.trading.database import Clock

_SECONDS = 5


@dataclass(frozen=True, slots=True)
class _Target:
    url: str
    secret: str


def signature(secret: str, time: str, body: bytes) -> str:
    """Return the signature of a call: HMAC-SHA256 over time, a dot and the raw body, in hexadecimal."""
    return hmac.new(secret.encode(), f"{time}.".encode() + body, hashlib.sha256).hexdigest()


class Webhooks:
    """Tells a registered address of each change: order id, event id and time, nothing more.

    `on` switches it; `twice` sends every call a second time; `reorder` holds calls back and sends each two
    in the wrong order.
    """

    def __init__(self, clock: Clock) -> None:
        """Start the thread that sends."""
        self.on, self.twice, self.reorder = True, False, False
        self.failed = 0
        self._clock = clock
        self._targets: list[_Target] = []
        self._held: list[bytes] = []
        self._queue: queue.Queue[bytes | None] = queue.Queue()
        self._thread = threading.Thread(target=self._send_all, name="webhooks", daemon=True)
        self._thread.start()

    def register(self, url: str, secret: str) -> None:
        """Let an address be told from now on."""
        self._targets.append(_Target(url, secret))

    def changed(self, order_id: str) -> None:
        """Tell that an order was changed."""
        if not self.on or not self._targets:
            return
        time = str(int(self._clock().timestamp()))
        said = {"order_id": order_id, "event_id": uuid4().hex, "time": time}
        self._held.append(json.dumps(said).encode())
        if self.reorder and len(self._held) < 2:
            return
        due, self._held = self._held[::-1] if self.reorder else self._held, []
        for body in due:
            for _ in range(2 if self.twice else 1):
                self._queue.put(body)

    def wait(self) -> None:
        """Return when all calls that were due have been sent."""
        self._queue.join()

    def close(self) -> None:
        """Send what is due and end."""
        self._queue.put(None)
        self._thread.join()

    def _send_all(self) -> None:
        while (body := self._queue.get()) is not None:
            for target in self._targets:
                try:
                    _send(target, body)
                except (OSError, HTTPException):
                    self.failed += 1
            self._queue.task_done()
        self._queue.task_done()


def _send(target: _Target, body: bytes) -> None:
    url = urlsplit(target.url)
    time = json.loads(body)["time"]
    headers = {
        "Content-Type": "application/json",
        "X-Time": time,
        "X-Signature": signature(target.secret, time, body),
    }
    connection = HTTPConnection(url.hostname or "", url.port, timeout=_SECONDS)
    try:
        connection.request("POST", url.path or "/", body, headers)
        connection.getresponse().read()
    finally:
        connection.close()
