"""What stands in the files: charsets, quotes, trailers, sheets, JSON in its shapes; and all that is torn."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from hub.errors import Incomplete, Unavailable
from hub.locale import LOCALES
from tests.connectors.drop import Drop, drop

__all__ = ["drop"]

TEXT = "单号,备注\n1,加急 特殊\n"


# Text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-32"])
def test_charsets_are_found(drop: Drop, encoding: str) -> None:
    drop.put("a.csv", TEXT.encode(encoding))
    assert drop.read() == [{"单号": "1", "备注": "加急 特殊"}]


def test_a_charset_may_be_named(drop: Drop) -> None:
    drop.put("a.csv", "id,note\n1,Größe\n".encode("cp1252"))
    assert drop.read(encoding=["utf-8", "cp1252"]) == [{"id": "1", "note": "Größe"}]
    assert drop.read(encoding="cp1252", ask=None) == []


@pytest.mark.parametrize("tail", [b"\xe5", b"\xe5\x8a"])
def test_a_character_that_is_cut_is_no_other_charset(drop: Drop, tail: bytes) -> None:
    drop.put("a.csv", TEXT.encode() + b"2," + tail)
    assert drop.read() == []
    assert type(drop.error) is Incomplete
    assert drop.error.key == "files.cut_character"


def test_noise_is_in_no_charset(drop: Drop) -> None:
    drop.put("a.csv", b"\xff" * 50)
    drop.read()
    assert type(drop.error) is Unavailable
    assert "utf-8, gb18030" in str(drop.error)


@pytest.mark.parametrize(
    ("sign", "said"), [(",", None), (";", None), ("\t", None), ("|", None), ("\t", "tab"), ("^", "^")]
)
def test_delimiters(drop: Drop, sign: str, said: str | None) -> None:
    drop.put("a.csv", f'id{sign}note\n1{sign}"a{sign}b"\n')
    assert drop.read(delimiter=said) == [{"id": "1", "note": f"a{sign}b"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(drop: Drop, end: str) -> None:
    drop.put("a.csv", end.join(["id,note", '1,"a', 'b"', "2,c", ""]))
    assert drop.read() == [{"id": "1", "note": f"a{end}b"}, {"id": "2", "note": "c"}]
    assert [line for page in drop.pages for line in page.lines] == [2, 4]


def test_headers_are_trimmed_and_told_apart(drop: Drop) -> None:
    drop.put("a.csv", "\ufeff 单号 ,数量,数量,,\n1,2,3,,\n")
    assert drop.read() == [{"单号": "1", "数量": "2", "数量_2": "3"}]
    drop.put("b.csv", "id,,x\n1,2,3\n")
    assert drop.read() == [{"id": "1", "_2": "2", "x": "3"}]


def test_given_columns_and_rows_to_skip(drop: Drop) -> None:
    drop.put("a.csv", "Report of today\n\n1,2\n\n3,4\n")
    assert drop.read(columns=["id", "qty"], skip_rows=1) == [{"id": "1", "qty": "2"}, {"id": "3", "qty": "4"}]


def test_text_guards_are_unwrapped_and_padding_is_kept(drop: Drop) -> None:
    drop.put("a.csv", 'id,a,b\n="007","=""0""8""", x \n')
    assert drop.read() == [{"id": "007", "a": '0"8', "b": " x "}]


def test_a_row_of_other_width_is_kept_whole_and_the_file_goes_on(drop: Drop) -> None:
    drop.put("a.csv", 'id,qty\n1,5\n2\n3,4,5\n4,"x"y\n5,6\n')
    assert [row["id"] for row in drop.read()] == ["1", "5"]
    assert [(bad.key, bad.raw, bad.error.key) for bad in drop.bad] == [
        ("a.csv:3", b"2\n", "files.field_count"),
        ("a.csv:4", b"3,4,5\n", "files.field_count"),
        ("a.csv:5", b'4,"x"y\n', "files.bad_quote"),
    ]
    assert [str(bad.error) for bad in drop.bad][:1] == ["Line 3 has 1 cells, 2 were expected"]
    assert drop.error is None


