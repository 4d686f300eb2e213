"""The practice ERP over real HTTP: what contracts/erp.md sections 1 and 7 ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
import requests

from simulators.erp.books import Books
from simulators.erp.server import SICK_WAYS, SapServer
from simulators.erp.style import MC, RFC, Style
from simulators.truth import Order
from tests.simulators.worlds import healthy, world

GETLIST = "BAPI_SALESORDER_GETLIST"
STATUS = "BAPI_SALESORDER_GETSTATUS"
DETAILS = "BAPISDORDER_GETDETAILEDLIST"
HEADERS, ITEMS, FLOWS = "ORDER_HEADERS_OUT", "ORDER_ITEMS_OUT", "ORDER_FLOWS_OUT"


@pytest.fixture(scope="module")
def books() -> Books:
    return healthy().books


@pytest.fixture
def server(books: Books) -> Iterator[SapServer]:
    with SapServer(books) as server:
        yield server


class Caller:
    """Calls functions as a SOAP client would."""

    def __init__(self, server: SapServer, session: requests.Session) -> None:
        self.base = f"http://127.0.0.1:{server.port}"
        self.session = session

    def post(self, body: str, client: str = "100") -> requests.Response:
        text = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
            f"<s:Body>{body}</s:Body></s:Envelope>"
        )
        return self.session.post(
            f"{self.base}/sap/bc/soap/rfc?sap-client={client}", data=text.encode(), timeout=10
        )

    def call(
        self, function: str, content: str, client: str = "100", style: Style = RFC
    ) -> ElementTree.Element:
        name = style.name(function)
        answer = self.post(f'<n:{name} xmlns:n="{style.namespace}">{content}</n:{name}>', client)
        assert answer.status_code == 200, answer.text
        (element,) = ElementTree.fromstring(answer.content)[0]
        assert element.tag == f"{{{style.namespace}}}{style.response(function)}"
        return element


@pytest.fixture
def caller(server: SapServer) -> Iterator[Caller]:
    with requests.Session() as session:
        session.auth = (server.login, server.password)
        yield Caller(server, session)


def rows(answer: ElementTree.Element, table: str) -> list[dict[str, str]]:
    return [{cell.tag: cell.text or "" for cell in item} for item in answer.findall(f"{table}/item")]


def an_order(company: int = 0, lines: int = 1) -> Order:
    return next(
        order
        for order in world().orders
        if order.company == company
        and len(order.lines) >= lines
        and order.billed < world().now
        and not order.change
    )


def numbers(*orders: Order) -> str:
    items = "".join(f"<item><VBELN>{order.number:010d}</VBELN></item>" for order in orders)
    return f"<SALES_DOCUMENTS>{items}</SALES_DOCUMENTS>"


def test_the_list_has_one_row_an_item_of_one_customer_and_organisation(caller: Caller) -> None:
    order = an_order(lines=3)
    customer = f"<CUSTOMER_NUMBER>{order.buyer.number}</CUSTOMER_NUMBER>"
    organisation = "<SALES_ORGANIZATION>1000</SALES_ORGANIZATION>"
    answer = caller.call(GETLIST, f"{customer}{organisation}<SALES_ORDERS/>")
    found = rows(answer, "SALES_ORDERS")
    mine = [row for row in found if row["SD_DOC"] == f"{order.number:010d}"]
    assert [row["ITM_NUMBER"] for row in mine] == [f"{10 * (n + 1):06d}" for n in range(len(order.lines))]
    assert {row["SOLD_TO"] for row in found} == {order.buyer.number.rjust(10, "0")}
    assert all(len(row["MATERIAL"]) == 18 for row in found)
    assert answer.findtext("RETURN/TYPE") == ""  # a structure, not a table
    other = caller.call(GETLIST, f"{customer}<SALES_ORGANIZATION>2000</SALES_ORGANIZATION><SALES_ORDERS/>")
    assert rows(other, "SALES_ORDERS") == []


def test_the_list_filters_by_the_day_of_entry(caller: Caller) -> None:
    order = an_order()
    customer = f"<CUSTOMER_NUMBER>{order.buyer.number}</CUSTOMER_NUMBER>"
    base = f"{customer}<SALES_ORGANIZATION>1000</SALES_ORGANIZATION>"
    dates = "<DOCUMENT_DATE>2026-06-01</DOCUMENT_DATE><DOCUMENT_DATE_TO>2026-06-10</DOCUMENT_DATE_TO>"
    found = rows(caller.call(GETLIST, f"{base}{dates}<SALES_ORDERS/>"), "SALES_ORDERS")
    assert found
    assert all("2026-06-01" <= row["CREATION_DATE"] <= "2026-06-10" for row in found)
    compact = dates.replace("-", "")
    assert rows(caller.call(GETLIST, f"{base}{compact}<SALES_ORDERS/>"), "SALES_ORDERS") == found


def test_a_missing_parameter_is_an_error_in_return(caller: Caller) -> None:
    answer = caller.call(GETLIST, "<SALES_ORDERS/>")
    assert answer.findtext("RETURN/TYPE") == "E"


def test_a_table_that_is_not_sent_is_not_returned(caller: Caller) -> None:
    view = "<I_BAPI_VIEW><HEADER>X</HEADER><ITEM>X</ITEM></I_BAPI_VIEW>"
    answer = caller.call(DETAILS, f"{view}{numbers(an_order())}<ORDER_HEADERS_OUT/>")
    assert len(rows(answer, HEADERS)) == 1
    assert answer.find(ITEMS) is None


def test_a_flag_that_is_not_set_leaves_its_table_empty(caller: Caller) -> None:
    answer = caller.call(
        DETAILS,
        f"<I_BAPI_VIEW><ITEM>X</ITEM></I_BAPI_VIEW>{numbers(an_order())}<ORDER_HEADERS_OUT/><ORDER_ITEMS_OUT/>",
    )
    assert answer.find(HEADERS) is not None
    assert rows(answer, HEADERS) == []
    assert rows(answer, ITEMS)


def test_details_are_read_in_blocks_and_unknown_numbers_passed_over(caller: Caller) -> None:
    orders = list(world().of(0))[:200]
    ghost = "<item><VBELN>0009999999</VBELN></item>"
    view = "<I_BAPI_VIEW><HEADER>X</HEADER></I_BAPI_VIEW>"
    documents = numbers(*orders).replace("<SALES_DOCUMENTS>", f"<SALES_DOCUMENTS>{ghost}")
    answer = caller.call(DETAILS, f"{view}{documents}<ORDER_HEADERS_OUT/>")
    assert [row["DOC_NUMBER"] for row in rows(answer, HEADERS)] == [
        f"{order.number:010d}" for order in orders
    ]
    assert {row["SALES_ORG"] for row in rows(answer, HEADERS)} == {"1000"}


def test_stamps_are_days_and_initial_where_nothing_changed(caller: Caller) -> None:
    order = an_order()
    view = "<I_BAPI_VIEW><HEADER>X</HEADER></I_BAPI_VIEW>"
    (head,) = rows(caller.call(DETAILS, f"{view}{numbers(order)}<ORDER_HEADERS_OUT/>"), HEADERS)
    assert head["CH_ON"] == "0000-00-00"
    changed = next(o for o in world().of(0) if o.change and o.change.at < world().now)
    (head,) = rows(caller.call(DETAILS, f"{view}{numbers(changed)}<ORDER_HEADERS_OUT/>"), HEADERS)
    assert head["CH_ON"] >= head["REC_DATE"]
    assert len(head["CH_ON"]) == 10


def test_both_clients_answer_with_their_own_documents(caller: Caller) -> None:
    number = next(o.number for o in world().of(1) if (0, o.number) in {p.key for p in world().orders})
    asked = f"<SALES_DOCUMENTS><item><VBELN>{number:010d}</VBELN></item></SALES_DOCUMENTS>"
    call = f"<I_BAPI_VIEW><HEADER>X</HEADER></I_BAPI_VIEW>{asked}<ORDER_HEADERS_OUT/>"
    (first,), (second,) = (rows(caller.call(DETAILS, call, client), HEADERS) for client in ("100", "200"))
    assert first["DOC_NUMBER"] == second["DOC_NUMBER"]
    assert (first["SALES_ORG"], second["SALES_ORG"]) == ("1000", "2000")


def test_the_status_has_one_row_an_item_and_delivery(caller: Caller) -> None:
    order = next(
        o for o in world().of(0) if len(o.deliveries) == 2 and o.posted < world().now and not o.change
    )
    found = rows(
        caller.call(STATUS, f"<SALESDOCUMENT>{order.number}</SALESDOCUMENT><STATUSINFO/>"), "STATUSINFO"
    )
    assert len(found) == sum(len(delivery.lines) for delivery in order.deliveries)
    by_item: dict[str, list[dict[str, str]]] = {}
    for row in found:
        by_item.setdefault(row["ITM_NUMBER"], []).append(row)
    for item in by_item.values():
        assert sum(float(row["DLV_QTY"]) for row in item) == float(item[0]["REQ_QTY"])
        assert len({row["DELIV_NUMB"] for row in item}) == len(item)


def test_an_unknown_document_is_an_error_in_return(caller: Caller) -> None:
    answer = caller.call(STATUS, "<SALESDOCUMENT>1</SALESDOCUMENT><STATUSINFO/>")
    assert answer.findtext("RETURN/TYPE") == "E"


def test_returns_carry_the_minus_behind_and_name_the_order(caller: Caller) -> None:
    order = next(o for o in world().of(0) if o.returned and o.returned.posted < world().now)
    assert order.returned
    flags = "<I_BAPI_VIEW><HEADER>X</HEADER><ITEM>X</ITEM><FLOW>X</FLOW></I_BAPI_VIEW>"
    number = f"<SALES_DOCUMENTS><item><VBELN>{order.returned.number:010d}</VBELN></item></SALES_DOCUMENTS>"
    answer = caller.call(DETAILS, f"{flags}{number}<{HEADERS}/><{ITEMS}/><{FLOWS}/>")
    (head,) = rows(answer, HEADERS)
    assert head["REF_DOC"] == f"{order.number:010d}"
    assert head["NET_VAL_HD"].endswith("-")
    assert all(row["REQ_QTY"].endswith("-") for row in rows(answer, ITEMS))
    assert all(row["REF_QTY"].endswith("-") for row in rows(answer, FLOWS))


def test_customers_come_by_range(caller: Caller) -> None:
    everyone = "<IDRANGE><item><SIGN>I</SIGN><OPTION>CP</OPTION><LOW>*</LOW></item></IDRANGE>"
    call = f"<ADDRESSDATA/>{everyone}"
    first = rows(caller.call("BAPI_CUSTOMER_GETLIST", call), "ADDRESSDATA")
    second = rows(caller.call("BAPI_CUSTOMER_GETLIST", call, "200"), "ADDRESSDATA")
    assert len(first) + len(second) > 100
    assert {row["CUSTOMER"] for row in first} & {row["CUSTOMER"] for row in second}
    assert any("&" in row["NAME"] for row in first)
    capped = rows(caller.call("BAPI_CUSTOMER_GETLIST", f"<MAXROWS>5</MAXROWS>{call}"), "ADDRESSDATA")
    assert capped == first[:5]
    assert rows(caller.call("BAPI_CUSTOMER_GETLIST", "<ADDRESSDATA/>"), "ADDRESSDATA") == []


def test_mc_style_says_the_same_in_mixed_case(caller: Caller) -> None:
    order = an_order()
    plain = caller.call(STATUS, f"<SALESDOCUMENT>{order.number}</SALESDOCUMENT><STATUSINFO/>")
    mixed = caller.call(STATUS, f"<Salesdocument>{order.number}</Salesdocument><Statusinfo/>", style=MC)
    assert [list(row.values()) for row in rows(mixed, "Statusinfo")] == [
        list(row.values()) for row in rows(plain, "STATUSINFO")
    ]
    assert "DlvStatH" in rows(mixed, "Statusinfo")[0]


@pytest.mark.parametrize(("path", "names"), [("soap/wsdl11", RFC), ("soap/wsdl", RFC), ("srt/wsdl", MC)])
def test_the_wsdl_names_an_inner_host(caller: Caller, path: str, names: Style) -> None:
    answer = caller.session.get(f"{caller.base}/sap/bc/{path}?services={GETLIST}&sap-client=200", timeout=10)
    assert answer.headers["Content-Type"].startswith("text/xml")
    assert f'targetNamespace="{names.namespace}"' in answer.text
    assert f'name="{names.response(GETLIST)}"' in answer.text
    assert "<xsd:all>" in answer.text
    assert 'location="http://sapecc01.factory.internal:8000/' in answer.text


@pytest.mark.parametrize(("path", "style"), [("soap/wsdl11", RFC), ("srt/wsdl", MC)])
def test_zeep_reads_the_wsdl_of_every_function(caller: Caller, path: str, style: Style) -> None:
    from zeep import Client
    from zeep.transports import Transport

    from simulators.erp.functions import FUNCTIONS

    for name in FUNCTIONS:
        wsdl = f"{caller.base}/sap/bc/{path}?services={name}"
        client = Client(wsdl, transport=Transport(session=caller.session))
        binding = f"{{{style.namespace}}}{style.name(name)}Binding"
        service = client.create_service(binding, f"{caller.base}/sap/bc/soap/rfc?sap-client=100")
        if name == "BAPI_SALESORDER_GETSTATUS":
            arguments = {
                style.name("SALESDOCUMENT"): f"{an_order().number:010d}",
                style.name("STATUSINFO"): {"item": []},
            }
            answer = service[style.name(name)](**arguments)
            assert answer[style.name("STATUSINFO")]


def test_wrong_credentials_get_an_html_page(server: SapServer) -> None:
    with requests.Session() as session:
        session.auth = ("HUB_RFC", "guess")
        caller = Caller(server, session)
        answers = [
            caller.post("<x/>"),
            session.get(f"{caller.base}/sap/bc/soap/wsdl?services={GETLIST}", timeout=10),
        ]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["Content-Type"].startswith("text/html")


def test_what_is_no_call_is_a_fault_with_500(caller: Caller) -> None:
    for body in ("<x/>", '<n:BAPI_X xmlns:n="urn:sap-com:document:sap:rfc:functions"/>', "<unclosed>"):
        answer = caller.post(body)
        assert answer.status_code == 500
        assert b"SOAP-ENV:Client" in answer.content
    assert (
        caller.session.get(f"{caller.base}/sap/bc/soap/wsdl11?services=NONE", timeout=10).status_code == 404
    )


def test_every_bad_day_and_the_day_after(server: SapServer, caller: Caller) -> None:
    content = f"<SALESDOCUMENT>{an_order().number}</SALESDOCUMENT><STATUSINFO/>"
    body = f'<n:{STATUS} xmlns:n="{RFC.namespace}">{content}</n:{STATUS}>'
    well = caller.post(body).content
    seen = {}
    for way in SICK_WAYS:
        server.fail(way, after=1, function=STATUS)
        assert caller.post(body).content == well
        seen[way] = caller.post(body)
        assert caller.post(body).content == well
    assert {way: answer.status_code for way, answer in seen.items()} == {
        "html_503": 503,
        "html_401": 401,
        "fault_500": 500,
        "fault_200": 200,
        "malformed": 200,
        "cut": 200,
        "locked": 200,
    }
    assert seen["fault_200"].content == seen["fault_500"].content
    assert b"Fault>" in seen["fault_200"].content
    assert "Content-Length" not in seen["cut"].headers
    assert well.startswith(seen["cut"].content)
    assert len(seen["cut"].content) < len(well)
    assert b"V1042" in seen["locked"].content
    for broken in ("malformed", "cut"):
        with pytest.raises(ElementTree.ParseError):
            ElementTree.fromstring(seen[broken].content)


def test_a_way_that_there_is_not_is_refused(server: SapServer) -> None:
    with pytest.raises(ValueError, match="sneeze"):
        server.fail("sneeze")
