"""Streams of what is no order: receivables, invoices, bank entries, work orders, stock."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.errors import MappingError, RecordError
from hub.mapping import DocumentReader, Reader, parse_system, preview, reader_of, run_examples
from hub.mapping.connected import connected, with_names, with_values
from hub.model import Document, Link
from hub.rules import Rules
from tests.hub.mapped import READ_AT, RECORD, fact, field, system

ENTRY = """
company: {const: HS01}
number: 流水号
amount: 金额
currency: {const: cny}
occurred_at: {from: 交易日期, format: "%Y%m%d"}
payer: 对方户名
purpose: 摘要
balance: 余额
status: {from: 状态, codes: {已入账: posted}}
"""
RECEIPT = {
    "流水号": "T1",
    "金额": "1,200.50",
    "交易日期": "20260301",
    "对方户名": "苏州恒泰",
    "摘要": "货款",
    "状态": "已入账",
}
STREAM = 'yields: bank_entry\nnumbers: "1,234.56"'


def documents(fields: str, stream: str, record: dict[str, Any], rules: Rules | None = None) -> list[Document]:
    mapping = parse_system(system(fields, stream))
    return DocumentReader(mapping, "orders", rules or Rules()).read(record, {"file": "f"}, READ_AT).documents


def entry(record: dict[str, Any], fields: str = ENTRY, stream: str = STREAM) -> Document:
    (one,) = documents(fields, stream, record)
    return one


def refused(record: dict[str, Any], fields: str = ENTRY, stream: str = STREAM) -> RecordError:
    with pytest.raises(RecordError) as caught:
        documents(fields, stream, record)
    return caught.value


def test_a_bank_entry() -> None:
    one = entry(RECEIPT)
    assert (one.kind, one.company, one.number, one.amount, one.currency, one.status) == (
        "bank_entry", "HS01", "T1", Decimal("1200.50"), "CNY", "posted",
    )  # fmt: skip
    assert one.occurred_at == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert one.fields == {"payer": "苏州恒泰", "purpose": "货款"}
    assert one.warnings == ()


def test_an_amount_may_be_negative_and_is_never_rounded() -> None:
    assert entry({**RECEIPT, "金额": "-0.10"}).amount == Decimal("-0.10")
    assert refused({**RECEIPT, "金额": 0.1}).key == "mapping.float_number"


@pytest.mark.parametrize("name", ["流水号", "金额", "交易日期"])
def test_what_the_kind_needs_must_be_there(name: str) -> None:
    assert refused({**RECEIPT, name: ""}).key == "mapping.no_value"


def test_a_wrong_core_value_is_refused_and_a_wrong_other_one_is_dropped() -> None:
    assert refused({**RECEIPT, "交易日期": "yesterday"}).key == "mapping.bad_time"
    one = entry({**RECEIPT, "余额": "many"})
    assert "balance" not in one.fields
    assert one.warnings == ("mapping.bad_number balance",)


def test_a_code_that_the_table_lacks_stays_as_it_is() -> None:
    one = entry({**RECEIPT, "状态": "X9"})
    assert (one.status, one.warnings) == ("X9", ("mapping.code_unknown status",))


def test_a_currency_has_three_letters() -> None:
    fields = ENTRY.replace("{const: cny}", "币种")
    assert refused({**RECEIPT, "币种": "人民币"}, fields).key == "mapping.no_currency"
    assert entry({**RECEIPT, "币种": "usd"}, fields).currency == "USD"


@pytest.mark.parametrize(
    ("amount", "record", "expected"),
    [
        ("{from: a, minus: \"dc == 'D'\"}", {"a": "5.10", "dc": "D"}, "-5.10"),
        ("{from: a, minus: \"dc == 'D'\"}", {"a": "5.10", "dc": "C"}, "5.10"),
        ("[{from: credit}, {from: debit, minus: true}]", {"credit": "0.00", "debit": "7.25"}, "-7.25"),
        ("[{from: credit}, {from: debit, minus: true}]", {"credit": "3", "debit": ""}, "3"),
        ("[{from: credit}, {from: debit, minus: true}]", {"credit": "", "debit": "0"}, "0"),
    ],
)
def test_debit_and_credit_in_columns_or_by_a_sign(amount: str, record: dict[str, Any], expected: str) -> None:
    fields = f"number: {{const: N}}\namount: {amount}\noccurred_at: {{const: '2026-03-01'}}"
    assert entry(record, fields, "yields: bank_entry").amount == Decimal(expected)


def test_a_stock_is_known_by_article_and_place() -> None:
    fields = "company: {const: C}\nsku: art\nwarehouse: wh\nlot: lot\non_hand: q\nreserved: r"
    one = entry({"art": "K1", "wh": "W1", "q": "5", "r": 2}, fields, "yields: stock")
    assert (one.number, one.quantities) == ("K1 W1 -", {"on_hand": Decimal(5), "reserved": Decimal(2)})
    assert entry({"art": "K1", "q": "-3"}, fields, "yields: stock").quantities["on_hand"] == -3
    assert refused({"q": 1}, fields, "yields: stock").field == "sku"


def test_a_work_order_belongs_to_an_order_or_waits_for_it() -> None:
    fields = "number: wo\norder_no: [so, {link: delivery, from: dn}]\nordered: q\nproduced: p\nstatus: s"
    one = entry({"wo": "W1", "so": "SO1", "q": 5, "p": 2, "s": "REL"}, fields, "yields: work_order")
    assert (one.company, one.order_no, one.status) == ("default", "SO1", "REL")
    assert one.quantities == {"ordered": Decimal(5), "produced": Decimal(2)}
    waiting = entry({"wo": "W1", "dn": "D7"}, fields, "yields: work_order")
    assert (waiting.order_no, waiting.waits_for) == (None, Link("delivery", "D7"))


def test_a_receivable_with_extras_and_links() -> None:
    fields = "number: no\namount: {sum: 'items[].a'}\ncurrency: c\ndue_at: due\nopen: rest\ncustomer_no: cust"
    more = "yields: receivable\nextras: {dunning: {from: d, codes: {1: first}}}\nlinks: {invoice: inv}"
    record = {
        "no": 9, "items": [{"a": "10.10"}, {"a": "20.20"}], "c": "EUR", "due": "2026-04-01", "rest": "0.30",
        "cust": "0042", "d": "1", "inv": ["R1", "R2"],
    }  # fmt: skip
    one = entry(record, fields, more)
    assert (one.number, one.amount, one.due_at) == (
        "9",
        Decimal("30.30"),
        datetime(2026, 3, 31, 16, tzinfo=UTC),
    )
    assert one.fields == {"open": Decimal("0.30"), "customer_no": "0042", "dunning": "first"}
    assert one.links == (Link("invoice", "R1"), Link("invoice", "R2"))


def test_skipped_deleted_and_several_in_one_record() -> None:
    fields = "number: no\namount: a"
    more = "yields: invoice\nskip: draft\neach: rows\ndeleted: up.gone\nversion: rev"
    mapping = parse_system(system(fields, more))
    reader = DocumentReader(mapping, "orders", Rules())
    assert reader.read({"draft": "Y"}, {}, READ_AT).skipped
    reading = reader.read(
        {"rows": [{"no": 1, "a": 2}, {"no": 3, "a": 4}], "gone": "X", "rev": 7}, {}, READ_AT
    )
    assert [(one.number, one.deleted) for one in reading.documents] == [("1", True), ("3", True)]
    assert reading.version == "7"
    assert [one.number for one in reader.read({"rows": [{"no": 5}], "gone": 1}, {}, READ_AT).documents] == [
        "5"
    ]


def test_the_version_moves_with_the_fields() -> None:
    def version(fields: str) -> str:
        return DocumentReader(parse_system(system(fields, "yields: invoice")), "orders", Rules()).version

    assert version("number: a\namount: b") == version("number: a\namount: b")
    assert version("number: a\namount: b") != version("number: a\namount: c")


def test_each_stream_gets_the_reader_that_fits() -> None:
    orders, invoices = parse_system(system()), parse_system(system("number: a\namount: b", "yields: invoice"))
    assert isinstance(reader_of(orders, "orders", Rules()), Reader)
    assert isinstance(reader_of(invoices, "orders", Rules()), DocumentReader)
    with pytest.raises(MappingError, match="invoice"):
        Reader(invoices, "orders", Rules())
    with pytest.raises(MappingError, match="order"):
        DocumentReader(orders, "orders", Rules())


def test_examples_and_previews_of_documents() -> None:
    good = "{record: {no: 1, a: '2.50'}, gives: {number: 1, amount: 2.5}}"
    example = f"examples: [{good}, {{record: {{no: 1}}, refused: mapping.no_value}}]"
    mapping = parse_system(system("number: no\namount: a", f"yields: invoice\n{example}"))
    assert [one.ok for one in run_examples(mapping)] == [True, True]
    (row,) = preview(mapping, "orders", [{"no": "7", "a": 3}])
    assert row.values == {"company": "default", "number": "7", "amount": "3"}


# What comes from the connection

CONNECTED = field("company", "{from: =conn.extra.company, codes: {A: HS01, B: HS02}}")


def test_the_company_of_a_record_is_the_connections() -> None:
    mapping = parse_system(system(CONNECTED))
    readers = [
        Reader(with_values(mapping, {"extra": {"company": one}}), "orders", Rules()) for one in ("A", "B")
    ]
    assert [one.read(dict(RECORD), {}, READ_AT).facts[0].company for one in readers] == ["HS01", "HS02"]
    assert readers[0].version != readers[1].version


def test_the_connection_is_looked_at_only_where_it_is_asked_for() -> None:
    plain = parse_system(system())
    assert connected(plain, {}) is plain
    env = {"AIRFLOW_CONN_SHOP": '{"conn_type": "sqlite", "host": "x.db", "extra": {"company": "B"}}'}
    mapping = connected(parse_system(system(CONNECTED)), env)
    assert Reader(mapping, "orders", Rules()).read(dict(RECORD), {}, READ_AT).facts[0].company == "HS02"


@pytest.mark.parametrize("extra", [{}, {"company": ""}, {"company": {"a": 1}}])
def test_a_value_that_the_connection_lacks_is_named(extra: dict[str, Any]) -> None:
    with pytest.raises(MappingError, match=r"conn\.extra\.company"):
        with_values(parse_system(system(CONNECTED)), {"extra": extra})


def test_without_a_connection_its_name_stands_for_the_value() -> None:
    text = system(field("company", "=conn.extra.company"))
    mapping = with_names(parse_system(text))
    assert (
        Reader(mapping, "orders", Rules()).read(dict(RECORD), {}, READ_AT).facts[0].company
        == "conn.extra.company"
    )
    assert fact(system()).company == "C1"


def test_an_example_says_what_its_connection_says() -> None:
    record = "{no: SO1, state: A, qty: 5, at: '2026-03-01 08:00:00'}"
    example = f"examples: [{{record: {record}, conn: {{extra: {{company: B}}}}, gives: {{company: HS02}}}}]"
    assert [one.ok for one in run_examples(parse_system(system(CONNECTED, example)))] == [True]