def test_a_cell_of_a_megabyte_is_read(drop: Drop) -> None:
    drop.put("a.csv", f"id,note\n1,{'x' * 1_000_000}\n")
    assert len(drop.read()[0]["note"]) == 1_000_000


@pytest.mark.parametrize(
    ("content", "key", "line"),
    [
        ("", "files.no_header", 0),
        ("id,qty\n1,5\n2", "files.cut_row", 3),
        ("id,qty\n1,5\n2\n", "files.cut_row", 3),
        ('id,qty\n1,"5', "files.open_quote", 2),
        ('id,qty\n1,"5\n2,6\n3,7\n', "files.open_quote", 2),
        ('id,qty\n1,5\n2,"6"x\n', "files.cut_row", 3),
    ],
)
def test_a_torn_csv_is_named(drop: Drop, content: str, key: str, line: int) -> None:
    drop.put("a.csv", content)
    assert drop.read() == []
    _is_left_out(drop, Incomplete, key, line)


def test_a_header_alone_is_whole(drop: Drop) -> None:
    drop.put("a.csv", "id,qty\n")
    assert drop.read() == []
    assert drop.error is None
    assert drop.state["file:a.csv"]["rows"] == 0


# Trailers


TRAILER = {"first": "T*", "count": 2, "total": 3, "of": "qty"}


@pytest.mark.parametrize(
    ("tail", "key"),
    [
        ("T,2,12.5\n", None),
        ("TRAILER,2,12.50\n\n", None),
        ("", "files.no_trailer"),
        ("T,3,12.5\n", "files.count_differs"),
        ("T,2,12\n", "files.total_differs"),
        ("T,2\n", "files.cut_row"),
        ("T,2,12.5\n3,1,x\n", "files.rows_after_trailer"),
    ],
)
def test_a_trailer_counts_the_file(drop: Drop, tail: str, key: str | None) -> None:
    drop.put("a.csv", "id,qty,x\n1,10,\n2,2.5,\n" + tail)
    assert len(drop.read(trailer=TRAILER)) == (0 if key else 2)
    assert (drop.error.key if drop.error else None) == key


def test_a_trailer_in_the_numbers_of_the_file(drop: Drop) -> None:
    drop.put("a.csv", "id;qty\n1;1.200,5\n2;x\nT;2\n")
    found = drop.read(trailer={"first": "T", "count": 2}, system={"numbers": "1.234,5"})
    assert [row["qty"] for row in found] == ["1.200,5", "x"]
    drop.put("b.csv", "id;qty\n1;1.200,5\nT;1.200,5\n")
    total = {"first": "T", "total": 2, "of": "qty"}
    assert len(drop.read("b.csv", trailer=total, system={"numbers": "1.234,5"})) == 1
    drop.put("c.csv", "id;qty\n1;1\nT;1\n")
    drop.read("c.csv", trailer={"first": "T", "total": 2, "of": "menge"})
    _is_left_out(drop, Unavailable, "files.no_column", 0)


# JSON


@pytest.mark.parametrize(
    ("name", "content", "read", "lines"),
    [
        ("a.json", '[{"id": 1, "qty": 0.1},\n {"id": 2, "qty": 12}]', {}, [1, 2]),
        ("a.json", '\ufeff \n[ {"id": 1, "qty": 0.1}, {"id": 2, "qty": 12} ]\n', {}, [2, 2]),
        (
            "a.json",
            '{"rows": {"all": [{"id": 1, "qty": 0.1}, {"id": 2, "qty": 12}]}}',
            {"records": "rows.all"},
            [1, 2],
        ),
        ("a.json", '{"id": 1, "qty": 0.1}\n\n{"id": 2, "qty": 12}\n', {}, [1, 3]),
        ("a.ndjson", '{"id": 1, "qty": 0.1}\n{"id": 2, "qty": 12}\n', {}, [1, 2]),
        (
            "a.txt",
            '{"id": 1, "qty": 0.1}\n{"id": 2, "qty": 12}',
            {"format": "jsonl", "done": "{{ name }}"},
            [1, 2],
        ),
        ("a.json", "[[1, 0.1], [2, 12]]", {"columns": ["id", "qty"]}, [1, 1]),
    ],
)
def test_shapes_of_json(drop: Drop, name: str, content: str, read: dict[str, Any], lines: list[int]) -> None:
    if "done" in read:
        drop.put("a.txt.ok", "")
        read = read | {"done": "{{ name }}.ok"}
    drop.put(name, content)
    assert drop.read(name, **read) == [{"id": 1, "qty": Decimal("0.1")}, {"id": 2, "qty": 12}]
    assert [line for page in drop.pages for line in page.lines] == lines


