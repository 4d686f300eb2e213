"""Which names an expression may mention, by where it stands (mapping language, section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from jinja2 import Environment, TemplateError, nodes

from hub.mapping.callspec import VERBS, CallSpec
from hub.mapping.extras import LINE, TYPED
from hub.mapping.fieldspec import FieldSpec
from hub.mapping.grammar import CORE, SystemMapping
from hub.model import Money, Side, Status

ALWAYS = frozenset({"conn", "now", "serial", "nonce"})
"""Known to every call: the connection, the time, a running number and a random text of this call."""

POSITION = frozenset({"since", "until", "next", "page", "offset", "last", "size"})
"""Known to a call that reads a stream: from when, up to when, and where to go on."""

KEYS = frozenset({"keys", "key"})
"""Known where records are asked for by their keys: many at once, or one."""

FILE = frozenset({"stem", "name", "file"})
"""Known beside a file: its name without ending, with it, and with its folder."""

BOUND = frozenset({"since", "until", "last", "size", "keys"})
"""What a SELECT that reads a stream may bind."""

PAGING = frozenset({"next", "page", "offset", "last", "since"})
"""Names one of which a call with a `size` must mention: else only its first page would ever be read."""

KNOWN = frozenset({"was", "view", "version"})
"""What the target last said: there is none before it was found."""

ORDER = frozenset({*CORE, "lines", "order", "id", "key", "extra"}) | KNOWN
"""Known to a call that writes: the order in the target's words, in the hub's, and what it said last."""

OF_POSTING = frozenset({"posting", "receivable", "entry", "cash", "cash_currency"})
"""What only a posting has."""

POSTING = OF_POSTING | {
    "amount", "currency", "order_no", "invoice_no", "customer_no", "customer_name", "payer", "payer_account",
    "account", "reference", "purpose", "value_at", "posted_at", "rule", "who", "reason", "company", "id",
    "key",
}  # fmt: skip
"""Known to a call that writes a posting: what pays what."""

_BESIDE = ("on_hold", "cancelled", "exception")
"""Side words that are true or false; `returned` is a quantity."""

ASKED = frozenset({"cancelled", "on_hold"})
"""Side words that may be asked of a system; the others it says by itself."""

PARTS: dict[str, tuple[str, ...]] = {
    "conn": ("login", "password", "host", "schema", "extra"),
    "order": (*CORE, *TYPED, "rank", *_BESIDE),
    "view": (*CORE, "rank", *_BESIDE),
}
"""What stands behind the dot of a name, where that is known."""

DOTTED = frozenset({"id", "order", "was", "view", "extra", "item"})
"""Names with parts, which SQL binds with `_` for the dot: `:id_own`, `:was_state`."""


WORDS = {
    "status": [status.word for status in Status],
    "side": [*(str(side.name).lower() for side in Side if side), "none"],
    "money": [one.name.lower() for one in Money],
}
"""The hub's words, by the field that has them."""


class Mention(NamedTuple):
    """A name in an expression, what stands behind its dot, and the texts it is compared with."""

    name: str
    part: str = ""
    words: tuple[str, ...] = ()


def streaming(verb: str, took: frozenset[str]) -> frozenset[str]:
    """Return what a call that reads a stream may mention."""
    if verb in VERBS["sql"]:
        return BOUND if verb == "sql" else frozenset()
    return ALWAYS | took | (FILE if verb == "file" else POSITION | KEYS)


def nesting(verb: str, outer: frozenset[str]) -> frozenset[str]:
    """Return what a call nested in another may mention: the parent as `item`, and many parents by `keys`."""
    if verb in VERBS["sql"]:
        return BOUND if verb == "sql" else frozenset()
    return outer | {"item"} | (FILE if verb == "file" else KEYS | POSITION)


