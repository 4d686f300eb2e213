"""Writing of files: what stands in them, under which name, and that nobody ever sees half of one."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import fsspec
import paramiko
import pytest

from connectors.contract import BusinessKey, Move, OutgoingChange, Receipt, Step, Writer
from connectors.files import FilesConnector
from connectors.files.names import is_temporary
from connectors.files.places import Down
from connectors.files.places.local import LocalPlace
from connectors.files.places.shares import SharePlace
from hub.errors import ConfigError, HubError, OutcomeUnknown, RateLimited, Rejected, Unavailable
from hub.locale import LOCALES
from hub.mapping.callspec import CallSpec
from hub.mapping.expressions import NameMissing
from hub.mapping.grammar import SystemMapping
from tests.connectors.drop import Drop, anywhere, drop, drop_at, ftp, old_ftp, sftp
from tests.connectors.file_servers import Served
from tests.connectors.test_files_places import Opened

__all__ = ["anywhere", "drop", "ftp", "old_ftp", "sftp"]

LINES = [
    {"line_no": "10", "sku": "0042", "quantity": Decimal("1200.50")},
    {"line_no": "20", "sku": '=x;"y"\n', "quantity": Decimal(3)},
]
NAMES = {"order_no": "SO1", "status": "NEW", "lines": LINES, "note": "加急", "id": {}}
ROW = {"id": "=order_no", "state": "=status"}
ROWS = {"each": "lines", "as": {"no": "=order_no", "sku": "=item.sku", "qty": "=item.quantity"}}
FIND = {"file": "out/*.csv", "on": {"id": "order_no"}}


def writes(
    at: Drop, *calls: dict[str, Any], system: dict[str, Any] | None = None, **write: Any
) -> FilesConnector:
    said: dict[str, Any] = {"system": "wms", "connector": "files", "mode": "live", **(system or {})}
    streams = {"orders": {"read": {"file": "in/*.csv"}}}
    spec = {"stream": "orders", "find": FIND, "create": list(calls), **write}
    return at.of(SystemMapping.model_validate({**said, "streams": streams, "writes": {"order": spec}}))


def push(
    connector: FilesConnector, key: str = "k1", steps: list[Step] | None = None, **names: Any
) -> Receipt:
    calls: Sequence[CallSpec] = connector._mapping.writes["order"].create
    kind: Literal["update"] = "update"  # which looks for nothing first
    change = OutgoingChange("order", kind, "SO1", key, {**NAMES, **names}, [Move("create", calls)])
    kept: list[Step] = [] if steps is None else steps
    return connector.push(change, kept.append)


def put(to: Drop, call: dict[str, Any], *, system: dict[str, Any] | None = None, **names: Any) -> bytes:
    """Write one file by one call and return what stands in it."""
    push(writes(to, call, system=system), **names)
    (path,) = (path for path in to.root.rglob("*") if path.is_file() and path.suffix != ".ok")
    return path.read_bytes()


def said_well(error: HubError) -> None:
    for locale in LOCALES:
        text = error.say(locale)
        assert not re.search(r"\{\w*\}", text)
        assert error.key not in text


# What stands in a file


def test_it_writes(drop: Drop) -> None:
    connector = writes(drop, {"file": "out/{{ key }}.csv", "row": ROW})
    assert isinstance(connector, Writer)
    assert connector.capabilities.writes


@pytest.mark.parametrize(
    ("call", "content"),
    [
        ({"row": ROW}, "id,state\r\nSO1,NEW\r\n"),
        ({"rows": ROWS}, 'no,sku,qty\r\nSO1,0042,1200.50\r\nSO1,"=x;""y""\n",3\r\n'),
        ({"rows": ROWS, "delimiter": "tab"},
         'no\tsku\tqty\r\nSO1\t0042\t1200.50\r\nSO1\t"=x;""y""\n"\t3\r\n'),
        ({"rows": [ROW, ROW], "delimiter": ";"}, "id;state\r\nSO1;NEW\r\nSO1;NEW\r\n"),
        ({"row": ROW, "columns": ["state", "id"]}, "NEW,SO1\r\n"),
        ({"rows": {"each": "=[]", "as": ROW}}, "id,state\r\n"),
        ({"row": {"id": "=order_no", "x": "=lacking or none", "n": "=none"}}, "id,x,n\r\nSO1,,\r\n"),
        ({"row": ROW, "widths": [5, 4], "columns": ["id", "state"]}, "SO1  NEW \r\n"),
        ({"row": {"a": "=note"}, "widths": [5], "widths_in": "bytes", "encoding": "gbk"}, "加急 \r\n"),
        ({"json": {"n": "=lines[0].quantity", "at": "=at"}},
         '{"n":1200.50,"at":"2026-01-05T07:00:00+00:00"}\n'),
        ({"rows": ROWS, "format": "jsonl"},
         '{"no":"SO1","sku":"0042","qty":1200.50}\n{"no":"SO1","sku":"=x;\\"y\\"\\n","qty":3}\n'),
        ({"xml": {"Order": {"@no": "=order_no", "Line": {"each": "lines", "as": "=item.quantity"}}}},
         "<?xml version='1.0' encoding='utf-8'?>\n"
         '<Order no="SO1"><Line>1200.50</Line><Line>3</Line></Order>'),
    ],
)  # fmt: skip
def test_content(drop: Drop, call: dict[str, Any], content: str) -> None:
    at = datetime(2026, 1, 5, 7, tzinfo=UTC)
    encoding = call.get("encoding", "utf-8")
    assert put(drop, {"file": "out/{{ key }}.txt", **call}, at=at) == content.encode(encoding)


def test_the_ending_tells_the_format(drop: Drop) -> None:
    assert put(drop, {"file": "{{ key }}.json", "rows": ROWS}).startswith(b'{"no"') is False
    assert json.loads((drop.root / "k1.json").read_text("utf-8"))[0]["sku"] == "0042"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"row": ROW, "json": {}}, "one of"),
        ({}, "one of"),
        ({"row": ROW, "format": "xlsx"}, "xlsx"),
        ({"row": ROW, "columns": ["id"]}, "'state'"),
        ({"row": ROW, "widths": [3]}, "widths"),
        ({"row": ROW, "encoding": "klingon"}, "klingon"),
        ({"row": ROW, "delimiter": ";;"}, ";;"),
    ],
)
def test_what_cannot_be_written_is_said(drop: Drop, call: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        push(writes(drop, {"file": "out/{{ key }}.csv", **call}))
    said_well(caught.value)
    assert not list(drop.root.iterdir())


def test_the_charset_is_that_of_the_mapping(drop: Drop) -> None:
    spoken = {"text": {"encoding": ["gbk"]}}
    call = {"file": "{{ key }}.csv", "row": {"备注": "=note"}}
    assert put(drop, call, system=spoken) == "备注\r\n加急\r\n".encode("gbk")
    assert put(drop, {**call, "encoding": "utf-8-sig"}, system=spoken) == "\ufeff备注\r\n加急\r\n".encode()


@pytest.mark.parametrize("form", [{"row": {"note": "=note"}}, {"rows": [{"note": "=note"}]}])
def test_a_sign_that_the_charset_lacks_is_named_before_anything_is_written(
    drop: Drop, form: dict[str, Any]
) -> None:
    connector = writes(drop, {"file": "out/{{ key }}.csv", "encoding": "gbk", **form})
    with pytest.raises(Rejected) as caught:
        push(connector, note="so 😀")
    assert (caught.value.code, caught.value.reason) == ("gbk", "note: 😀")
    said_well(caught.value)
    assert not list(drop.root.iterdir())


def test_what_is_too_long_is_not_cut(drop: Drop) -> None:
    with pytest.raises(Rejected) as caught:
        push(
            writes(drop, {"file": "{{ key }}.txt", "row": ROW, "widths": [2, 9], "columns": ["id", "state"]})
        )
    assert caught.value.code == "width"
    said_well(caught.value)
    assert not list(drop.root.iterdir())


def test_xml_in_any_charset_and_never_broken(drop: Drop) -> None:
    call = {"file": "{{ key }}.xml", "xml": {"A": "=note"}, "encoding": "gbk"}
    assert "加急".encode("gbk") in put(drop, call)
    with pytest.raises(Rejected) as caught:
        push(writes(drop, call), note="\x01")
    assert caught.value.code == "xml"
    said_well(caught.value)


# Under which name


def test_a_repeat_takes_its_own_place(anywhere: Drop) -> None:
    call = {"file": "out/sub/{{ key }}.csv", "row": ROW, "done": "{{ stem }}.ok"}
    steps: list[Step] = []
    for state in ("NEW", "SENT"):
        push(writes(anywhere, call), steps=steps, status=state)
    assert _tree(anywhere.root) == {"out/sub/k1.csv": b"id,state\r\nSO1,SENT\r\n", "out/sub/k1.ok": b""}
    push(writes(anywhere, call), "k2")
    assert len(_tree(anywhere.root)) == 4
    assert [step.took for step in steps] == [{}, {}]


def test_one_file_for_each_item_and_each_call(drop: Drop) -> None:
    each = {"file": "{{ key }}.csv", "each": "lines", "row": {"sku": "=item.sku"}}
    steps: list[Step] = []
    push(writes(drop, {"file": "{{ key }}.json", "json": {"no": "=order_no"}}, each), steps=steps)
    assert len(_tree(drop.root)) == 3
    assert len(steps) == 3
    push(writes(drop, {"file": "{{ key }}.json", "json": {"no": "=order_no"}}, each))
    assert len(_tree(drop.root)) == 3


@pytest.mark.parametrize("place", ["here", "sftp"])
def test_names_in_the_charset_of_the_place(
    place: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    at = drop_at(place, request, tmp_path)
    spoken = {"text": {"file_names": ["gbk"]}}
    folder = "出库".encode("gbk")
    (at.root / folder.decode("utf-8", "surrogateescape")).mkdir()
    push(writes(at, {"file": "出库/{{ note }}.csv", "row": ROW}, system=spoken))
    ((name, _),) = _tree(at.root).items()
    assert name.encode("utf-8", "surrogateescape") == folder + b"/" + "加急".encode("gbk") + b".csv"
    found = writes(at, find={"file": "出库/*.csv", "on": {"id": "order_no"}}, system=spoken)
    assert len(found.lookup("order", BusinessKey("SO1", {"order_no": "SO1"}))) == 1
    with pytest.raises(Rejected) as caught:
        push(writes(at, {"file": "{{ note }}.csv", "row": ROW}, system=spoken), note="😀")
    said_well(caught.value)
    at.close()


@pytest.mark.parametrize("evil", ["../x", "a/b", "..", "", "a\\b", "a\nb"])
def test_a_value_leads_to_no_other_folder(drop: Drop, evil: str) -> None:
    names = {"..": "out/{{ order_no }}", "": "out/{{ order_no }}/x.csv"}
    target = names.get(evil, "out/{{ order_no }}.csv")
    with pytest.raises(Rejected) as caught:
        push(writes(drop, {"file": target, "row": ROW}), order_no=evil)
    assert caught.value.code == "name"
    said_well(caught.value)
    assert not list(drop.root.iterdir())


def test_a_root_that_is_gone_is_not_made(anywhere: Drop) -> None:
    anywhere.root.rmdir()
    with pytest.raises(Unavailable) as caught:
        push(writes(anywhere, {"file": "out/{{ key }}.csv", "row": ROW}))
    said_well(caught.value)
    assert not anywhere.root.exists()
    with pytest.raises(Unavailable):
        writes(anywhere).lookup("order", BusinessKey("SO1", {"order_no": "SO1"}))
    anywhere.root.mkdir()


def test_a_folder_in_the_place_of_the_file_is_refused(drop: Drop) -> None:
    (drop.root / "out" / "k1.csv").mkdir(parents=True)
    with pytest.raises(Rejected) as caught:
        push(writes(drop, {"file": "out/{{ key }}.csv", "row": ROW}))
    assert caught.value.code == "EISDIR"
    said_well(caught.value)
    assert [path.name for path in (drop.root / "out").iterdir()] == ["k1.csv"]


# Nobody sees half of it


def test_the_marker_comes_last(request: pytest.FixtureRequest, tmp_path: Path, ftp: Served) -> None:
    at = drop_at("ftp", request, tmp_path)
    ftp.commands.clear()
    push(writes(at, {"file": "{{ key }}.csv", "row": ROW, "done": "{{ name }}.ok"}))
    assert [one for one in ftp.commands if one in {"STOR", "RNFR", "RNTO", "DELE"}] == [
        "STOR",
        "RNFR",
        "RNTO",
        "STOR",
    ]
    assert sorted(_tree(at.root)) == ["k1.csv", "k1.csv.ok"]
    at.close()


def test_a_file_being_written_is_seen_by_no_reader(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    replace = LocalPlace.replace

    def watched(place: LocalPlace, path: str, to: str) -> None:
        seen.extend(one.name for one in drop.root.iterdir())
        replace(place, path, to)

    monkeypatch.setattr(LocalPlace, "replace", watched)
    push(writes(drop, {"file": "{{ key }}.csv", "row": ROW}))
    assert len(seen) == 1
    assert is_temporary(seen[0])
    assert sorted(_tree(drop.root)) == ["k1.csv"]


@pytest.mark.parametrize(("breaks", "kind"), [("write", Unavailable), ("replace", OutcomeUnknown)])
def test_what_a_broken_line_leaves_open(
    drop: Drop, monkeypatch: pytest.MonkeyPatch, breaks: str, kind: type[HubError]
) -> None:
    def broken(*_: object) -> None:
        raise Down("gone")

    monkeypatch.setattr(LocalPlace, breaks, broken)
    with pytest.raises(kind) as caught:
        push(writes(drop, {"file": "{{ key }}.csv", "row": ROW}))
    assert type(caught.value) is kind
    said_well(caught.value)
    assert "k1.csv" not in _tree(drop.root)


def test_a_full_disk_may_have_room_later(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LocalPlace, "write", full)
    with pytest.raises(Unavailable) as caught:
        push(writes(drop, {"file": "{{ key }}.csv", "row": ROW}))
    said_well(caught.value)


def test_a_server_that_does_not_replace(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = drop_at("sftp", request, tmp_path)

    def unsupported(*_: object) -> None:
        raise OSError("Operation unsupported")

    monkeypatch.setattr(paramiko.SFTPClient, "posix_rename", unsupported)
    for state in ("NEW", "SENT"):
        push(writes(at, {"file": "{{ key }}.csv", "row": ROW}), status=state)
    assert _tree(at.root) == {"k1.csv": b"id,state\r\nSO1,SENT\r\n"}
    at.close()


def test_a_share_writes_and_replaces() -> None:
    system = fsspec.filesystem("memory", skip_instance_cache=True)
    place = SharePlace(Opened(system), "/written", "smb://host/written")
    place.make_folder("out")
    for content in (b"1", b"2"):
        place.write("out/.a.part", content)
        place.replace("out/.a.part", "out/a.csv")
    assert [one.name for one in place.entries("out")] == ["a.csv"]
    with place.open("out/a.csv") as file:
        assert file.seek(0, os.SEEK_END) == 1
    system.rm("/written", recursive=True)


# Look-ups


def test_find_looks_into_all_files(anywhere: Drop) -> None:
    connector = writes(anywhere)
    key = BusinessKey("SO1", {"order_no": "SO1"})
    assert connector.lookup("order", key) == []
    anywhere.put("out/a.csv", "id,state\nSO1,NEW\nSO2,NEW\n")
    anywhere.put("out/b.csv", "id,state\nSO3,NEW\n SO1 ,SENT\n")
    assert [one["state"] for one in writes(anywhere).lookup("order", key)] == ["NEW", "SENT"]
    with pytest.raises(NameMissing):
        connector.lookup("order", BusinessKey("SO1", {}))


def test_a_file_that_cannot_be_read_hides_nothing(drop: Drop) -> None:
    drop.put("out/a.csv", "id,state\nSO2,NEW,x\nSO3,NEW\n")
    with pytest.raises(Unavailable) as caught:
        writes(drop).lookup("order", BusinessKey("SO1", {"order_no": "SO1"}))
    said_well(caught.value)


def test_an_answer_file_confirms(anywhere: Drop) -> None:
    confirm = {"file": "answers/{{ key }}.csv", "until": "ok == 'Y'", "within": "1h"}
    connector = writes(anywhere, {"file": "out/{{ key }}.csv", "row": ROW}, confirm=confirm)
    assert push(connector).accepted
    asked = BusinessKey("SO1", {"order_no": "SO1", "key": "k1"}, "confirm")
    assert connector.lookup("order", asked) == []
    anywhere.put("answers/k2.csv", "no,ok\nSO2,Y\n")
    assert connector.lookup("order", asked) == []
    anywhere.put("answers/k1.csv", "no,ok\nSO1,Y\n")
    assert connector.lookup("order", asked) == [{"no": "SO1", "ok": "Y"}]


def test_what_lacks_is_known_before_anything_is_written(drop: Drop) -> None:
    connector = writes(
        drop,
        {"file": "{{ key }}.csv", "row": ROW},
        {"file": "{{ part }}.csv", "row": ROW, "done": "{{ stem }}.ok"},
    )
    with pytest.raises(NameMissing) as caught:
        push(connector)
    assert caught.value.name == "part"
    assert not list(drop.root.iterdir())
    push(connector, part="P7")
    assert sorted(_tree(drop.root)) == ["P7.csv", "P7.ok", "k1.csv"]


def test_the_connection_and_the_clock_are_known(drop: Drop) -> None:
    drop.spoken |= {"login": "hub"}
    call = {"file": "{{ key }}_{{ now | date('%Y%m%d') }}.csv", "row": {"by": "=conn.login"}}
    assert put(drop, call) == b"by\r\nhub\r\n"
    assert sorted(_tree(drop.root)) == ["k1_20260401.csv"]


def test_a_pause_keeps_files_away(drop: Drop) -> None:
    spoken = {"limits": {"pause": ["00:00-12:30"]}}
    with pytest.raises(RateLimited):
        push(writes(drop, {"file": "{{ key }}.csv", "row": ROW}, system=spoken))
    with pytest.raises(RateLimited):
        writes(drop, system=spoken).lookup("order", BusinessKey("SO1", {"order_no": "SO1"}))


def _tree(root: Path) -> dict[str, bytes]:
    return {str(one.relative_to(root)): one.read_bytes() for one in sorted(root.rglob("*")) if one.is_file()}
