from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.contract import Ask, Everything, Keys, Page, Since, Window
from connectors.retry import retrying
from connectors.sap_soap import SapSoapConnector
from connectors.sap_soap.orders import Parts, record
from hub.config import Connection
from hub.errors import AuthExpired, ConfigError, HubError, RecordLocked, Rejected, Unavailable
from hub.mapping.grammar import SystemMapping
from tests.connectors.bapi_server import DETAILS, GETLIST, RFC, STATUS, Doc, Sap
from tests.connectors.soap_server import Reply, Request, SoapServer, fault, serving

NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
HTML = {"Content-Type": "text/html; charset=utf-8"}
TWO = [{"sales_org": "1000", "client": "100"}, {"sales_org": "2000", "client": "200"}]
READ: dict[str, Any] = {"bapi": GETLIST, "overlap": "1d"}


def mapping(
    sap: dict[str, Any] | None = None, read: dict[str, Any] | None = None, **more: Any
) -> SystemMapping:
    said: dict[str, Any] = {
        "system": "erp",
        "connector": "sap_soap",
        "time": {"zone": "Asia/Shanghai", "format": ["%Y-%m-%d"]},
        "streams": {"orders": {"read": read or READ, "fields": {"order_no": "SD_DOC"}}},
        "options": {"sap": {"organisations": TWO, "block": 2, **(sap or {})}},
        **more,
    }
    return SystemMapping.model_validate(said)


@pytest.fixture
def sap() -> Sap:
    made = Sap()
    for number in ("0000000007", "0000000008", "0000000009"):
        made.put("100", Doc(number, note=f"PO {number}"))
    made.put("200", Doc("0000000007", customer="0000000099", sales_org="2000", day="2026-03-05"))
    return made


@pytest.fixture
def server(sap: Sap) -> Iterator[SoapServer]:
    with serving(sap) as running:
        yield running


Open = Callable[..., SapSoapConnector]


@pytest.fixture
def open_(server: SoapServer) -> Iterator[Open]:
    opened: list[SapSoapConnector] = []

    def make(mapped: SystemMapping | None = None) -> SapSoapConnector:
        connection = Connection("erp", "http", "127.0.0.1", server.port, "HUB", "s3cret")
        opened.append(
            SapSoapConnector(mapped or mapping(), connection, lambda: NOW, retrying(lambda _: None))
        )
        return opened[-1]

    yield make
    for connector in opened:
        connector.close()


def pages(connector: SapSoapConnector, ask: Ask | None = None) -> list[Page]:
    return list(connector.fetch("orders", ask or Since({})))


def records(found: list[Page]) -> list[dict[str, Any]]:
    return [record for page in found for record in page.records]


def keys(found: list[Page]) -> list[str]:
    return [record["KEY"] for record in records(found)]


