"""Signatures: expressions over the finished request, put into a header, the query or the body.

The bytes that were signed are the bytes that are sent: the body is written once, and once more only where
the signature itself becomes a part of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.calls.fill import fill
from connectors.http.draft import Draft, Request, pairs, query_string
from connectors.http.wire import text
from hub.mapping.hooks import Sign

Parts = Mapping[str, Mapping[str, Any]]
"""What is signed into which part: `{headers: {X-Sign: =...}}`; parts are signed in the order written."""

_BESIDE_THE_BODY = frozenset({"headers", "query", "cookies"})


def sealed(
    draft: Draft, signs: Sequence[Parts], names: Mapping[str, Any], hook: Sign | None = None, secret: str = ""
) -> Request:
    """Return the request as it is sent, signed by expressions (those of the system, of the call) and a hook.

    A part sees what the parts before it have put into the request, not what stands beside it.
    Expressions know `request.method`, `.url`, `.path`, `.query` (names and values), `.query_string`,
    `.headers`, `.body` (the text that is sent), `.fields` (the structure it was made of) and `.params` (the
    names and values of the query and of that structure together).
    """
    content = draft.content()
    for part, said in [one for parts in signs for one in parts.items()]:
        draft.put(part, fill(said, {**names, "request": _view(draft, content)}))
        if part not in _BESIDE_THE_BODY:
            content = draft.content()
    request = draft.sealed(content)
    return request if hook is None else _by_hook(request, hook, secret)


def _view(draft: Draft, content: bytes | None) -> dict[str, Any]:
    query = pairs(draft.query)
    return {
        "method": draft.method,
        "url": draft.url,
        "path": draft.path(),
        "query": dict(query),
        "query_string": query_string(draft.query),
        "headers": dict(draft.headers),
        "body": "" if content is None else content.decode("utf-8", "replace"),
        "fields": draft.body,
        "params": {**dict(query), **(draft.body if isinstance(draft.body, Mapping) else {})},
    }


def _by_hook(request: Request, hook: Sign, secret: str) -> Request:
    """Let a hook sign; it may give back path, query, headers and body."""
    parts = urlsplit(request.url)
    said = {
        "method": request.method,
        "path": parts.path,
        "query": dict(parse_qsl(parts.query, keep_blank_values=True)),
        "headers": dict(request.headers),
        "body": request.body or b"",
        "secret": secret,
    }
    signed = {**said, **hook(said)}
    url = parts._replace(path=str(signed["path"]), query=query_string(signed["query"])).geturl()
    headers = {str(name): text(value) for name, value in signed["headers"].items()}
    body = signed["body"]
    content = body.encode() if isinstance(body, str) else bytes(body)
    return Request(request.method, url, headers, content or None)
