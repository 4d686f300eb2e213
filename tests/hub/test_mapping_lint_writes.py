"""Writes against what is read back: codes that are sent, buttons, fields, names of lines and of ranks."""

from __future__ import annotations

import pytest

from hub.mapping.callspec import CallSpec
from hub.mapping.lint.calls import beside, mentions
from tests.hub.linted import check_one, errors, found, near, said, writing
from tests.hub.mapped import DEPOT, field, problems, system

HEAD = "stream: orders\nfind: {sql: 'SELECT * FROM o WHERE no = :order_no'}\n"
STATUS = "update: {status: {sql: 'UPDATE o SET s = :status WHERE no = :order_no AND v = :version'}}"
USUAL = "{from: state, codes: {A: confirmed, B: allocated, C: shipped}}"
BUTTON = "{sql: 'UPDATE o SET s = 1 WHERE no = :order_no AND v = :version'}"


def sending(table: str, update: str = STATUS) -> str:
    """Return a mapping that writes the status and reads it by this FIELD."""
    return writing(HEAD + update).replace(f"status: {USUAL}", f"status: {table}")


# Codes that are sent


def test_a_code_that_an_earlier_glob_takes_is_sent_and_read_back_as_something_else() -> None:
    text = sending("{from: state, codes: {'A*': shipped, AB: confirmed, 'Z': shipped}}")
    one = check_one(text, "send_reads_back", "AB:")
    assert (one.values["code"], one.values["word"], one.values["back"]) == ("AB", "confirmed", "shipped")


@pytest.mark.parametrize(
    ("table", "code", "back"),
    [
        ("{from: state, codes: {'0A': confirmed, A: shipped}, strip: '0'}", "0A", "shipped"),
        ("{from: state, codes: {' A': confirmed, B: shipped}}", " A", "-"),
        ("[{from: state, codes: {A: shipped}}, {from: state, codes: {B: confirmed}}]", "B", "-"),
    ],
)
def test_a_code_is_read_back_as_the_reader_has_it(table: str, code: str, back: str) -> None:
    one = found(sending(table), "send_reads_back")
    assert (one.severity, one.values["code"], one.values["back"]) == ("error", code, back)
    assert one.values["word"] == "confirmed"


def test_what_send_says_wrongly_is_said_once() -> None:
    one = found(sending(f"{USUAL[:-1]}, send: {{shipped: A}}}}"), "send_reads_back")
    assert one.values["back"] == "confirmed"


@pytest.mark.parametrize(
    "table",
    [
        USUAL,
        "state",
        "{from: [hold, state], codes: {'* A': confirmed, '* B': shipped}, send: {confirmed: A, shipped: B}}",
        "{from: state, compare: [sent, qty], codes: {'* equal': shipped}, send: {shipped: C}}",
        "{from: state, codes: {'*': shipped}, send: {shipped: X}}",
        "[{from: state, codes: {A: shipped, '*': null}}, {from: state, codes: {B: confirmed}}]",
        "[{from: a, codes: {A: confirmed}}, {from: state, codes: {A: shipped}}]",
    ],
)
def test_codes_that_come_back_or_that_nobody_can_tell_of(table: str) -> None:
    assert not errors(sending(table))


def test_a_code_that_is_never_sent_need_not_come_back() -> None:
    table = "{from: state, codes: {' A': confirmed, B: shipped}}"
    assert errors(sending(table))
    assert not errors(sending(table, f"update: {{ordered: {BUTTON}}}"))


def test_a_status_that_one_of_several_alternatives_can_send_is_sendable() -> None:
    table = "[{from: a, codes: {'S*': shipped}}, {from: b, codes: {S: shipped, 'A*': confirmed}}]"
    one = found(sending(table), "not_sendable")
    assert one.values["words"] == "confirmed"


# What is never read back


def test_a_button_for_a_status_that_the_stream_never_says() -> None:
    text = writing(HEAD + f"update: {{status: {{shipped: {BUTTON}, delivered: {BUTTON}}}}}")
    one = check_one(text, "word_never_read", "delivered", "warning")
    assert (one.values["word"], one.values["stream"]) == ("delivered", "orders")