def state(found: list[Page]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for page in found:
        merged.update(page.state)
    return merged


def calls(server: SoapServer, function: str) -> list[Request]:
    return [request for request in server.posts if request.call.tag == f"{{{RFC}}}{function}"]


ALL = ["100/0000000007", "100/0000000008", "100/0000000009", "200/0000000007"]


def test_two_clients_whose_numbers_collide(open_: Open, server: SoapServer) -> None:
    found = pages(open_())
    assert keys(found) == ALL
    assert [len(page.records) for page in found] == [2, 1, 1]
    assert state(found) == {"100/1000": "2026-03-01", "200/2000": "2026-03-05"}
    assert {parse_qs(urlsplit(request.path).query)["sap-client"][0] for request in server.posts} == {
        "100",
        "200",
    }
    assert {urlsplit(request.path).path for request in server.posts} == {"/sap/bc/soap/rfc"}
    assert len(calls(server, DETAILS)) == 3


@pytest.mark.parametrize("mc", [False, True])
def test_one_shape_in_both_styles(open_: Open, sap: Sap, mc: bool) -> None:
    sap.mc = mc
    doc = sap.docs["100", "0000000007"]
    doc.flow("R", "4.000", slip="4900000001")
    doc.flow("J", "4.000", slip="0080000001")
    record = records(pages(open_()))[0]
    assert record == {
        "KEY": "100/0000000007",
        "CLIENT": "100",
        "SALES_ORG": "1000",
        "SD_DOC": "0000000007",
        "header": {
            "DOC_NUMBER": "0000000007",
            "DOC_TYPE": "TA",
            "PURCH_NO_C": "PO 0000000007",
            "SOLD_TO": "0000000042",
            "SALES_ORG": "1000",
            "REC_DATE": "2026-03-01",
            "CH_ON": "0000-00-00",
            "NET_VAL_HD": "12.50-",
            "NAME": "Customer 42",
        },
        "status": {"SD_DOC": "0000000007", "DLV_STAT_H": "A", "PRC_STAT_H": "", "OVERALLREJ": ""},
        "items": [
            {"DOC_NUMBER": "0000000007", "ITM_NUMBER": "000010", "MATERIAL": "000000000000004711",
             "REQ_QTY": "10.000", "SALES_UNIT": "PC", "DLV_QTY": "4.000", "DLV_UNIT": "PC"},
            {"DOC_NUMBER": "0000000007", "ITM_NUMBER": "000020", "MATERIAL": "000000000000004711",
             "REQ_QTY": "10.000", "SALES_UNIT": "PC", "DLV_QTY": "0", "DLV_UNIT": "PC"},
        ],
        "schedules": [
            {"DOC_NUMBER": "0000000007", "ITM_NUMBER": "000010", "REQ_DATE": "2026-03-01", "REQ_QTY": ""}
        ],
        "flows": [
            {"SD_DOC": "0000000007", "PRECSDDOC": "0000000007", "PREDITDOC": "000010", "SUBSSDDOC": slip,
             "SUBSITDOC": "000010", "DOCCATEGOR": kind, "REF_QTY": "4.000", "BASE_UOM": "PC"}
            for kind, slip in (("R", "4900000001"), ("J", "0080000001"))
        ],
        "MOVED_AT": "",
    }  # fmt: skip


def test_the_newest_posting_tells_when_goods_moved() -> None:
    parts = Parts(flows=[
        {"CREAT_DATE": "2026-03-06", "REC_TIME": "20:31:09"},
        {"CREAT_DATE": "2026-03-07", "REC_TIME": "00:00:01"},
        {"CREAT_DATE": "0000-00-00", "REC_TIME": "00:00:00"},
        {"CREAT_DATE": ""},
    ])  # fmt: skip
    assert record(parts, "100", "0000000007", "1000")["MOVED_AT"] == "2026-03-07 00:00:01"


def test_a_style_that_is_not_there(open_: Open, sap: Sap) -> None:
    health = open_(mapping({"style": "mc", "wsdl": "/sap/bc/soap/wsdl11?services={function}"})).check()
    assert (health.ok, health.key) == (False, "sap.no_function")


def test_one_document_once_although_it_has_a_row_an_item(open_: Open, server: SoapServer) -> None:
    assert len(keys(pages(open_()))) == len(set(keys(pages(open_()))))


def test_discovery_begins_a_day_before_the_last_complete_read(open_: Open, server: SoapServer) -> None:
    pages(open_(), Since({"100/1000": "2026-03-05", "200/2000": "nonsense", "cursor": 7}))
    first, second = calls(server, GETLIST)
    assert first.text("DOCUMENT_DATE") == "2026-03-04"
    assert second.text("DOCUMENT_DATE") is None


def test_a_date_in_the_future_counts_as_today(open_: Open, sap: Sap) -> None:
    sap.put("100", Doc("0000000010", day="2030-01-01"))
    sap.put("200", Doc("0000000011", day="0000-00-00", customer="0000000099", sales_org="2000"))
    assert state(pages(open_())) == {"100/1000": "2026-03-09", "200/2000": "2026-03-05"}


def test_start_of_the_system_and_window(open_: Open, server: SoapServer) -> None:
    pages(open_(mapping(start="2026-03-02")))
    assert calls(server, GETLIST)[0].text("DOCUMENT_DATE") == "2026-03-02"
    window = Window(datetime(2026, 3, 4, 17, 0, tzinfo=UTC), datetime(2026, 3, 5, 17, 0, tzinfo=UTC))
    found = pages(open_(), window)
    assert keys(found) == ["200/0000000007"]
    assert calls(server, GETLIST)[-1].text("DOCUMENT_DATE_TO") == "2026-03-06"  # the day in Shanghai
    assert state(found) == {}
    assert (keys(pages(open_(), Everything())), state(pages(open_(), Everything()))) == (ALL, {})


def test_customers_by_name_need_no_list(open_: Open, server: SoapServer) -> None:
    found = pages(open_(mapping({"customers": ["42", "99"]})))
    assert keys(found) == ALL
    assert "NAME" not in records(found)[0]["header"]
    assert {request.text("CUSTOMER_NUMBER") for request in calls(server, GETLIST)} == {
        "0000000042",
        "0000000099",
    }


def test_language(open_: Open, server: SoapServer) -> None:
    pages(open_(mapping({"language": "ZH"})))
    assert all("sap-language=ZH" in request.path for request in server.requests)


def test_keys_of_open_orders(open_: Open, server: SoapServer, sap: Sap) -> None:
    sap.drop.add("0000000008")
    asked = ["100/0000000007", "100/7", "100/0000000008", "200/0000000007", "300/0000000007", "alien"]
    found = pages(open_(), Keys(asked))
    assert keys(found) == ["100/0000000007", "200/0000000007"]
    assert not calls(server, GETLIST)
    assert [line for page in found for line in page.warnings] == [
        "300/0000000007 is no document of a client that is read here (client/number).",
        "alien is no document of a client that is read here (client/number).",
        "100/0000000008 was asked for and SAP did not return it.",
    ]
    assert state(found) == {}


@pytest.mark.parametrize(
    ("flows", "delivered"),
    [
        ([], "0"),
        ([("R", "4.000", "49", ""), ("R", "3.000", "50", "")], "7.000"),
        ([("R", "4.000", "49", ""), ("h", "4.000", "51", "")], "0.000"),
        ([("R", "4.000-", "49", "")], "-4.000"),
        ([("J", "4.000", "80", ""), ("R", "4.000", "49", "80")], "4.000"),
        ([("J", "4.000", "80", ""), ("R", "4.000", "49", "80"), ("R", "4.000", "49", "")], "4.000"),
        ([("R", "4.000", "49", "another")], "0"),
        ([("M", "9.000", "90", ""), ("J", "4.000", "80", "")], "0"),
    ],
)
def test_delivered_by_document_flow(
    open_: Open, sap: Sap, flows: list[tuple[str, str, str, str]], delivered: str
) -> None:
    doc = sap.docs["100", "0000000007"]
    for category, quantity, slip, before in flows:
        doc.flow(category, quantity, slip=slip, before=before, item="000010")
    record = records(pages(open_()))[0]
    assert [item["DLV_QTY"] for item in record["items"]] == [delivered, "0"]


def test_deliveries_may_count_instead_of_goods_movements(open_: Open, sap: Sap) -> None:
    sap.docs["100", "0000000007"].flow("J", "4.000", slip="80", unit="BOX")
    item = records(pages(open_(mapping({"goods": "J"}))))[0]["items"][0]
    assert (item["DLV_QTY"], item["DLV_UNIT"], item["SALES_UNIT"]) == ("4.000", "BOX", "PC")


def test_delivered_by_status_only_where_something_was(open_: Open, sap: Sap, server: SoapServer) -> None:
    doc = sap.docs["100", "0000000008"]
    doc.status = "B"
    doc.flow("J", "4.000", slip="0080000001")
    doc.flow("J", "2.500", slip="0080000002")
    found = records(pages(open_(mapping({"delivered": "status"}))))
    assert [item["DLV_QTY"] for record in found[:2] for item in record["items"]] == ["0", "0", "6.500", "0"]
    assert [row["DELIV_NUMB"] for row in found[1]["deliveries"]] == ["0080000001", "0080000002", ""]
    assert len(calls(server, STATUS)) == 1
    assert not any(request.text("ORDER_FLOWS_OUT") for request in calls(server, DETAILS))


@pytest.mark.parametrize(
    ("flows", "reason"),
    [
        ([("4.000", "PC"), ("1.000", "BOX")], "sap.mixed_units"),
        ([("many", "PC")], "sap.bad_quantity"),
        ([("NaN", "PC")], "sap.bad_quantity"),
    ],
)
def test_a_document_that_cannot_be_summed_is_set_aside_whole(
    open_: Open, sap: Sap, flows: list[tuple[str, str]], reason: str
) -> None:
    for count, (quantity, unit) in enumerate(flows):
        sap.docs["100", "0000000007"].flow("R", quantity, slip=f"49{count}", unit=unit)
    found = pages(open_())
    assert keys(found) == ALL[1:]
    (bad,) = [one for page in found for one in page.bad]
    assert (bad.key, bad.error.key) == ("100/0000000007", reason)
    assert b"PO 0000000007" in bad.raw


def test_one_customer_s_error_does_not_lose_the_others(open_: Open, sap: Sap) -> None:
    sap.put("100", Doc("0000000020", customer="0000000043"))
    sap.say["100 0000000042"] = ("E", "V1302", "Kunde gesperrt")
    got: list[Page] = []
    with pytest.raises(Rejected) as caught:
        got.extend(open_().fetch("orders", Since({"100/1000": "2026-02-01"})))
    assert keys(got) == ["100/0000000020", "200/0000000007"]
    assert state(got) == {"200/2000": "2026-03-05"}
    assert (caught.value.code, caught.value.reason) == ("V1 302", "Kunde gesperrt")
    assert caught.value.record == "100/1000 0000000042"
    assert [line for page in got for line in page.warnings] == [caught.value.say()]
    assert "0000000042" in caught.value.say("zh-CN")


def test_warnings_are_no_errors(open_: Open, sap: Sap) -> None:
    sap.say["100 0000000042"] = ("W", "V1555", "keine Daten")
    sap.say["100 customers"] = ("I", "F2 100", "ok")
    assert keys(pages(open_())) == ALL


def test_nothing_found_said_as_an_error(open_: Open, sap: Sap) -> None:
    sap.say["200 0000000099"] = ("E", "V1999", "nothing")
    found = pages(open_(mapping(errors={"missing": ["V1 999 *"]})))
    assert keys(found) == ALL[:3]


@pytest.mark.parametrize(
    ("kind", "code", "errors", "error"),
    [
        ("E", "V1042", {}, RecordLocked),
        ("A", "V1045", {}, RecordLocked),
        ("E", "S#001", {}, Rejected),
        ("A", "DB777", {"retry": ["DB *"]}, Unavailable),
        ("E", "00058", {"auth": ["00 058 *"]}, AuthExpired),
    ],
)
def test_errors_by_class_and_number(
    open_: Open, sap: Sap, kind: str, code: str, errors: dict[str, Any], error: type[HubError]
) -> None:
    sap.say["100 0000000042"] = (kind, code, "text in any language")
    with pytest.raises(error) as caught:
        pages(open_(mapping(errors=errors)))
    assert type(caught.value) is error


def test_return_as_a_table(open_: Open, sap: Sap) -> None:
    sap.say["100 customers"] = ("E", "F2100", "no authority")
    with pytest.raises(Rejected) as caught:
        pages(open_())
    assert caught.value.code == "F2 100"


def test_a_locked_document_is_waited_for(open_: Open, sap: Sap, server: SoapServer) -> None:
    sap.say["100 0000000042"] = ("E", "V1042", "locked by WANG")

    def then_free(request: Request) -> None:
        if len(calls(server, GETLIST)) == 3:
            sap.say.clear()

    sap.broken = then_free
    assert keys(pages(open_())) == ALL
    assert len(calls(server, GETLIST)) == 4


def test_a_wrong_password_is_sent_once(open_: Open, sap: Sap, server: SoapServer) -> None:
    sap.broken = lambda request: Reply("<h1>Logon failed</h1>", 401, HTML)
    connector = open_()
    for ask in (Since({}), Everything(), Keys(["100/1", "200/1"])):
        with pytest.raises(AuthExpired):
            pages(connector, ask)
    assert not connector.check().ok
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply("<h1>Service Unavailable</h1>", 503, HTML),
        Reply(fault("Server", "TIME_OUT"), 500),
        Reply(fault("Server", "TIME_OUT"), 200),
        Reply(b"<?xml version='1.0'?><x>", length=False),
    ],
)
def test_bad_moments_are_waited_out(open_: Open, sap: Sap, reply: Reply) -> None:
    bad = iter([reply, reply])
    sap.broken = lambda request: next(bad, None) if request.method == "POST" else None
    assert keys(pages(open_())) == ALL


