"""A real HTTP server on loopback for the systems that are spoken to over HTTP."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from simulators.trading.faults import Interrupted

_HTML = b"<html><head><title>502</title></head><body><h1>Gateway</h1><p>Please try again later.</body></html>"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; names of headers are small."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Asked], Reply | None]
"""Answers a request; None hangs up without a word."""


def garbage(error: Interrupted) -> Reply | None:
    """Return how an ordered fault looks on the wire, where every system looks alike."""
    if error.way in ("lost", "dead"):
        return None
    return Reply(200, _HTML, {"Content-Type": "text/html"})


class Server:
    """Serves while open; a context manager."""

    def __init__(self, answer: Answer, port: int = 0) -> None:
        """Bind to loopback; port 0 takes any free one."""
        handler = type("Handler", (_Handler,), {"answer": staticmethod(answer)})
        self._http = _Http(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """The address it answers at."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over callers that hung up: some are killed on purpose."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection of one caller."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    answer: ClassVar[Answer]

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        reply = type(self).answer(Asked(self.command, url.path, query, headers, body))
        if reply is None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PATCH = _handle  # noqa: N815 - the names are those of http.server

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the journal tells what was asked."""
