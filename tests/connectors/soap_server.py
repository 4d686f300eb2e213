"""A small real HTTP server that speaks SOAP as a test tells it to."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from lxml import etree

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


@dataclass(slots=True)
class Reply:
    """What to answer. `cut` bytes are sent of the body; `length` says Content-Length (of the whole body).

    Status 0 hangs up without a word.
    """

    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml; charset=utf-8"})
    cut: int | None = None
    length: bool = True


@dataclass(slots=True)
class Request:
    """What came in; `call` is the first element in the Body of a POST."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def call(self) -> Any:
        body = etree.fromstring(self.body).find(f"{{{ENVELOPE}}}Body")
        assert body is not None
        return body[0]

    def text(self, name: str) -> str | None:
        found = self.call.find(f".//{{*}}{name}")
        return None if found is None else found.text or ""


Answer = Callable[[Request], Reply]


class SoapServer:
    """Answers every request by `answer`, and keeps the requests."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self.connections = 0
        self.port = 0
        self.open()
        self.host = f"127.0.0.1:{self.port}"

    @property
    def posts(self) -> list[Request]:
        return [request for request in self.requests if request.method == "POST"]

    def open(self) -> None:
        """Listen, after `close` on the same port again."""
        self._http = _Http(("127.0.0.1", self.port), _handler(self))
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def serving(answer: Answer) -> Iterator[SoapServer]:
    server = SoapServer(answer)
    try:
        yield server
    finally:
        server.close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # a client that hung up is part of the tests


def _handler(server: SoapServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            server.connections += 1
            super().setup()

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        do_PUT = do_PATCH = do_DELETE = do_POST

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            request = Request(self.command, self.path, dict(self.headers), self.rfile.read(length))
            server.requests.append(request)
            reply = server.answer(request)
            if not reply.status:
                self.close_connection = True
                return
            body = reply.body.encode() if isinstance(reply.body, str) else reply.body
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.length:
                self.send_header("Content-Length", str(len(body)))
            if not reply.length or reply.cut is not None:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(body[: reply.cut])

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def envelope(content: str, *, encoding: str = "utf-8", soap: str = ENVELOPE) -> bytes:
    """Return an answer whose Body holds `content`."""
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>'
        f'<e:Envelope xmlns:e="{soap}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<e:Header/><e:Body>{content}</e:Body></e:Envelope>"
    )
    return text.encode(encoding)


def fault(code: str, text: str, detail: str = "") -> bytes:
    """Return a SOAP 1.1 fault."""
    return envelope(
        f"<e:Fault><faultcode>e:{code}</faultcode><faultstring>{text}</faultstring><detail>{detail}</detail></e:Fault>"
    )
