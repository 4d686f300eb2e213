"""Calls and writes: SQL, secrets, ways in, sweeps, error tables, guards."""

from __future__ import annotations

import pytest

from hub.mapping.lint.sql import Writing, bound, writings
from tests.hub.linted import check_one, errors, found, rest, said, writing
from tests.hub.mapped import DEPOT, field, system

FIND = "find: {sql: 'SELECT * FROM o WHERE no = :order_no'}\n"

# SQL


@pytest.mark.parametrize(
    ("sql", "verbs"),
    [
        ("SELECT a FROM b WHERE c = 1", []),
        ("SELECT a FROM b FOR UPDATE", []),
        ("SELECT 'update b set c', \"delete\" FROM b -- delete from b\n", []),
        ("WITH a AS (SELECT 1) SELECT * FROM a", []),
        ("SELECT replace(a, 'x', 'y'), insert_date FROM b", []),
        ("SELECT * INTO copy FROM b", ["into"]),
        ("UPDATE a SET b = 1 WHERE c = 2", ["update"]),
        ("/* why */ DELETE FROM a WHERE b = 1", ["delete"]),
        ("WITH a AS (SELECT 1) UPDATE b SET c = 1 WHERE d = 2", ["update"]),
        ("WITH gone AS (DELETE FROM a WHERE b = 1 RETURNING *) SELECT * FROM gone", ["delete"]),
        ("INSERT INTO a VALUES (1) ON CONFLICT (b) DO UPDATE SET c = 1", ["insert"]),
        ("UPDATE a SET b = 1 WHERE c = 2; DELETE FROM d WHERE e = 3;", ["update", "delete"]),
        ("MERGE INTO a USING b ON (a.x = b.x) WHEN MATCHED THEN UPDATE SET y = 1", ["merge", "update"]),
    ],
)
def test_what_a_sql_text_writes(sql: str, verbs: list[str]) -> None:
    assert [one.verb for one in writings(sql)] == verbs


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE a SET b = 1",
        "DELETE FROM a",
        "UPDATE a SET b = (SELECT c FROM d WHERE e = 1)",
        "TRUNCATE TABLE a",
        "DROP TABLE a",
        "DELETE FROM a -- WHERE b = 1",
        "UPDATE a SET b = 'WHERE'",
    ],
)
def test_sql_that_writes_every_row(sql: str) -> None:
    (one,) = writings(sql)
    assert not one.bounded


def test_a_part_that_says_where_is_bounded() -> None:
    assert writings("update a set b = 1 where c = 2") == [Writing("update", True)]


def test_bound_names_are_those_that_the_library_binds() -> None:
    assert bound("a = :one AND b::text = ':two' AND c = \\:three") == {"one", "two"}


@pytest.mark.parametrize("part", ["sweep: {every: 1h, sql: SQL}", "read: {sql: SQL}"])
def test_a_reading_call_that_writes(part: str) -> None:
    part = part.replace("SQL", '"DELETE FROM a WHERE b = 1"')
    text = system(stream=part if part.startswith("sweep") else "")
    if part.startswith("read"):
        text = text.replace("read: {table: orders, cursor: [changed, id]}", part)
    assert check_one(text, "read_writes", '"DELETE').values["verb"] == "DELETE"


def test_a_look_up_that_writes() -> None:
    text = system(top="time: {zone: UTC}\nrefs: {c: {sql: 'UPDATE a SET b = :value WHERE c = 1', take: id}}")
    check_one(text, "read_writes", "'UPDATE")
    assert check_one(writing("find: {sql: 'DELETE FROM o WHERE n = :order_no'}"), "read_writes", "'DELETE")


def test_one_of_several_statements_writes_without_where() -> None:
    two = "UPDATE a SET b = 1 WHERE c = :version; DELETE FROM d"
    text = writing(FIND + f"update: {{sql: '{two}'}}")
    assert check_one(text, "sql_without_where", "'UPDATE a").values["verb"] == "DELETE"


# Secrets


@pytest.mark.parametrize(
    "call",
    [
        "{get: /o, query: {s: =since, api_key: 12345}}",
        "{get: /o, query: {s: =since}, headers: {X-Api-Key: 12345}}",
        "{get: /o, query: {s: =since}, headers: {X-Auth: Bearer 12345-abcdef}}",
        "{get: /o, query: {s: =since}, json: {user: {password: 12345}}}",
        '{get: "https://me:12345@example.org/o", query: {s: =since}}',
    ],
)
def test_a_secret_in_the_file(call: str) -> None:
    one = found(rest(call), "secret_in_file")
    assert one.severity == "error"
    assert "conn." in one.say()


