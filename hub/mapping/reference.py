"""The tables of docs/mapping.md, made from the code: `python -m hub.mapping.reference docs/mapping.md`.

What stands between ``<!-- table: NAME -->`` and ``<!-- end -->`` is written anew; the rest is left as it is.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from hub.locale import catalogue
from hub.mapping.callspec import REACTIONS, VERBS, CallSpec, all_verbs, keys_of
from hub.mapping.extras import LINE, TIMES, TYPED, WIDTHS
from hub.mapping.filters import FILTERS
from hub.mapping.formats import NAMED
from hub.mapping.grammar import CORE, EVENT
from hub.mapping.kinds import KINDS
from hub.mapping.lint.ways import LOGIN, WAYS
from hub.mapping.meanings import PARTS, meanings
from hub.model import ORDER_TYPES, Money, Side, Status
from hub.spec import Spec

Row = Sequence[str]

_TABLE = re.compile(r"(<!-- table: ([\w ]+) -->\n).*?(<!-- end -->)", re.S)
_KEY = re.compile(r'"((?:mapping|hook)\.\w+)"')
_HERE = Path(__file__).parent


def renewed(text: str) -> str:
    """Return a document with all its tables written anew; KeyError for a table that there is not."""
    return _TABLE.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n\n{found[3]}", text)


def table(head: Row, rows: Iterable[Row]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: str) -> str:
    """Return text as Markdown code."""
    return f"`{text}`" if text else ""


def keys(part: str) -> str:
    """Return the keys of one part of a mapping file."""
    said = meanings(part)
    return table(
        ("key", "meaning"), ((code(name), said[name]) for name in _names(PARTS[part]) if name in said)
    )


def _names(model: type[Spec]) -> list[str]:
    return [name for name in model.names() if name not in all_verbs()]


_COLUMNS = {"rest": "get", "soap": "op", "sql table": "table", "sql text": "sql", "files": "file"}


def call_keys() -> str:
    """Return the keys of a call, with the kinds of call that know them."""
    said = meanings("call")
    rows = [
        (code(name), *("●" if name in keys_of(verb) else "" for verb in _COLUMNS.values()), said[name])
        for name in _names(CallSpec)
    ]
    return table(("key", *_COLUMNS, "meaning"), rows)


def verbs() -> str:
    """Return the verbs of each connector kind."""
    rows = ((code(kind), " ".join(code(verb) for verb in sorted(known))) for kind, known in VERBS.items())
    return table(("connector", "verbs"), rows)


def ways() -> str:
    """Return the ways of being let in of each connector kind."""
    rows = [
        (code(kind), " ".join(map(code, known)) or "the connection alone", "yes" if kind in LOGIN else "")
        for kind, known in WAYS.items()
    ]
    return table(("connector", "`auth`", "login call"), rows)


def fields() -> str:
    """Return the fields of orders and events."""
    said = meanings("fields")
    rows = [(code(name), "event" if name in EVENT else "", said[name]) for name in (*CORE, *EVENT)]
    return table(("field", "only", "meaning"), rows)


def documents() -> str:
    """Return the fields of each kind of document."""
    rows = [
        (
            code(name),
            " ".join(map(code, kind.needs)),
            " ".join(map(code, sorted({*kind.names} - {*kind.needs}))),
        )
        for name, kind in KINDS.items()
    ]
    return table(("`yields`", "needs", "may have"), rows)


def extras() -> str:
    """Return the extras that have a column of their own."""
    kinds = {
        "order_type": "one of " + ", ".join(ORDER_TYPES),
        **{name: f"text, {width} characters at most" for name, width in WIDTHS.items()},
        "amount": "number",
        **dict.fromkeys(TIMES, "time"),
        "lines": "list of " + ", ".join(LINE),
    }
    return table(("extra", "is"), ((code(name), kinds[name]) for name in TYPED))


def statuses() -> str:
    """Return the status vocabulary with its ranks."""
    return table(("rank", "status"), ((str(int(one)), code(one.word)) for one in Status))


def words() -> str:
    """Return the words beside the chain."""
    sides = ", ".join(code(str(side.name).lower()) for side in Side if side)
    monies = ", ".join(code(one.name.lower()) for one in Money)
    return table(("field", "words"), (("`side`", sides), ("`money`", monies)))


def names() -> str:
    """Return the names that expressions may mention."""
    return table(("name", "what it is"), ((code(name), said) for name, said in meanings("names").items()))


def filters() -> str:
    """Return the filters beside Jinja's own."""
    rows = []
    for name, function in FILTERS.items():
        extra = [str(one) for one in list(inspect.signature(function).parameters.values())[1:]]
        shown = (
            f"{name}({', '.join(re.sub(r': [^=,]+?( =|$)', '=', one).rstrip('=') for one in extra)})"
            if extra
            else name
        )
        rows.append((code(shown), _first_line(function)))
    return table(("filter", "gives"), rows)


