"""What one YAML file can say of files, each ability with a folder of its own and no code."""

from __future__ import annotations

import gzip
import io
import os
import tracemalloc
import zipfile
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from connectors.contract import Since
from hub.errors import Incomplete, Unavailable
from hub.mapping.loading import load_system, parse_system
from tests.connectors.drop import Drop, drop

__all__ = ["drop"]

MAPPING = """
system: tms
connector: files
{top}
streams:
  rows:
    read:
      {read}
    fields: {{order_no: no, status: {{const: shipped}}, ordered: {{const: "1"}}}}
"""


def records(drop: Drop, read: str, top: str = "") -> list[dict[str, Any]]:
    """Return the records that a mapping with these lines under `read` (and at its `top`) brings."""
    lines = "\n      ".join(line.strip("\n") for line in read.strip().splitlines())
    mapping = parse_system(MAPPING.format(read=lines, top=top))
    return drop.take(drop.of(mapping).fetch("rows", Since(drop.state)))


# Fixed width


def test_fixed_width_in_characters(drop: Drop) -> None:
    drop.put("a.txt", "SO1   加急     00125\r\nSO2          00001\r\nSO3\r\n\x1a")
    assert records(drop, 'file: "*.txt"\nwidths: [6, 7, 5]\ncolumns: [no, note, qty]') == [
        {"no": "SO1   ", "note": "加急     ", "qty": "00125"},
        {"no": "SO2   ", "note": "       ", "qty": "00001"},
        {"no": "SO3", "note": "", "qty": ""},
    ]
    assert drop.error is None


def test_fixed_width_in_bytes_as_hosts_count(drop: Drop) -> None:
    drop.put("a.txt", "SO1   加急   00125\nSO2   特急件 00001\n".encode("gb18030"))
    found = records(drop, 'file: "*.txt"\nwidths: [6, 7, 5]\nwidths_in: bytes\ncolumns: [no, note, qty]')
    assert [(row["note"].strip(), row["qty"]) for row in found] == [("加急", "00125"), ("特急件", "00001")]


def test_a_fixed_line_that_cannot_be_cut_is_kept_whole(drop: Drop) -> None:
    drop.put("a.txt", "SO1  1\nSO2  1x\nSO3  2\n")
    read = 'file: "*.txt"\nwidths: [5, 1]\ncolumns: [no, qty]'
    assert [row["qty"] for row in records(drop, read)] == ["1", "2"]
    assert [(bad.raw, bad.error.key) for bad in drop.bad] == [(b"SO2  1x\n", "files.too_long")]
    drop.put("b.txt", "加急特1\n加a急1\n加急特2\n".encode("gb18030"))
    read = 'file: "b.txt"\nencoding: gb18030\nwidths: [4, 3]\nwidths_in: bytes\ncolumns: [no, qty]'
    assert [row["qty"] for row in records(drop, read)] == ["特1", "特2"]
    assert [bad.error.key for bad in drop.bad] == ["files.cut_cell"]


@pytest.mark.parametrize("content", ["SO1  1\nSO2", "SO1  1\nSO2  "])
def test_a_fixed_file_that_ends_within_a_line_is_torn(drop: Drop, content: str) -> None:
    drop.put("a.txt", content)
    assert records(drop, 'file: "*.txt"\nwidths: [5, 1]\ncolumns: [no, qty]') == []
    assert drop.error is not None
    assert (type(drop.error), drop.error.key, drop.error.values["line"]) == (Incomplete, "files.cut_line", 2)


def test_a_fixed_file_names_its_columns_itself(drop: Drop) -> None:
    drop.put("a.txt", "NO   Q\nSO1  1\n")
    assert records(drop, 'file: "*.txt"\nwidths: [5, 1]') == [{"NO": "SO1  ", "Q": "1"}]


@pytest.mark.parametrize(
    ("trailer", "key"),
    [("T0000200126", None), ("T0000300126", "files.count_differs"), ("", "files.no_trailer")],
)
def test_a_fixed_trailer_is_cut_in_its_own_way(drop: Drop, trailer: str, key: str | None) -> None:
    drop.put("a.txt", f"SO1   00125\nSO2   00001\n{trailer}\n")
    read = """
file: "*.txt"
widths: [6, 5]
columns: [no, qty]
trailer: {first: T, widths: [1, 5, 5], count: 2, total: 3, of: qty}
"""
    assert len(records(drop, read)) == (0 if key else 2)
    assert (drop.error.key if drop.error else None) == key


# Several kinds of rows


