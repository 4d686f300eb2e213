"""The direct link as a real HTTP server on loopback: forms in, encrypted text out, and its bad days."""

from __future__ import annotations

import sys
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs

from simulators.bank.link import Link, Refused
from simulators.bank.vault import NotSigned, Vault

PATH = "/cdcserver/api/v2"
WAYS = ("gone", "html", "html_503", "http_404", "http_429", "cut", "forged", "refused", "gateway")
_SKEW = timedelta(hours=1)
_HTML = "<html><head><title>Welcome</title></head><body><h1>Welcome</h1></body></html>"


class BankServer:
    """Serves one user's link while open; a context manager. `way` (of WAYS) is how it fails, if at all."""

    def __init__(self, link: Link, vault: Vault, port: int = 0) -> None:
        """Bind to loopback; port 0 takes any free one."""
        self.link, self.vault, self.way = link, vault, ""
        self.lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"bank": self})
        self._http = _Http(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._http.server_address[1])

    def fail(self, way: str) -> None:
        """Fail from the next call on; "" for no longer."""
        if way and way not in WAYS:
            raise ValueError(way)
        self.way = way

    def answer(self, form: dict[str, str]) -> bytes:
        """Return the answer to a form, a refusal of the gateway in clear."""
        if (form.get("UID"), form.get("ALG")) != (self.vault.keys.user, "SM"):
            return "CDCServer:DCAT009-您未开通直联业务 [N66010]".encode()
        try:
            message = self.vault.open(form.get("DATA", ""))
            self._require_same_time(message["signature"]["sigtim"])
        except NotSigned as error:
            return f"CDCServer:{error}".encode()
        head = {**message["request"]["head"], "rspid": f"{self.link.now:%Y%m%d%H%M%S}-LW", "bizcode": ""}
        said: dict[str, Any] = {"resultcode": "SUC0000", "resultmsg": ""}
        body: dict[str, Any] = {}
        if self.way == "refused":
            said = {"resultcode": "NCB9999", "resultmsg": "系统处理失败"}
        else:
            try:
                with self.lock:
                    body = self.link.answer(message["request"]["head"], message["request"]["body"])
            except Refused as error:
                said = {"resultcode": error.code, "resultmsg": str(error)}
        response = {"head": {**head, **said}, "body": body}
        return self.vault.seal(response, self.link.now, forged=self.way == "forged")

    def _require_same_time(self, stamp: str) -> None:
        now = self.link.now.replace(tzinfo=None)
        earliest, latest = (f"{one:%Y%m%d%H%M%S}" for one in (now - _SKEW, now + _SKEW))
        if not earliest < stamp < latest:
            raise NotSigned("DCAT005-签名时间无效")

    def __enter__(self) -> BankServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over callers that hung up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection of one caller."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    bank: ClassVar[BankServer]

    def do_POST(self) -> None:
        """Answer a form, or fail as ordered."""
        content = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("ascii")
        way = self.bank.way
        if way == "gone":
            self.close_connection = True
        elif way in ("html", "html_503"):
            self._send(200 if way == "html" else 503, _HTML.encode(), kind="text/html")
        elif way in ("http_404", "http_429") or self.path != PATH:
            self._send(429 if way == "http_429" else 404, b"", {"Retry-After": "1"})
        elif way == "gateway":
            self._send(200, "CDCServer:DCAT003-报文验签失败".encode())
        else:
            form = {name: values[0] for name, values in parse_qs(content).items()}
            self._send(200, self.bank.answer(form), cut=way == "cut")

    def _send(
        self,
        status: int,
        data: bytes,
        headers: dict[str, str] | None = None,
        *,
        kind: str = "text/plain",
        cut: bool = False,
    ) -> None:
        """Send an answer; `cut`: half of it, as a server without lengths that dies on the way."""
        self.send_response(status)
        for name, value in {"Content-Type": f"{kind}; charset=UTF-8", **(headers or {})}.items():
            self.send_header(name, value)
        if cut:
            self.close_connection = True
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date header, by the bank's clock."""
        return super().date_time_string(int(self.bank.link.clock().timestamp()))

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""