def _first_line(function: Callable[..., object]) -> str:
    line = (function.__doc__ or "").strip().split("\n")[0]
    said = line.removeprefix("Return ").removesuffix(".")
    return said[:1].lower() + said[1:] if not said[:2].isupper() else said


def formats() -> str:
    """Return the formats of stamps that have a name."""
    said = meanings("formats")
    return table(("format", "how it looks"), ((code(name), said[name]) for name in NAMED))


def reactions() -> str:
    """Return the reactions that an error may ask for."""
    said = meanings("errors")
    return table(("reaction", "what follows"), ((code(name), said[name]) for name in REACTIONS))


def lints() -> str:
    """Return what `mapping check` finds, by its key."""
    said = catalogue("en")
    rows = ((code(key), severity, said[key]) for key, severity in sorted(_found().items()))
    return table(("key", "severity", "message"), rows)


def _found() -> dict[str, str]:
    """Return the keys of all that a check may say, with how bad it is."""
    known = catalogue("en")
    found = {key: "error" for key in (*_COMPILED, *_texts(_WRITTEN)) if key in known}
    for call in _calls(_LINTS):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        said = call.args[1] if len(call.args) > 1 else None
        if name in {"error", "warning"} and isinstance(said, ast.Constant):
            found[str(said.value)] = name
    return found


_COMPILED = (
    "mapping.bad_path", "mapping.bad_expression", "mapping.statement_in_text", "mapping.bad_format",
    "mapping.bad_number_sample",
    "mapping.unknown_zone", "mapping.unknown_name", "mapping.unknown_name_near", "mapping.unknown_word",
    "mapping.unknown_word_near",
)  # fmt: skip
"""What is said of a value that does not compile, and of a name or word that is none."""

_LINTS = sorted((_HERE / "lint").glob("*.py"))
_WRITTEN = [
    _HERE.parent / "yamlfile.py", _HERE.parent / "spec.py",
    *(_HERE / f"{name}.py" for name in (
        "callspec", "fieldspec", "grammar", "writespec", "loading", "check", "purity",
    )),
]  # fmt: skip


def _calls(paths: Iterable[Path]) -> Iterator[ast.Call]:
    for path in paths:
        tree = ast.parse(path.read_text("utf-8"))
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _texts(paths: Iterable[Path]) -> Iterator[str]:
    """Yield every text in the source that looks like the key of a message, severities aside."""
    for path in paths:
        yield from (key for key in _KEY.findall(path.read_text("utf-8")) if key not in _SEVERITIES)


_SEVERITIES = frozenset({"mapping.error", "mapping.warning"})


def reasons() -> str:
    """Return why a record may go to quarantine."""
    said = catalogue("en")
    first = (call.args[0] for call in _calls(sorted(_HERE.rglob("*.py"))) if _raises(call) and call.args)
    found = {str(one.value) for one in first if isinstance(one, ast.Constant)}
    return table(("key", "reason"), ((code(key), said[key]) for key in sorted(found)))


def _raises(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "RecordError"


TABLES: dict[str, Callable[[], str]] = {
    **{f"keys of {part}": lambda part=part: keys(part) for part in PARTS if part != "call"},  # type: ignore[misc]  # a lambda with a default is a Callable[[], str]
    "keys of call": call_keys,
    "verbs": verbs,
    "ways": ways,
    "fields": fields,
    "documents": documents,
    "extras": extras,
    "statuses": statuses,
    "words": words,
    "names": names,
    "filters": filters,
    "formats": formats,
    "reactions": reactions,
    "lints": lints,
    "reasons": reasons,
}
"""The tables by name."""


def main(paths: Sequence[str]) -> int:
    """Renew the tables of the documents at `paths`."""
    for name in paths:
        path = Path(name)
        path.write_text(renewed(path.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
