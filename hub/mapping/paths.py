"""Paths into records: plain and dotted names by a fast getter, the rest by JMESPath.

A plain name is any word of letters, digits and ``_`` in any script (`订单号`), or a quoted one
(`"Order No."`). `a || b` takes the first that is there: null, false, empty text, empty list and a text of
blanks fall through, 0 does not. Text is trimmed wherever it is met, so that padding is never in the way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import jmespath
from jmespath import exceptions, functions, visitor

from hub.errors import MappingError, RecordError

Getter = Callable[[Any], Any]

_WORD = r'(?:[^\W]+|"(?:[^"\\]|\\.)+")'
_DOTTED = re.compile(rf"{_WORD}(?:\.{_WORD})*")
_LISTED = re.compile(rf"(?P<list>{_DOTTED.pattern})\[\](?:\.(?P<item>{_DOTTED.pattern}))?")
_STEP = re.compile(_WORD)
_ITEM = re.compile(rf"(?:\.{_WORD})+")
_TOKEN = re.compile(
    r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\|\||[()\[\]{}]|[^\W]+|.""", re.S
)
_LITERAL = r"'[^'\\]*'"
_TEXT = re.compile(_LITERAL)
_COMPARED = re.compile(rf"(?P<path>{_DOTTED.pattern})\s*(?P<sign>[=!]=)\s*(?P<text>{_LITERAL})")
_AMONG = re.compile(
    rf"contains\(\[(?P<texts>{_LITERAL}(?:\s*,\s*{_LITERAL})*)\],\s*(?P<path>{_DOTTED.pattern})\)"
)
_GUARD = re.compile(r'="(.*)"', re.S)
_NOT = re.compile(rf"!\s*(?P<path>{_DOTTED.pattern})")
_INDEXED = re.compile(rf"{_DOTTED.pattern}(?:\[-?\d+\](?:\.{_WORD})*)+")
_EXTREME = re.compile(rf"(?P<name>max|min)\((?P<list>{_DOTTED.pattern}\[\]\.{_DOTTED.pattern})\)")
_INDEX = re.compile(rf"\[(-?\d+)\]|{_WORD}")
SURROUNDINGS = ("meta", "up")
"""First words of a path that mean not the record but what stands around it."""


@lru_cache(maxsize=4096)
def compile_path(expression: str, *, trim: bool = True, unwrap: bool = False) -> Getter:
    """Return a function from a record (or any answer) to the value at `expression`, None if it is not there.

    `unwrap` takes spreadsheet guards (``="007"``) off. Raises MappingError for a path that does not compile.
    """
    clean = cleaner(trim, unwrap)
    getters = [_compile(one.strip(), clean) for one in alternatives(expression)]
    return getters[0] if len(getters) == 1 else _first_of(getters)


def is_empty(value: Any) -> bool:
    """Tell whether `a || b` falls through `value`: null, false, empty text, list or map; 0 is a value."""
    return value is None or value is False or (not value and isinstance(value, str | list | dict | tuple))


def plain(expression: str) -> tuple[tuple[str, ...], ...] | None:
    """Return the names to follow for every alternative of a path that only follows names, else None."""
    parts = [one.strip() for one in alternatives(expression)]
    if not all(_DOTTED.fullmatch(one) for one in parts):
        return None
    return tuple(tuple(_unquoted(step) for step in _STEP.findall(one)) for one in parts)


def only(expression: str) -> tuple[str, ...] | None:
    """Return the names to follow for a path without alternatives that only follows names, else None."""
    found = plain(expression)
    return found[0] if found is not None and len(found) == 1 else None


def looks_at(expression: str) -> frozenset[tuple[str, ...]] | None:
    """Return the plain paths whose values decide what `expression` gives; None if lists decide, too."""
    seen: set[tuple[str, ...]] = set()
    for part in alternatives(expression):
        try:
            tree = jmespath.compile(_ascii(part.strip())).parsed
        except exceptions.JMESPathError:
            return None
        if not _fields_of(tree, seen):
            return None
    return frozenset(seen)


_PASSED = frozenset(
    {
        "comparator", "literal", "or_expression", "and_expression", "not_expression", "function_expression",
        "multi_select_list",
    }
)  # fmt: skip
"""Nodes of a JMESPath tree whose parts all see what the node itself sees."""


