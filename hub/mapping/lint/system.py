"""The calls that read, each with the names that it may mention: login, look-ups, streams, sweeps."""

from __future__ import annotations

from collections.abc import Iterable

from hub.mapping.callspec import CallSpec
from hub.mapping.grammar import AuthSpec, StreamMapping, SystemMapping
from hub.mapping.lint import names
from hub.mapping.lint.calls import Where, lint_call, lint_errors, lint_values, mentions
from hub.mapping.lint.found import Found, Path

_CURSORED = frozenset({"table", "sql", "get", "post", "op"})


def lint_system_calls(mapping: SystemMapping, found: Found) -> None:
    """Lint every call that reads: login, look-ups, streams and their sweeps; and the error table."""
    took = login_took(mapping)
    lint_errors(mapping.errors, ("errors",), found)
    if mapping.auth:
        _lint_auth(mapping, mapping.auth, took, found)
    _lint_shared(mapping, took, found)
    for name, call in mapping.refs.items():
        allowed = names.ALWAYS | took | {"value"}
        lint_call(mapping, call, ("refs", name), Where(allowed, allowed), found)
        if not call.take:
            found.error(("refs", name), "mapping.ref_takes_nothing", key=True, name=name)
    for name, stream in mapping.streams.items():
        _lint_stream_calls(mapping, stream, ("streams", name), took, found)


def _lint_auth(mapping: SystemMapping, auth: AuthSpec, took: frozenset[str], found: Found) -> None:
    """Lint how the system lets us in: what a login took is known only behind it."""
    if auth.login:
        lint_call(mapping, auth.login, ("auth", "login"), Where(names.ALWAYS), found)
    behind = names.ALWAYS | took
    if auth.csrf:
        lint_call(mapping, auth.csrf.fetch, ("auth", "csrf", "fetch"), Where(behind), found)
        handed = behind | auth.csrf.fetch.take.keys()
        lint_values(mapping, auth.csrf.headers, ("auth", "csrf", "headers"), handed, found)
    if auth.oauth2:
        lint_values(mapping, auth.oauth2.form, ("auth", "oauth2", "form"), names.ALWAYS, found)
    if auth.sign:
        lint_values(mapping, auth.sign, ("auth", "sign"), behind | {"request"}, found)
    for part in ("headers", "query", "json", "form", "body", "cookies"):
        said = getattr(auth, "json_" if part == "json" else part)
        lint_values(mapping, said, ("auth", part), behind, found)


def _lint_shared(mapping: SystemMapping, took: frozenset[str], found: Found) -> None:
    """Lint what stands under every call: it may mention whatever some call may."""
    allowed = names.ALWAYS | names.POSITION | names.KEYS | names.FILE | took | {"item", "request", "value"}
    if mapping.writes:
        allowed |= names.ORDER | {name for stream in mapping.streams.values() for name in stream.extras}
    for name, said in mapping.calls.items():
        if name not in CallSpec.model_fields or name in {"query", "json", "form", "headers", "args"}:
            lint_values(mapping, said, ("calls", name), allowed, found)


def _lint_stream_calls(
    mapping: SystemMapping, stream: StreamMapping, path: Path, took: frozenset[str], found: Found
) -> None:
    calls = {"read": stream.read} | ({"sweep": stream.sweep.call} if stream.sweep else {})
    for part, call in calls.items():
        outer = names.ALWAYS | took
        allowed = names.streaming(call.verb, outer) | _own(call)
        lint_call(mapping, call, (*path, part), Where(allowed, outer | _own(call)), found)
    if stream.read.overlap and not stream.read.cursor and stream.read.verb in _CURSORED:
        found.warning((*path, "read", "overlap"), "mapping.overlap_without_cursor", key=True)
    if stream.read.window and "until" not in mentions(stream.read):
        found.error((*path, "read", "window"), "mapping.window_without_until", key=True)


def _own(call: CallSpec) -> frozenset[str]:
    """Return what a call took from its own last answer: known from the second page on."""
    return frozenset(call.take)


def login_took(mapping: SystemMapping) -> frozenset[str]:
    """Return what the login call takes: known to every call behind it."""
    login = mapping.auth.login if mapping.auth else None
    return takes(login.nested()) if login else frozenset()


def takes(calls: Iterable[CallSpec]) -> frozenset[str]:
    """Return the names that these calls take from their answers."""
    return frozenset(name for call in calls for name in call.take)
