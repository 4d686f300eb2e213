from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connectors.soap.shape import Shape
from connectors.soap.wsdl import Wsdl
from hub.errors import ConfigError
from tests.connectors.depot import WSDL

URL = "http://depot.test/?wsdl"
XSD = "http://www.w3.org/2001/XMLSchema"


def load(text: str = WSDL, **more: str) -> Wsdl:
    return Wsdl(URL, lambda url: text.encode(), **more)


@pytest.mark.parametrize(
    ("base", "address", "sent_to"),
    [
        ("", "", "http://depot.inner.invalid:8000/services/depot?v=1"),
        ("https://outer:8443", "", "https://outer:8443/services/depot?v=1"),
        ("https://outer:8443", "/other?x=2", "https://outer:8443/other?x=2"),
        ("https://outer", "http://elsewhere/other", "https://outer/other"),
        ("", "http://elsewhere/other", "http://elsewhere/other"),
        ("", "/other", "http://depot.inner.invalid:8000/other"),
    ],
)
def test_the_connection_says_the_host(base: str, address: str, sent_to: str) -> None:
    assert load(base=base, address=address).address == sent_to


def test_a_request_and_its_headers() -> None:
    operation = load().operation("ListDispatches")
    assert operation.takes == ("from", "cursor", "max", "ids")
    assert operation.headers == {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:depot/List"'}
    assert b"<ns0:ids>1</ns0:ids><ns0:ids>2</ns0:ids>" in operation.request({"ids": ["1", "2"]})


def test_soap_12() -> None:
    text = WSDL.replace("http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/")
    operation = load(text).operation("ListDispatches")
    assert operation.headers == {
        "Content-Type": 'application/soap+xml; charset=utf-8; action="urn:depot/List"'
    }
    assert b"http://www.w3.org/2003/05/soap-envelope" in operation.request({})


@pytest.mark.parametrize("args", [{"nope": "1"}, {}, {"id": ["\x00"]}])
def test_wrong_arguments(args: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="GetLines"):
        load().operation("GetLines").request(args)


def test_names_that_are_not_there() -> None:
    with pytest.raises(ConfigError, match="did you mean 'ListDispatches'"):
        load().operation("ListDispatch")
    with pytest.raises(ConfigError, match="DepotService"):
        load(service="Other")
    with pytest.raises(ConfigError, match=r"DepotService\.DepotPort"):
        load(port="Other")


def test_documents_in_soap_encoding_are_refused() -> None:
    """Nobody ever agreed on what they are (WS-I Basic Profile 1.1, R2706)."""
    with pytest.raises(ConfigError, match="document/encoded"):
        load(WSDL.replace('use="literal"', 'use="encoded"')).operation("ListDispatches")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not xml",
        "<html/>",
        WSDL.replace("?>", '?><!DOCTYPE d [<!ENTITY e "x">]>', 1),
        WSDL.replace("?>", '?><!DOCTYPE d SYSTEM "http://elsewhere.invalid/x.dtd">', 1),
        WSDL.replace('binding="t:DepotBinding"', 'binding="t:Nothing"'),
        WSDL[: len(WSDL) // 2],
    ],
)
def test_a_description_that_is_no_use(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text).operation("ListDispatches")
    assert caught.value.key in ("soap.bad_wsdl", "soap.no_port")


def importing(place: str) -> str:
    schema = f'<xsd:schema><xsd:import namespace="urn:x" schemaLocation="{place}"/></xsd:schema>'
    return WSDL.replace("<types>", f"<types>{schema}")


@pytest.mark.parametrize(
    "place",
    [
        "http://elsewhere.invalid/x.xsd",
        "https://depot.test/x.xsd",
        "http://depot.test:81/x.xsd",
        "file:///etc/hostname",
    ],
)
def test_schemas_from_elsewhere_are_not_fetched(place: str) -> None:
    fetched = []

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return importing(place).encode()

    with pytest.raises(ConfigError) as caught:
        Wsdl(URL, fetch)
    assert caught.value.key == "soap.remote_schema"
    assert fetched == [URL]


def test_schemas_beside_the_wsdl_are_fetched() -> None:
    documents = {
        URL: importing("/x.xsd"),
        "http://depot.test/x.xsd": f'<s:schema xmlns:s="{XSD}" targetNamespace="urn:x"/>',
    }
    assert "ListDispatches" in Wsdl(URL, lambda url: documents[url].encode()).operations


def test_a_file_and_its_folder(tmp_path: Path) -> None:
    home = tmp_path / "wsdl"
    home.mkdir()
    (home / "depot.wsdl").write_text(WSDL)
    for place in (str(home / "depot.wsdl"), (home / "depot.wsdl").as_uri()):
        assert "ListDispatches" in Wsdl(place, _never).operations
    (tmp_path / "x.xsd").write_text("<x/>")
    (home / "depot.wsdl").write_text(importing("../x.xsd"))
    with pytest.raises(ConfigError) as caught:
        Wsdl(str(home / "depot.wsdl"), _never)
    assert caught.value.key == "soap.remote_schema"
    with pytest.raises(ConfigError, match="absent"):
        Wsdl(str(home / "absent.wsdl"), _never)


def _never(url: str) -> bytes:
    raise AssertionError(url)


def test_a_recursive_type_is_read() -> None:
    begin = '<xsd:complexType name="Dispatch"><xsd:sequence>'
    text = WSDL.replace(begin, begin + '<xsd:element name="Part" type="t:Dispatch" minOccurs="0"/>')
    rows = load(text).operation("ListDispatches").shape.children["Rows"]
    assert rows is not None
    row = rows.children["Row"]
    assert isinstance(row, Shape)
    assert row.children["Part"] is row


def test_zeep_is_loaded_late() -> None:
    code = "import sys, connectors.soap, connectors.sap_soap; sys.exit('zeep' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