KINDS = """
file: "*.txt"
kinds:
  batch: {first: "00", columns: [kind, sender, day], into: meta}
  order: {first: "10", columns: [kind, no, state]}
  lines: {first: "20", columns: [kind, pos, sku, qty], into: order}
  serials: {first: "30", columns: [kind, serial], into: lines}
trailer: {first: "99", count: 2, total: 3, of: qty, plus: 2}
"""
TYPED = """00|N1|20260301
10|SO1|C
20|1|A|5
30|S-1
30|S-2
20|2|B|2.5
10|SO2|S
99|8|7.5
"""


def test_several_kinds_of_rows_become_one_record_each(drop: Drop) -> None:
    drop.put("a.txt", TYPED)
    first, second = records(drop, KINDS)
    assert first == {
        "kind": "10",
        "no": "SO1",
        "state": "C",
        "lines": [
            {
                "kind": "20",
                "pos": "1",
                "sku": "A",
                "qty": "5",
                "serials": [{"kind": "30", "serial": "S-1"}, {"kind": "30", "serial": "S-2"}],
            },
            {"kind": "20", "pos": "2", "sku": "B", "qty": "2.5", "serials": []},
        ],
    }
    assert (second["no"], second["lines"]) == ("SO2", [])
    (page,) = drop.pages
    assert page.meta["batch"] == {"kind": "00", "sender": "N1", "day": "20260301"}
    assert list(page.lines) == [2, 7]


def test_each_batch_of_a_file_has_its_own_header(drop: Drop) -> None:
    drop.put("a.txt", "00|N1|1\n10|SO1|C\n00|N2|2\n10|SO2|C\n10|SO3|C\n99|5|0\n")
    assert len(records(drop, KINDS)) == 3
    assert [(page.meta["batch"]["sender"], len(page.records)) for page in drop.pages] == [
        ("N1", 1),
        ("N2", 2),
    ]
    assert [bool(page.state) for page in drop.pages] == [False, True]


def test_an_order_with_a_line_that_cannot_be_read_is_no_order(drop: Drop) -> None:
    drop.put("a.txt", "20|1|A|5\n10|SO1|C\n20|1|A\n20|2|B|1\n10|SO2|C\n40|x\n")
    read = KINDS.replace('trailer: {first: "99", count: 2, total: 3, of: qty, plus: 2}\n', "")
    assert [row["no"] for row in records(drop, read)] == ["SO2"]
    assert [(bad.key, bad.raw, bad.error.key) for bad in drop.bad] == [
        ("a.txt:1", b"20|1|A|5\n", "files.no_head"),
        ("a.txt:2", b"10|SO1|C\n20|1|A\n20|2|B|1\n", "files.field_count"),
        ("a.txt:6", b"40|x\n", "files.unknown_kind"),
    ]


def test_kinds_of_fixed_rows(drop: Drop) -> None:
    drop.put("a.txt", "HSO1  C\nL1A  005\nL2B  010\nHSO2  S\nT0000300015\n")
    read = """
file: "*.txt"
kinds:
  order: {first: H, widths: [1, 5, 1], columns: [kind, no, state]}
  lines: {first: L, widths: [1, 1, 3, 3], columns: [kind, pos, sku, qty], into: order}
format: fixed
trailer: {first: T, widths: [1, 5, 5], count: 2, total: 3, of: qty, counts: [order], plus: 1}
"""
    found = records(drop, read)
    assert [(row["no"].strip(), [line["qty"] for line in row["lines"]]) for row in found] == [
        ("SO1", ["005", "010"]),
        ("SO2", []),
    ]


# XML


XML = """<?xml version="1.0" encoding="{encoding}"?>
<w:批次 xmlns:w="urn:wms" no="7"><w:Head><w:Sender>N1</w:Sender></w:Head><w:Orders>
 <w:Order w:id="SO1"><Qty unit="PCS">0.10</Qty>
  <Line><Sku>A</Sku></Line><Line><Sku>B &amp; C</Sku></Line></w:Order>
 <w:Order w:id="SO2"><Qty/><Line><Sku><![CDATA[<x>]]></Sku></Line><!-- no --></w:Order>
</w:Orders></w:批次>
"""