def test_a_button_for_what_lies_beside_the_chain() -> None:
    text = writing(HEAD + f"update: {{status: {{cancelled: {BUTTON}, on_hold: {BUTTON}, none: {BUTTON}}}}}")
    side = "side: {from: x, codes: {X: cancelled}}"
    assert (
        found(text.replace("ordered: qty", f"{side}\n      ordered: qty"), "word_never_read").values["word"]
        == "on_hold"
    )
    keys = [one.key for one in problems(text)]
    assert keys.count("mapping.word_never_read") == 2


def test_a_field_that_the_stream_does_not_read_back() -> None:
    text = writing(HEAD + f"update: {{ordered: {BUTTON}, shipped: {BUTTON}, orderd: {BUTTON}}}")
    one = check_one(text, "field_never_read", "shipped: {sql", "warning")
    assert (one.values["name"], one.values["stream"]) == ("shipped", "orders")
    assert said(text, "unknown_name_near")


def test_a_write_that_names_no_stream_is_read_back_by_the_first_of_orders() -> None:
    text = writing(HEAD.replace("stream: orders\n", "") + f"update: {{shipped: {BUTTON}}}")
    assert said(text, "field_never_read")
    assert not said(text.replace("find:", "stream: ordrs\n    find:"), "field_never_read")


def test_the_example_of_the_language_is_read_back_in_all_that_it_writes() -> None:
    keys = {one.key.removeprefix("mapping.") for one in problems(DEPOT.read_text("utf-8"))}
    assert not keys & {"word_never_read", "field_never_read", "send_reads_back", "not_sendable"}


# One call for everything, and buttons beside it

_WHOLE = "sql: 'UPDATE o SET q = :ordered, s = {} WHERE no = :order_no AND v = :version'"
_SIDE = "side: {from: x, codes: {X: cancelled, H: on_hold}}\n      ordered: qty"


def _with_buttons(said: str, *words: str) -> str:
    buttons = ", ".join(f"{word}: {BUTTON}" for word in words)
    text = writing(HEAD + f"update: {{{_WHOLE.format(said)}, status: {{{buttons}}}}}")
    return text.replace("ordered: qty", _SIDE)


def test_a_call_for_everything_may_have_buttons_beside_it() -> None:
    text = _with_buttons("1", "cancelled", "on_hold", "shipped")
    assert not errors(text)
    assert not said(text, "word_never_read")
    near(text.replace("shipped:", "shiped:"), "shiped", "shiped", "shipped", kind="word")


@pytest.mark.parametrize(
    ("saying", "word"),
    [
        (":status", "shipped"),
        (":order_cancelled", "cancelled"),
        (":order_on_hold", "on_hold"),
        (":side", "on_hold"),
    ],
)
def test_what_a_call_for_everything_says_needs_no_button(saying: str, word: str) -> None:
    one = check_one(_with_buttons(saying, word), "word_said_twice", f"{word}: {{sql")
    assert one.values["word"] == word


def test_a_call_for_everything_that_says_what_the_stream_never_does() -> None:
    text = writing(HEAD + f"update: {{{_WHOLE.format(':order_cancelled')}}}")
    assert check_one(text, "word_never_read", "update:", "warning").values["word"] == "cancelled"
    assert not said(text.replace("ordered: qty", _SIDE), "word_never_read")


@pytest.mark.parametrize(
    ("json", "words"),
    [
        ("='X' if order.cancelled else status", {"cancelled"}),
        ("{{ order.on_hold }}", {"on_hold"}),
        ("=order.side", {"cancelled", "on_hold"}),
        ("=side", {"cancelled", "on_hold"}),
        ("=view.cancelled", set()),
        ("cancelled", set()),
    ],
)
def test_what_a_body_says_of_what_lies_beside_the_chain(json: str, words: set[str]) -> None:
    call = CallSpec.model_validate({"put": "/orders", "json": {"rows": [{"state": json}]}})
    assert beside(call) == words


# Names


def test_sql_for_each_line_binds_what_a_line_has() -> None:
    insert = "INSERT INTO l (no, pos, sku, q) VALUES (:order_no, :line_no, :sku, :quantity)"
    text = writing(HEAD + f"create: {{each: lines, sql: '{insert}', idempotent: true}}")
    assert not errors(text)
    assert not errors(text.replace("each: lines", "each: =order.lines"))
    near(text.replace(":quantity", ":quantty"), "'INSERT", "quantty", "quantity")
    once = text.replace("each: lines, ", "")
    assert len(errors(once)) == len(["line_no", "sku", "quantity"])


