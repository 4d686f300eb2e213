"""Names in expressions: what may be mentioned where (mapping language, section 3)."""

from __future__ import annotations

import pytest

from tests.hub.linted import check_one, errors, found, near, rest, said, writing
from tests.hub.mapped import system

HEAD = "stream: orders\nfind: {get: /o, query: {n: =order_no}}\n"
WRITE = """
stream: orders
find: {get: /o, query: {n: =order_no}, take: {rev: v}}
create: [{post: /o, json: {n: =order_no}, take: {new: id}}, {post: "/o/{{ new }}/lines"}]
update: {put: "/o/{{ part }}", json: {v: =version, r: =rev, s: =was.state}}
confirm: {get: "/jobs/{{ new }}", until: done, within: 1h}
"""


def write(text: str = WRITE) -> str:
    return writing(text, "rest").replace("{table: orders, cursor: [changed, id]}", "{get: /o}")


LOGIN = "auth: {login: {post: /login, json: {u: =conn.login}, take: {token: t}}, headers: {X: =token}}"


@pytest.mark.parametrize(
    "name",
    ["since", "until", "next", "page", "offset", "last", "size", "conn.login", "now", "keys", "serial"],
)
def test_a_reading_call_knows_its_position_and_its_connection(name: str) -> None:
    assert not errors(rest(f"{{get: /orders, query: {{a: ={name}, b: =since}}}}"))


@pytest.mark.parametrize("name", ["order_no", "version", "was", "request", "stem", "item"])
def test_a_reading_call_does_not_know_what_belongs_to_writes_files_and_signing(name: str) -> None:
    text = rest(f"{{get: /orders, query: {{a: ={name}.x, b: =since}}}}")
    one = check_one(text, "name_not_here", f"={name}.x")
    assert "since" in str(one.values["known"])
    assert one.values["name"] == name


def test_signing_sees_the_request_and_nothing_else_does() -> None:
    signed = "=request.body | hmac_sha256(conn.password) | hex"
    call = f'{{get: /o, query: {{b: =since}}, sign: {{headers: {{S: "{signed}"}}}}}}'
    assert not errors(rest(call))
    near(rest(call.replace("request", "requst")), '"=requst', "requst", "request")
    assert said(rest(call.replace("sign: {headers: ", "json: {h: ")), "name_not_here")


def test_what_a_login_takes_is_known_behind_it_and_not_in_it() -> None:
    assert not errors(rest(top=LOGIN))
    early = LOGIN.replace("{u: =conn.login}", "{u: =token}")
    assert check_one(rest(top=early), "name_not_here", "=token").values["name"] == "token"


def test_a_login_knows_no_position() -> None:
    text = rest(top=LOGIN.replace("{u: =conn.login}", "{u: =since}"))
    assert found(text, "name_not_here").values["name"] == "since"


def test_what_stands_behind_a_dot_is_known_too() -> None:
    near(rest("{get: /o, query: {a: =conn.pasword, b: =since}}"), "=conn.pasword", "pasword", "password")
    update = HEAD + "update: {put: /o, json: {v: =version, q: =order.orderd}}"
    near(write(update), "=order.orderd", "orderd", "ordered")


def test_a_status_in_a_comparison_is_one_of_the_vocabulary() -> None:
    update = """update: {put: /o, json: {v: =version}, if: "view.status in ['shiped', 'ready']"}"""
    text = write(HEAD + update)
    near(text, '"view.status in', "shiped", "shipped", "word")
    assert not errors(text.replace("shiped", "shipped"))


def test_a_list_in_a_body_knows_its_item() -> None:
    body = "{get: /o, query: {b: =since}, json: {ids: {each: keys, as: {id: =item}}}}"
    assert not errors(rest(body))
    near(rest(body.replace("each: keys", "each: kyes")), "kyes", "kyes", "keys")
    outside = body.replace("{id: =item}}", "{id: =item}}, one: =item")
    assert found(rest(outside), "name_not_here").values["name"] == "item"


