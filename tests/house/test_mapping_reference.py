"""docs/mapping.md: its tables are those of the code, and check takes every snippet in it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from hub import yamlfile
from hub.locale import catalogue
from hub.mapping import run_examples
from hub.mapping.callspec import all_verbs
from hub.mapping.formats import NAMED
from hub.mapping.grammar import CORE, EVENT, OPTIONS, StreamMapping, SystemMapping
from hub.mapping.lint import names as known
from hub.mapping.loading import read_system
from hub.mapping.meanings import PARTS, meanings
from hub.mapping.reference import TABLES, renewed
from hub.rules import Rules
from tests.house.code import ROOT

PAGE = ROOT / "docs" / "mapping.md"
TEXT = PAGE.read_text("utf-8")
SNIPPETS = re.findall(r"^```yaml (\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
READS = {
    "rest": {"get": "/orders", "query": {"since": "=since", "id": "=key"}},
    "soap": {"op": "ListOrders", "args": {"since": "=since"}},
    "sql": {"table": "orders", "cursor": ["changed", "id"]},
    "files": {"file": "*.csv"},
}
FIELDS: dict[str, Any] = {
    "order_no": "no",
    "status": {"from": "state", "codes": {"A": "confirmed"}},
    "ordered": "qty",
    "occurred_at": {"from": "at", "says": "modified"},
}


def whole(connector: str, said: dict[str, Any]) -> dict[str, Any]:
    """Return a whole mapping of what a snippet says: of a file, of parts of one, or of one stream."""
    if "system" in said:
        return said
    stream = {name: one for name, one in said.items() if name in StreamMapping.names() and name != "time"}
    top = {name: one for name, one in said.items() if name not in stream}
    order = stream.get("yields", "order") in {"order", "event"}
    base = {"read": READS[connector], "fields": FIELDS if order else {}}
    streams = top.pop("streams", {"orders": {}})
    for one in streams.values():
        for part in ("read", "fields"):
            one.setdefault(part, base[part])
        one |= {name: said for name, said in stream.items() if name != "fields"}
        one["fields"] = {**one["fields"], **stream.get("fields", {})}
    return {"system": "shop", "connector": connector, "time": {"zone": "UTC"}, **top, "streams": streams}


def test_the_page_has_snippets() -> None:
    assert len(SNIPPETS) > 35
    assert len(re.findall(r"^```yaml", TEXT, re.MULTILINE)) == len(SNIPPETS)
    assert {connector for connector, _ in SNIPPETS} == set(READS)


@pytest.mark.parametrize(("connector", "snippet"), SNIPPETS)
def test_every_snippet_is_right(connector: str, snippet: str) -> None:
    said = yamlfile.load(snippet).data
    assert set(said) <= {*SystemMapping.names(), *StreamMapping.names()}
    text = json.dumps(whole(connector, said), ensure_ascii=False, default=str)
    mapping, problems = read_system(yamlfile.load(text, "snippet.yaml"))
    assert [one.say() for one in problems if one.severity == "error"] == []
    assert mapping is not None
    if "not carried out" not in snippet and "writes" not in said and "webhook" not in said:
        assert not [one.say() for one in problems if one.key == "mapping.not_yet"]
    assert [one for one in run_examples(mapping, Rules()) if not one.ok] == []


def test_the_tables_are_those_of_the_code() -> None:
    """Renew them with `make docs`."""
    assert renewed(TEXT) == TEXT


def test_every_table_stands_on_the_page() -> None:
    named = re.findall(r"<!-- table: ([\w ]+) -->", TEXT)
    assert sorted(named) == sorted(set(named))
    assert set(TABLES) - set(named) == {
        "keys of sweep",
        "reactions",
    }  # said in a sentence, and within `errors`


@pytest.mark.parametrize("part", PARTS)
def test_every_key_has_its_meaning_and_no_other(part: str) -> None:
    model = PARTS[part]
    names = {name for name in model.names() if name not in all_verbs()}
    if part in {"confirm", "sweep"}:  # beside their own, they have the keys of a call
        names = set(model.model_fields) - model.inner - {"call"}
    if part == "errors":
        names |= {"ok"}
    assert set(meanings(part)) == names


def test_every_name_format_and_field_has_its_meaning() -> None:
    spoken = {
        *known.ALWAYS, *known.POSITION, *known.KEYS, *known.FILE, *known.BOUND, "item", "value", "request",
    }  # fmt: skip
    order = known.ORDER - {*CORE, "lines"} | {"part"}
    posting = known.OF_POSTING | {"clearing"}
    assert set(meanings("names")) == spoken | order | posting
    assert set(meanings("formats")) == set(NAMED)
    assert set(meanings("fields")) == {*CORE, *EVENT}
    assert all(options for options in OPTIONS.values())


def test_the_table_of_findings_knows_warnings_from_errors() -> None:
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (error|warning) \|", TABLES["lints"](), re.MULTILINE))
    assert rows["mapping.example_missing"] == "warning"
    assert rows["mapping.secret_in_file"] == "error"
    assert rows["hook.impure_import"] == "error"
    assert set(rows) <= set(catalogue("en"))
    assert len(rows) > 80
