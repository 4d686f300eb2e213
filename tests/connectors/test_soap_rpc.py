"""rpc/encoded and rpc/literal services, sessions and WS-Security: one mapping each, no code."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import etree

from connectors.contract import Everything, Keys, Since
from connectors.retry import retrying
from connectors.soap import SoapConnector
from connectors.soap.wsdl import Wsdl
from hub.config import connection
from hub.errors import AuthExpired, ConfigError, Unavailable
from hub.mapping.grammar import SystemMapping
from hub.yamlfile import load
from tests.connectors import shop
from tests.connectors.soap_server import Reply, Request, SoapServer, fault, serving

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
ENC = f"{{{shop.ENCODING}}}"

LOGIN = "{login: {op: login, args: [=conn.login, =conn.password], take: {session: loginReturn}}}"
BY_NAME = "{session: =session, filter: {field: changed, from: =since}, limit: =size}"
SIGNED_OFF = BY_NAME.replace("session: =session, ", "")


def yaml(
    args: str = BY_NAME, *, op: str = "orders", how: str = "cursor: [changed, id]", auth: str = LOGIN
) -> str:
    """Return a mapping: how the shop is entered, what its one call sends and how its answer is read."""
    return f"""
system: shop
connector: soap
time: {{zone: UTC, format: iso}}
auth: {auth}
errors: {{auth: ["* session expired*"]}}
streams:
  orders:
    read: {{op: {op}, size: 100, args: {args}, {how}}}
    fields:
      order_no: id
      status: {{from: state, codes: {{open: confirmed}}}}
      ordered: {{sum: "lines[].qty"}}
