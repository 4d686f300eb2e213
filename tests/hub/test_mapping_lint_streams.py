"""Streams: events without a key, other kinds of documents, what comes from the connection, examples."""

from __future__ import annotations

import pytest

from tests.hub.linted import check_one, errors, found, near, said
from tests.hub.mapped import field, system

EVENTS = system().replace(
    "read: {table: orders, cursor: [changed, id]}", "yields: event\n    read: {table: orders}"
)
STOCK = "sku: art\non_hold: q\n".replace("on_hold", "on_hand")


def other(yields: str, fields: str) -> str:
    return system(fields, stream=f"yields: {yields}")


def test_events_that_nothing_tells_apart() -> None:
    check_one(EVENTS, "event_without_key", "orders", "warning")
    assert not said(EVENTS.replace("    read:", "    key: id\n    read:"), "event_without_key")
    assert not said(EVENTS.replace("order_no: no", "order_no: no\n      event_id: e"), "event_without_key")


@pytest.mark.parametrize(
    ("yields", "fields"),
    [
        ("stock", STOCK),
        ("receivable", "number: no\namount: a\ncurrency: c\ndue_at: d\nopen: o"),
        ("invoice", "number: no\namount: a\nnet: n\ntax: t"),
        ("bank_entry", "number: no\namount: a\noccurred_at: d\npayer: p\npurpose: x"),
        ("work_order", "number: no\nordered: q\nproduced: r\nsku: s\norder_no: o"),
    ],
)
def test_every_kind_of_document_has_its_fields(yields: str, fields: str) -> None:
    assert not errors(other(yields, fields))


def test_a_field_that_this_kind_does_not_have() -> None:
    near(other("receivable", "number: no\namount: a\ndue_ad: d"), "due_ad", "due_ad", "due_at")
    assert found(other("stock", STOCK + "payer: p"), "unknown_name").values["name"] == "payer"


@pytest.mark.parametrize(
    ("yields", "fields", "lacks"),
    [("stock", "sku: a", "on_hand"), ("invoice", "number: n", "amount"), ("work_order", "sku: a", "number")],
)
def test_what_a_kind_needs(yields: str, fields: str, lacks: str) -> None:
    assert check_one(other(yields, fields), "core_field_missing", "fields").values["name"] == lacks


def test_a_document_keeps_nothing_and_speaks_its_own_words() -> None:
    assert (
        found(other("invoice", "number: n\namount: {keep: true}"), "cannot_keep").values["name"] == "amount"
    )
    words = "number: n\namount: a\nstatus: {from: s, codes: {1: posted, 2: reversed}}"
    assert not errors(other("invoice", words))
    assert found(other("invoice", words), "example_missing").values["words"] == "posted, reversed"


def test_stamps_and_numbers_of_documents_are_checked_as_others() -> None:
    text = system("number: n\namount: a\ndue_at: {from: d, format: '%Y-%m-%d'}", "yields: invoice", top="")
    check_one(text, "naive_format", "'%Y-%m-%d'")
    assert said(other("invoice", "number: n\namount: {const: much}"), "want_number")


def test_an_amount_is_turned_round_only_where_it_is_one() -> None:
    check_one(system(field("ordered", "{from: q, minus: true}")), "minus_elsewhere", "minus")
    check_one(other("invoice", "number: n\namount: {from: a, minus: 'd['}"), "bad_path", "'d['")


def test_what_comes_from_the_connection() -> None:
    assert not errors(system(field("company", "=conn.extra.company")))
    assert not errors(system(field("company", "{from: =conn.schema, codes: {A: HS01}}")))
    text = system(field("company", "=conn.password"))
    assert check_one(text, "secret_as_field", "=conn.password").values["name"] == "=conn.password"
    near(system(field("company", "=conn.extr.company")), "=conn.extr", "extr", "extra")


def test_an_example_names_what_there_is() -> None:
    refused = system(stream="examples: [{record: {}, refused: mapping.no_order_noo}]")
    near(refused, "mapping.no_order_noo", "mapping.no_order_noo", "mapping.no_order_no", "word")
    several = "examples:\n  - record: {}\n    gives:\n      - {order_no: A}\n      - {ordr_no: B}"
    near(system(stream=several), "ordr_no", "ordr_no", "order_no")
    document = "yields: invoice\nexamples: [{record: {}, gives: {number: 1, amont: 2}}]"
    near(system("number: n\namount: a", document), "amont", "amont", "amount")


@pytest.mark.parametrize(
    ("codes", "hidden"),
    [
        ("{'1?': confirmed, '12': shipped}", "'12'"),
        ("{'?': confirmed, B: shipped}", "B: ship"),
        ("{'[AB]': confirmed, B: shipped}", "B: ship"),
        ("{'A*': confirmed, 'AB*': shipped}", "'AB*'"),
        ("{'* N': confirmed, 'X N': shipped}", "'X N'"),
    ],
)
def test_globs_that_hide_later_ones(codes: str, hidden: str) -> None:
    check_one(system(field("status", f"{{from: [s, t], codes: {codes}}}")), "code_hidden", hidden)
