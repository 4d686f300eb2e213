"""Asks the bank: signed and encrypted anew each time, no faster than it allows, and what it says judged.

Sources (contract, 11.2): resultcode SUC0000 says only that the question was taken; clocks may differ by less
than an hour; queries may be sent again; one client keeps 10 s between two questions about an account. From
public clients, likely: the gateway says no in clear, `CDCServer: CODE-text`. Which codes there are, unknown:
the reactions to them look for words, and a mapping's `errors` goes before them.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

import tenacity

from connectors.calls import reactions
from connectors.cmb import signing
from connectors.cmb.envelope import Envelope, Opened, Unreadable
from connectors.cmb.rows import ACCEPTED
from connectors.http import passes, wire
from connectors.http.draft import Request
from connectors.http.limits import Limiter, Sleep
from connectors.http.session import TIMEOUT, Answer, Session
from connectors.pauses import Pauses
from connectors.retry import retrying
from hub.config import Connection
from hub.errors import Incomplete, Rejected, SourceError, Unavailable
from hub.mapping.callspec import ErrorsSpec
from hub.mapping.grammar import SystemMapping

ZONE = ZoneInfo("Asia/Shanghai")
GAP = 10.0
"""Seconds between two questions about one account."""

_SKEW = timedelta(hours=1)
_GATEWAY = b"CDCServer:"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_BY_STATUS = {401: "auth", 403: "auth", 404: "missing", 429: "limited"}
_WORDS = ErrorsSpec(limited=("*频繁*",))
_LOCKS = ErrorsSpec(auth=("*验签*", "*签名*", "*解密*", "*未开通*", "*白名单*", "*错误次数*"))
"""What the gateway says of the user, and not of an account."""


class Caller:
    """The direct link of one user. Not for several threads at once; its limits are shared by all of them."""

    def __init__(
        self,
        mapping: SystemMapping,
        connection: Connection,
        clock: Callable[[], datetime],
        retry: tenacity.Retrying | None = None,
        *,
        sleep: Sleep = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        unique: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        """Open nothing yet. ConfigError where the connection lacks a key, or has one that is none."""
        self._mapping, self._clock, self._url = mapping, clock, connection.url()
        signer, key = signing.signer_of(connection), signing.cipher_key_of(connection)
        self._envelope = Envelope(signing.user_of(connection), signer, key)
        self._retry, self._pauses = retry or retrying(), Pauses(mapping, clock)
        self._sleep, self._monotonic, self._unique = sleep, monotonic, unique
        limits = mapping.limits
        self._common = passes.shared(passes.identity(mapping, connection))
        limiter = passes.thing(self._common, "limiter", lambda: Limiter(limits.per_second, limits.parallel))
        timeout = limits.timeout.total_seconds() if limits.timeout else TIMEOUT
        self._session = Session(
            connection, mapping.system, timeout, limiter, sleep=sleep, monotonic=monotonic
        )

    def now(self) -> datetime:
        """Return the bank's local time."""
        return self._clock().astimezone(ZONE)

    def ask(
        self, funcode: str, body: Mapping[str, Any], about: str, errors: ErrorsSpec | None = None
    ) -> Mapping[str, Any]:
        """Return the body of an answer that was taken; `about` is what is not asked too often.

        Tried again where that helps; raises what the answer says no with. No row of it was looked at.
        """
        self._pauses.require_none(funcode)
        return self._retry(self._once, funcode, body, about, errors)

    def close(self) -> None:
        """Close the session."""
        self._session.close()

    def _once(
        self, funcode: str, body: Mapping[str, Any], about: str, errors: ErrorsSpec | None
    ) -> Mapping[str, Any]:
        turn = passes.thing(self._common, f"every 10 s: {about}", lambda: Limiter(1 / Decimal(GAP)))
        with turn.turn(self._sleep, self._monotonic):
            form = self._envelope.sealed(funcode, body, self.now(), self._unique())
            answer = self._session.send(Request("POST", self._url, _FORM, form), funcode)
        opened = self._opened(answer, funcode, errors)
        code = str(opened.head.get("resultcode") or "").strip()
        if code != ACCEPTED:
            text = str(opened.head.get("resultmsg") or "").strip()
            raise self._refused(code, text, answer, funcode, errors, opened.signed)
        return opened.body

    def _opened(self, answer: Answer, funcode: str, errors: ErrorsSpec | None) -> Opened:
        said = answer.body.strip()
        if said.startswith(_GATEWAY):
            text = said.removeprefix(_GATEWAY).decode("utf-8", "replace").strip()
            code, _, reason = text.partition("-")
            raise self._refused(code.strip(), reason.strip() or text, answer, funcode, errors, gateway=_LOCKS)
        if answer.status >= 300:
            name = _BY_STATUS.get(answer.status) or ("rejected" if 400 <= answer.status < 500 else "retry")
            raise self._error(name, str(answer.status), answer.reason, answer, funcode)
        try:
            return self._envelope.opened(said)
        except Unreadable as error:
            kind = Incomplete if error.torn else Unavailable
            raise kind(error.key, system=self._mapping.system, operation=funcode) from error

    def _refused(
        self,
        code: str,
        text: str,
        answer: Answer,
        funcode: str,
        errors: ErrorsSpec | None,
        signed: str = "",
        gateway: ErrorsSpec | None = None,
    ) -> SourceError:
        """Return the error of a refusal; clocks that are too far apart are its reason before all others."""
        theirs = _moment(answer.headers.get("date", ""), signed)
        skew = self._clock() - theirs if theirs else timedelta()
        if abs(skew) >= _SKEW:
            minutes = f"{skew.total_seconds() / 60:+.0f}"
            place = {"system": self._mapping.system, "operation": funcode}
            return Rejected("cmb.clock_skew", code=code, reason=text, minutes=minutes, **place)
        name = reactions.reaction(code, text, errors, self._mapping.errors, _WORDS, gateway) or "rejected"
        return self._error(name, code, text, answer, funcode)

    def _error(self, name: str, code: str, text: str, answer: Answer, funcode: str) -> SourceError:
        wait = wire.retry_after(answer.headers.get("retry-after"), self._clock()) or GAP
        return reactions.error(name, code, text, system=self._mapping.system, operation=funcode, wait=wait)


def _moment(date: str, signed: str) -> datetime | None:
    """Return when the bank answered, by the time it signed, else by the Date header (RFC 9110, 6.6.1)."""
    try:
        if signed:
            return datetime.strptime(signed, "%Y%m%d%H%M%S").replace(tzinfo=ZONE)
        return parsedate_to_datetime(date)
    except ValueError:
        return None