"""


LINE = (
    '<item xsi:type="t:Line"><sku xsi:type="xsd:string">{sku}</sku>'
    '<qty xsi:type="xsd:decimal">{qty}</qty></item>'
)
ORDER = (
    '<item xsi:type="t:Order"><id>SO1</id><state>open</state><changed>2026-03-01T08:00:00Z</changed>'
    '<customer xsi:nil="true"/><lines enc:arrayType="t:Line[1]" xsi:type="enc:Array">'
    + LINE.format(sku="A", qty="2.50")
    + "</lines></item>"
)


def orders(inner: str, count: int = 1, **more: Any) -> bytes:
    said = f'<ordersReturn xsi:type="enc:Array" enc:arrayType="t:Order[{count}]">{inner}</ordersReturn>'
    return shop.answer("orders", said, **more)


class Shop:
    """A shop with sessions: `current` is the one that is good, `answers` what comes to each operation."""

    def __init__(self) -> None:
        self.logins = 0
        self.refusal = b""
        self.answers: dict[str, bytes] = {"orders": orders(ORDER)}
        self.description = shop.wsdl()

    @property
    def current(self) -> str:
        return f"session-{self.logins}"

    def __call__(self, request: Request) -> Reply:
        if request.method == "GET":
            return Reply(self.description)
        name = etree.QName(request.call).localname
        if name == "login":
            self.logins += 1
            if self.refusal:
                return Reply(self.refusal, 500)
            said = f'<loginReturn xsi:type="xsd:string">{self.current}</loginReturn>'
            return Reply(shop.answer("login", said))
        if request.text("session") not in (self.current, None):
            return Reply(fault("Server", "session expired, log in again"), 500)
        return Reply(self.answers[name])


@pytest.fixture
def at() -> Iterator[tuple[Shop, SoapServer]]:
    one = Shop()
    with serving(one) as server:
        yield one, server


Open = Callable[..., SoapConnector]


@pytest.fixture
def open_(at: tuple[Shop, SoapServer]) -> Iterator[Open]:
    made: list[SoapConnector] = []

    def open_(text: str = "", **more: Any) -> SoapConnector:
        said = {"conn_type": "http", "host": at[1].host, "login": "hub", "password": "s3cret", **more}
        reached = connection("shop", {"AIRFLOW_CONN_SHOP": json.dumps(said)})
        mapping = SystemMapping.model_validate(load(text or yaml()).data)
        made.append(SoapConnector(mapping, reached, lambda: NOW, retrying(lambda seconds: None)))
        return made[-1]

    yield open_
    for connector in made:
        connector.close()


def read(connector: SoapConnector, ask: Any = None) -> list[Any]:
    return [record for page in connector.fetch("orders", ask or Since({})) for record in page.records]


def test_encoded_orders_come_as_plain_data(open_: Open, at: tuple[Shop, SoapServer]) -> None:
    (record,) = read(open_())
    assert record == {
        "id": "SO1",
        "state": "open",
        "changed": "2026-03-01T08:00:00Z",
        "customer": None,
        "lines": [{"sku": "A", "qty": "2.50"}],
    }
    call = at[1].posts[1].call  # after the login; before the one that goes on from the last stamp
    assert call.tag == f"{{{shop.NS}}}orders"
    assert call.get("{http://schemas.xmlsoap.org/soap/envelope/}encodingStyle") == shop.ENCODING
    assert [(part.tag, part.get(f"{XSI}type"), part.text) for part in call if not len(part)] == [
        ("session", "xsd:string", "session-1"),
        ("limit", "xsd:int", "100"),
    ]
    assert call.find("filter").get(f"{XSI}type") == "m:Filter"
    assert call.find("filter/from") is None, "no since at the first read: absent, not empty"


def test_since_is_sent_in_its_type(open_: Open, at: tuple[Shop, SoapServer]) -> None:
    connector = open_()
    state: dict[str, Any] = {}
    for page in connector.fetch("orders", Since({})):
        state |= page.state
    read(connector, Since(state))
    since = at[1].posts[-1].call.find("filter/from")
    assert (since.get(f"{XSI}type"), since.text) == ("xsd:dateTime", "2026-03-01T08:00:00Z")


@pytest.mark.parametrize("count", [0, 1, 2])
def test_an_array_is_a_list_of_any_length(open_: Open, at: tuple[Shop, SoapServer], count: int) -> None:
    lines = "".join(LINE.format(sku=f"S{at}", qty="1") for at in range(count))
    inner = f'<item><id>SO1</id><lines enc:arrayType="t:Line[{count}]">{lines}</lines></item>'
    at[0].answers["orders"] = orders(inner)
    assert len(read(open_())[0]["lines"]) == count
    at[0].answers["orders"] = orders("".join(f"<item><id>SO{one}</id></item>" for one in range(count)), count)
    assert [record["id"] for record in read(open_())] == [f"SO{one}" for one in range(count)]


def test_an_array_that_only_the_description_calls_one(open_: Open, at: tuple[Shop, SoapServer]) -> None:
    item = f"<item><id>SO1</id><lines>{LINE.format(sku='A', qty='1')}</lines></item>"
    at[0].answers["orders"] = shop.answer("orders", f"<ordersReturn>{item}</ordersReturn>")
    assert read(open_()) == [{"id": "SO1", "lines": [{"sku": "A", "qty": "1"}]}]


def test_objects_that_are_referred_to_twice(open_: Open, at: tuple[Shop, SoapServer]) -> None:
    customer = (
        '<multiRef id="c" enc:root="0" xsi:type="t:Customer"><no>K7</no><town href="#t"/></multiRef>'
        '<multiRef id="t" enc:root="0" xsi:type="xsd:string">苏州</multiRef>'
    )
    inner = "".join(f'<item href="#o{one}"/>' for one in (1, 2))
    beside = "".join(
        f'<multiRef id="o{one}" enc:root="0"><id>SO{one}</id><customer href="#c"/></multiRef>'
        for one in (1, 2)
    )
    at[0].answers["orders"] = orders(inner, 2, beside=beside + customer)
    assert read(open_()) == [{"id": f"SO{one}", "customer": {"no": "K7", "town": "苏州"}} for one in (1, 2)]


@pytest.mark.parametrize("inner", ['<item href="#nowhere"/>', '<item href="#o"/>'])
def test_references_that_lead_nowhere(open_: Open, at: tuple[Shop, SoapServer], inner: str) -> None:
    beside = '<multiRef id="o" enc:root="0"><id>SO1</id><customer href="#o"/></multiRef>'
    at[0].answers["orders"] = orders(inner, beside=beside)
    with pytest.raises(Unavailable, match="refers to"):
        read(open_())


def test_maps_come_and_go_as_dicts(open_: Open, at: tuple[Shop, SoapServer]) -> None:
    def item(key: str, value: str) -> str:
        return f'<item><key xsi:type="xsd:string">{key}</key>{value}</item>'

    row = f'<item xsi:type="map:Map">{item("订单号", "<value>SO1</value>")}</item>'
    rows = f'<value xsi:type="enc:Array" enc:arrayType="map:Map[1]">{row}</value>'
    said = item("rows", rows) + item("none", '<value xsi:nil="true"/>')
    at[0].answers["info"] = shop.answer("info", f'<infoReturn xsi:type="map:Map">{said}</infoReturn>')
    text = yaml("{session: =session}", op="info", how="records: infoReturn.rows")
    assert read(open_(text)) == [{"订单号": "SO1"}]
    read(open_(yaml("{session: =session, options: {mode: full, pages: 2, tags: [a, b]}}")))
    options = at[1].posts[-1].call.find("options")
    assert options.get(f"{XSI}type").endswith(":Map")
    pairs = [(item.findtext("key"), item.find("value")) for item in options]
    assert [(key, value.get(f"{XSI}type"), value.text) for key, value in pairs[:2]] == [
        ("mode", "xsd:string", "full"),
        ("pages", "xsd:int", "2"),
    ]
    assert pairs[2][1].get(f"{ENC}arrayType") == "xsd:anyType[2]"


def test_lists_nil_and_absent_are_kept_apart(open_: Open, at: tuple[Shop, SoapServer]) -> None:
    connector = open_(yaml("{session: =session, filter: {field: changed, from: null}, ids: =keys}"))
    read(connector, Keys(["SO1", "SO2"]))
    call = at[1].posts[-1].call
    assert call.find("filter/from").get(f"{XSI}nil") == "true"
    assert call.find("limit") is None
    assert call.find("ids").get(f"{ENC}arrayType") == "xsd:string[2]"
    assert [item.text for item in call.find("ids")] == ["SO1", "SO2"]


def test_arguments_by_position(open_: Open, at: tuple[Shop, SoapServer]) -> None:
    text = yaml("[=session, {field: changed}, [SO1], {}, =size]")
    read(open_(text))
    assert [part.tag for part in at[1].posts[-1].call] == ["session", "filter", "ids", "options", "limit"]
    with pytest.raises(ConfigError, match="6 > 5"):
        read(open_(text.replace("=size]", "=size, more]")))


def test_an_unknown_argument_is_named(open_: Open) -> None:
    with pytest.raises(ConfigError, match="'limit'"):
        read(open_(yaml(BY_NAME.replace("limit", "limt"))))
    with pytest.raises(ConfigError, match="'field'"):
        read(open_(yaml(BY_NAME.replace("field", "feild"))))


def test_an_expired_session_is_renewed_once(open_: Open, at: tuple[Shop, SoapServer]) -> None:
    one, server = at
    first, second = open_(), open_()
    read(first)
    read(second)
    assert one.logins == 1, "connectors of one system share a session"
    one.logins += 1  # the server forgot it
    assert len(read(first)) == 1
    assert len(read(second)) == 1
    assert one.logins == 3
    one.answers["orders"] = fault("Server", "session expired, for ever")
    with pytest.raises(AuthExpired):
        read(first)
    assert one.logins == 4


@pytest.mark.parametrize(("code", "tries"), [("2", 1), ("Client.Auth", 1), ("Server", 4)])
def test_a_login_that_is_refused_in_its_own_words_is_not_tried_again(
    code: str, tries: int, open_: Open, at: tuple[Shop, SoapServer]
) -> None:
    one, _ = at
    one.refusal = fault(code, "Access denied.")
    with pytest.raises(AuthExpired if tries == 1 else Unavailable, match=r"Access denied\."):
        read(open_())
    assert one.logins == tries


def test_soap_1_2(open_: Open, at: tuple[Shop, SoapServer]) -> None:
    one, server = at
    one.description = shop.wsdl(soap12=True)
    said = (
        '<ordersReturn enc:itemType="t:Order" enc:arraySize="2"><item><id>SO1</id></item>'
        '<item enc:ref="o2"/></ordersReturn><note enc:id="o2"><id>SO2</id></note>'
    )
    one.answers["orders"] = shop.answer("orders", said, soap12=True)
    text = yaml("{ids: =keys}", how="records: ordersReturn", auth="basic")

    def by_tag(request: Request) -> Reply:
        return Reply(one.description) if request.method == "GET" else Reply(one.answers["orders"])

    server.answer = by_tag
    assert [record["id"] for record in read(open_(text), Keys(["SO1", "SO2"]))] == ["SO1", "SO2"]
    request = server.posts[-1]
    assert request.headers["Content-Type"].startswith("application/soap+xml")
    sent: Any = etree.fromstring(request.body)
    assert sent.tag == f"{{{shop.SOAP_12}}}Envelope"
    ids = sent.find(".//ids")
    assert ids.get(f"{{{shop.ENCODING_12}}}arraySize") == "2"


def test_rpc_literal(open_: Open, at: tuple[Shop, SoapServer]) -> None:
    at[0].description = shop.wsdl("literal")
    row = "<item><key>a</key><value>1</value></item>"
    at[0].answers["info"] = shop.answer("info", f"<infoReturn>{row}</infoReturn>")
    text = yaml("{session: session-0}", op="info", how="records: infoReturn", auth="basic")
    assert read(open_(text), Everything()) == [{"key": "a", "value": "1"}]
    call = at[1].posts[-1].call
    assert call.tag == f"{{{shop.NS}}}info"
    assert (call.find("session").text, dict(call.find("session").attrib)) == ("session-0", {})


WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"


@pytest.mark.parametrize("way", ["wsse", "wsse_digest"])
def test_ws_security(open_: Open, at: tuple[Shop, SoapServer], way: str) -> None:
    text = yaml(SIGNED_OFF, auth=way)
    connector = open_(text)
    read(connector)
    read(connector)
    nonces = []
    for request in at[1].posts:
        token: Any = etree.fromstring(request.body).find(f".//{WSSE}UsernameToken")
        assert token.findtext(f"{WSSE}Username") == "hub"
        password = token.find(f"{WSSE}Password")
        assert "Authorization" not in request.headers
        if way == "wsse":
            assert (password.text, password.get("Type").rpartition("#")[2]) == ("s3cret", "PasswordText")
            continue
        nonce, created = token.findtext(f"{WSSE}Nonce"), token.findtext(f"{WSU}Created")
        expected = hashlib.sha1(base64.b64decode(nonce) + created.encode() + b"s3cret").digest()
        assert created == "2026-03-02T12:00:00Z"
        assert base64.b64decode(password.text) == expected
        nonces.append(nonce)
    assert len(set(nonces)) == len(nonces)


def test_a_session_in_a_soap_header_nobody_declared(open_: Open, at: tuple[Shop, SoapServer]) -> None:
    text = yaml(SIGNED_OFF, how='headers: {"{urn:auth}Session": {id: =session, lang: zh}}')
    read(open_(text))
    header: Any = etree.fromstring(at[1].posts[-1].body).find(".//{urn:auth}Session")
    assert [(one.tag, one.text) for one in header] == [
        ("{urn:auth}id", "session-1"),
        ("{urn:auth}lang", "zh"),
    ]


def test_a_login_in_an_http_header_and_cookie(open_: Open, at: tuple[Shop, SoapServer]) -> None:
    parts = "headers: {X-Session: =session}, cookies: {sid: =session}}"
    text = yaml(SIGNED_OFF, auth=LOGIN[:-1] + f", {parts}")
    read(open_(text))
    request = at[1].posts[-1]
    assert request.headers["X-Session"] == "session-1"
    assert "sid=session-1" in request.headers["Cookie"]


def test_schemas_of_the_encoding_come_with_the_program(open_: Open) -> None:
    """Nothing but the service itself is asked, although the description names schemas of other hosts."""
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return (
            shop.wsdl()
            .replace(
                '<xsd:schema targetNamespace="urn:shop">',
                '<xsd:schema targetNamespace="urn:shop">'
                f'<xsd:import namespace="{shop.ENCODING}" schemaLocation="{shop.ENCODING}"/>'
                '<xsd:import namespace="http://xml.apache.org/xml-soap"/>',
            )
            .encode()
        )

    loaded = Wsdl("http://shop.invalid/?wsdl", fetch)
    assert loaded.operations == ["info", "login", "orders"]
    assert asked == ["http://shop.invalid/?wsdl"]
