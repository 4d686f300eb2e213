"""What `mapping check` finds without a connection (mapping language, section 8), each with its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.mapping import MappingErrors, check, load_system, parse_system
from tests.house.code import ROOT
from tests.hub.linted import check_one, found, near, rest, writing
from tests.hub.mapped import field, place, problems, system

# Paths and expressions that do not compile


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        (system(field("order_no", '"no["')), '"no["'),
        (system(field("order_no", '{from: "no["}')), '"no["'),
        (system(field("order_no", '[own, {from: [a, "no["]}]')), '"no["'),
        (system(field("ordered", '{sum: "lines["}')), '"lines["'),
        (system(field("ordered", '{from: qty, unit: "u[", sku: s}')), '"u["'),
        (system(stream='skip: "!("'), '"!("'),
        (system(stream='extras: {lines: {each: lines, as: {sku: "i[", quantity: q}}}'), '"i["'),
        (system(stream='links: {delivery: "d["}'), '"d["'),
        (rest('{get: /orders, query: {since: =since}, records: "rows["}'), '"rows["'),
        (rest('{get: /orders, query: {since: =since}, take: {token: "t["}}'), '"t["'),
        (rest(top='errors: {code: "c["}'), '"c["'),
    ],
)
def test_a_path_that_does_not_compile(text: str, marked: str) -> None:
    check_one(text, "bad_path", marked)


@pytest.mark.parametrize("value", ['"=since +"', '"={{ since }}"', '"{{ since"', '"=since | nofilter"'])
def test_an_expression_that_does_not_compile(value: str) -> None:
    check_one(rest(f"{{get: /orders, query: {{a: {value}, b: =since}}}}"), "bad_expression", value)


# Unknown names


def test_a_mistyped_key_names_the_nearest() -> None:
    near(system(top="conection: shop\ntime: {zone: UTC}"), "conection", "conection", "connection")
    near(system(stream="extra: {a: b}"), "extra", "extra", "extras")
    near(system(field("status", "{from: state, code: {A: confirmed}}")), "code: {", "code", "codes")
    near(system(field("ordred", "qty")), "ordred", "ordred", "ordered")
    near(system().replace("cursor:", "curser:"), "curser", "curser", "cursor")
    near(system(stream="examples: [{record: {}, gives: {ordr_no: A}}]"), "ordr_no", "ordr_no", "order_no")


def test_a_mistyped_name_in_an_expression_names_the_nearest() -> None:
    near(rest("{get: /orders, query: {from: =sinc}}"), "=sinc", "sinc", "since")
    near(rest('{get: "/orders/{{ nxt }}"}'), '"/orders/{{ nxt }}"', "nxt", "next")
    sql = system().replace("{table: orders, cursor: [changed, id]}", '{sql: "SELECT 1 WHERE a > :sinse"}')
    near(sql, '"SELECT 1', "sinse", "since")
    ref = rest(top="refs: {customer: {get: /c, query: {n: =value}, take: id}}").replace(
        "=since}", "\"=since | ref('custmer')\"}"
    )
    near(ref, '"=since | ref', "custmer", "customer")


def test_names_that_login_takes_are_known() -> None:
    top = "auth: {login: {post: /login, json: {u: =conn.login}, take: {token: t}}, headers: {X: =token}}"
    assert not [one for one in problems(rest(top=top)) if one.severity == "error"]
    near(rest(top=top.replace("=token", "=tokn")), "=tokn", "tokn", "token")


def test_an_extra_that_looks_like_a_typed_one_is_doubtful() -> None:
    text = system(stream="extras: {custmer_no: c, colour: d}")
    assert check_one(text, "extra_near", "custmer_no", "warning").values["nearest"] == "customer_no"


def test_what_belongs_to_another_verb_is_not_ignored() -> None:
    one = check_one(system().replace("id]}", "id], delimiter: x}"), "key_without_meaning", "delimiter")
    assert one.values["verb"] == "table"


def test_a_verb_of_another_connector() -> None:
    text = system().replace("{table: orders, cursor: [changed, id]}", "{get: /orders}")
    assert check_one(text, "wrong_verb", "get: /").values["known"] == "sql, table"


@pytest.mark.parametrize(("read", "key"), [("{size: 5}", "no_verb"), ("{table: a, sql: b}", "two_verbs")])
def test_a_call_has_one_verb(read: str, key: str) -> None:
    check_one(system().replace("{table: orders, cursor: [changed, id]}", read), key, read)


def test_connectors_declare_top_level_keys_of_their_own() -> None:
    sap = system(top="sap: {style: rfc}\ntime: {zone: UTC}").replace("connector: sql", "connector: sap_soap")
    sap = sap.replace("{table: orders, cursor: [changed, id]}", "{bapi: BAPI_X}")
    assert parse_system(sap).options == {"sap": {"style": "rfc"}}
    near(sap.replace("sap:", "sapp:"), "sapp", "sapp", "sap")
    assert (
        found(sap.replace("connector: sap_soap", "connector: soap"), "unknown_name").values["name"] == "sap"
    )


def test_keys_for_anchors_are_ignored() -> None:
    text = system(top="x-state: &state {A: confirmed}\ntime: {zone: UTC}").replace(
        "codes: {A: confirmed, B: allocated, C: shipped}", "codes: *state"
    )
    assert not [one for one in problems(text) if one.severity == "error"]


# Words and codes


@pytest.mark.parametrize(
    ("fields", "marked", "nearest"),
    [
        (field("status", "{from: s, codes: {A: confirmd}}"), "confirmd", "confirmed"),
        (field("status", "{from: s, codes: {A: [confirmed, shiped]}}"), "shiped", "shipped"),
        (field("status", "{from: s, default: confirmd}"), "confirmd", "confirmed"),
        (field("side", "{from: s, codes: {A: canceled}}"), "canceled", "cancelled"),
        (field("money", "{from: s, codes: {A: payed}}"), "payed", "paid"),
    ],
)
def test_a_status_outside_the_vocabulary(fields: str, marked: str, nearest: str) -> None:
    near(system(fields), marked, marked, nearest, "word")


def test_an_order_type_outside_the_vocabulary() -> None:
    near(
        system(stream="extras: {order_type: {from: t, codes: {A: rushh}}}"), "rushh", "rushh", "rush", "word"
    )


def test_what_lies_beside_the_chain_is_sent_to_its_field() -> None:
    text = system(field("status", "{from: s, codes: {A: confirmed, X: cancelled}}"))
    assert check_one(text, "word_of_other_field", "cancelled").values["field"] == "side"


def test_a_range_runs_upward_and_has_two_ends() -> None:
    text = system(field("status", "{from: s, codes: {A: [shipped, confirmed]}}"))
    check_one(text, "range_backwards", "[shipped")
    text = system(field("status", "{from: s, codes: {A: [confirmed, stocked, shipped]}}"))
    check_one(text, "too_many_meanings", "[confirmed")


@pytest.mark.parametrize(
    "codes",
    [
        "{A*: confirmed, AB: shipped}",
        "{'*': confirmed, AB: shipped}",
        "{A*: confirmed, AB: shipped, C: ready}",
    ],
)
def test_a_code_that_hides_a_later_one(codes: str) -> None:
    text = system(field("status", f"{{from: s, codes: {codes}}}"))
    one = check_one(text, "code_hidden", "AB")
    assert one.values["code"] == "AB"


def test_a_general_code_behind_the_special_ones_hides_nothing() -> None:
    text = system(field("status", "{from: s, codes: {A1: confirmed, A*: allocated, '*': shipped}}"))
    assert not [one for one in problems(text) if one.severity == "error"]


def test_codes_that_do_not_invert_need_send() -> None:
    write = """
        stream: orders
        find: {op: Get, args: {no: =order_no}}
        update: {status: {op: Set, args: {s: =status, was: =was.status}}}
    """
    text = writing(write, "sap_soap").replace(
        "{A: confirmed, B: allocated, C: shipped}", "{A: confirmed, 'S*': shipped}"
    )
    one = check_one(text, "not_sendable", "codes", "warning")
    assert one.values["words"] == "shipped"
    sent = text.replace("'S*': shipped}", "'S*': shipped}, send: {shipped: S1}")
    assert not [one for one in problems(sent) if one.key == "mapping.not_sendable"]


def test_an_example_is_missing_for_a_status() -> None:
    examples = "examples: [{record: {}, gives: {status: confirmed}}, {record: {}, gives: {status: shipped}}]"
    text = system(stream=examples)
    assert check_one(text, "example_missing", "examples", "warning").values["words"] == "allocated"
    assert found(system(), "example_missing").values["words"] == "confirmed, allocated, shipped"


# Fields


@pytest.mark.parametrize("name", ["status", "ordered", "order_no"])
def test_a_core_field_is_read_or_declared_kept(name: str) -> None:
    text = "\n".join(line for line in field("part", "p").splitlines() if not line.startswith(f"{name}:"))
    check_one(system(text), "core_field_missing", "fields")


def test_identity_cannot_be_kept() -> None:
    check_one(system(field("order_no", "{keep: true}")), "cannot_keep", "{keep")


def test_no_stamp_at_all_is_doubtful() -> None:
    fields = "\n".join(field("part", "p").splitlines()[:-2])
    check_one(system(fields), "no_stamp", "fields", "warning")


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("{strip: x}", "field_without_source"),
        ("{from: a, const: b}", "field_two_sources"),
        ("{each: a}", "each_needs_as"),
        ("null", "want_field"),
        ("{from: a, says: xyz}", "unknown_word"),
        ("{from: a, scale: much}", "want_whole"),
        ("{from: a, keep: maybe}", "want_bool"),
    ],
)
def test_a_field_has_one_source_and_sound_options(said: str, key: str) -> None:
    text = system(field("part", said))
    one = found(text, key)
    assert one.line == place(text, "part:")[0]


def test_formats_zones_and_samples() -> None:
    check_one(system(top="time: {zone: Asia/Shanghi}"), "unknown_zone", "Asia/Shanghi")
    check_one(system(field("occurred_at", "{from: at, zone: Nowhere}")), "unknown_zone", "Nowhere")
    check_one(system(field("occurred_at", '{from: at, format: [iso, "%Y-%Q"]}')), "bad_format", '"%Y-%Q"')
    near(system(field("occurred_at", "{from: at, format: epoc}")), "epoc", "epoc", "epoch", "word")
    check_one(system(field("ordered", '{from: q, numbers: "12.3"}')), "bad_number_sample", '"12.3"')
    check_one(system(top='numbers: "12.3"\ntime: {zone: UTC}'), "bad_number_sample", '"12.3"')


def test_a_constant_quantity_is_a_number() -> None:
    check_one(system(field("ordered", "{const: some}")), "want_number", "some")
    check_one(system(field("ordered", '{from: q, default: "1,5"}')), "want_number", '"1,5"')


@pytest.mark.parametrize("name", ["%Y-%m-%d %H:%M:%S", "excel", "parts"])
def test_a_naive_format_without_zone(name: str) -> None:
    check_one(
        system(field("occurred_at", f'{{from: at, format: "{name}"}}'), top=""), "naive_format", f'"{name}"'
    )


@pytest.mark.parametrize("name", ["iso", "epoch", "odata", "%Y-%m-%d %H:%M:%S%z"])
def test_a_format_with_an_offset_needs_no_zone(name: str) -> None:
    text = system(field("occurred_at", f'{{from: at, format: "{name}"}}'), top="")
    assert not [one for one in problems(text) if one.severity == "error"]


def test_lines_need_their_parts() -> None:
    check_one(system(stream="extras: {lines: {from: lines}}"), "lines_need_each", "{from: lines")
    text = system(stream="extras: {lines: {each: lines, as: {sku: i, quantty: q}}}")
    near(text, "quantty", "quantty", "quantity")


# Calls


@pytest.mark.parametrize("cursor", ["changed", "[changed]", "[a, b, c]"])
def test_a_cursor_without_key(cursor: str) -> None:
    check_one(system().replace("[changed, id]", cursor), "cursor_without_key", cursor)


def test_a_window_without_its_end() -> None:
    text = rest("{get: /orders, query: {from: =since}, cursor: [at, id], window: 7d}")
    check_one(text, "window_without_until", "window: 7d")


def test_size_without_paging() -> None:
    text = rest("{get: /orders, query: {max: =size}, size: 200}")
    check_one(text, "size_without_paging", "size: 200")
    assert not [
        one for one in problems(rest("{get: /o, query: {p: =page}, size: 200}")) if one.severity == "error"
    ]


def test_nested_calls_say_what_they_belong_to() -> None:
    text = system().replace("id]}", "id], nest: {lines: {table: l}}}")
    check_one(text, "nest_without_on", "lines: {table")
    assert not [
        one for one in problems(text.replace("{table: l}", "{table: l, on: id}")) if one.severity == "error"
    ]


def test_a_read_must_not_write() -> None:
    text = system().replace(
        "{table: orders, cursor: [changed, id]}", '{sql: "update orders set a = 1 where b = 2"}'
    )
    assert check_one(text, "read_writes", '"update').values["verb"] == "UPDATE"


def test_a_link_to_a_kind_that_no_stream_learns(tmp_path: Path) -> None:
    home = tmp_path / "mappings" / "systems"
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    (home / "shop.yaml").write_text(system(field("order_no", "{link: delivry, from: no}")), "utf-8")
    (one,) = [problem for problem in check(tmp_path) if problem.severity == "error"]
    assert (one.key, one.values["kind"], one.values["nearest"]) == (
        "mapping.link_not_learned_near", "delivry", "delivery",
    )  # fmt: skip
    assert (one.line, one.column) == place((home / "shop.yaml").read_text("utf-8"), "delivry")
    (home / "shop.yaml").write_text(system(field("order_no", "{link: delivery, from: no}")), "utf-8")
    assert not [problem for problem in check(tmp_path) if problem.severity == "error"]


def test_two_files_of_one_system(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    shutil.copy(tmp_path / "mappings/systems/wms.yaml", tmp_path / "mappings/systems/wms2.yaml")
    (one,) = [problem for problem in check(tmp_path) if problem.severity == "error"]
    assert (one.key, Path(one.file).name, one.values["first"]) == (
        "mapping.system_twice",
        "wms2.yaml",
        "wms.yaml",
    )


# Values that YAML has torn


def test_a_value_in_braces_that_yaml_has_torn() -> None:
    text = rest("{get: /orders, query: {a: =since | default(1, 2)}}")
    check_one(text, "torn", "=since | default")


# Writes


FIND = "find: {sql: 'SELECT * FROM o WHERE no = :order_no'}\n"


def test_a_write_without_find() -> None:
    check_one(writing("create: {sql: 'INSERT INTO o VALUES (:order_no)'}"), "write_without_find", "out:")


def test_a_message_needs_no_find() -> None:
    text = writing("message: {sql: 'INSERT INTO m VALUES (:order_no)'}")
    assert not [one for one in problems(text) if one.severity == "error"]


def test_a_create_that_nobody_finds_again() -> None:
    text = writing("find: {sql: 'SELECT * FROM o'}\ncreate: {sql: 'INSERT INTO o VALUES (:order_no)'}")
    check_one(text, "create_not_findable", "create")
    safe = text.replace("(:order_no)'}", "(:order_no)', idempotent: true}")
    assert not [one for one in problems(safe) if one.severity == "error"]


def test_an_update_without_version_or_guard() -> None:
    text = writing(
        FIND + "stream: orders\nupdate: {ordered: {sql: 'UPDATE o SET q = :ordered WHERE no = :order_no'}}"
    )
    check_one(text, "update_without_guard", "update", "warning")
    guarded = text.replace("no = :order_no'}}", "no = :order_no AND v = :version'}}")
    assert not [one for one in problems(guarded) if one.key == "mapping.update_without_guard"]


def test_sql_that_writes_without_where() -> None:
    check_one(
        writing(FIND + "update: {sql: 'UPDATE o SET q = :ordered, v = :version'}"),
        "sql_without_where",
        "'UPDATE",
    )


def test_a_write_to_a_stream_or_field_or_status_that_does_not_exist() -> None:
    update = "update: {status: {shiped: {sql: 'UPDATE o SET s = 1 WHERE v = :version'}}}"
    near(writing(FIND + "stream: ordrs\n" + update.replace("shiped", "shipped")), "ordrs", "ordrs", "orders")
    near(writing(FIND + "stream: orders\n" + update), "shiped", "shiped", "shipped", "word")
    fields = "update: {orderd: {sql: 'UPDATE o SET s = 1 WHERE v = :version'}}"
    near(writing(FIND + "stream: orders\n" + fields), "orderd", "orderd", "ordered")


# Loading


def test_all_problems_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    text = system(
        field("order_no", '"no["').replace("A: confirmed", "A: confirmd"),
        stream='skip: "!("',
    )
    path.write_text(text, "utf-8")
    with pytest.raises(MappingErrors) as caught:
        load_system(path)
    errors = [one for one in caught.value.problems if one.severity == "error"]
    assert [one.key for one in errors] == [
        "mapping.bad_path",
        "mapping.unknown_word_near",
        "mapping.bad_path",
    ]
    assert [one.line for one in errors] == sorted(one.line for one in errors)
    assert str(caught.value).startswith(f"{path}:7:11: error: ")
    assert (caught.value.line, caught.value.column) == place(text, '"!("')


def test_warnings_alone_do_not_stop_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(system(), "utf-8")
    assert load_system(path).path == path


@pytest.mark.parametrize("text", ["", "- a", "just text"])
def test_a_file_that_is_no_mapping(text: str) -> None:
    with pytest.raises(MappingErrors) as caught:
        parse_system(text)
    assert caught.value.key == "mapping.want_map"


def test_what_is_missing_is_named() -> None:
    missing = {one.values["name"] for one in problems("contact: x") if one.key == "mapping.missing_name"}
    assert missing == {"system", "connector", "streams"}


def test_the_mappings_of_the_repository_are_right() -> None:
    assert [one.say() for one in check(ROOT)] == []
