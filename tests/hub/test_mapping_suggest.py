"""Proposals from sampled records: right guesses with a why, YAML that check takes, examples that hold."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from hub import yamlfile
from hub.errors import ConfigError
from hub.mapping import SystemMapping, load_system, run_examples
from hub.mapping.loading import read_system
from hub.mapping.suggest import Sample, read_sample, suggest, together
from hub.model import Record
from tests.house.code import ROOT
from tests.hub.mapped import DEPOT


def proposed(written: str) -> SystemMapping:
    """Return a proposal as a mapping: it has no error, and its examples hold."""
    mapping, problems = read_system(yamlfile.load(written, "proposal.yaml"))
    assert [one.say() for one in problems if one.severity == "error"] == []
    assert mapping is not None
    assert [one for one in run_examples(mapping) if not one.ok] == []
    return mapping


def of(records: Sequence[Record], connector: str = "rest", **more: Any) -> SystemMapping:
    return proposed(suggest(Sample(records), "shop", connector, **more))


def paths(mapping: SystemMapping) -> dict[str, str]:
    """Return what each field is read from."""
    (stream,) = mapping.streams.values()
    found = {}
    for name, spec in {**stream.fields, **stream.extras, **stream.links}.items():
        said = [one.sum or one.each or " ".join(one.from_) for one in (spec.any or (spec,))]
        found[name] = ", ".join(said)
    return found


SAP = [
    {
        "VBELN": f"00000123{at}",
        "AUDAT": "20260301",
        "AEDAT": "00000000" if at == 10 else "20260303",
        "GBSTK": code,
        "VKORG": "1000",
        "KUNNR": "0000200010",
        "NETWR": "1860.00",
        "WAERK": "CNY",
        "BSTNK": f"PO-{at}",
        "VDATU": "20260312",
        "VBAP": [{"POSNR": "000010", "MATNR": "000100", "KWMENG": "4.000", "LFIMG": "1.000", "VRKME": "ST"}],
    }
    for at, code in ((10, "A"), (11, "C"))
]
YONYOU = [
    {
        "ID": 7 + at,
        "cSOCode": f"XS{at}",
        "dDate": "2026-03-01",
        "cCusCode": "C1",
        "cCusName": "苏州恒泰",
        "cexch_name": "CNY",
        "dmodifysystime": f"2026-03-01 10:00:0{at}",
        "fhstatus": str(at),
        "iSum": Decimal("18.5"),
        "ufts": f"00A{at}",
        "entry": [{"iRowNo": 1, "cInvCode": "K1", "iQuantity": 5, "iFHQuantity": at}],
    }
    for at in range(3)
]
KINGDEE = [
    {
        "FID": 100 + at,
        "FBillNo": f"XSDD00{at}",
        "FDocumentStatus": code,
        "FModifyDate": f"2026-03-01T10:00:0{at}",
        "FDate": "2026-03-01T00:00:00",
        "FSaleOrgId.FNumber": "HSDQ",
        "FCustId.FName": "无锡",
        "FQty": 5,
        "FStockOutQty": at,
        "FCancelStatus": "A",
    }
    for at, code in enumerate("ACC")
]
CHINESE = [
    {
        "订单号": "SO1",
        "订单状态": "已审核",
        "订单数量": "1,200",
        "已发货数量": "0",
        "更新时间": "2026/3/1 8:00:00",
        "公司": "HSDQ",
        "运单号": "YD1",
    },
    {
        "订单号": "SO2",
        "订单状态": "已发货",
        "订单数量": "5",
        "已发货数量": "5",
        "更新时间": "2026/3/2 8:00:00",
        "公司": "HSJG",
        "运单号": "YD2",
    },
    {
        "订单号": "SO3",
        "订单状态": "未知",
        "订单数量": "6",
        "已发货数量": "6",
        "更新时间": "2026/3/3 8:00:00",
        "公司": "HSJG",
        "运单号": "YD3",
    },
]
GERMAN = [
    {
        "Auftrag": {"so_number": "1001", "status": "picking"},
        "updated": "05.01.2026 08:00",
        "qty": "1.200,50",
        "on hold": "Y",
    },
    {
        "Auftrag": {"so_number": "1002", "status": "shipped"},
        "updated": "06.01.2026 09:30",
        "qty": "3,25-",
        "on hold": "N",
    },
]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (
            SAP,
            {
                "order_no": "VBELN",
                "company": "VKORG",
                "status": "GBSTK",
                "ordered": "VBAP[].KWMENG",
                "shipped": "VBAP[].LFIMG",
                "customer_no": "KUNNR",
                "amount": "NETWR",
                "currency": "WAERK",
                "customer_po": "BSTNK",
                "due_first": "VDATU",
                "occurred_at": "AEDAT, AUDAT",
                "lines": "VBAP",
            },
        ),
        (
            YONYOU,
            {
                "order_no": "cSOCode",
                "status": "fhstatus",
                "ordered": "entry[].iQuantity",
                "shipped": "entry[].iFHQuantity",
                "customer_no": "cCusCode",
                "customer_name": "cCusName",
                "occurred_at": "dmodifysystime, dDate",
                "amount": "iSum",
            },
        ),
        (
            KINGDEE,
            {
                "order_no": "FBillNo",
                "status": "FDocumentStatus",
                "ordered": "FQty",
                "shipped": "FStockOutQty",
                "company": '"FSaleOrgId.FNumber"',
                "occurred_at": "FModifyDate, FDate",
            },
        ),
        (
            CHINESE,
            {
                "order_no": "订单号",
                "status": "订单状态",
                "ordered": "订单数量",
                "shipped": "已发货数量",
                "company": "公司",
                "occurred_at": "更新时间",
                "waybill": "运单号",
            },
        ),
        (
            GERMAN,
            {
                "order_no": "Auftrag.so_number",
                "status": "Auftrag.status",
                "ordered": "qty",
                "side": '"on hold"',
                "occurred_at": "updated",
            },
        ),
    ],
)
def test_fields_are_known_by_name_and_by_value(records: list[Record], expected: dict[str, str]) -> None:
    found = paths(of(records))
    assert {name: found.get(name) for name in expected} == expected


def test_vendors_code_tables_come_whole() -> None:
    mapping = of(KINGDEE)
    assert mapping.streams["orders"].fields["status"].codes == {
        "A": ("draft",),
        "B": ("pending_approval",),
        "C": ("confirmed",),
        "D": ("pending_approval",),
        "Z": ("draft",),
    }


def test_codes_that_say_what_they_mean_are_translated_and_others_are_left_to_a_person() -> None:
    written = suggest(Sample(CHINESE), "shop", "files")
    codes = proposed(written).streams["orders"].fields["status"].codes
    assert codes == {"已发货": ("shipped",), "已审核": ("confirmed",), "未知": ()}
    (line,) = [line for line in written.splitlines() if "未知: null" in line]
    assert "TODO" in line
    assert "1" in line


def test_a_code_beside_the_chain_goes_to_its_field() -> None:
    records = [
        {"order_no": f"A{at}", "status": code, "qty": 1} for at, code in enumerate(("NEW", "CANCELLED"))
    ]
    stream = of(records).streams["orders"]
    assert stream.fields["side"].codes == {"CANCELLED": ("cancelled",)}
    assert stream.fields["status"].codes["CANCELLED"] == ()


def test_numbers_stamps_and_zones_by_their_looks() -> None:
    german = of(GERMAN)
    assert (german.numbers, german.time.format, german.time.zone) == (
        "1.234,56-",
        ("%d.%m.%Y %H:%M",),
        "Europe/Berlin",
    )
    chinese = of(CHINESE)
    assert (chinese.numbers, chinese.time.format, chinese.time.zone) == (
        "1,234.56",
        ("%Y/%m/%d %H:%M:%S",),
        "Asia/Shanghai",
    )
    epoch = of([{"order_no": "A", "status": "new", "qty": 1, "updated_at": 1772352000}])
    assert (epoch.time.format, epoch.time.zone) == (("epoch",), None)


def test_change_stamps_come_before_creation_and_names_may_say_the_zone() -> None:
    def rows(**stamps: Any) -> list[Record]:
        return [{"bill_no": f"A{at}", "status": "new", "qty": 1, **stamps} for at in range(3)]

    sap = of(rows(CreationDate="/Date(1772352000000)/", LastChange="/Date(1772352001000+0000)/"))
    assert sap.streams["orders"].read.cursor == ("LastChange || CreationDate", "bill_no")
    shop = of(rows(客户="甲", date_modified_gmt="2026-03-01T08:00:00"))
    assert shop.time.zone == "UTC"
    typed = of(rows(write_date=datetime(2026, 3, 1, 8, tzinfo=UTC), order_date=date(2026, 3, 1)), "sql")
    assert typed.streams["orders"].read.cursor == ("write_date || order_date", "bill_no")


def test_false_among_other_values_is_none() -> None:
    rows = [{"order_no": no, "name": "S1", "status": "new", "qty": 1} for no in ("A1", False, "A2")]
    assert "2 of 3 filled" in suggest(Sample(rows), "shop", "rest")


def test_padded_numbers_are_stripped_and_flags_are_sides() -> None:
    assert of(SAP).streams["orders"].fields["order_no"].strip == ("0",)
    assert of(GERMAN).streams["orders"].fields["side"].codes == {"Y": ("on_hold",)}


def test_a_day_that_may_be_a_month_is_said() -> None:
    records = [{"order_no": "A", "status": "new", "qty": 1, "updated": "05/01/2026"}]
    assert "updated: day and month" in suggest(Sample(records), "shop", "rest")
    assert "day and month" not in suggest(Sample([{**records[0], "updated": "15/01/2026"}]), "shop", "rest")


@pytest.mark.parametrize(
    ("connector", "call"),
    [
        ("rest", ("get", "/TODO")),
        ("soap", ("op", "TODO")),
        ("sap_soap", ("bapi", "TODO")),
        ("sql", ("table", "TODO")),
        ("files", ("file", "TODO*")),
    ],
)
def test_each_kind_of_connector_reads_in_its_way(connector: str, call: tuple[str, str]) -> None:
    read = of(YONYOU, connector).streams["orders"].read
    assert (read.verb, read.target) == call
    if connector != "files":
        assert read.cursor == ("dmodifysystime || dDate", "ID")


def test_every_guess_has_a_reason_and_every_field_left_is_named() -> None:
    written = suggest(Sample([{**one, "color": "red"} for one in SAP]), "shop", "rest")
    (line,) = [line for line in written.splitlines() if line.strip().startswith("order_no:")]
    assert "sure: 2 of 2 filled, 2 different" in line
    assert "not used: color" in written
    chinese = suggest(Sample(CHINESE), "shop", "files", locale="zh-CN")
    assert "3 条中有 3 条有值" in chinese
    assert proposed(chinese)


def test_what_is_not_found_is_marked() -> None:
    written = suggest(Sample([{"colour": "red"}]), "shop", "rest")
    assert "order_no: TODO" in written
    assert "ordered: {keep: true}" in written
    assert proposed(written)


def test_examples_show_only_what_is_looked_at() -> None:
    (first, second) = of([{**one, "phone": "555"} for one in SAP]).streams["orders"].examples
    assert "phone" not in first.record
    assert [gives["status"] for gives in (*first.gives, *second.gives)] == ["confirmed", "completed"]


# What is no order


def test_events_are_told_from_orders() -> None:
    records = [
        {
            "event_id": f"E{at}",
            "so_no": "SO1",
            "event_code": "DELIVERED",
            "event_time": f"2026-03-0{at}T08:00:00Z",
        }
        for at in (1, 2)
    ]
    stream = of(records).streams["events"]
    assert stream.yields == "event"
    assert stream.fields["occurred_at"].from_ == ("event_time",)
    assert stream.key == "event_id"


def test_bank_entries_stock_and_invoices() -> None:
    bank = [
        {
            "流水号": "T1",
            "交易日期": "20260301",
            "交易金额": "1,200.50",
            "对方户名": "苏州恒泰",
            "摘要": "货款",
        }
    ]
    found = of(bank)
    assert found.streams["bank_entries"].yields == "bank_entry"
    assert paths(found) == {
        "number": "流水号",
        "amount": "交易金额",
        "occurred_at": "交易日期",
        "payer": "对方户名",
        "purpose": "摘要",
    }
    stock = of(
        [{"sku": "K1", "warehouse": "W1", "on_hand": 5}, {"sku": "K2", "warehouse": "W1", "on_hand": 0}]
    )
    assert paths(stock) == {"sku": "sku", "warehouse": "warehouse", "on_hand": "on_hand"}
    invoice = of(
        [{"invoice_no": "R1", "amount": "10.50", "due_date": "2026-04-01", "date": "2026-03-01"}],
        yields="invoice",
    )
    assert paths(invoice)["due_at"] == "due_date"


# Samples


ROWS = [{"order_no": "SO1", "status": "new", "qty": 5}, {"order_no": "SO2", "status": "shipped", "qty": 6}]


def as_csv(delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(ROWS[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ROWS)
    return out.getvalue()


def as_xlsx() -> bytes:
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Orders of March"])
    sheet.append([])
    sheet.append(list(ROWS[0]))
    for row in ROWS:
        sheet.append(list(row.values()))
    book.save(out)
    return out.getvalue()


XML = b"""<?xml version="1.0"?><Answer xmlns="urn:x"><Head><No>1</No></Head><Orders>
<Order><order_no>SO1</order_no><status>new</status><qty>5</qty></Order>
<Order><order_no>SO2</order_no><status>shipped</status><qty>6</qty></Order></Orders></Answer>"""


@pytest.mark.parametrize(
    ("name", "raw", "call"),
    [
        ("orders.json", json.dumps(ROWS).encode(), {}),
        ("a.json", json.dumps({"meta": {"n": 2}, "data": {"rows": ROWS}}).encode(), {"records": "data.rows"}),
        ("a.json", json.dumps({"d": {"order list": ROWS}}).encode(), {"records": 'd."order list"'}),
        ("a.jsonl", "\n".join(map(json.dumps, ROWS)).encode(), {"format": "jsonl"}),
        ("a.csv", as_csv().encode(), {}),
        ("a.csv", as_csv(";").encode("utf-8-sig"), {"delimiter": ";"}),
        ("a.txt", as_csv("\t").encode(), {"delimiter": "\t"}),
        ("a.xlsx", as_xlsx(), {"skip_rows": 2}),
        ("a.xml", XML, {"format": "xml", "records": "Orders.Order"}),
    ],
)
def test_a_sample_of_every_kind(name: str, raw: bytes, call: dict[str, Any]) -> None:
    sample = read_sample(name, raw)
    assert [(one["order_no"], one["status"], str(one["qty"])) for one in sample.records] == [
        ("SO1", "new", "5"),
        ("SO2", "shipped", "6"),
    ]
    assert sample.call == call
    assert paths(proposed(suggest(sample, "shop", sample.connector)))["order_no"] == "order_no"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"d": {"results": ROWS, "__next": "http://inner/x?$skiptoken=2"}}, ("d.results", "d.__next", "")),
        ({"value": ROWS, "@odata.nextLink": "/x?a=1"}, ("value", '"@odata.nextLink"', "")),
        (
            {"totalSize": 9, "records": ROWS, "nextRecordsUrl": "/query/01g-2"},
            ("records", "nextRecordsUrl", "totalSize"),
        ),
        (
            {"total": "7", "data": {"rows": ROWS}, "_links": {"next": "/a"}},
            ("data.rows", "", "total"),
        ),
    ],
)
def test_what_stands_around_the_records_says_how_to_go_on(raw: Any, said: tuple[str, str, str]) -> None:
    read = (
        proposed(suggest(read_sample("a.json", json.dumps(raw).encode()), "shop", "rest"))
        .streams["orders"]
        .read
    )
    assert (read.records, read.next or "", read.total or "") == said


def test_paths_into_an_answer_begin_with_its_root_and_those_into_a_file_do_not() -> None:
    sample = read_sample("a.xml", XML)
    for connector, records in (("rest", "Answer.Orders.Order"), ("files", "Orders.Order")):
        assert proposed(suggest(sample, "shop", connector)).streams["orders"].read.records == records


def test_what_stands_above_a_table_and_its_totals_are_told_from_it() -> None:
    text = (
        '销售明细\r\n"制表：张三\r\n日期：1日"\r\n订单号\t,状态,"数量(件)",备注\r\n'
        '="007",已审核,"1,200.5","a\r\nb, c"\r\n="008",已发货,3,\r\n合计,,2,\r\n'
    )
    sample = read_sample("明细.csv", text.encode("gb18030"))
    assert sample.call == {"encoding": "gb18030", "skip_rows": 3, "trailer": {"first": "合计", "count": 3}}
    assert [(one["订单号"], one["数量(件)"]) for one in sample.records] == [("007", "1,200.5"), ("008", "3")]
    mapping = proposed(suggest(sample, "shop", sample.connector))
    assert (mapping.numbers, paths(mapping)["ordered"]) == ("1,234.56", '"数量(件)"')


def test_names_of_files_become_a_pattern_and_charsets_are_kept() -> None:
    sample = read_sample("订单_20260301.csv", "订单号,状态,数量\nSO1,已审核,5\n".encode("gb18030"))
    assert (sample.file, sample.call, sample.connector) == ("订单_*.csv", {"encoding": "gb18030"}, "files")


def test_several_files_are_one_sample() -> None:
    one, other = (read_sample(f"o{at}.json", json.dumps([ROWS[at]]).encode()) for at in (0, 1))
    assert together([one, other]).records == ROWS


def test_fractions_never_go_through_a_float() -> None:
    sample = read_sample("a.json", b'[{"order_no": "A", "status": "new", "qty": 0.1}]')
    assert sample.records[0]["qty"] == Decimal("0.1")


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"{broken", "suggest.no_json"),
        (b"<a><b></a>", "suggest.no_xml"),
        (b"", "suggest.no_records"),
        (b"[]", "suggest.no_records"),
        (b"order_no,status\n", "suggest.no_records"),
    ],
)
def test_what_is_no_sample_says_why(raw: bytes, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_sample("a", raw)
    assert caught.value.key == key
    assert "{" not in caught.value.say("zh-CN").replace("{broken", "")


# Any records at all


@pytest.mark.parametrize(
    "path", [DEPOT, *sorted((ROOT / "mappings/systems").glob("*.yaml"))], ids=lambda one: one.stem
)
def test_the_records_of_our_own_systems(path: Path) -> None:
    mapping = load_system(path)
    (stream,) = mapping.streams.values()
    found = of([one.record for one in stream.examples], mapping.connector)
    (proposal,) = found.streams.values()
    assert proposal.yields == stream.yields
    for name in ("status", "order_no"):
        wanted = stream.fields[name]
        sources = {source for one in (wanted.any or (wanted,)) for source in one.from_}
        assert set(proposal.fields[name].from_) & sources, name


LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.decimals(allow_nan=False, places=2)
)
NAME = st.one_of(
    st.sampled_from(
        ["order_no", "status", "qty", "updated", "id", "订单号", "company", "lines", "VBELN", "a b", "y"]
    ),
    st.text(min_size=1, max_size=6),
)
RECORD = st.dictionaries(
    NAME,
    st.one_of(
        LEAF, st.lists(st.dictionaries(NAME, LEAF, max_size=3), max_size=3), st.dictionaries(NAME, LEAF)
    ),
    max_size=8,
)


@given(st.lists(RECORD, min_size=1, max_size=5))
@settings(max_examples=25, deadline=None)
def test_whatever_the_records_are_the_proposal_is_a_mapping(records: list[Record]) -> None:
    of(records)