@pytest.mark.parametrize("encoding", ["utf-8", "gb2312", "utf-16"])
def test_xml_is_plain_data(drop: Drop, encoding: str) -> None:
    drop.put("a.xml", XML.format(encoding=encoding).encode(encoding))
    assert records(drop, 'file: "*.xml"\nrecords: Orders.Order\nlists: Line') == [
        {"@id": "SO1", "Qty": {"@unit": "PCS", "#text": "0.10"}, "Line": [{"Sku": "A"}, {"Sku": "B & C"}]},
        {"@id": "SO2", "Qty": "", "Line": [{"Sku": "<x>"}]},
    ]
    (page,) = drop.pages
    assert page.meta["header"] == {"@no": "7", "Head": {"Sender": "N1"}}
    assert list(page.lines) == [1, 2]


def test_xml_records_are_the_roots_children_unless_said(drop: Drop) -> None:
    drop.put("a.xml", "<a><r><n>1</n></r><r><n>2</n></r></a>")
    assert records(drop, 'file: "*.xml"') == [{"n": "1"}, {"n": "2"}]
    drop.put("b.xml", "<a/>")
    assert records(drop, 'file: "b.xml"') == []
    assert drop.error is None


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("<a><r><n>订</n></r></a>".encode("utf-8-sig"), None),
        ("<a><r><n>订</n></r></a>".encode("gb18030"), None),
        ("<a><r><n>订</n></r></a>".encode("utf-16"), None),
        ('<?xml version="1.0" encoding="utf-8"?><a><r><n>订</n></r></a>'.encode("gb18030"), "gb18030"),
    ],
)
def test_xml_that_does_not_say_its_charset_or_a_wrong_one(
    drop: Drop, content: bytes, encoding: str | None
) -> None:
    drop.put("a.xml", content)
    assert records(drop, 'file: "*.xml"' + (f"\nencoding: {encoding}" if encoding else "")) == [{"n": "订"}]


