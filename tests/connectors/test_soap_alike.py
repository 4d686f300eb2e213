"""Rows read together are the very rows that come out when each is read by itself."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.soap import stream, taking
from connectors.soap.alike import Alike
from connectors.soap.shape import Shape
from tests.connectors.soap_server import envelope

NAMES = ("Id", "Note", "Qty")
NS = "urn:alike"

_texts = st.sampled_from(
    ["1", " ", "\n x", "a&amp;b", "加急", "<![CDATA[c]]>", "a<![CDATA[c]]>d", "<![CDATA[]]>", "&#13;"]
)
_odd = st.sampled_from(["", "<!-- -->", "a<!-- -->b", "a<b/>c", "<b>1</b>", " <b/>", "<?p i?>"])
_marks = st.sampled_from(
    ["", "", "", "", ' xsi:nil="true"', ' xsi:nil="0"', ' unit="kg"', ' xmlns="urn:other"', ' xmlns=""']
)
_nil = ' xsi:nil="true"'


def _row(fields: list[tuple[str, str, str]], marks: str, gap: str) -> str:
    inner = gap.join(f"<{name}{mark}>{text}</{name}>" for name, mark, text in fields)
    return f"<Row{marks}>{inner}{gap}</Row>"


_usual = st.tuples(_texts, _texts, _texts).map(
    lambda texts: _row([(name, "", text) for name, text in zip(NAMES, texts, strict=True)], "", "")
)
_blanks = st.lists(st.sampled_from(["", "x"]), min_size=3, max_size=3).map(
    lambda texts: _row(
        [
            (name, "" if text else _nil * (at == 1), text)
            for at, (name, text) in enumerate(zip(NAMES, texts, strict=True))
        ],
        "",
        "\n",
    )
)
_strange = st.builds(
    _row,
    st.lists(st.tuples(st.sampled_from([*NAMES, "New"]), _marks, _texts | _odd), max_size=5),
    _marks,
    st.sampled_from(["", "\n ", "text", "<!-- c -->"]),
)


def _shape(wanted: tuple[str, ...]) -> Shape:
    row = Shape(dict.fromkeys(NAMES), wanted=wanted)
    row.settle()
    rows = Shape({"Row": row}, {"Row"}, row="Row")
    rows.settle()
    return Shape({"Rows": rows})


def _read(body: bytes, size: int, wanted: tuple[str, ...]) -> tuple[object, ...]:
    chunks = (body[at : at + size] for at in range(0, len(body), size))
    answer = stream.read(chunks, _shape(wanted))
    return list(answer.table("Rows")), answer.head, answer.drift


@settings(max_examples=150)
@given(
    st.lists(
        _usual | _blanks | st.lists(_usual, min_size=4, max_size=6).map("".join) | _strange, max_size=14
    ),
    st.integers(1, 4000),
    st.integers(1, 9),
    st.sampled_from([(), ("Id",), ("Note", "Qty")]),
    st.sampled_from([NS, ""]),
)
def test_together_is_as_one_by_one(
    rows: list[str], size: int, enough: int, wanted: tuple[str, ...], space: str
) -> None:
    body = envelope(f'<R xmlns="{space}"><Rows>{"<!-- -->".join(rows)}</Rows><Total>1</Total></R>')
    with mock.patch.object(taking, "BATCH", enough), mock.patch.object(taking, "_FEW", 1):
        together = _read(body, size, wanted)
        with mock.patch.object(Alike, "read", return_value=None):
            assert together == _read(body, size, wanted)


@pytest.mark.parametrize("wanted", [(), ("Id", "Qty")])
def test_plain_rows_empty_ones_and_nil_ones_are_read_together(wanted: tuple[str, ...]) -> None:
    rows = ["<Row><Id>1</Id><Note/><Qty>2</Qty></Row>", f"<Row><Id>2</Id><Note{_nil}/><Qty/></Row>"] * 300
    body = envelope(f'<R xmlns="{"" if wanted else NS}"><Rows>{"".join(rows)}</Rows></R>')
    with mock.patch("connectors.soap.plain.Plain._flat", side_effect=AssertionError("read by itself")):
        read, _, _ = _read(body, 999, wanted)
    one, two = {"Id": "1", "Note": "", "Qty": "2"}, {"Id": "2", "Note": None, "Qty": ""}
    if wanted:
        del one["Note"], two["Note"]
    assert read == [one, two] * 300
