"""YAML as OrderHub reads it: nothing guessed, and every value knows its line and column.

Every scalar is text first; then an unquoted JSON literal is typed (``1``, ``1.5`` as Decimal, ``true``,
``null``) and an empty value is null. Whatever else YAML 1.1 would guess (``NO``, ``off``, ``010``,
``2026-01-05``) stays text, and so does ``1e5``, since that is a number to JSON but an item code to people.
Keys are always text. Anchors and merge keys work; a key written twice is an error.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hub.problems import MappingErrors, Problem

Place = tuple[int, int]
Steps = tuple[str | int, ...]

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "": None}
_TAG = "tag:yaml.org,2002:"
_TAGS = {
    _TAG + kind
    for kind in ("str", "int", "float", "bool", "null", "seq", "map", "merge", "value", "timestamp")
}
_NODES_AT_MOST = 200_000


@dataclass(frozen=True)
class Document:
    """What a file says (`data`: dicts, lists, text, int, Decimal, bool, None) and where it says it."""

    data: Any
    file: str = ""
    text: str = field(default="", repr=False)
    keys: dict[Steps, Place] = field(default_factory=dict, repr=False)
    values: dict[Steps, Place] = field(default_factory=dict, repr=False)

    def where(self, path: Sequence[str | int], *, key: bool = False) -> Place:
        """Return line and column (from 1) of the value at `path`, or of its `key`.

        Steps that the file does not have are passed over (a path may come from a model that is shaped
        a little differently), so that the nearest enclosing place is returned in the worst case.
        """
        found: Steps = ()
        last_is_there = True
        for step in path:
            last_is_there = (*found, step) in self.values
            if last_is_there:
                found = (*found, step)
        if key and last_is_there and found in self.keys:
            return self.keys[found]
        return self.values.get(found, (1, 1))

    def problem(
        self,
        path: Sequence[str | int],
        message: str,
        *,
        key: bool = False,
        warning: bool = False,
        **values: object,
    ) -> Problem:
        """Return a Problem with `message` at `path`."""
        line, column = self.where(path, key=key)
        return Problem(self.file, line, column, "warning" if warning else "error", message, values)


def load(source: Path | str, file: str = "") -> Document:
    """Read YAML from a path, or from text (a str), as a Document; `file` is the name shown in errors.

    Raises MappingErrors with line and column.
    """
    shown = file or (str(source) if isinstance(source, Path) else "")
    return _Reading(shown).document(_text(source, shown))


def _text(source: Path | str, shown: str) -> str:
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        return source.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise MappingErrors(
            [Problem(shown, 0, 0, "error", "mapping.no_file", {"reason": str(error)})]
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise MappingErrors([Problem(shown, line, 1, "error", "mapping.not_utf8", {})]) from error


class _Reading:
    """One file on its way from nodes to data; problems are collected, not raised one by one."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.keys: dict[Steps, Place] = {}
        self.values: dict[Steps, Place] = {}
        self.open: set[int] = set()
        self.lines: list[str] = []

    def document(self, text: str) -> Document:
        self.lines = text.splitlines()
        node = self._compose(text)
        data = self._value(node, ()) if node is not None else None
        if self.problems:
            raise MappingErrors(self.problems)
        return Document(data, self.file, text, self.keys, self.values)

    def _compose(self, text: str) -> Node | None:
        try:
            node: Node | None = YAML(typ="safe", pure=True).compose(io.StringIO(text))
        except MarkedYAMLError as error:
            raise MappingErrors([self._syntax(error)]) from error
        except YAMLError as error:
            problem = Problem(
                self.file, 1, 1, "error", "mapping.yaml_syntax", {"reason": str(error).split("\n")[0]}
            )
            raise MappingErrors([problem]) from error
        return node

    def _syntax(self, error: MarkedYAMLError) -> Problem:
        """Return the parser's complaint, with "quote it" where a bare sign or a brace is the reason."""
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        reason = str(error.problem or error)
        here = self.lines[line - 1][column - 1 :] if line <= len(self.lines) else ""
        torn = reason.startswith("expected ',' or")
        if torn or here[:1] in {"@", "`", "%", "*", "&", "!"} or "mapping values are not allowed" in reason:
            value = here.split(",")[0].strip() or here.strip()
            return Problem(
                self.file, line, column, "error", "mapping.quote_it", {"value": value, "reason": reason}
            )
        return Problem(self.file, line, column, "error", "mapping.yaml_syntax", {"reason": reason})

    def _value(self, node: Node, path: Steps) -> Any:
        self.values.setdefault(path, _place(node))
        if len(self.values) > _NODES_AT_MOST or id(node) in self.open:
            self._complain(node, "mapping.yaml_recursion")
            raise MappingErrors(self.problems)
        if node.tag and str(node.tag) not in _TAGS:
            self._complain(node, "mapping.quote_it", value=str(node.tag).replace(_TAG, "!!"), reason="tag")
            return None
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        self.open.add(id(node))
        try:
            if isinstance(node, MappingNode):
                return self._map(node, path)
            return self._list(cast(SequenceNode, node), path)
        finally:
            self.open.discard(id(node))

    def _scalar(self, node: ScalarNode) -> Any:
        """Return text, or the JSON literal that an unquoted scalar is."""
        text = str(node.value)
        if node.style is not None:  # quoted or a block
            return text
        if text == "=":
            self._complain(node, "mapping.quote_it", value="=", reason="=")
        if text in _WORDS:
            return _WORDS[text]
        if number := _NUMBER.fullmatch(text):
            return Decimal(text) if number[1] else int(text)
        return text

    def _list(self, node: SequenceNode, path: Steps) -> list[Any]:
        if node.flow_style:
            self._torn(node, [child for child in node.value if isinstance(child, ScalarNode)])
        return [self._value(child, (*path, index)) for index, child in enumerate(node.value)]

    def _map(self, node: MappingNode, path: Steps) -> dict[str, Any]:
        if node.flow_style:
            self._torn(
                node, [child for pair in node.value for child in pair if isinstance(child, ScalarNode)]
            )
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = self._key(key)
            if name is None:
                continue
            if name in found:
                self._complain(key, "mapping.duplicate_key", name=name)
                continue
            self.keys[(*path, name)] = _place(key)
            found[name] = self._value(value, (*path, name))
        for key, value in self._merged(node):
            name = str(key.value)
            if name not in found:
                self.keys.setdefault((*path, name), _place(key))
                found[name] = self._value(value, (*path, name))
        return found

    def _key(self, key: Node) -> str | None:
        """Return the key's text; None for a merge key and (as a problem) for what is no text."""
        if not isinstance(key, ScalarNode):
            if isinstance(key, MappingNode) and key.flow_style:
                self._complain(key, "mapping.quote_it", value=self._line_from(key), reason="{{")
            else:
                self._complain(key, "mapping.key_not_text")
            return None
        return None if _is_merge(key) else str(key.value)

    def _merged(self, node: MappingNode) -> Iterator[tuple[Node, Node]]:
        """Yield the pairs of `<<`, nearest first."""
        for key, value in node.value:
            if not _is_merge(key):
                continue
            for source in value.value if isinstance(value, SequenceNode) else [value]:
                if not isinstance(source, MappingNode):
                    self._complain(value, "mapping.merge_no_map")
                    continue
                yield from ((name, one) for name, one in source.value if not _is_merge(name))
                yield from self._merged(source)

    def _torn(self, node: Node, scalars: list[ScalarNode]) -> None:
        """Complain about a plain value in braces that ends within its own brackets: `{a: =f(x, y)}`."""
        for scalar in scalars:
            text = str(scalar.value)
            if scalar.style is None and text.count("(") > text.count(")"):
                self._complain(scalar, "mapping.torn", value=text)

    def _line_from(self, node: Node) -> str:
        line = node.start_mark.line
        return (
            self.lines[line][max(node.start_mark.column - 1, 0) :].strip() if line < len(self.lines) else ""
        )

    def _complain(self, node: Node, message: str, **values: object) -> None:
        line, column = _place(node)
        self.problems.append(Problem(self.file, line, column, "error", message, values))


def _place(node: Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _is_merge(key: Node) -> bool:
    return isinstance(key, ScalarNode) and key.style is None and str(key.value) == "<<"
