"""Parts of an answer that are not what they seem.

Texts that hold a document, values that differ each time, lists that XML cannot tell from single elements.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.rest.decoding import Style, Unreadable, decoded


def unpacked(data: Any, paths: Sequence[str]) -> Any:
    """Return `data` with the texts at `paths` (`a.b`, `rows[].payload`) read as the JSON or XML they hold."""
    for path in paths:
        data = _unpacked(data, [step for step in path.replace("[]", ".[]").split(".") if step])
    return data


def _unpacked(data: Any, steps: Sequence[str]) -> Any:
    if not steps:
        return _inner(data)
    step, *rest = steps
    if step == "[]" and isinstance(data, list):
        return [_unpacked(one, rest) for one in data]
    if isinstance(data, dict) and step in data:
        return {**data, step: _unpacked(data[step], rest)}
    return data


def _inner(said: Any) -> Any:
    if not isinstance(said, str) or not said.strip():
        return said
    try:
        return decoded(said.encode(), "text/plain; charset=utf-8", Style())
    except Unreadable:
        return said  # a plain word where JSON was expected: the mapping shows it as it is


def cut(body: bytes, names: Sequence[str]) -> bytes:
    """Return a body without the values of some members, by which no two answers would ever be the same.

    A member is `"name": value` of JSON (a scalar), `<name>value</name>` or `name="value"` of XML.
    """
    for name in names:
        said = re.escape(name.rpartition(".")[2]).encode()
        body = re.sub(rb'("%b"\s*:\s*)("(?:[^"\\]|\\.)*"|[^\s,\]}{\[]+)' % said, rb"\1", body)
        body = re.sub(rb"(<(?:\w+:)?%b(?:\s[^<>]*)?>)[^<]*" % said, rb"\1", body)
        body = re.sub(rb'(\s%b=)("[^"]*"|\'[^\']*\')' % said, rb"\1", body)
    return body


def lists_of(said: Any) -> frozenset[str]:
    """Return the names that paths in a structure treat as lists: before a bracket, the end of an `each`."""
    found: set[str] = set()
    _gather(said, "", found)
    return frozenset(found)


_LISTED = re.compile(r'([^\W]+|"(?:[^"\\]|\\.)+")\s*\[')
_LAST = re.compile(r'([^\W]+|"(?:[^"\\]|\\.)+")$')


def _gather(said: Any, key: str, found: set[str]) -> None:
    if isinstance(said, Mapping):
        for name, one in said.items():
            _gather(one, str(name), found)
    elif isinstance(said, list | tuple):
        for one in said:
            _gather(one, key, found)
    elif isinstance(said, str):
        found.update(name.strip('"') for name in _LISTED.findall(said))
        if key in ("each", "count") and (last := _LAST.search(said)):
            found.add(last[1].strip('"'))
