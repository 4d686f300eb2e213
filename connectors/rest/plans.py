"""A call compiled once: what it mentions, and the request that it makes of the names of a read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

from connectors.calls.fill import GONE, Filling, compiled
from connectors.http import wire
from connectors.http.draft import KINDS, Draft
from connectors.http.wire import text
from hub.errors import ConfigError
from hub.mapping.callspec import CallSpec
from hub.mapping.expressions import NameMissing

_SLOT = re.compile(r"\{\{(.*?)\}\}")
_QUOTED = re.compile(r"\|\s*quote\s*$")
_ACCEPT = {
    "json": "application/json, */*;q=0.5",
    "xml": "application/xml, text/xml, */*;q=0.5",
    "csv": "text/csv, */*;q=0.5",
    "text": "text/plain, */*;q=0.5",
}


class Plan:
    """One call of a mapping, ready to be filled."""

    def __init__(self, call: CallSpec) -> None:
        """Compile its parts; MappingError for an expression that is none."""
        self.call = call
        self._whole = compiled(call.target) if call.target.startswith("=") else None
        self._slots = [] if self._whole else _SLOT.split(call.target)
        self._target = [compiled(f"={part}") if at % 2 else None for at, part in enumerate(self._slots)]
        self._query, self._headers = compiled(call.query or {}), compiled(call.headers or {})
        said = [(kind, getattr(call, "json_" if kind == "json" else kind)) for kind in KINDS]
        self._kind, body = next(((kind, one) for kind, one in said if one is not None), ("", None))
        self._body = compiled(body)
        parts = [*self._target, self._whole, self._query, self._headers, self._body]
        self.names = frozenset().union(*(part.names for part in parts if part))
        self.needs = frozenset().union(*(part.needs for part in parts if part))
        self.follows = call.next is not None and not self.names & {"next", "page", "offset", "last"}

    def draft(self, base: str, names: Mapping[str, Any]) -> Draft:
        """Return the request, not yet let in or signed.

        A next link that no part of the call mentions is followed as path and query on the host of `base`.
        """
        query = self._query.render(names)
        draft = Draft(self.call.verb.upper(), self._url(base, names), query)
        draft.headers = {name: text(one) for name, one in self._headers.render(names).items()}
        if draft.header("Accept") is None:
            draft.headers["Accept"] = _ACCEPT.get(self.call.format or "json", "*/*")
        link = names.get("next") if self.follows else None
        if isinstance(link, str) and link:
            here = urljoin(draft.url, link)
            draft.url, draft.query = _on_host(base, here), {}
        draft.url, extra = _without_query(draft.url)
        draft.query = {**extra, **draft.query}
        if self._kind:
            body = self._body.render(names)
            draft.kind, draft.body = self._kind, None if body is GONE else body
        return draft

    def _url(self, base: str, names: Mapping[str, Any]) -> str:
        target = text(_rendered(self._whole, names)) if self._whole else self._filled(names)
        if urlsplit(target).scheme in ("http", "https"):
            return _on_host(base, target) if self._whole else target
        if self._whole and target.startswith("/"):
            return urljoin(base, target)
        separator = "" if not target or target.startswith("?") else "/"
        return f"{base}{separator}{target.lstrip('/')}"

    def _filled(self, names: Mapping[str, Any]) -> str:
        """Return the path with its expressions filled, each encoded so that it stays one part of the path."""
        parts = []
        for slot, filling in zip(self._slots, self._target, strict=True):
            if filling is None:
                parts.append(slot)
            else:
                said = text(_rendered(filling, names))
                parts.append(said if _QUOTED.search(slot) else quote(said, safe=""))
        return "".join(parts)


def require_own(url: str, base: str, operation: str) -> None:
    """Raise ConfigError if a call would go to another host than the connection's: so would credentials."""
    if wire.origin(url) != wire.origin(base):
        host = urlsplit(url).netloc.rpartition("@")[2]
        raise ConfigError("rest.other_host", operation=operation, host=host)


def _rendered(filling: Filling, names: Mapping[str, Any]) -> Any:
    value = filling.render(names)
    if value is GONE or value is None:
        raise NameMissing(", ".join(sorted(filling.names)), "path")
    return value


def _on_host(base: str, url: str) -> str:
    """Return path and query of `url` on the host of `base`: an inner host name means nothing here."""
    here, there = urlsplit(base), urlsplit(url)
    return here._replace(path=there.path, query=there.query, fragment="").geturl()


def _without_query(url: str) -> tuple[str, dict[str, Any]]:
    parts = urlsplit(url)
    query: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query[name] = (
            [*query[name], value]
            if isinstance(query.get(name), list)
            else ([query[name], value] if name in query else value)
        )
    return parts._replace(query="", fragment="").geturl(), query
