"""Signatures: expressions over the finished request, put into a header, the query or the body.

The bytes that were signed are the bytes that are sent: the body is written once, and once more only where
the signature itself becomes a part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from connectors.calls.fill import fill
from connectors.http.draft import Draft, Request, pairs, text
from hub.mapping.hooks import Sign

Parts = Mapping[str, Mapping[str, Any]]
"""What is signed into which part: `{headers: {X-Sign: =...}}`; parts are signed in the order written."""

_BESIDE_THE_BODY = frozenset({"headers", "query", "cookies"})


def sealed(
    draft: Draft, parts: Parts, names: Mapping[str, Any], hook: Sign | None = None, secret: str = ""
) -> Request:
    """Return the request as it is sent, signed by expressions and by a hook.

    Expressions know `request.method`, `.url`, `.path`, `.query` (names and values), `.query_string`,
    `.headers`, `.body` (the text that is sent) and `.fields` (the structure it was made of).
    """
    content = draft.content()
    for part, said in parts.items():
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
        "query_string": urlencode(query),
        "headers": dict(draft.headers),
        "body": "" if content is None else content.decode("utf-8", "replace"),
        "fields": draft.body,
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
    url = parts._replace(path=str(signed["path"]), query=urlencode(pairs(signed["query"]))).geturl()
    headers = {str(name): text(value) for name, value in signed["headers"].items()}
    body = signed["body"]
    content = body.encode() if isinstance(body, str) else bytes(body)
    return Request(request.method, url, headers, content or None)