def _fields_of(node: Any, seen: set[tuple[str, ...]]) -> bool:
    """Add the plain paths in a JMESPath tree to `seen`; False if it looks at anything else."""
    steps = _steps_of(node)
    if steps is not None:
        seen.add(steps)
        return True
    return node["type"] in _PASSED and all(_fields_of(one, seen) for one in node["children"])


def _steps_of(node: Any) -> tuple[str, ...] | None:
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] != "subexpression":
        return None
    parts = [_steps_of(one) for one in node["children"]]
    return None if None in parts else tuple(step for part in parts for step in part or ())


def roots(expression: str) -> frozenset[str]:
    """Return those of `meta` and `up` that `expression` begins a path with."""
    before, found = "", set()
    for token in _tokens(expression):
        if token in SURROUNDINGS and before not in {".", "'"}:
            found.add(token)
        if not token.isspace():
            before = token
    return frozenset(found)


def split_list(expression: str) -> tuple[str, str] | None:
    """Split `lines[].qty` into the list `lines[]` and the path `qty` of an item; None if there is no list.

    Items are then looked at one by one, which JMESPath cannot do without losing those that lack the value.
    """
    if len(list(alternatives(expression))) > 1:
        return None
    depth, start, end, at = 0, -1, -1, 0
    for token in _tokens(expression):
        if token == "[" and depth == 0:
            start = at
        depth += (token in "([{") - (token in ")]}")
        at += len(token)
        if token == "]" and depth == 0:
            end = at
    inside, rest = expression[start + 1 : end - 1].strip(), expression[end:].strip()
    if end < 0 or not (inside in {"", "*"} or inside.startswith("?")):
        return None
    if rest and not _ITEM.fullmatch(rest):
        return None
    return expression[:end].strip(), rest.removeprefix(".") or "@"


def alternatives(expression: str) -> Iterator[str]:
    """Yield the parts of a top-level `a || b`."""
    depth, part = 0, ""
    for token in _tokens(expression):
        depth += (token in "([{") - (token in ")]}")
        if token == "||" and depth == 0:
            yield part
            part = ""
        else:
            part += token
    yield part


def _tokens(expression: str) -> Iterator[str]:
    return (match[0] for match in _TOKEN.finditer(expression))


def _test(expression: str, clean: Getter) -> Getter | None:
    """Return `path == 'text'`, `!=`, `!path`, `contains([…], path)` without JMESPath's detour, else None."""
    if found := _COMPARED.fullmatch(expression):
        get, text, equal = _compile(found["path"], clean), found["text"][1:-1], found["sign"] == "=="
        return lambda record: (get(record) == text) is equal
    if found := _AMONG.fullmatch(expression):
        texts = frozenset(text[1:-1] for text in _TEXT.findall(found["texts"]))
        get = _compile(found["path"], clean)
        return lambda record: isinstance(value := get(record), str) and value in texts
    if found := _NOT.fullmatch(expression):
        get = _compile(found["path"], clean)
        return lambda record: is_empty(get(record))
    return None


def _compile(expression: str, clean: Getter) -> Getter:
    if test := _test(expression, clean):
        return test
    if _DOTTED.fullmatch(expression):
        return _plain([_unquoted(step) for step in _STEP.findall(expression)], clean)
    if found := _LISTED.fullmatch(expression):
        return _flat(
            _compile(found["list"], clean), _compile(found["item"], clean) if found["item"] else None
        )
    if _INDEXED.fullmatch(expression):
        return _indexed(expression, clean)
    if found := _EXTREME.fullmatch(expression):
        choose = max if found["name"] == "max" else min
        return _extreme(expression, choose, _compile(found["list"], clean), clean)
    return _jmespath(expression, clean)


def _extreme(expression: str, choose: Callable[[list[str]], str], get: Getter, clean: Getter) -> Getter:
    """Return the getter of `max(list[].item)` and `min(…)` over texts; JMESPath compares all else."""
    thorough = _jmespath(expression, clean)

    def extreme(record: Any) -> Any:
        values = get(record)
        texts = values and all(type(value) is str for value in values)
        return choose(values) if texts else thorough(record)

    return extreme


