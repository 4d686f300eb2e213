"""Which files are read, when, in what order, and what is remembered of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Everything, Since, Window
from hub.errors import ConfigError, Incomplete, Unavailable
from tests.connectors.drop import AGO, NOW, Drop, drop

__all__ = ["drop"]

SECOND = timedelta(seconds=1)


# Once


def test_a_file_is_read_once_and_not_even_opened_again(drop: Drop) -> None:
    path = drop.put("a.csv", "id\n1\n2\n")
    assert drop.read() == [{"id": "1"}, {"id": "2"}]
    slot = drop.state["file:a.csv"]
    assert (slot["rows"], len(slot["digest"])) == (2, 32)
    path.chmod(0)
    os.utime(path, ns=(0, slot["mtime"]))  # opening it would fail, or show in the access time
    assert drop.read() == []
    assert drop.error is None
    assert path.stat().st_atime_ns == 0


def test_a_file_sent_again_under_another_name_changes_nothing(drop: Drop) -> None:
    drop.put("a.csv", "id\n1\n")
    drop.read()
    drop.put("b.csv", "id\n1\n", ago=timedelta())
    assert drop.read() == []
    assert drop.state["file:b.csv"]["digest"] == drop.state["file:a.csv"]["digest"]
    assert drop.state["file:b.csv"]["rows"] == 1
    before = dict(drop.state)
    assert drop.read() == []
    assert (drop.pages, drop.state) == ([], before)


def test_two_equal_new_files_are_read_once(drop: Drop) -> None:
    drop.put("a.csv", "id\n1\n")
    drop.put("b.csv", "id\n1\n")
    assert drop.read() == [{"id": "1"}]


def test_a_corrected_file_of_the_same_name_is_read_again(drop: Drop) -> None:
    drop.put("a.csv", "id,qty\n1,5\n")
    drop.read()
    drop.put("a.csv", "id,qty\n1,6\n")  # same size and same time: only the look of another moment tells
    assert drop.read() == []
    drop.put("a.csv", "id,qty\n1,6\n", ago=AGO - SECOND)
    assert drop.read() == [{"id": "1", "qty": "6"}]


def test_a_touched_file_brings_nothing(drop: Drop) -> None:
    drop.put("a.csv", "id\n1\n")
    drop.read()
    drop.put("a.csv", "id\n1\n", ago=AGO - SECOND)
    assert drop.read() == []
    assert drop.read() == []
    assert drop.pages == []


def test_everything_reads_again_and_moves_nothing(drop: Drop) -> None:
    drop.put("a.csv", "id\n1\n")
    drop.read()
    assert drop.read(ask=Everything()) == [{"id": "1"}]
    assert all(not page.state for page in drop.pages)


def test_a_window_is_one_of_file_times(drop: Drop) -> None:
    for hours in (1, 2, 3):
        drop.put(f"{hours}.csv", f"id\n{hours}\n", ago=timedelta(hours=hours))
    window = Window(NOW - timedelta(hours=2), NOW - timedelta(hours=1))
    assert drop.read(ask=window) == [{"id": "2"}]
    assert all(not page.state for page in drop.pages)


def test_files_long_gone_are_forgotten(drop: Drop) -> None:
    drop.put("old.csv", "id\n1\n", ago=timedelta(days=401))
    drop.read()
    assert "file:old.csv" in drop.state
    (drop.root / "old.csv").unlink()
    drop.read()
    assert drop.state == {"file:old.csv": None}


def test_a_very_long_name_fits_the_store(drop: Drop) -> None:
    drop.put("单" * 80 + ".csv", "id\n1\n")
    drop.put("e" * 250 + ".csv", "id\n2\n")
    assert len(drop.read()) == 2
    assert max(map(len, drop.state)) <= 300
    assert drop.read() == []


@pytest.mark.skipif(os.fsencode("中") != "中".encode(), reason="file names are not bytes here")
def test_a_name_in_another_charset_is_readable(drop: Drop) -> None:
    raw = os.fsencode(drop.root) + b"/" + "订单".encode("gb18030") + b".csv"
    Path(os.fsdecode(raw)).write_bytes(b"id\n1\n")
    drop.read()
    assert list(drop.state) == ["file:订单.csv"]


# When


def test_temporary_names_are_not_looked_at(drop: Drop) -> None:
    for name in (".a.csv", "~$a.csv", "a.csv.tmp", "a.csv.part", "a.csv~", "a.filepart", "a.csv.TMP"):
        drop.put(name, "id\n1\n")
    assert drop.read("*") == []
    assert drop.pages == []


@pytest.mark.parametrize(("done", "marker"), [("{{ stem }}.ok", "a.ok"), ("{{ name }}.done", "a.csv.done")])
def test_a_marker_says_that_a_file_is_done(drop: Drop, done: str, marker: str) -> None:
    drop.put("a.csv", "id\n1\n")
    assert drop.read("*", done=done) == []
    drop.put(marker, "")
    assert drop.read("*", done=done) == [{"id": "1"}]
    assert drop.files == ["a.csv"]
    assert list(drop.state) == ["file:a.csv"]


def test_a_file_settles_before_it_is_read(drop: Drop) -> None:
    drop.put("a.csv", "id\n1\n", ago=timedelta(seconds=29))
    assert drop.read(settle="30s") == []
    drop.now += SECOND
    assert drop.read(settle="30s") == [{"id": "1"}]


def test_a_text_without_line_end_rests_first_and_is_then_read_with_a_warning(drop: Drop) -> None:
    drop.put("a.csv", "id,qty\n1,12", ago=timedelta(seconds=10))
    assert drop.read() == []
    assert drop.state == {}
    drop.now += timedelta(minutes=1)
    assert drop.read() == [{"id": "1", "qty": "12"}]
    assert "does not end with a line end" in drop.warnings[0]
    drop.put("b.csv", "id,qty\n2,12", ago=timedelta(seconds=10))
    drop.put("b.ok", "")
    assert drop.read(done="{{ stem }}.ok") == [{"id": "2", "qty": "12"}]
    assert drop.warnings == []


def test_a_file_written_to_while_it_is_read_is_read_again(drop: Drop) -> None:
    drop.put("a.csv", "id\n1\n2\n3\n")
    pages = drop.stream(size=1)
    assert next(pages).records == [{"id": "1"}]
    drop.put("a.csv", "id\n1\n2\n3\n4\n", ago=timedelta())
    with pytest.raises(Incomplete, match="written to while it was read"):
        list(pages)
    assert len(drop.read()) == 4


# In what order


def test_order_by_name_time_and_sequence(drop: Drop) -> None:
    for at, name in enumerate(["E_10.csv", "E_9.csv", "D_7.csv"]):
        drop.put(name, f"id\n{name}\n", ago=timedelta(hours=9 - at))
    for order, expected in (
        ("name", ["D_7.csv", "E_10.csv", "E_9.csv"]),
        ("time", ["E_10.csv", "E_9.csv", "D_7.csv"]),
        ("sequence", ["D_7.csv", "E_9.csv", "E_10.csv"]),
    ):
        drop.read(ask=Everything(), order=order)
        assert drop.files == expected


def test_a_gap_in_a_sequence_is_reported_once(drop: Drop) -> None:
    for number in (7, 8, 12):
        drop.put(f"20260301_{number:04d}.csv", f"id\n{number}\n")
    drop.put("20260302_0001.csv", "id\nx\n")
    drop.read(order="sequence")
    assert drop.warnings == ["Before 20260301_0012.csv the numbers 9 to 11 of the sequence are lacking."]
    (drop.root / "20260301_0012.csv").unlink()
    drop.put("20260301_0013.csv", "id\n13\n")
    drop.put("20260301_0010.csv", "id\n10\n")
    drop.read(order="sequence")
    assert drop.warnings == ["Before 20260301_0010.csv the numbers 9 to 9 of the sequence are lacking."]


# What stays out


def test_torn_files_stay_out_as_a_whole_and_all_others_are_read(drop: Drop) -> None:
    drop.put("a.csv", "id,qty\n1,5\n2\n")
    drop.put("b.csv", "id,qty\n3,5\n")
    drop.put("c.csv", 'id,qty\n4,"5\n')
    assert drop.read() == [{"id": "3", "qty": "5"}]
    assert type(drop.error) is Incomplete
    assert "a.csv:3, c.csv:2" in str(drop.error)
    assert "a.csv:3, c.csv:2" in drop.error.say("zh-CN")
    assert list(drop.state) == ["file:b.csv"]
    drop.put("a.csv", "id,qty\n1,5\n2,6\n")
    drop.put("c.csv", 'id,qty\n4,"5"\n')
    assert [row["id"] for row in drop.read()] == ["1", "2", "4"]
    assert drop.error is None


def test_one_torn_file_is_named_with_its_line_and_why(drop: Drop) -> None:
    drop.put("in/a.csv", "id,qty\n1,5\n2\n")
    drop.read("in/*.csv")
    assert drop.error is not None
    assert (drop.error.system, drop.error.operation) == ("tms", "rows")
    assert "in/a.csv ends within a row (line 3: 1 cells, 2 expected)" in str(drop.error)
    assert "第 3 行" in drop.error.say("zh-CN")


def test_a_file_that_may_not_be_opened_is_named(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    drop.put("a.csv", "id\n1\n")
    drop.put("b.csv", "id\n2\n")
    whole: Callable[..., object] = Path.open

    def closed(path: Path, mode: str) -> object:
        if path.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return whole(path, mode)

    monkeypatch.setattr(Path, "open", closed)
    assert drop.read() == [{"id": "2"}]
    assert type(drop.error) is Unavailable
    assert "a.csv cannot be opened: Permission denied" in str(drop.error)


@pytest.mark.parametrize(
    ("file", "key"), [("nope/*.csv", "files.no_folder"), ("a.csv/*.csv", "files.not_a_folder")]
)
def test_a_folder_that_is_none_is_no_empty_source(drop: Drop, file: str, key: str) -> None:
    drop.put("a.csv", "id\n1\n")
    drop.read(file)
    assert drop.error is not None
    assert (type(drop.error), drop.error.key) == (Unavailable, key)
    assert drop.connector(file).check().key == key


def test_folders_below(drop: Drop) -> None:
    drop.put("2026/03/a.csv", "id\n1\n")
    drop.put("2026/04/a.csv", "id\n2\n")
    assert len(drop.read("*/*/a.csv")) == 2
    assert drop.files == ["2026/03/a.csv", "2026/04/a.csv"]
    assert drop.connector("2026/*/a.csv").check().values["files"] == 2


@pytest.mark.parametrize(
    ("read", "message"),
    [
        ({"format": "text"}, "text"),
        ({"delimiter": "||"}, "delimiter"),
        ({"encoding": "gbk18"}, "gbk18"),
        ({"system": {"text": {"file_names": "gbk18"}}}, "gbk18"),
        ({"format": "fixed"}, "widths"),
        ({"widths": [1], "kinds": {"head": {"first": "H", "columns": ["kind"]}}}, "not both"),
    ],
)
def test_what_cannot_be_done_is_said_at_once(drop: Drop, read: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        drop.read(**read)


# What becomes of them


def test_files_are_moved_once_they_are_committed(drop: Drop) -> None:
    drop.put("in/a.csv", "id\n1\n")
    pages = drop.stream("in/*.csv", after="archive")
    page = next(pages)
    assert (drop.root / "in/a.csv").exists()  # the page is not committed yet
    drop.state |= page.state
    assert list(pages) == []
    assert not (drop.root / "in/a.csv").exists()
    drop.put("in/a.csv", "id\n2\n")
    assert drop.read("in/*.csv", after="archive") == [{"id": "2"}]
    assert sorted(path.name for path in (drop.root / "archive").iterdir()) == ["a (2).csv", "a.csv"]


def test_a_crash_between_commit_and_move_is_mended(drop: Drop) -> None:
    drop.put("in/a.csv", "id\n1\n")
    drop.state |= next(drop.stream("in/*.csv", after="delete")).state
    assert (drop.root / "in/a.csv").exists()
    assert drop.read("in/*.csv", after="delete") == []
    assert not (drop.root / "in/a.csv").exists()


def test_a_source_that_is_read_only_warns(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    drop.put("a.csv", "id\n1\n")

    def refused(path: Path, **_: bool) -> None:
        raise PermissionError(13, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", refused)
    assert drop.read(after="delete") == [{"id": "1"}]
    assert "Read-only file system" in drop.warnings[0]
    assert drop.error is None


# Siblings


NEST = {"lines": {"file": "LINES_{{ stem[5:] }}.csv", "on": "id"}}


def test_sibling_files_are_nested(drop: Drop) -> None:
    drop.put("DISP_1.csv", "id,state\nA,x\nB,y\n")
    assert drop.read("DISP_*.csv", nest=NEST) == []
    assert "LINES_{{ stem[5:] }}.csv that belongs to DISP_1.csv is not there yet" in str(drop.error)
    drop.put("LINES_1.csv", "id,sku\nA,s1\nA,s2\nC,s3\nB\nA,s4\n")
    found = drop.read("DISP_*.csv", nest=NEST)
    assert [[line["sku"] for line in row["lines"]] for row in found] == [["s1", "s2", "s4"], []]
    assert [(bad.key, bad.error.key) for bad in drop.bad] == [
        ("LINES_1.csv:5", "files.field_count"),
        ("LINES_1.csv:4", "files.orphan"),
    ]
    assert drop.read("DISP_*.csv", nest=NEST) == []
    assert drop.pages == []
    drop.put("LINES_1.csv", "id,sku\nA,s1\nB,s9\n", ago=timedelta())
    assert [len(row["lines"]) for row in drop.read("DISP_*.csv", nest=NEST)] == [1, 1]


def test_a_torn_sibling_holds_its_file_back(drop: Drop) -> None:
    drop.put("DISP_1.csv", "id,state\nA,x\n")
    drop.put("LINES_1.csv", "id,sku\nA\n")
    assert drop.read("DISP_*.csv", nest=NEST) == []
    assert "LINES_1.csv ends within a row (line 2" in str(drop.error)


# Pages


def test_pages_say_where_their_records_stand(drop: Drop) -> None:
    drop.put("in/E_1.csv", 'id,note\n1,a\n2,"b\nc"\n3\n4,d\n')
    drop.read("in/*.csv", size=2)
    assert [list(page.lines) for page in drop.pages] == [[2, 3], [6]]
    assert [bool(page.state) for page in drop.pages] == [False, True]
    mtime = NOW - AGO
    assert drop.pages[0].meta == {
        "file": "in/E_1.csv", "stem": "E_1", "words": ["E", "1"], "mtime": mtime, "newest": mtime, "rows": 4
    }  # fmt: skip


def test_memory_stays_flat(drop: Drop) -> None:
    import tracemalloc

    def peak(rows: int) -> int:
        drop.put(f"{rows}.csv", "id,note\n" + "".join(f"{n},{'x' * 50}\n" for n in range(rows)))
        tracemalloc.start()
        count = sum(len(page.records) for page in drop.stream(f"{rows}.csv", Since({})))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == rows
        return size

    peak(10)
    assert peak(6_000) < 2 * peak(1_500)