def test_sql_for_each_item_of_an_extra_or_of_a_list_binds_its_names() -> None:
    extras = "extras: {parcels: {each: boxes, as: {waybill: no, kilos: kg}}}"
    insert = "{each: parcels, sql: 'INSERT INTO p (no, kg) VALUES (:waybill, :kilos)', idempotent: true}"
    text = writing(HEAD + f"create: {insert}").replace("    fields:", f"    {extras}\n    fields:")
    assert not errors(text)
    assert errors(text.replace("each: parcels", "each: lines"))
    plain = text.replace("each: parcels", "each: [{waybill: A, kilos: 1}]")
    assert not errors(plain)
    assert errors(plain.replace("kilos: 1", "kilo: 1"))


def test_conditions_of_a_database_call_are_looked_at_too() -> None:
    text = writing(HEAD + STATUS.replace("v = :version'}", "v = :version', if: viwe.on_hold}"))
    near(text, "viwe", "viwe", "view")
    assert not errors(text.replace("viwe", "view"))
    each = writing(
        HEAD + "create: {each: lnies, sql: 'INSERT INTO line VALUES (:order_no)', idempotent: true}"
    )
    near(each, "lnies", "lnies", "lines")
    assert not errors(each.replace("lnies", "lines"))


def test_what_a_database_call_is_made_for_is_mentioned_by_it() -> None:
    call = CallSpec.model_validate({"sql": "INSERT INTO line VALUES (:sku)", "each": "lines", "if": "remark"})
    assert mentions(call) == {"sku", "lines", "remark"}


def test_an_order_has_a_rank_and_what_lies_beside_it() -> None:
    when = "when: \"order.rank >= ('shipped' | rank) and not order.on_hold and not order.cancelled\"\n"
    text = writing(when + HEAD + STATUS)
    assert not errors(text)
    near(text.replace("'shipped'", "'shiped'"), '"order.rank', "shiped", "shipped", "word")
    near(text.replace("order.rank", "order.rnk"), '"order.rnk', "rnk", "rank")


def test_a_rank_of_a_status_that_stands_in_a_field_is_asked_for_as_well() -> None:
    when = 'when: "view.status | rank < order.rank and order.exception"\n'
    assert not errors(writing(when + HEAD + STATUS))


def test_system_without_writes_says_nothing_of_this() -> None:
    keys = {one.key for one in problems(system(field("status", "{from: s, codes: {' A': shipped}}")))}
    assert "mapping.send_reads_back" not in keys


@pytest.mark.parametrize(
    "name",
    ["id_own", "id_erp_no", "order_status", "order_rank", "was_state", "view_on_hold", "extra_anything"],
)
def test_sql_binds_what_stands_behind_the_dot_of_a_name(name: str) -> None:
    text = writing(HEAD + f"update: {{ordered: {{sql: 'UPDATE o SET q = :{name} WHERE id = :part'}}}}")
    assert [one.say() for one in problems(text) if one.severity == "error"] == []


def test_sql_that_compares_with_what_was_there_is_guarded() -> None:
    text = writing(HEAD + "update: {ordered: {sql: 'UPDATE o SET q = 1 WHERE id = :part AND q = :was_q'}}")
    assert "mapping.update_without_guard" not in {one.key for one in problems(text)}


@pytest.mark.parametrize(
    ("name", "key"),
    [("order_rnk", "unknown_name_near"), ("idd_own", "unknown_name"), ("version_own", "unknown_name_near")],
)
def test_sql_binds_no_part_that_there_is_not(name: str, key: str) -> None:
    text = writing(HEAD + f"update: {{ordered: {{sql: 'UPDATE o SET q = 1 WHERE id = :{name}'}}}}")
    assert found(text, key)


def test_sql_of_a_create_knows_nothing_that_was_there_before() -> None:
    text = writing(HEAD + "create: {idempotent: true, sql: 'INSERT INTO o (q) VALUES (:was_q)'}")
    assert found(text, "name_not_here").values["name"] == "was"


def test_a_condition_may_ask_for_what_is_known_of_every_order_and_how_far_a_system_is() -> None:
    when = "when: order.order_type == 'standard' and order.customer_no and view.rank < ('shipped' | rank)\n"
    assert errors(writing(when + HEAD + STATUS)) == []