def test_one_object_is_one_record(drop: Drop) -> None:
    drop.put("a.json", '{\n "id": 1\n}\n')
    assert drop.read("*.json") == [{"id": 1}]
    drop.put("b.json", '{"row": {"id": 2}}')
    assert drop.read("b.json", records="row") == [{"id": 2}]


def test_an_empty_array_is_whole(drop: Drop) -> None:
    drop.put("a.json", " [ ] ")
    assert drop.read("*.json") == []
    assert drop.error is None


def test_no_float_and_no_nan(drop: Drop) -> None:
    drop.put("a.json", '[{"a": 0.1, "b": 1e3, "c": NaN, "d": 12345678901234567890.123}]')
    (record,) = drop.read("*.json")
    assert record == {
        "a": Decimal("0.1"), "b": Decimal("1E+3"), "c": "NaN", "d": Decimal("12345678901234567890.123")
    }  # fmt: skip


def test_long_arrays_are_read_in_chunks(drop: Drop) -> None:
    rows = [{"id": at, "note": "订" * (at % 300)} for at in range(2_000)]
    drop.put("a.json", json.dumps(rows, ensure_ascii=False, indent=1))
    assert drop.read("*.json") == rows


def test_a_number_at_a_chunk_border_stays_whole(drop: Drop) -> None:
    drop.put("a.json", "[" + " " * 65_533 + "[12345, 1], [7, 1]]")
    assert drop.read("*.json", columns=["id", "qty"]) == [{"id": 12345, "qty": 1}, {"id": 7, "qty": 1}]


@pytest.mark.parametrize(
    ("content", "error", "key", "line"),
    [
        ('[{"id": 1},\n{"id": 2', Incomplete, "files.cut_json", 2),
        ('[{"id": 1},\n{"id": "ab', Incomplete, "files.cut_json", 2),
        ('[{"id": 1}\n', Incomplete, "files.cut_json", 2),
        ('[{"id": 1},\n', Incomplete, "files.cut_json", 2),
        ("[", Incomplete, "files.cut_json", 1),
        ("", Incomplete, "files.empty", 0),
        ('[{"id": fal', Incomplete, "files.cut_json", 1),
        ('{"id": 1}\n{"id":', Incomplete, "files.cut_json", 2),
        ('{\n"id": 1,\n', Incomplete, "files.cut_json", 3),
        ('[{"id": 1} {"id": 2}]', Unavailable, "files.not_json", 1),
        ('[{"id": 1}]\n[]', Unavailable, "files.not_json", 2),
        ("<html><body>504 Gateway Time-out</body></html>", Unavailable, "files.not_json", 1),
    ],
)
def test_torn_and_wrong_json(drop: Drop, content: str, error: type, key: str, line: int) -> None:
    drop.put("a.json", content)
    assert drop.read("*.json") == []
    _is_left_out(drop, error, key, line)


def test_json_records_that_are_none(drop: Drop) -> None:
    drop.put("a.json", '[{"id": 1}, 17, null, [1]]')
    assert drop.read("*.json") == [{"id": 1}]
    assert [bad.raw for bad in drop.bad] == [b"17", b"null", b"[1]"]
    drop.put("b.jsonl", '{"id": 1}\nnot json\n{"id": 2}\n')
    assert drop.read("*.jsonl") == [{"id": 1}, {"id": 2}]
    assert [(bad.key, bad.error.key) for bad in drop.bad] == [("b.jsonl:2", "files.bad_line")]
    drop.put("c.json", '{"rows": 1}')
    drop.read("c.json", records="nope")
    _is_left_out(drop, Unavailable, "files.no_records", 0)


