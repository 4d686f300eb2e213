"""One HTTP session of one system: sends a request, returns its whole answer, and names what goes wrong.

Nothing is judged here but the transport: what came is complete, from the system's own host, and no larger
than a bound. Credentials never go elsewhere, since redirects are followed on the same origin only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions
from requests.cookies import RequestsCookieJar
from requests.exceptions import RequestException

from connectors.http import outcomes, wire
from connectors.http.draft import Request
from connectors.http.limits import Limiter, Sleep
from hub.config import Connection
from hub.errors import ConfigError, Incomplete, SourceError, Unavailable

TIMEOUT = 60.0
LARGEST = 256 << 20
"""An answer of more bytes than this is no answer of a business system."""

_HOPS = 5
_CHUNK = 1 << 16
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer; `headers` by lower-case name, `cookies` are given with one that sets any.

    `followed`: it is what a GET showed after a write was answered with a redirect.
    """

    status: int
    reason: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    followed: bool = False


class Sender(Protocol):
    """What sends a request: a `Session`, or one with limits before it."""

    def send(self, request: Request, operation: str) -> Answer:
        """Return the complete answer; Unavailable or Incomplete if there is none."""
        ...


class Session:
    """Sends requests to the host of one connection. Opens nothing before the first; not for several threads.

    `timeout` is in seconds, for connecting and for each silence while reading. `limiter` may be shared with
    other sessions of the system, `jar` likewise. Environment settings (proxies, netrc) are not looked at: a
    proxy is named in the connection's extra.
    """

    def __init__(
        self,
        connection: Connection,
        system: str,
        timeout: float = TIMEOUT,
        limiter: Limiter | None = None,
        *,
        jar: RequestsCookieJar | None = None,
        sleep: Sleep = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take connection and limits."""
        self._connection, self._system, self._timeout = connection, system, timeout
        self._limiter = limiter or Limiter()
        self._jar = RequestsCookieJar() if jar is None else jar
        self._sleep, self._monotonic = sleep, monotonic
        self._session: requests.Session | None = None

    def send(self, request: Request, operation: str) -> Answer:
        """Send and read to the end; follows redirects on the same origin.

        Raises Unavailable (nobody there, too slow, sent elsewhere, too large), Incomplete (cut off).
        """
        baked = False
        for _ in range(_HOPS):
            answer = self._once(request, operation)
            baked = baked or "set-cookie" in answer.headers
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return replace(answer, cookies=self._cookies()) if baked else answer
            request = self._redirected(request, answer, operation)
        raise self._error(Unavailable, "http.redirected", operation, status=answer.status)

    def write(self, request: Request, operation: str) -> Answer:
        """Send what changes something, once, over a new connection, and read the answer to the end.

        Only a 307 or 308 sends it again: there it was not done. Raises Unavailable if it certainly did not
        leave, or was sent elsewhere; OutcomeUnknown for whatever else went wrong.
        """
        for _ in range(_HOPS):
            answer = self._written(request, operation)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                cookies = self._cookies() if "set-cookie" in answer.headers else {}
                return replace(answer, cookies=cookies)
            if answer.status not in (307, 308):
                return self._shown(request, answer, operation)
            request = self._redirected(request, answer, operation)
        raise self._error(Unavailable, "http.redirected", operation, status=answer.status)

    def close(self) -> None:
        """Close the session; a later call opens a new one."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _written(self, request: Request, operation: str) -> Answer:
        if self._session is not None:
            self._session.close()  # a connection kept alive may be closed by the server just as we send
        try:
            return self._once(request, operation)
        except Unavailable as error:
            if outcomes.never_left(error.__cause__):
                raise
            raise outcomes.unknown(error) from error

    def _shown(self, request: Request, answer: Answer, operation: str) -> Answer:
        """Return what is to be seen where a write was answered with "see there" (RFC 9110, section 15.4.4).

        A 301 is not followed: it may mean that nothing was done here, and nothing there either.
        """
        try:
            if answer.status == 301:
                raise self._error(Unavailable, "http.redirected", operation, status=answer.status)
            shown = self.send(self._redirected(request, answer, operation), operation)
        except Unavailable as error:
            raise outcomes.unknown(error) from error
        return replace(shown, followed=True)

    def _redirected(self, request: Request, answer: Answer, operation: str) -> Request:
        url = urljoin(request.url, answer.headers["location"])
        if wire.origin(url) != wire.origin(request.url):
            raise self._error(Unavailable, "http.redirected", operation, status=answer.status)
        if request.method == "GET" or answer.status in (307, 308):
            return Request(request.method, url, request.headers, request.body)
        kept = {name: said for name, said in request.headers.items() if name.lower() != "content-type"}
        return Request("GET", url, kept)  # what a form answers: see there

    def _once(self, request: Request, operation: str) -> Answer:
        with self._limiter.turn(self._sleep, self._monotonic):
            try:
                response = self._opened().request(
                    request.method,
                    request.url,
                    data=request.body,
                    headers=dict(request.headers),
                    stream=True,
                    allow_redirects=False,
                    timeout=self._timeout,
                )
            except requests.exceptions.Timeout as error:
                raise self._timed_out(operation) from error
            except RequestException as error:
                raise self._unreachable(error, request.url, operation) from error
            with response:
                body = self._body(response, operation)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, response.reason or "", request.url, headers, body)

    def _cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self._jar}

    def _body(self, response: requests.Response, operation: str) -> bytes:
        chunks, read = [], 0
        try:
            for chunk in response.raw.stream(_CHUNK, decode_content=True):
                chunks.append(chunk)
                read += len(chunk)
                if read > LARGEST:
                    raise self._error(Unavailable, "http.too_large", operation, bytes=LARGEST)
        except urllib3.exceptions.TimeoutError as error:
            raise self._timed_out(operation) from error
        except urllib3.exceptions.DecodeError as error:
            raise self._error(Unavailable, "http.malformed", operation, reason=wire.reason(error)) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._error(Incomplete, "http.torn", operation) from error
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _opened(self) -> requests.Session:
        if self._session is None:
            extra = self._connection.extra
            self._session = session = requests.Session()
            session.trust_env = False
            session.cookies = self._jar
            session.headers = requests.structures.CaseInsensitiveDict(
                {"User-Agent": "orderhub", "Accept-Encoding": "gzip, deflate"}
            )
            session.verify = wire.verify(extra.get("verify", True))
            session.cert = _certificate(extra.get("cert"))
            if extra.get("proxy"):
                session.proxies = dict.fromkeys(("http", "https"), str(extra["proxy"]))
        return self._session

    def _timed_out(self, operation: str) -> SourceError:
        return self._error(Unavailable, "http.timeout", operation, seconds=f"{self._timeout:g}")

    def _unreachable(self, error: RequestException, url: str, operation: str) -> Exception:
        if isinstance(error, ValueError):  # how requests marks an address that is none
            return ConfigError("http.bad_url", url=url, reason=wire.reason(error))
        host = urlsplit(url).netloc.rpartition("@")[2]
        return self._error(Unavailable, "http.unreachable", operation, host=host, reason=wire.reason(error))

    def _error(self, kind: type[SourceError], key: str, operation: str, **values: Any) -> SourceError:
        return kind(key, system=self._system, operation=operation, **values)


def _certificate(said: Any) -> str | tuple[str, str] | None:
    """Return a client certificate: one file with both, or a list of certificate and key."""
    if isinstance(said, list | tuple) and len(said) == 2:
        return str(said[0]), str(said[1])
    return str(said) if said else None