def _indexed(expression: str, clean: Getter) -> Getter:
    """Return the getter of `lines[0].item`: an index sees lists only, a name maps only."""
    steps = [int(found[1]) if found[1] else _unquoted(found[0]) for found in _INDEX.finditer(expression)]

    def indexed(record: Any) -> Any:
        value = record
        for step in steps:
            if isinstance(step, str):
                value = value.get(step) if isinstance(value, dict) else None
            elif isinstance(value, list) and -len(value) <= step < len(value):
                value = value[step]
            else:
                return None
        return clean(value) if type(value) is str else value

    return indexed


def _flat(get: Getter, pick: Getter | None) -> Getter:
    """Return the getter of `list[]` and `list[].item`, as JMESPath flattens and projects."""

    def flat(record: Any) -> Any:
        items = get(record)
        if not isinstance(items, list):
            return None
        if any(isinstance(item, list) for item in items):
            items = [one for item in items for one in (item if isinstance(item, list) else (item,))]
        if pick is None:
            return [item for item in items if item is not None]
        return [value for item in items if (value := pick(item)) is not None]

    return flat


def _unquoted(step: str) -> str:
    return str(json.loads(step)) if step.startswith('"') else step


def _plain(steps: list[str], clean: Getter) -> Getter:
    if len(steps) == 1:
        name = steps[0]

        def one(record: Any) -> Any:
            value = record.get(name) if isinstance(record, dict) else None
            return clean(value) if type(value) is str else value

        return one

    def dotted(record: Any) -> Any:
        value = record
        for step in steps:
            if not isinstance(value, dict):
                return None
            value = value.get(step)
        return clean(value) if type(value) is str else value

    return dotted


def _jmespath(expression: str, clean: Getter) -> Getter:
    try:
        tree = jmespath.compile(_ascii(expression)).parsed
    except exceptions.JMESPathError as error:
        reason = str(error).split("\n")[0]
        raise MappingError("mapping.bad_path", path=expression, reason=reason) from error
    if unknown := next((name for name in _called(tree) if name not in _Functions.FUNCTION_TABLE), None):
        raise MappingError("mapping.bad_path", path=expression, reason=f"Unknown function: {unknown}()")
    search = _Trimming(clean)

    def evaluate(record: Any) -> Any:
        try:
            return search.visit(tree, record)
        except (exceptions.JMESPathError, ArithmeticError, TypeError, ValueError) as error:
            reason = str(error).split("\n")[0]
            raise RecordError("mapping.path_failed", path=expression, reason=reason) from error

    return evaluate


def _ascii(expression: str) -> str:
    """Quote the bare names that JMESPath's lexer does not know (any script but ASCII)."""
    return "".join(
        json.dumps(token)
        if not token.isascii() and token[0] not in "\"'`" and token.isidentifier()
        else token
        for token in _tokens(expression)
    )


def _called(node: Any) -> Iterator[str]:
    """Yield the names of the functions that an expression calls."""
    if node["type"] == "function_expression":
        yield node["value"]
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _called(child)


class _Functions(functions.Functions):
    """JMESPath's functions, and `items`, which makes of a map a list of its names and values."""

    @functions.signature({"types": ["object"]})
    def _func_items(self, said: dict[str, Any]) -> list[list[Any]]:
        return [[name, value] for name, value in said.items()]


class _Trimming(visitor.TreeInterpreter):
    """JMESPath that sees text trimmed at every step, so that `a || b` and `state == 'Y'` meet no padding."""

    def __init__(self, clean: Getter) -> None:
        super().__init__(visitor.Options(custom_functions=_Functions()))
        self._clean = clean

    def visit_field(self, node: Any, value: Any) -> Any:
        found = value.get(node["value"]) if isinstance(value, dict) else None
        return self._clean(found) if type(found) is str else found

    def visit_current(self, node: Any, value: Any) -> Any:
        return self._clean(value) if type(value) is str else value


def _first_of(getters: list[Getter]) -> Getter:
    def first(record: Any) -> Any:
        value = None
        for get in getters:
            value = get(record)
            if not is_empty(value):
                return value
        return value

    return first


def cleaner(trim: bool, unwrap: bool) -> Callable[[str], str]:
    """Return what is done to every text that a path meets: padding off, spreadsheet guards off."""
    if not unwrap:
        return str.strip if trim else _same

    def clean(value: str) -> str:
        bare = value.strip() if trim else value
        guard = _GUARD.fullmatch(bare)
        if guard is None:
            return bare
        return guard[1].strip() if trim else guard[1]

    return clean


def _same(value: Any) -> Any:
    return value