@pytest.mark.parametrize(
    ("content", "error", "key"),
    [
        (b'<?xml version="1.0" encoding="x-nobody"?><a/>', Unavailable, "files.no_charset"),
        (XML.format(encoding="utf-8")[:-30], Incomplete, "files.cut_xml"),
        ("", Incomplete, "files.empty"),
        ("<html><body>504</body></html>", Unavailable, "files.not_xml"),
        ("busy", Unavailable, "files.not_xml"),
        ("<a><r></a>", Unavailable, "files.not_xml"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a><r>&x;</r></a>', Unavailable, "files.xml_with_dtd"),
        (
            '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
            Unavailable,
            "files.xml_with_dtd",
        ),
    ],
)
def test_torn_and_wrong_xml(drop: Drop, content: str | bytes, error: type, key: str) -> None:
    drop.put("a.xml", content)
    assert records(drop, 'file: "*.xml"') == []
    assert drop.error is not None
    assert (type(drop.error), drop.error.key) == (error, key)


def test_xml_cut_anywhere_is_torn(drop: Drop) -> None:
    whole = b'<?xml version="1.0"?><n:a xmlns:n="u"><r id="1"><q>1 &amp; 2</q></r><r/></n:a>'
    for length in range(len(whole)):
        drop.put("a.xml", whole[:length])
        assert records(drop, 'file: "*.xml"') == []
        assert type(drop.error) is Incomplete, whole[:length]


def test_xml_stays_small(drop: Drop) -> None:
    def peak(count: int) -> int:
        rows = "".join(f"<r><n>{n}</n><t>{'x' * 50}</t></r><log>{n}</log>" for n in range(count))
        drop.put(f"{count}.xml", f"<a>{rows}</a>")
        tracemalloc.start()
        read = drop.stream(f"{count}.xml", records="r")
        assert sum(len(page.records) for page in read) == count
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(10)
    assert peak(3_000) < 2 * peak(1_000)


# Comments, headers, ends


def test_comments_and_blank_lines_are_no_rows(drop: Drop) -> None:
    drop.put("a.csv", '\n# of "today, a\nno,note\n\n# x,"y\n1,"a\n# b"\n   \n2,c\n# end\n')
    assert records(drop, 'file: "*.csv"\ncomment: "#"') == [
        {"no": "1", "note": "a\n# b"},
        {"no": "2", "note": "c"},
    ]
    assert [line for page in drop.pages for line in page.lines] == [6, 9]
    drop.put("b.txt", "* head\nSO1  1\n")
    read = 'file: "*.txt"\nwidths: [5, 1]\ncolumns: [no, qty]\ncomment: "*"'
    assert records(drop, read) == [{"no": "SO1  ", "qty": "1"}]


def test_what_stands_above_the_header_is_seen_as_meta(drop: Drop) -> None:
    drop.put("N1/ORD_N1-0007.csv", '单位：,"N1, 华东"\n导出时间,2026-03-01\nno,qty\nSO1,5\n\x1a')
    assert records(drop, 'file: "*/ORD_*.csv"\nskip_rows: 2') == [{"no": "SO1", "qty": "5"}]
    (page,) = drop.pages
    assert page.meta["header"] == [["单位：", "N1, 华东"], ["导出时间", "2026-03-01"]]
    assert (page.meta["file"], page.meta["stem"]) == ("N1/ORD_N1-0007.csv", "ORD_N1-0007")
    assert page.meta["words"] == ["ORD", "N1", "0007"]
    assert page.meta["rows"] == 1
    book = openpyxl.Workbook()
    for row in (["单位", "N1"], ["no", "qty"], ["SO1", 5], ["合计", 1]):
        book.worksheets[0].append(row)
    book.save(out := io.BytesIO())
    drop.put("a.xlsx", out.getvalue())
    read = 'file: "*.xlsx"\nskip_rows: 1\ntrailer: {first: 合计, count: 2}'
    assert records(drop, read) == [{"no": "SO1", "qty": 5}]
    assert drop.pages[0].meta["header"] == [["单位", "N1"]]


def test_json_lines_are_quick_and_exact(drop: Drop) -> None:
    lines = [
        '{"no": 1, "qty": 0.10, "at": "08:00:00.123"}',
        '{"no": 12345678901234567890123, "qty": 1e3}',
        '{"no": 9007199254740993, "qty": [-1.5], "note": "v1.2, 3.4"}',
        '{"no": NaN, "note": "\\ud800"}',
    ]
    drop.put("a.jsonl", "\ufeff" + "\r\n".join(lines) + "\r\n")
    found = records(drop, 'file: "*.jsonl"')
    assert found == [
        {"no": 1, "qty": Decimal("0.10"), "at": "08:00:00.123"},
        {"no": 12345678901234567890123, "qty": Decimal("1E+3")},
        {"no": 9007199254740993, "qty": [Decimal("-1.5")], "note": "v1.2, 3.4"},
        {"no": "NaN", "note": "\ud800"},
    ]
    assert [type(row["no"]) for row in found] == [int, int, int, str]
    drop.put("b.jsonl", '{"no": "订"}\n{"no": 2}\n'.encode("gb18030"))
    assert records(drop, 'file: "b.jsonl"') == [{"no": "订"}, {"no": 2}]
    drop.put("c.jsonl", '{"rows": [{"no": 1}, {"no": 2}]}\n{"rows": [{"no": 3}]}\n')
    assert [row["no"] for row in records(drop, 'file: "c.jsonl"\nrecords: rows')] == [1, 2, 3]


# Packed


def _zipped(*names: str) -> bytes:
    with zipfile.ZipFile(out := io.BytesIO(), "w") as archive:
        for name in names:
            archive.writestr(name, "no\nSO1\n")
    return out.getvalue()


def test_packed_files_are_unpacked(drop: Drop) -> None:
    drop.put("a.csv.gz", gzip.compress(b"no\nSO1\n"))
    assert records(drop, 'file: "*.gz"') == [{"no": "SO1"}]
    drop.put("b.csv", "no\nSO1\n")  # the same content, not packed
    assert records(drop, 'file: "b.csv"') == []
    drop.put("c.zip", _zipped("sub/c.csv"))
    drop.state.clear()
    assert records(drop, 'file: "*.zip"') == [{"no": "SO1"}]


def test_several_files_of_one_kind_in_one_archive_are_read_in_order(drop: Drop) -> None:
    with zipfile.ZipFile(out := io.BytesIO(), "w") as archive:
        archive.writestr("out/2.csv", "no,qty\nSO2,2\nSO3,x,y\n")
        archive.writestr("out/1.csv", "no,qty\n订单1,1\n".encode("gb18030"))
        archive.writestr("__MACOSX/out/._1.csv", b"\x00")
        archive.writestr("out/.DS_Store", b"\x00")
    drop.put("a.zip", out.getvalue())
    assert records(drop, 'file: "*.zip"') == [{"no": "订单1", "qty": "1"}, {"no": "SO2", "qty": "2"}]
    assert [page.meta["inside"] for page in drop.pages] == ["out/1.csv", "out/2.csv"]
    assert [bad.key for page in drop.pages for bad in page.bad] == ["a.zip/out/2.csv:3"]


def test_of_several_files_that_cannot_be_used_the_first_says_why(drop: Drop) -> None:
    for name in ("a.csv", "b.csv"):
        drop.put(name, "no,qty\nSO1,1\n")
    assert records(drop, 'file: "*.csv"\ntrailer: {first: total}') == []
    assert drop.error is not None
    assert (drop.error.key, "a.csv lacks the trailer" in str(drop.error)) == ("files.several", True)


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("a.csv.gz", gzip.compress(b"no\nSO1\n")[:-6], "files.cut_archive"),
        ("a.csv.gz", b"no\nSO1\n", "files.cut_archive"),
        ("a.zip", _zipped("a.csv")[:-8], "files.cut_archive"),
        ("a.zip", _zipped("a.csv", "b.txt"), "files.several_kinds_inside"),
        ("a.zip", _zipped(), "files.several_kinds_inside"),
    ],
    ids=["cut gz", "no gz", "cut zip", "two kinds", "nothing"],
)
def test_packed_files_that_are_not_whole(drop: Drop, name: str, content: bytes, key: str) -> None:
    drop.put(name, content)
    assert records(drop, f'file: "{name}"') == []
    assert drop.error is not None
    assert drop.error.key == key


