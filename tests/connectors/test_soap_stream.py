from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.soap.rows import Rows
from connectors.soap.shape import tables
from connectors.soap.stream import SOAP_12, Answer, read
from connectors.soap.wsdl import Operation, Wsdl
from hub.errors import Incomplete, SourceError, Unavailable
from tests.connectors.depot import NS, WSDL, listing
from tests.connectors.soap_server import envelope, fault


@pytest.fixture(scope="module")
def operation() -> Operation:
    return Wsdl("http://depot.test/?wsdl", lambda url: WSDL.encode()).operation("ListDispatches")


def parse(operation: Operation, body: bytes, *, size: int = 50, encoding: str | None = None) -> Answer:
    chunks = (body[at : at + size] for at in range(0, len(body), size))
    return read(chunks, operation.shape, encoding=encoding, system="depot", operation="ListDispatches")


ONE = """<Row><Id>007</Id><Changed xsi:nil="true"/><Note/><Qty>5.000-</Qty>
<Lines><Line><Pos>1</Pos><Qty>1.50</Qty></Line></Lines><Box><Pos>9</Pos></Box>
<Weight unit="kg">3.5</Weight><Address><City> Wien </City></Address></Row>"""


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_texts_stay_text_and_lists_are_lists(operation: Operation, size: int) -> None:
    answer = parse(operation, listing(ONE, tail="<Total>1</Total>"), size=size)
    assert list(answer.table("Rows")) == [
        {
            "Id": "007",
            "Changed": None,
            "Note": "",
            "Qty": "5.000-",
            "Lines": [{"Pos": "1", "Qty": "1.50"}],
            "Box": [{"Pos": "9"}],
            "Weight": {"value": "3.5", "unit": "kg"},
            "Address": {"City": " Wien "},
        }
    ]
    assert answer.head == {"Total": "1"}
    assert not answer.drift


def test_absent_is_a_missing_key_and_an_empty_list_is_a_list(operation: Operation) -> None:
    assert parse(operation, listing("")).plain() == {"Rows": []}
    assert parse(operation, listing("<Row><Id>1</Id></Row>")).plain() == {"Rows": [{"Id": "1", "Box": []}]}
    bare = envelope(f'<ListDispatchesResponse xmlns="{NS}"><Code>0</Code></ListDispatchesResponse>')
    assert parse(operation, bare).plain() == {"Code": "0"}
    nil = envelope(f'<ListDispatchesResponse xmlns="{NS}"><Rows xsi:nil="true"/></ListDispatchesResponse>')
    assert parse(operation, nil).plain() == {"Rows": []}


def test_unknown_elements_are_kept_and_noted(operation: Operation) -> None:
    row = "<Row><Id>1</Id><New>x</New><Deep><A>1</A><B/></Deep><T><item><C>1</C></item></T></Row>"
    answer = parse(operation, listing(row, tail="<More>y</More>"))
    (record,) = answer.table("Rows")
    assert record == {
        "Id": "1", "New": "x", "Deep": {"A": "1", "B": ""}, "T": [{"C": "1"}], "Box": [],
    }  # fmt: skip
    assert answer.head == {"More": "y"}
    assert answer.drift == {"Rows/New", "Rows/Deep", "Rows/T", "More"}


def test_a_text_that_has_become_a_structure_is_not_lost(operation: Operation) -> None:
    (record,) = parse(operation, listing("<Row><Id>\n <Part>1</Part>\n</Id></Row>")).table("Rows")
    assert record["Id"] == {"Part": "1"}


def test_what_comes_twice_against_the_schema_is_kept(operation: Operation) -> None:
    (record,) = parse(operation, listing("<Row><Id>1</Id><Id>2</Id></Row>")).table("Rows")
    assert record["Id"] == ["1", "2"]


def test_repeated_elements_among_others_keep_their_neighbours() -> None:
    lines = Wsdl("http://depot.test/?wsdl", lambda url: WSDL.encode()).operation("GetLines")
    rows = "".join(f"<Line><Id>a</Id><Pos>{n}</Pos></Line><Seen>{n}</Seen>" for n in range(3))
    body = envelope(f'<GetLinesResponse xmlns="{NS}"><First>1</First>{rows}<Last>2</Last></GetLinesResponse>')
    for size in (1, 64, 10_000):
        answer = parse(lines, body, size=size)
        assert [row["Pos"] for row in answer.table("Line")] == ["0", "1", "2"]
        assert answer.head == {"First": "1", "Seen": ["0", "1", "2"], "Last": "2"}


