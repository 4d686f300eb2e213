"""The SOAP server of the practice ERP: real HTTP, WSDL by function, both name styles, and its bad days."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from simulators.catalogue import COMPANIES
from simulators.erp.answers import Answer, Call, answer, message
from simulators.erp.books import Books
from simulators.erp.envelope import NotCallable, fault, read_call, write_answer
from simulators.erp.functions import FUNCTIONS
from simulators.erp.style import MC, RFC, Style
from simulators.erp.wsdl import wsdl

WSDL_PATHS = {"/sap/bc/soap/wsdl": RFC, "/sap/bc/soap/wsdl11": RFC, "/sap/bc/srt/wsdl": MC}
SERVICE_PATHS = ("/sap/bc/soap/rfc", "/sap/bc/srt/rfc")
SICK_WAYS = ("html_503", "html_401", "fault_500", "fault_200", "malformed", "cut", "locked")

_HTML = "text/html; charset=utf-8"
_XML = "text/xml; charset=utf-8"
_LOCKED = message("E", "V1042", "凭证正由用户 WANGJG 处理，请稍后再试")
_TIME_OUT = "<rfc:Error><message>Time limit exceeded.</message></rfc:Error>"
_REALM = {"WWW-Authenticate": 'Basic realm="SAP NetWeaver Application Server [HSP]"'}


@dataclass(slots=True)
class Sickness:
    """How calls go wrong: `way` (one of SICK_WAYS), after `after` good ones, `times` times."""

    way: str
    times: int
    after: int
    function: str


class SapServer:
    """One ABAP server with the clients of both companies; a context manager that serves while open."""

    def __init__(
        self, books: Books, login: str = "HUB_RFC", password: str = "Fabrik-4711", port: int = 0
    ) -> None:
        """Bind to loopback; port 0 takes any free one."""
        self.books = books
        self.calls = 0
        self.login, self.password = login, password
        self._token = base64.b64encode(f"{login}:{password}".encode()).decode()
        self._sick: list[Sickness] = []
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"server_of": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, name="erp", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._http.server_address[1])

    def fail(self, way: str, *, times: int = 1, after: int = 0, function: str = "") -> None:
        """Let calls (of `function` only, where given) fail: `times` of them, once `after` more went well."""
        if way not in SICK_WAYS:
            raise ValueError(way)
        with self._lock:
            self._sick.append(Sickness(way, times, after, function))

    def sickness(self, function: str) -> str:
        """Return how this call shall fail, "" if it shall not; counts it."""
        with self._lock:
            self.calls += 1
            for sick in self._sick:
                if sick.function not in ("", function):
                    continue
                if sick.after:
                    sick.after -= 1
                    continue
                sick.times -= 1
                if not sick.times:
                    self._sick.remove(sick)
                return sick.way
        return ""

    def lets_in(self, authorization: str) -> bool:
        """Tell whether an Authorization header is the right one."""
        return authorization == f"Basic {self._token}"

    def __enter__(self) -> SapServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One connection of one caller."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server_of: ClassVar[SapServer]

    def do_GET(self) -> None:
        """Answer with the WSDL of the function that `services` names."""
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        if not self._known():
            return
        style = WSDL_PATHS.get(url.path)
        function = FUNCTIONS.get(query.get("services", [""])[0].upper())
        if style is None or function is None:
            self._send(404, _page("404", "Service cannot be reached"), _HTML)
        else:
            self._send(200, wsdl(function, style, _client(query)), _XML)

    def do_POST(self) -> None:
        """Answer a call."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        if not self._known():
            return
        if not url.path.startswith(SERVICE_PATHS):
            self._send(404, _page("404", "Service cannot be reached"), _HTML)
            return
        try:
            call, style = read_call(body, _client(parse_qs(url.query)))
        except NotCallable as error:
            self._send(500, fault("SOAP-ENV:Client", f"Function not found or not callable: {error}"), _XML)
            return
        self._answer(call, style)

    def _answer(self, call: Call, style: Style) -> None:
        way = self.server_of.sickness(call.function)
        if way == "html_503":
            self._send(503, _page("503", "Service Unavailable: dispatcher is overloaded"), _HTML)
        elif way == "html_401":
            self._refuse()
        elif way in ("fault_500", "fault_200"):
            text = fault("SOAP-ENV:Server", "TIME_OUT", _TIME_OUT)
            self._send(500 if way == "fault_500" else 200, text, _XML)
        else:
            made = Answer({"RETURN": _LOCKED}) if way == "locked" else answer(self.server_of.books, call)
            text = write_answer(made, call, style)
            if way == "cut":
                self._cut(text)
            else:
                self._send(200, text.replace("</", "<", 1) if way == "malformed" else text, _XML)

    def _known(self) -> bool:
        if self.server_of.lets_in(self.headers.get("Authorization", "")):
            return True
        self._refuse()
        return False

    def _refuse(self) -> None:
        page = _page("401", "Logon failed: name or password is incorrect (repeat logon)")
        self._send(401, page, _HTML, _REALM)

    def _send(self, status: int, text: str, kind: str, headers: Mapping[str, str] | None = None) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _cut(self, text: str) -> None:
        """Send half of the body without a length and hang up, as an HTTP/1.0 server that dies does."""
        data = text.encode()
        self.protocol_version = "HTTP/1.0"
        self.send_response(200)
        self.send_header("Content-Type", _XML)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the caller's log tells what was called."""


def _client(query: Mapping[str, list[str]]) -> str:
    return query.get("sap-client", [COMPANIES[0].client])[0]


def _page(code: str, text: str) -> str:
    return f"<html><head><title>{code}</title></head><body><h1>{code}</h1><p>{escape(text)}</p></body></html>"