def test_a_packed_file_may_not_grow_without_end(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.files.unpacked.LARGEST", 1 << 20)
    drop.put("a.csv.gz", gzip.compress(b"no\n" + b"0" * (2 << 20)))
    assert records(drop, 'file: "*.gz"') == []
    assert drop.error is not None
    assert drop.error.key == "files.too_large_inside"


# Names


def test_file_names_in_a_charset_that_is_named(drop: Drop) -> None:
    drop.put(
        "/".join(os.fsdecode(name.encode("cp1252")) for name in ("Löschung", "Größe_1.csv")), "no\nSO1\n"
    )
    top = "text: {file_names: [utf-8, cp1252]}"
    read = 'file: "Löschung/Größe_*.csv"\nafter: "erledigt"'
    assert records(drop, read, top) == [{"no": "SO1"}]
    assert drop.pages[0].meta["file"] == "Löschung/Größe_1.csv"
    assert [path.name for path in (drop.root / "erledigt").iterdir()] == [
        os.fsdecode("Größe_1.csv".encode("cp1252"))
    ]


def test_folders_at_any_depth(drop: Drop) -> None:
    for name in ("a.csv", "x/b.csv", "x/y/c.csv", "x/.hidden/d.csv"):
        drop.put(f"in/{name}", f"no\n{name}\n")
    (drop.root / "in/x/circle").symlink_to(drop.root / "in")
    assert [row["no"] for row in records(drop, 'file: "in/**/*.csv"')] == ["a.csv", "x/b.csv", "x/y/c.csv"]
    drop.state.clear()
    assert len(records(drop, 'file: "in/**"')) == 3


def test_a_folder_in_any_script_must_be_there(drop: Drop) -> None:
    drop.put("入库/2026/a.csv", "no\nSO1\n")
    assert records(drop, 'file: "入库/2026/*.csv"') == [{"no": "SO1"}]
    assert records(drop, 'file: "入库/2027/*.csv"') == []
    assert drop.error is not None
    assert drop.error.key == "files.no_folder"
    (drop.root / "入库").rename(drop.root / "away")
    assert records(drop, 'file: "入库/2026/*.csv"') == []
    assert drop.error is not None
    assert str(drop.error.values["folder"]).endswith("/入库")


# A hook


def test_a_hook_decodes_what_no_format_describes(drop: Drop) -> None:
    hooks = drop.root.parent / "mappings" / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "packed.py").write_text(
        "def decode(raw, meta):\n"
        "    size = raw[0]\n"
        "    body = raw[1:]\n"
        "    parts = [body[at:at + size].decode() for at in range(0, len(body), size)]\n"
        "    return [{'no': part, 'from': meta['stem']} for part in parts if len(part) == size or 1 // 0]\n"
    )
    drop.put("a.bin", b"\x03SO1SO2")
    drop.put("b.bin", b"\x03SO1SO")
    file = hooks.parent / "systems" / "tms.yaml"
    file.parent.mkdir()
    file.write_text(MAPPING.format(read='file: "*.bin"', top="hook: packed"), "utf-8")
    mapping = load_system(file)
    assert drop.take(drop.of(mapping).fetch("rows", Since({}))) == [
        {"no": "SO1", "from": "a"},
        {"no": "SO2", "from": "a"},
    ]
    assert drop.error is not None
    assert (drop.error.key, drop.error.values["file"]) == ("files.not_decoded", "b.bin")