# Workbooks


def _workbook(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _orders(book: openpyxl.Workbook) -> None:
    notes = book.worksheets[0]
    notes.title = "说明"
    notes.sheet_state = "hidden"
    sheet = book.create_sheet("订单")
    sheet.append(["导出时间", datetime(2026, 3, 1, 8, 0)])  # noqa: DTZ001  # as spreadsheets have it
    sheet.append([" 单号 ", "物料", "数量", "日期", "价格", "审核"])
    sheet.append([4500012345, 42, 1200, datetime(2026, 3, 1, 8, 30), 0.1 + 0.2, True])  # noqa: DTZ001
    sheet["B3"].number_format = "000000"
    sheet.append(["guard", None, 12.5])
    sheet["A4"].value, sheet["A4"].data_type = '="007"', "s"
    sheet.append([])
    sheet.append(["SO9", "x", "1", datetime(2026, 3, 2), "#N/A"])  # noqa: DTZ001


def test_a_sheet_as_a_person_sees_it_but_exact(drop: Drop) -> None:
    drop.put("a.xlsx", _workbook(_orders))
    found = drop.read("*.xlsx", skip_rows=1)
    assert found == [
        {
            "单号": 4500012345,
            "物料": "000042",
            "数量": 1200,
            "日期": datetime(2026, 3, 1, 8, 30),  # noqa: DTZ001
            "价格": Decimal("0.3"),
            "审核": True,
        },
        {"单号": "007", "物料": None, "数量": Decimal("12.5"), "日期": None, "价格": None, "审核": None},
        {"单号": "SO9", "物料": "x", "数量": "1", "日期": datetime(2026, 3, 2), "价格": "#N/A", "审核": None},  # noqa: DTZ001
    ]
    assert [line for page in drop.pages for line in page.lines] == [3, 4, 6]
    assert drop.read("*.xlsx", sheet="订单", skip_rows=1) == []


def test_a_sheet_that_is_not_there(drop: Drop) -> None:
    drop.put("a.xlsx", _workbook(_orders))
    drop.read("*.xlsx", sheet="Orders")
    _is_left_out(drop, Unavailable, "files.no_sheet", 0)
    assert "订单" in str(drop.error)


@pytest.mark.parametrize(
    ("content", "error", "key"),
    [
        (_workbook(_orders)[:-300], Incomplete, "files.cut_workbook"),
        (_workbook(_orders)[:700] + b"xxxx" + _workbook(_orders)[704:], Incomplete, "files.cut_workbook"),
        (b"", Incomplete, "files.cut_workbook"),
        (b"PK", Incomplete, "files.cut_workbook"),
        (b"\xef\xbb\xbf\r\n<HTML><table></table></html>", Unavailable, "files.html_workbook"),
        ("<html><table></table></html>".encode("utf-16"), Unavailable, "files.html_workbook"),
        (b"<?xml version='1.0'?><Workbook/>", Unavailable, "files.xml_workbook"),
        ("单号\t数量\n1\t2\n".encode("gb18030"), Unavailable, "files.text_workbook"),
        (b"\x00\x01\x02\x03", Unavailable, "files.not_a_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 64, Unavailable, "files.old_workbook"),
    ],
)
def test_torn_and_wrong_workbooks(drop: Drop, content: bytes, error: type, key: str) -> None:
    drop.put("a.xlsx", content)
    assert drop.read("*.xlsx") == []
    _is_left_out(drop, error, key, 0)


def _is_left_out(drop: Drop, error: type, key: str, line: int) -> None:
    assert drop.error is not None
    assert f"file:{drop.error.values['file']}" not in drop.state
    assert (type(drop.error), drop.error.key) == (error, key)
    assert drop.error.values["line"] == line
    for locale in LOCALES:
        said = drop.error.say(locale)
        assert str(drop.error.values["file"]) in said
        assert "{" not in said