def test_a_system_that_stays_down(open_: Open, sap: Sap, server: SoapServer) -> None:
    sap.broken = lambda request: Reply("<h1>busy</h1>", 503, HTML) if request.method == "POST" else None
    got: list[Page] = []
    with pytest.raises(Unavailable):
        got.extend(open_().fetch("orders", Since({})))
    assert not got


def test_check(open_: Open, server: SoapServer) -> None:
    health = open_().check()
    assert (health.ok, health.key, health.values["organisations"]) == (True, "sap.healthy", 2)
    assert not server.posts


@pytest.mark.parametrize(
    ("sap", "said"),
    [
        ({"organisations": []}, "organisations"),
        ({"organisations": [{"sales_org": "1000", "client": "1"}]}, "client"),
        ({"style": "camel"}, "style"),
        ({"blok": 3}, "blok"),
        ({"block": 0}, "block"),
    ],
)
def test_wrong_options(open_: Open, sap: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        open_(mapping(sap))


def test_wrong_streams(open_: Open) -> None:
    with pytest.raises(ConfigError, match="no-such"):
        list(open_().fetch("no-such", Since({})))
    with pytest.raises(ConfigError, match=GETLIST):
        pages(open_(mapping(read={"bapi": "BAPI_SALES_GETLIST"})))


def test_a_release_without_document_flow(open_: Open, sap: Sap, server: SoapServer) -> None:
    def old(request: Request) -> Reply | None:
        if request.method == "GET":
            return Reply(
                sap.wsdl(parse_qs(urlsplit(request.path).query)["services"][0]).replace(
                    "ORDER_FLOWS_OUT", "OTHER"
                )
            )
        return None

    sap.broken = old
    with pytest.raises(ConfigError, match="delivered: status"):
        pages(open_())