def writing(
    mapping: SystemMapping, verb: str, took: frozenset[str], *, known: bool, posting: bool = False
) -> frozenset[str]:
    """Return what a call of a write may mention; `known` where the order stands in the target already.

    A call about a `posting` sees that, and, where it is known, the number of its clearing there.
    """
    extras = {*TYPED, *(name for stream in mapping.streams.values() for name in stream.extras)}
    names = (ORDER if known else ORDER - KNOWN) | extras
    if posting:
        names = POSTING | ({"clearing"} if known else set())
    if verb in VERBS["sql"]:
        return names | took
    return ALWAYS | names | took | (FILE if verb == "file" else frozenset())


def items(mapping: SystemMapping, call: CallSpec) -> frozenset[str]:
    """Return the fields of what `each` of a call goes through: SQL binds them by their own names."""
    if isinstance(call.each, list):
        return frozenset().union(*(one for one in call.each if isinstance(one, dict)))
    tree = _tree("=" + str(call.each).removeprefix("="))
    if tree is None:
        return frozenset()
    lists = {one.name for one in tree.find_all(nodes.Name)} | {
        one.attr for one in tree.find_all(nodes.Getattr)
    }
    extras = [stream.extras for stream in mapping.streams.values()]
    fields = [said[name].as_ for said in extras for name in lists & said.keys()]
    return frozenset(LINE if "lines" in lists else ()).union(*fields)


def dotted(name: str, names: frozenset[str]) -> Mention | None:
    """Return what SQL binds by `:id_own`, None where `name` is a name of its own, or has no part."""
    first, _, part = name.partition("_")
    return Mention(first, part) if part and first in DOTTED and name not in names else None


def anywhere(mapping: SystemMapping) -> frozenset[str]:
    """Return every name of the language, and what any call of the mapping takes."""
    took = {name for call in mapping.every_call() for name in call.take}
    return ALWAYS | POSITION | KEYS | FILE | ORDER | POSTING | took | {"clearing", "item", "request", "value"}


def mentions(source: Any) -> Iterator[Mention]:
    """Yield what the expressions of a text mention, as far as they compile: names with their parts."""
    tree = _tree(source)
    if tree is None:
        return
    for attribute in tree.find_all(nodes.Getattr):
        if isinstance(attribute.node, nodes.Name):
            yield Mention(attribute.node.name, attribute.attr)
    for compared in tree.find_all(nodes.Compare):
        inner = compared.expr
        if isinstance(inner, nodes.Getattr) and isinstance(inner.node, nodes.Name):
            yield Mention(inner.node.name, inner.attr, tuple(_texts(compared)))
    for word in _consts(tree, "rank", lambda one: one.node):
        yield Mention("order", "status", (word,))


def looked_up(source: Any) -> list[str]:
    """Return the look-ups that the expressions of a text name: `x | ref('customer')`."""
    tree = _tree(source)
    return list(_consts(tree, "ref", lambda one: one.args[0] if one.args else None)) if tree else []


def _consts(
    tree: nodes.Template, name: str, part: Callable[[nodes.Filter], nodes.Expr | None]
) -> Iterator[str]:
    """Yield what stands as a constant at a part of the filters called `name`."""
    for one in tree.find_all(nodes.Filter):
        said = part(one) if one.name == name else None
        if isinstance(said, nodes.Const):
            yield str(said.value)


def _texts(compared: nodes.Compare) -> Iterator[str]:
    for operand in compared.ops:
        inner = operand.expr.items if isinstance(operand.expr, nodes.List | nodes.Tuple) else [operand.expr]
        yield from (one.value for one in inner if isinstance(one, nodes.Const) and isinstance(one.value, str))


def _tree(source: Any) -> nodes.Template | None:
    if not isinstance(source, str) or source.startswith("==") or source == "=":
        return None
    text = "{{ (" + source[1:] + ") }}" if source.startswith("=") else source
    if "{{" not in text:
        return None
    try:
        return _PARSER.parse(text)
    except TemplateError:
        return None


_PARSER = Environment(autoescape=False)


def of_connection(spec: FieldSpec) -> bool:
    """Tell whether a FIELD is read from the connection (`=conn.extra.company`) and not from the record."""
    return len(spec.from_) == 1 and spec.from_[0].startswith("=conn.")
