"""How a system is entered: ways, logins and handshakes together, renewed once where an answer asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.calls.fill import fill
from connectors.http import passes
from connectors.http.draft import Draft
from connectors.http.passes import Grant, Pass, Shared
from connectors.http.ways import Way, way_of
from hub.config import Connection
from hub.errors import AuthExpired, ConfigError, Missing, Rejected, SourceError
from hub.mapping.callspec import CallSpec
from hub.mapping.grammar import AuthSpec, Handshake, OAuth2
from hub.mapping.paths import is_empty

Look = Callable[[str], Any]
Ask = Callable[[CallSpec, tuple[Way, ...]], Look]
"""Sends a call with these ways alone, not logged in, and gives a look into its answer."""

PARTS = ("headers", "query", "cookies", "json", "form", "body")
MARGIN = timedelta(seconds=60)
"""A token is given up so long before it ends, or a tenth of its life before, whichever is less."""

CSRF = Handshake.model_validate(
    {
        "fetch": {
            "get": "",
            "headers": {"X-CSRF-Token": "Fetch"},
            "take": {"csrf_token": "meta.header.x_csrf_token"},
        },
        "headers": {"X-CSRF-Token": "=csrf_token"},
    }
)
"""The handshake of SAP Gateway and its kin, meant by `auth: csrf`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a call must have got before: how it is obtained, and where it goes.

    `writes` says that only calls that write need it.
    """

    name: str
    obtain: Callable[[], Grant]
    parts: Mapping[str, Mapping[str, Any]]
    writes: bool = False


@dataclass(slots=True)
class Access:
    """All that lets calls into one system. Shares its passes with the other connectors of the system.

    `parts` are what goes with every call where no login call has to come first.
    """

    ways: tuple[Way, ...]
    entries: tuple[Entry, ...]
    common: Shared
    clock: Callable[[], datetime]
    parts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _used: dict[str, int] = field(default_factory=dict)

    def values(self, *, writes: bool = False) -> dict[str, Any]:
        """Return what the logins gave, by name; logs in where that is due."""
        found: dict[str, Any] = {}
        for entry, held in self._due(writes):
            with held.lock:
                found |= held.held(entry.obtain, self.clock())
                self._used[entry.name] = held.number
        return found

    def apply(self, draft: Draft, names: Mapping[str, Any], *, writes: bool = False) -> None:
        """Put credentials and what the logins gave into a request."""
        for way in self.ways:
            way(draft)
        for parts in (self.parts, *(entry.parts for entry, _ in self._due(writes))):
            for part, said in parts.items():
                draft.put(part, fill(said, names))

    def renewable(self, *, writes: bool = False) -> bool:
        """Tell whether there is a login or a handshake that can be made anew."""
        return any(self._due(writes))

    def renew(self, *, writes: bool = False) -> bool:
        """Log in again, unless another thread just did; False where there is nothing to be had anew."""
        due = list(self._due(writes))
        for entry, held in due:
            held.renew(self._used.get(entry.name, 0), entry.obtain, self.clock())
        return bool(due)

    def _due(self, writes: bool) -> Iterator[tuple[Entry, Pass]]:
        for entry in self.entries:
            if writes or not entry.writes:
                yield entry, passes.one(self.common, entry.name)


def access(
    auth: AuthSpec | None,
    connection: Connection,
    system: str,
    ask: Ask,
    common: Shared,
    clock: Callable[[], datetime],
) -> Access:
    """Return how the system of a mapping is entered; ConfigError for a way that HTTP does not know."""
    if auth is None:
        return Access((), (), common, clock)
    names = auth.names_
    ways = tuple(way for name in names if (way := way_of(name, connection)))
    entries: list[Entry] = []
    if "oauth2" in names or auth.oauth2:
        entries.append(_oauth2(auth.oauth2 or OAuth2(), connection, system, ask))
    parts = {part: said for part in PARTS if (said := getattr(auth, "json_" if part == "json" else part))}
    if auth.login:
        obtain = _Login(auth.login, auth.ttl, ways, system, ask, common)
        entries.append(Entry("login", obtain, parts))
    if "csrf" in names or auth.csrf:
        entries.append(_csrf(auth.csrf or CSRF, ways, system, ask, common))
    unknown = set(names) - {"basic", "bearer", "api_key", "oauth2", "csrf"}
    if unknown:
        raise ConfigError("http.auth", system=system, name=", ".join(sorted(unknown)))
    return Access(ways, tuple(entries), common, clock, {} if auth.login else parts)


@dataclass(frozen=True, slots=True)
class _Login:
    """The login call of a mapping."""

    call: CallSpec
    ttl: timedelta | None
    ways: tuple[Way, ...]
    system: str
    ask: Ask
    common: Shared

    def __call__(self) -> Grant:
        """Log in with empty hands: old cookies would only confuse."""
        self.common.jar.clear()
        return Grant(_took(self.call, self.ask, self.ways, self.system), self.ttl)


def _took(call: CallSpec, ask: Ask, ways: tuple[Way, ...], system: str) -> dict[str, Any]:
    """Return what a login call takes; AuthExpired if it is refused or gives less than it should."""
    try:
        look = ask(call, ways)
    except Rejected as error:
        raise _refused("http.login_refused", error, call, system) from error
    except Missing as error:
        raise _refused("http.login_missing", error, call, system) from error
    took = {name: look(path) for name, path in call.take.items()}
    lacking = [name for name, value in took.items() if is_empty(value)]
    if lacking:
        raise AuthExpired(
            "http.login_gave_nothing", system=system, operation=call.target, names=", ".join(lacking)
        )
    return took


def _refused(key: str, error: SourceError, call: CallSpec, system: str) -> AuthExpired:
    reason = f"{error.values.get('code', '')} {error.values.get('reason', '')}".strip()
    return AuthExpired(key, system=system, operation=call.target, reason=reason)


def _csrf(said: Handshake, ways: tuple[Way, ...], system: str, ask: Ask, common: Shared) -> Entry:
    """Return a handshake: the token and the cookies that came with it belong together."""

    def obtain() -> Grant:
        return Grant(_took(said.fetch, ask, ways, system))

    return Entry("csrf", obtain, {"headers": said.headers}, writes=not said.reads)


def _oauth2(said: OAuth2, connection: Connection, system: str, ask: Ask) -> Entry:
    """Return the client-credentials grant (RFC 6749, section 4.4); login and password are id and secret."""
    extra = connection.extra
    url = said.url or extra.get("token_url")
    if not url or not connection.login:
        name = "login" if url else "token_url"
        raise ConfigError("http.connection_lacks", conn_id=connection.conn_id, name=name)
    form = {"grant_type": "client_credentials", **said.form}
    form |= {name: extra[name] for name in ("audience", "resource") if name in extra}
    scope = said.scope or extra.get("scope")
    form |= {"scope": scope} if scope else {}
    headers: dict[str, Any] = {}
    if (said.client or extra.get("client_auth")) == "basic":
        headers["Authorization"] = "Basic {{ (conn.login ~ ':' ~ conn.password) | b64 }}"
    else:
        form |= {"client_id": "=conn.login", "client_secret": "=conn.password"}
    take = {"access_token": "access_token", "expires_in": "expires_in || '0'"}
    call = CallSpec.model_validate({"post": str(url), "form": form, "headers": headers, "take": take})

    def obtain() -> Grant:
        took = _took(call, ask, (), system)
        seconds = int(str(took["expires_in"]).partition(".")[0] or 0)
        life = timedelta(seconds=seconds)
        return Grant(
            {"access_token": took["access_token"]}, life - min(MARGIN, life / 10) if seconds else None
        )

    return Entry("oauth2", obtain, {"headers": {"Authorization": "Bearer {{ access_token }}"}})
