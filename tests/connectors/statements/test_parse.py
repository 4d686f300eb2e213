"""The door: formats by content, packed files, the three looks at what was read."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from connectors.statements import packed
from connectors.statements.parse import known_profiles, parse, parse_file
from hub.errors import ConfigError
from tests.connectors.statements.samples import BAI2, CAMT, MT940, MT942, OFX, SOUND, entries, keys

FORMS = {"mt940": "mt940", "mt942": "mt942", "camt": "camt.053.001.02", "ofx": "ofx", "bai2": "bai2"}


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("name", SOUND)
def test_the_content_tells_the_format(name: str) -> None:
    assert parse(SOUND[name]).form == FORMS[name]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "empty"),
        (b" \r\n\r\n", "empty"),
        (b"%PDF-1.7 and so on", "unknown_format"),
        (b"Dear customer,\nyour statement is attached.", "unknown_format"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "unknown_format"),
        (b'<?xml version="1.0"?><Document><CstmrCdtTrfInitn/></Document>', "unknown_format"),
        (b'{"entries": []}', "unknown_format"),
    ],
)
def test_what_is_no_statement_is_said(content: bytes, key: str) -> None:
    parsed = parse(content)
    assert (parsed.statements, keys(parsed.errors)) == ([], [key])


def test_an_unknown_format_shows_how_it_begins() -> None:
    assert "%PDF-1.7" in str(parse(b"\n%PDF-1.7 and so on").errors[0])
    assert "89 50 4e 47" in str(parse(b"\x89PNG\r\n\x1a\n\0\0\0").errors[0])


def test_statements_without_entries_are_said() -> None:
    parsed = parse(b":20:X\n:25:A\n:60F:C260201EUR0,00\n:62F:C260201EUR0,00\n-\n")
    assert (keys(parsed.warnings), parsed.errors) == (["no_entries"], [])
    assert "the account A" in str(parsed.warnings[0])


class TestPacked:
    def test_each_file_is_one_of_its_own(self) -> None:
        found = parse_file("all.zip", zipped({"b.sta": MT940, "a/x.xml": CAMT, "__MACOSX/._b.sta": b"?"}))
        assert [(name, one.form) for name, one in found] == [
            ("all.zip!a/x.xml", "camt.053.001.02"), ("all.zip!b.sta", "mt940"),
        ]  # fmt: skip

    def test_or_all_together(self) -> None:
        parsed = parse(zipped({"a": OFX, "b": BAI2, "c": b"rubbish"}))
        assert (parsed.form, len(parsed.statements), keys(parsed.errors)) == ("ofx", 2, ["unknown_format"])

    def test_names_in_gb18030(self) -> None:
        content = zipped({"账务明细.sta": MT940}).replace(
            "账务明细".encode(), "账务明细".encode("gb18030").ljust(12, b"_")
        )
        flagged = content.replace(b"\x14\0\0\x08", b"\x14\0\0\0")
        assert parse_file("x.zip", flagged)[0][0].startswith("x.zip!账务明细")

    def test_gzip(self) -> None:
        [(name, parsed)] = parse_file("x.gz", gzip.compress(MT942))
        assert (name, parsed.form) == ("x.gz", "mt942")

    @pytest.mark.parametrize("pack", [lambda content: zipped({"a": content}), gzip.compress])
    def test_cut(self, pack: object) -> None:
        assert callable(pack)
        whole = pack(MT940)
        for end in range(4, len(whole) - 8, 7):
            parsed = parse(whole[:end])
            assert not entries(parsed)
            assert keys(parsed.errors) == ["cut_archive"], end

    def test_flipped(self) -> None:
        whole = zipped({"a.sta": MT940})
        for at in range(4, len(whole)):
            parsed = parse(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
            assert parsed.errors or len(entries(parsed)) == 3, at

    def test_bombs_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(packed, "LARGEST", 1 << 20)
        monkeypatch.setattr(packed, "MOST", 3)
        half = b":20:" + bytes(600_000)
        assert keys(parse(zipped({"a": half, "b": half})).errors) == ["too_large_packed"]
        assert keys(parse(gzip.compress(half * 2)).errors) == ["too_large_packed"]
        assert keys(parse(zipped(dict.fromkeys("abcd", MT940))).errors) == ["too_many_packed"]

    def test_only_so_deep(self) -> None:
        inner = zipped({"a.sta": MT940})
        assert len(entries(parse(zipped({"a.zip": inner})))) == 3
        assert keys(parse(zipped({"a.zip": zipped({"a.zip": inner})})).errors) == ["packed_too_deep"]

    def test_empty_and_locked(self) -> None:
        assert keys(parse(zipped({})).errors) == ["empty_archive"]
        locked = bytearray(zipped({"a": MT940}))
        locked[6] |= 1
        locked[locked.index(b"PK\x01\x02") + 8] |= 1
        assert keys(parse(bytes(locked)).errors) == ["locked_archive"]


def test_an_unknown_profile_is_named(tmp_path: Path) -> None:
    assert known_profiles(tmp_path / "none") == []
    with pytest.raises(ConfigError, match="no_such"):
        known_profiles(tmp_path, "no_such")
