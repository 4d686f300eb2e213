from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hub import yamlfile
from hub.mapping import json_schema, load_system, parse_system, preview, run_examples
from hub.mapping.callspec import all_verbs
from hub.rules import load_rules
from tests.house.code import ROOT
from tests.hub.mapped import DEPOT, RECORD, field, system

FILES = [DEPOT, *sorted((ROOT / "mappings" / "systems").glob("*.yaml"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_examples_of_every_mapping_hold(path: Path) -> None:
    results = run_examples(load_system(path), load_rules(ROOT))
    assert results
    assert [one for one in results if not one.ok] == []


def test_an_example_knows_its_place() -> None:
    (one,) = run_examples(load_system(DEPOT))
    assert (one.stream, one.number) == ("dispatches", 1)
    assert DEPOT.read_text("utf-8").splitlines()[one.line - 1].lstrip().startswith("- record")


def differences(gives: str, fields: str = field("part", "p"), record: str = "") -> list[tuple[str, str, str]]:
    record = record or json.dumps({**RECORD, "p": "D1"})
    text = system(fields, stream=f"examples: [{{record: {record}, {gives}}}]")
    (result,) = run_examples(parse_system(text))
    assert result.ok == (not result.differences)
    return [(one.field, one.expected, one.got) for one in result.differences]


@pytest.mark.parametrize(
    "gives",
    [
        "gives: {order_no: SO1, part: D1, status: confirmed, ordered: 5, shipped: null, side: null}",
        'gives: {ordered: 5.00, occurred_at: "2026-03-01T08:00:00+08:00", says: event, range: [30, 39]}',
        "gives: {deleted: false, company: C1, links: {}}",
    ],
)
def test_an_example_names_only_what_it_is_about(gives: str) -> None:
    assert differences(gives) == []


@pytest.mark.parametrize(
    ("gives", "difference"),
    [
        ("gives: {ordered: 6}", ("ordered", "6", "5")),
        ("gives: {status: shipped}", ("status", "shipped", "confirmed")),
        ("gives: {status: null}", ("status", "null", "confirmed")),
        (
            'gives: {occurred_at: "2026-03-01T08:00:00Z"}',
            ("occurred_at", "2026-03-01T08:00:00Z", "2026-03-01T00:00:00Z"),
        ),
        ("gives: {links: {delivery: D7}}", ("links.delivery", "D7", "null")),
        ("gives: []", ("facts", "0", "1")),
        ("refused: mapping.no_order_no", ("refused", "mapping.no_order_no", "")),
    ],
)
def test_a_difference_names_field_expected_and_got(gives: str, difference: tuple[str, str, str]) -> None:
    assert differences(gives) == [difference]


def test_an_example_may_show_what_is_refused() -> None:
    assert differences("refused: mapping.no_order_no", record="{}") == []
    ((name, expected, got),) = differences("gives: {order_no: SO1}", record="{}")
    assert (name, expected) == ("order_no", "")
    assert got == "the record names no order"


def test_sides_lines_and_lists_are_compared() -> None:
    text = system(
        field("side", "{from: s, codes: {X: [on_hold, exception]}}"),
        stream="""
        extras: {lines: {each: lines, as: {sku: i, quantity: q}}, tags: tags}
        examples:
          - record: {no: A, state: A, qty: 1, s: X, lines: [{i: K, q: "2.0"}], tags: [a, b]}
            gives: {side: [exception, on_hold], lines: [{sku: K, quantity: 2}], tags: [a, b]}
          - record: {no: A, state: A, qty: 1, s: X, lines: [{i: K, q: 2}], tags: [a, b]}
            gives: {side: on_hold, lines: [{sku: L}], tags: [b, a]}
        """,
    )
    good, bad = run_examples(parse_system(text))
    assert good.ok
    assert [one.field for one in bad.differences] == ["side", "lines", "tags"]


def test_a_preview_shows_facts_skips_and_refusals() -> None:
    mapping = parse_system(system(stream="skip: draft"))
    rows = preview(
        mapping, "orders", [dict(RECORD), {**RECORD, "draft": "Y"}, {**RECORD, "qty": "x", "id": 9}]
    )
    assert [(row.number, row.skipped, row.error.key if row.error else None) for row in rows] == [
        (1, False, None), (2, True, None), (3, False, "mapping.bad_number"),
    ]  # fmt: skip
    assert rows[0].values == {
        "company": "C1",
        "order_no": "SO1",
        "status": "confirmed",
        "range": [30, 39],
        "ordered": "5",
        "occurred_at": "2026-03-01T00:00:00Z",
        "says": "event",
        "precision": "second",
    }
    assert rows[2].key == "9"


# JSON Schema


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


def written(text: str) -> Any:
    return json.loads(json.dumps(yamlfile.load(text).data, default=float))


def wrong(schema: jsonschema.Draft202012Validator, text: str) -> Iterator[str]:
    return (str(error.message) for error in schema.iter_errors(written(text)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_mapping_fits_the_schema(schema: jsonschema.Draft202012Validator, path: Path) -> None:
    assert list(wrong(schema, path.read_text("utf-8"))) == []


def test_editors_show_what_a_key_means(schema: jsonschema.Draft202012Validator) -> None:
    assert isinstance(schema.schema, dict)
    parts = schema.schema["$defs"]
    assert "path" in parts["FieldSpec"]["properties"]["from"]["description"]
    for part in ("FieldSpec", "CallSpec", "StreamMapping", "Limits"):
        bare = [name for name, one in parts[part]["properties"].items() if "description" not in one]
        assert set(bare) <= all_verbs() | {"cursor", "on", "take"}, part


@pytest.mark.parametrize(
    "field_said",
    [
        "{from: q, default: 0}",
        "{sum: 'l[].q', unit: u, sku: s}",
        "{const: 5}",
        "[a, {from: b}]",
        "{from: q, scale: 2}",
    ],
)
def test_the_schema_takes_every_key_of_a_field(
    schema: jsonschema.Draft202012Validator, field_said: str
) -> None:
    assert list(wrong(schema, system(field("ordered", field_said)))) == []


@pytest.mark.parametrize(
    "text",
    [
        system(stream="feilds: {}"),
        system(top="tme: {zone: UTC}"),
        system().replace("cursor: [changed, id]", "cursor: [changed]"),
        system().replace("table: orders", "tabel: orders"),
        system(stream="sweep: {every: often}"),
        system(field("occurred_at", "{from: at, says: never}")),
    ],
)
def test_the_schema_finds_what_is_wrong(schema: jsonschema.Draft202012Validator, text: str) -> None:
    assert list(wrong(schema, text))