def test_every_cut_is_incomplete(operation: Operation) -> None:
    body = listing(ONE)
    for end in range(0, len(body) - 1, 7):
        with pytest.raises(Incomplete):
            parse(operation, body[:end])


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (listing("<Row><Id>1</Idd></Row>"), "soap.malformed"),
        (listing("").replace(b"</e:Envelope>", b"</f:Envelope>"), "soap.malformed"),
        (listing("") + b"<Warning: out of memory", "soap.malformed"),
        (b"<html><body>busy</body></html>", "soap.no_envelope"),
        (b"<Envelope><Body/></Envelope>", "soap.no_envelope"),
        (envelope(""), "soap.empty"),
        (listing("").replace(b"?>", b"?><!DOCTYPE x [<!ENTITY a 'b'>]>", 1), "soap.doctype"),
        (listing("<Row><Id>\xe9</Id></Row>").decode().encode("latin-1"), "soap.malformed"),
    ],
)
def test_nonsense_is_unavailable(operation: Operation, body: bytes, key: str) -> None:
    with pytest.raises(Unavailable) as caught:
        parse(operation, body, size=10_000)
    assert caught.value.key == key
    assert not isinstance(caught.value, Incomplete)


def test_entities_are_not_expanded(operation: Operation) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    body = listing("<Row><Id>&b;</Id></Row>").replace(b"?>", b"?>" + bomb, 1)
    with pytest.raises(SourceError):
        parse(operation, body)


def test_charset_of_the_declaration_and_override(operation: Operation) -> None:
    text = "加急"
    row = f"<Row><Id>{text}</Id></Row>"
    declared = listing(row).decode().replace('"utf-8"', '"GB18030"').encode("gb18030")
    assert [one["Id"] for one in parse(operation, declared).table("Rows")] == [text]
    lying = listing(row).decode().encode("gb18030")
    assert [one["Id"] for one in parse(operation, lying, encoding="gb18030").table("Rows")] == [text]
    with pytest.raises(Unavailable):
        parse(operation, lying)
    with pytest.raises(Unavailable, match="no-such-charset"):
        parse(operation, lying, encoding="no-such-charset")


def test_faults_of_both_versions(operation: Operation) -> None:
    old = parse(operation, fault("Client.Data", "bad", "<x><no>7</no></x>")).fault
    assert old is not None
    assert (old.code, old.text, old.by_client, old.detail) == ("Client.Data", "bad", True, {"x": {"no": "7"}})
    new = envelope(
        '<e:Fault><e:Code><e:Value>e:Receiver</e:Value></e:Code><e:Reason><e:Text xml:lang="en">down</e:Text>'
        "</e:Reason></e:Fault>",
        soap=SOAP_12,
    )
    found = parse(operation, new).fault
    assert found is not None
    assert (found.code, found.text, found.by_client) == ("Receiver", "down", False)


def test_tables_of_the_schema(operation: Operation) -> None:
    assert [(table.path, table.tag) for table in tables(operation.shape)] == [(("Rows",), "Row")]


def test_memory_holds_rows_not_xml(operation: Operation) -> None:
    """Rows past the first block wait packed; the tree never grows."""
    row = "<Row><Id>{}</Id><Changed>2026-01-01T00:00:00</Changed></Row>"

    def chunks() -> Iterator[bytes]:
        begin, end = listing("@").split(b"@")
        yield begin
        for at in range(200):
            yield "".join(row.format(at * 100 + n) for n in range(100)).encode()
        yield end

    answer = read(chunks(), operation.shape)
    rows = answer.table("Rows")
    assert len(rows) == 20_000
    assert [one["Id"] for one in rows] == [str(n) for n in range(20_000)]
    assert len(rows._packed) == 3


@pytest.mark.parametrize(
    ("count", "size", "pages"), [(0, 3, [0]), (1, 3, [1]), (3, 3, [3]), (7, 3, [3, 3, 1]), (7, None, [7])]
)
def test_rows_by_page(count: int, size: int | None, pages: list[int]) -> None:
    rows = Rows(block=2)
    for n in range(count):
        rows.append({"n": str(n)})
    assert len(rows) == count
    assert [len(page) for page in rows.pages(size)] == pages
    assert [row["n"] for page in rows.pages(size) for row in page] == [str(n) for n in range(count)]
