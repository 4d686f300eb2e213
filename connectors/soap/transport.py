"""The HTTP side of SOAP, shared with vendor modules: one session, one way of sending, everything checked.

The order of the checks is the point: HTTP status and content type before the body, the whole body before
a single row. A refused login is remembered and never tried again, since accounts lock after a few tries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.cookies import RequestsCookieJar
from requests.exceptions import RequestException

from connectors.calls import reactions
from connectors.http import outcomes, wire
from connectors.http.draft import Draft, Request
from connectors.http.limits import Limiter
from connectors.http.ways import Way
from connectors.soap import stream
from connectors.soap.stream import Answer
from connectors.soap.wsdl import Operation
from hub.config import Connection
from hub.errors import (
    AuthExpired,
    ConfigError,
    Incomplete,
    Missing,
    RateLimited,
    Rejected,
    SourceError,
    Unavailable,
)

CHUNK = 1 << 16
TIMEOUT = 60.0
_FAULT_LIMIT = 1 << 20  # an error page is read no further than this

Dress = Callable[[Draft], None]
"""Adds to a request what a login gave."""


@dataclass(slots=True)
class Transport:
    """Sends SOAP requests to the host of one connection and reads the answers.

    `timeout` is in seconds, for connecting and for each silence while reading. `encoding` overrides what the
    answers say of their charset. Nothing is retried here.
    """

    connection: Connection
    system: str
    clock: Callable[[], datetime]
    timeout: float = TIMEOUT
    encoding: str | None = None
    ways: tuple[Way, ...] = ()
    jar: RequestsCookieJar = field(default_factory=RequestsCookieJar)
    limiter: Limiter = field(default_factory=Limiter)
    _session: requests.Session | None = None
    _refused: bool = False

    @property
    def base(self) -> str:
        """Scheme, host and port of the connection, "" if it names no host."""
        if not self.connection.host:
            return ""
        url = urlsplit(self.connection.url())
        return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"

    def call(
        self, operation: Operation, body: bytes, *, address: str = "", dress: Dress | None = None
    ) -> Answer:
        """Send one request and return the whole answer, a fault included as `Answer.fault`.

        `dress` adds what a login gave to headers, cookies and query.

        Raises AuthExpired (401), RateLimited (429), Missing (404), Rejected (other 4xx), Unavailable (5xx
        or HTML, and whatever is no SOAP), Incomplete (an answer that ended too soon).
        """
        url = address or operation.address
        with self._send("POST", url, operation.name, body, operation.headers, dress) as response:
            failed = self._failure(response, operation.name)
            if failed is None:
                return self._answer(response, operation)
            answer = self._fault_behind(failed, response, operation)
            if answer is None:
                raise failed
            return answer

    def write(
        self, operation: Operation, body: bytes, *, creates: bool, dress: Dress | None = None
    ) -> Answer:
        """Send what changes something, once, over a new connection; otherwise as `call`.

        What is silent by its description gives an empty answer.
        Raises Unavailable only if the request certainly did not leave, OutcomeUnknown for whatever else went
        wrong; Exists or Stale (409, by what `creates` says), Stale (412, 428), RecordLocked (423).
        """
        self.close()  # a connection kept alive may be closed by the server just as we send
        try:
            return self.call(operation, body, dress=dress)
        except Unavailable as error:
            if operation.silent and error.key == "soap.empty":
                return Answer()
            if outcomes.never_left(error.__cause__):
                raise
            raise outcomes.unknown(error) from error
        except Rejected as error:
            name = outcomes.reaction_of(int(error.code), creates=creates)
            if name == "rejected":
                raise
            raise reactions.error(
                name, error.code, error.reason, system=self.system, operation=operation.name
            ) from error

    def get(self, url: str) -> bytes:
        """Return a document (the WSDL, a schema); errors as for `call`."""
        with self._send("GET", url, "wsdl") as response:
            failed = self._failure(response, "wsdl")
            if failed is not None:
                raise failed
            return b"".join(self._chunks(response, "wsdl"))

    def forgive(self) -> None:
        """Forget that the system refused: there is a new login to try."""
        self._refused = False

    def close(self) -> None:
        """Close the session; a later call opens a new one."""
        if self._session is not None:
            self._session.close()
            self._session = None

    @contextmanager
    def _send(
        self,
        method: str,
        url: str,
        operation: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        dress: Dress | None = None,
    ) -> Iterator[requests.Response]:
        if self._refused:
            raise self._error(AuthExpired, "soap.refused_before", operation)
        draft = Draft(method, url, headers=dict(headers or {}))
        if not self.base or wire.origin(url) == wire.origin(self.base):  # credentials go to no other host
            for way in self.ways:
                way(draft)
            if dress is not None:
                dress(draft)
        request = draft.sealed(body)
        with self.limiter.turn():
            response = self._opened(request, operation)
            with response:
                yield response

    def _opened(self, request: Request, operation: str) -> requests.Response:
        if self._session is None:
            self._session = requests.Session()
            self._session.cookies = self.jar
        try:
            return self._session.request(
                request.method,
                request.url,
                data=request.body,
                headers=dict(request.headers),
                auth=_nobody,  # what lets us in is in the headers; a netrc is none of ours
                stream=True,
                allow_redirects=False,
                timeout=self.timeout,
                verify=wire.verify(
                    self.connection.extra.get("verify", True)
                ),  # here, or REQUESTS_CA_BUNDLE would win
                cert=self.connection.extra.get("cert"),
            )
        except requests.exceptions.Timeout as error:
            raise self._error(Unavailable, "soap.timeout", operation, seconds=f"{self.timeout:g}") from error
        except RequestException as error:
            raise self._unreachable(error, request.url, operation) from error

    def _unreachable(self, error: RequestException, url: str, operation: str) -> Exception:
        if isinstance(error, ValueError):  # how requests marks a URL that is none
            return ConfigError("soap.bad_url", url=url, reason=wire.reason(error))
        host = urlsplit(url).netloc.rpartition("@")[2]
        return self._error(Unavailable, "soap.unreachable", operation, host=host, reason=wire.reason(error))

    def _failure(self, response: requests.Response, operation: str) -> SourceError | None:
        """Judge status and content type; nothing of the body is read."""
        status, kind = response.status_code, _content_type(response)
        if status == 401:
            self._refused = True
            return self._error(AuthExpired, "soap.refused", operation, login=self.connection.login or "")
        if status == 429:
            wait = wire.retry_after(response.headers.get("Retry-After"), self.clock())
            return self._error(RateLimited, "soap.limited", operation, retry_after=wait)
        if status == 404:
            return self._error(Missing, "soap.not_found", operation, path=urlsplit(response.url).path)
        if status >= 500:
            return self._error(Unavailable, "soap.server_error", operation, status=status)
        if status >= 400:
            return self._error(
                Rejected, "soap.rejected", operation, code=str(status), reason=response.reason or ""
            )
        if status >= 300:
            return self._error(Unavailable, "soap.redirected", operation, status=status)
        if kind.get_content_type() in ("text/html", "application/xhtml+xml"):
            return self._error(Unavailable, "soap.html", operation)
        if kind.get_content_maintype() == "multipart":
            return self._error(Unavailable, "soap.attachments", operation)
        return None

    def _fault_behind(
        self, failed: SourceError, response: requests.Response, operation: Operation
    ) -> Answer | None:
        """Return the SOAP fault that came with an error status, None if there is none to be read."""
        if (
            isinstance(failed, AuthExpired | RateLimited)
            or "xml" not in _content_type(response).get_content_type()
        ):
            return None
        try:
            answer = self._answer(response, operation, _FAULT_LIMIT)
        except Unavailable:  # what the status said stands
            return None
        return answer if answer.fault else None

    def _answer(self, response: requests.Response, operation: Operation, limit: int | None = None) -> Answer:
        charset = self.encoding or wire.charset(_content_type(response))
        chunks = self._chunks(response, operation.name, limit)
        answer = stream.read(
            chunks,
            operation.shape,
            encoding=charset,
            system=self.system,
            operation=operation.name,
            encoded=operation.encoded,
        )
        if operation.answer and answer.fault is None and answer.name != operation.answer:
            raise self._error(
                Unavailable, "soap.other_answer", operation.name, found=answer.name, expected=operation.answer
            )
        return answer

    def _chunks(
        self, response: requests.Response, operation: str, limit: int | None = None
    ) -> Iterator[bytes]:
        read = 0
        try:
            for chunk in response.raw.stream(CHUNK, decode_content=True):
                yield chunk
                read += len(chunk)
                if limit is not None and read > limit:
                    return
        except urllib3.exceptions.TimeoutError as error:
            raise self._error(Unavailable, "soap.timeout", operation, seconds=f"{self.timeout:g}") from error
        except urllib3.exceptions.DecodeError as error:
            raise self._error(Unavailable, "soap.malformed", operation, reason=wire.reason(error)) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._error(Incomplete, "soap.torn", operation) from error

    def _error(self, kind: type[SourceError], key: str, operation: str, **values: Any) -> SourceError:
        return kind(key, system=self.system, operation=operation, **values)


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _content_type(response: requests.Response) -> Message:
    return wire.content_type(response.headers.get("Content-Type"), "text/xml")