def test_a_secret_in_a_login_or_under_every_call() -> None:
    login = "auth: {login: {post: /login, json: {user: u, secret: 12345}, take: t}}"
    check_one(rest(top=login), "secret_in_file", "12345")
    check_one(rest(top="calls: {headers: {token: 12345}}"), "secret_in_file", "12345")


@pytest.mark.parametrize(
    "said",
    [
        "json: {secret: =conn.password, token_type: bearer, grant_type: password}",
        "headers: {X-CSRF-Token: Fetch}",
        'headers: {Authorization: "Bearer {{ conn.extra.key }}"}',
        "query: {token: =next}, next: token",
    ],
)
def test_what_only_looks_like_a_secret(said: str) -> None:
    call = f"{{get: /o, query: {{s: =since}}, {said}}}"
    call = call.replace("query: {s: =since}, query:", "query:")
    assert not errors(rest(call))


def test_paths_and_examples_may_be_called_like_secrets() -> None:
    text = (
        system(stream="extras: {token: {const: abc}}\nexamples: [{record: {password: abc}, gives: []}]")
        + "\n"
    )
    assert not errors(text)


# Ways in


@pytest.mark.parametrize(
    ("connector", "way"), [("sql", "basic"), ("sap_soap", "oauth2"), ("rest", "wsse"), ("files", "wsse")]
)
def test_a_way_in_that_the_connector_does_not_have(connector: str, way: str) -> None:
    text = system(top=f"time: {{zone: UTC}}\nauth: {way}").replace(
        "connector: sql", f"connector: {connector}"
    )
    assert found(text, "wrong_auth").values["way"] == way


def test_a_login_call_where_there_is_none() -> None:
    text = system(top="time: {zone: UTC}\nauth: {login: {sql: SELECT 1, take: t}}")
    check_one(text, "wrong_auth", "login")


@pytest.mark.parametrize("way", ["basic", "bearer", "oauth2", "[csrf, basic]", "api_key"])
def test_a_way_in_that_the_connector_has(way: str) -> None:
    assert not errors(rest(top=f"auth: {way}"))


# Sweeps


def test_a_sweep_that_asks_what_the_read_asks() -> None:
    text = rest().replace("    fields:", "    sweep: {every: 1h}\n    fields:")
    check_one(text, "sweep_asks_nothing", "sweep")
    for other in ("query: {ids: =keys}", "query: {state: open}", "get: /open"):
        assert not errors(text.replace("every: 1h", f"every: 1h, {other}"))


def test_an_answer_is_no_workbook() -> None:
    text = rest("{get: /orders, format: xlsx, query: {since: =since}}")
    assert check_one(text, "unknown_word", "xlsx").values["name"] == "xlsx"


def test_a_sweep_of_a_whole_list_needs_nothing_of_its_own() -> None:
    text = rest("{get: /orders}").replace("    fields:", "    key: id\n    sweep: {every: 1h}\n    fields:")
    assert errors(text) == []


def test_a_sweep_of_a_table_needs_a_key() -> None:
    text = system(stream="sweep: {every: 1h}")
    assert not errors(text)
    bare = text.replace(", cursor: [changed, id]", "")
    check_one(bare, "sweep_without_key", "sweep")
    assert not errors(bare.replace("    sweep:", "    key: id\n    sweep:"))


# Error tables


def test_one_pattern_for_two_reactions() -> None:
    one = check_one(
        rest(top='errors: {code: c, auth: ["9*"], rejected: [A, "9*"]}'), "reaction_twice", '"9*"]}'
    )
    assert one.values["reaction"] == "auth"


# Codes


def test_a_code_that_is_sent_and_read_back_as_another_word() -> None:
    text = system(field("status", "{from: s, codes: {A: confirmed, B: shipped}, send: {shipped: A}}"))
    one = found(text, "send_reads_back")
    assert (one.values["word"], one.values["back"]) == ("shipped", "confirmed")
    assert not errors(text.replace("send: {shipped: A}", "send: {shipped: B}"))


# Updates


def test_every_call_of_an_update_is_guarded() -> None:
    update = """
    update:
      ordered: {sql: 'UPDATE o SET q = :ordered WHERE no = :order_no AND v = :version'}
      shipped: {sql: 'UPDATE o SET s = :shipped WHERE no = :order_no'}
    """
    assert said(writing(FIND + "stream: orders\n" + update.replace("\n    ", "\n")), "update_without_guard")


def test_a_version_guards_by_itself_where_http_does_it() -> None:
    assert not said(DEPOT.read_text("utf-8"), "update_without_guard")
