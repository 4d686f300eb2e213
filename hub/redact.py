"""Redaction: what is secret never reaches a log, a message, a report or a table in clear.

Two nets. What the configuration read as a secret is known by value (`register`) and is hidden wherever it
turns up, also in the forms in which it travels (percent-encoded, base64). What only looks like one – in a
URL, a header, a form, a JSON or XML body – is known by its surroundings.
"""

from __future__ import annotations

import base64
import logging
import re
from threading import Lock
from urllib.parse import quote, quote_plus

HIDDEN = "***"
SHORTEST = 4
"""A registered secret shorter than this is hidden by its surroundings alone: it would riddle every text."""

SECRET_NAMES = (
    r"pass(?:word|wd|phrase|code)|(?<![a-z])pass(?![a-z])|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|"
    r"credentials?|authorization|session[_-]?id|sign(?:ature)?key|口令|密码"
)
"""What a name contains whose value is secret (a regular expression; case does not matter)."""

_NAME = rf"[\w.-]*(?:{SECRET_NAMES})[\w.-]*"
_PATTERNS = (
    # scheme://user:password@host, also where the password itself holds an @
    (re.compile(r"(?P<keep>\b[a-z][\w+.-]*://[^\s/:@]*:)[^\s/]+(?=@)", re.I), rf"\g<keep>{HIDDEN}"),
    # Authorization: Basic dXNlcjpwYXNz
    (
        re.compile(
            r"(?P<keep>\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:[a-z]+\s+)?)[^\s\"',;]+", re.I
        ),
        rf"\g<keep>{HIDDEN}",
    ),
    # Bearer eyJhbGciOi…: not the word after it in a sentence, which holds no digit or sign
    (
        re.compile(r"(?P<keep>\b(?:Basic|Bearer|Digest|Negotiate)\s+)(?=\S*[\d=+/._~])[\w+/=.~-]{8,}"),
        rf"\g<keep>{HIDDEN}",
    ),
    # <Password>…</Password>, with or without a prefix and attributes
    (
        re.compile(rf"(?P<keep><(?P<tag>(?:\w+:)?{_NAME})(?:\s[^<>]*)?>)[^<]+(?=</(?P=tag)\s*>)", re.I),
        rf"\g<keep>{HIDDEN}",
    ),
    # "password": "…" and 'password': '…'
    (
        re.compile(rf"(?P<keep>(?P<q>[\"']){_NAME}(?P=q)\s*[:=]\s*(?P<v>[\"']))(?:\\.|(?!(?P=v)).)+", re.I),
        rf"\g<keep>{HIDDEN}",
    ),
    # password=… and password: …, in a query, a form or a sentence
    (
        re.compile(rf"(?P<keep>\b{_NAME}\s*[=:：]\s*(?![\"'*]))[^\s&;,\"'<>)\]}}]+", re.I),
        rf"\g<keep>{HIDDEN}",
    ),
    (re.compile(rf"(?P<keep>\b{_NAME}\s*=\s*(?P<v>[\"']))(?:\\.|(?!(?P=v)).)+", re.I), rf"\g<keep>{HIDDEN}"),
)


class _Known:
    """The secrets known by value, as one expression with the longest first."""

    def __init__(self) -> None:
        self.forms: set[str] = set()
        self.found: re.Pattern[str] | None = None
        self._lock = Lock()

    def add(self, forms: set[str]) -> None:
        with self._lock:
            if forms <= self.forms:
                return
            self.forms |= forms
            longest_first = sorted(self.forms, key=lambda form: (-len(form), form))
            self.found = re.compile("|".join(map(re.escape, longest_first)))


_known = _Known()


def register(secret: str | None, login: str | None = None) -> None:
    """Hide `secret` from now on, wherever it turns up; with `login` also the two as HTTP Basic sends them."""
    if not secret or len(secret) < SHORTEST:
        return
    forms = {secret, quote(secret, safe=""), quote_plus(secret), _base64(secret)}
    if login is not None:
        forms.add(_base64(f"{login}:{secret}"))
    _known.add(forms)


def redact(text: str) -> str:
    """Return `text` without what is secret in it; redacting twice changes nothing more."""
    if _known.found is not None:
        text = _known.found.sub(HIDDEN, text)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class Redaction(logging.Filter):
    """A logging filter for handlers: message, traceback and stack go out redacted."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact `record` in place; let every record pass."""
        record.msg, record.args = redact(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = record.exc_text or logging.Formatter().formatException(record.exc_info)
            record.exc_info = None  # a handler would print it once more, in clear
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


def guard(logger: logging.Logger | None = None) -> None:
    """Put the filter before every handler of `logger` (the root by default); safe to call again."""
    for handler in (logger or logging.getLogger()).handlers:
        if not any(isinstance(one, Redaction) for one in handler.filters):
            handler.addFilter(Redaction())


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