def test_a_call_for_each_knows_its_item_and_what_its_condition_asks() -> None:
    each = "{get: /o, each: [HS01, HS02], if: conn.extra.all, query: {company: =item, b: =since}}"
    assert not errors(rest(each))
    assert found(rest(each.replace("[HS01, HS02]", "=xyz")), "unknown_name").values["name"] == "xyz"
    assert said(rest(each.replace("if: conn", "if: con")), "unknown_name_near")


def test_what_is_nested_knows_its_parent_and_what_was_taken_before_it() -> None:
    lines = 'nest: {lines: {get: "/l/{{ item.id }}/{{ batch }}"}}'
    read = f"{{get: /o, query: {{b: =since}}, take: {{batch: b}}, {lines}}}"
    assert not errors(rest(read))
    assert said(rest(read.replace("take: {batch: b}", "take: {other: b}")), "unknown_name")


def test_a_sibling_file_knows_the_name_of_the_one_it_belongs_to() -> None:
    read = (
        'read: {file: A_*.csv, done: "{{ name }}.ok", nest: {lines: {file: "B_{{ stem[2:] }}.csv", on: no}}}'
    )
    text = system().replace("connector: sql", "connector: files")
    assert not errors(text.replace("read: {table: orders, cursor: [changed, id]}", read))
    wrong = read.replace("{{ stem[2:] }}", "{{ keys }}")
    assert said(text.replace("read: {table: orders, cursor: [changed, id]}", wrong), "name_not_here")


def test_sql_binds_what_the_connector_fills_and_no_more() -> None:
    read = '{sql: "SELECT 1 WHERE a > :since AND b = :conn", cursor: [a, b]}'
    text = system().replace("{table: orders, cursor: [changed, id]}", read)
    assert found(text, "name_not_here").values["name"] == "conn"
    where = system().replace("id]}", 'id], where: "x = :since"}')
    assert check_one(where, "name_not_here", '"x = :since"').values["name"] == "since"


def test_an_expression_has_no_place_in_sql() -> None:
    text = system().replace("{table: orders, cursor: [changed, id]}", "{sql: \"SELECT '{{ since }}'\"}")
    check_one(text, "sql_not_bound", '"SELECT')


def test_what_is_laid_under_every_call_may_mention_what_some_call_knows() -> None:
    assert not errors(rest(top=f"{LOGIN}\ncalls: {{headers: {{T: =token, N: =serial}}}}"))
    near(rest(top="calls: {headers: {T: =serila}}"), "=serila", "serila", "serial")


def test_what_is_laid_under_every_call_is_part_of_a_call() -> None:
    near(rest(top="calls: {heders: {A: b}}"), "heders", "heders", "headers", "word")


def test_names_that_are_taken_are_known_after_their_call() -> None:
    assert not errors(write())
    early = WRITE.replace("json: {n: =order_no}, take: {new: id}", "json: {n: =new}, take: {new: id}")
    assert check_one(write(early), "name_not_here", "=new").values["name"] == "new"
    in_find = WRITE.replace(
        "query: {n: =order_no}, take: {rev: v}", "query: {n: =order_no, r: =rev}, take: {rev: v}"
    )
    assert check_one(write(in_find), "name_not_here", "=rev").values["name"] == "rev"


@pytest.mark.parametrize("name", ["was.state", "view.status", "version"])
def test_a_create_knows_nothing_of_what_the_target_said(name: str) -> None:
    text = write(WRITE.replace("json: {n: =order_no}, take: {new", f"json: {{n: ={name}}}, take: {{new"))
    assert name.startswith(str(found(text, "name_not_here").values["name"]))


def test_what_a_line_gave_the_next_line_may_use() -> None:
    line = 'update: {ordered: {each: lines, put: "/l/{{ item.line_no }}", json: {v: =rev}, take: {rev: r}}}'
    assert not errors(write(HEAD + line))
    once = line.replace("each: lines, ", "").replace("/{{ item.line_no }}", "")
    assert said(write(HEAD + once), "name_not_here")


def test_a_path_of_a_confirmation_or_an_id_that_does_not_compile() -> None:
    check_one(write(WRITE.replace("until: done", 'until: "d["')), "bad_path", '"d["')
    check_one(write(WRITE.replace("take: {new: id}", 'id: {own: "i["}, take: {new: id}')), "bad_path", '"i["')
