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
from tests.connectors.drop import AGO, NOW, Drop, anywhere, drop, ftp, old_ftp, sftp

__all__ = ["anywhere", "drop", "ftp", "old_ftp", "sftp"]

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


def test_a_file_sent_again_under_another_name_changes_nothing(anywhere: Drop) -> None:
    anywhere.put("a.csv", "id\n1\n")
    anywhere.read()
    anywhere.put("b.csv", "id\n1\n", ago=timedelta())
    assert anywhere.read() == []
    assert anywhere.state["file:b.csv"]["digest"] == anywhere.state["file:a.csv"]["digest"]
    assert anywhere.state["file:b.csv"]["rows"] == 1
    before = dict(anywhere.state)
    assert anywhere.read() == []
    assert (anywhere.pages, anywhere.state) == ([], before)


def test_two_equal_new_files_are_read_once(anywhere: Drop) -> None:
    anywhere.put("a.csv", "id\n1\n")
    anywhere.put("b.csv", "id\n1\n")
    assert anywhere.read() == [{"id": "1"}]


def test_a_corrected_file_of_the_same_name_is_read_again(anywhere: Drop) -> None:
    anywhere.put("a.csv", "id,qty\n1,5\n")
    anywhere.read()
    anywhere.put("a.csv", "id,qty\n1,6\n")  # same size and same time: only the look of another moment tells
    assert anywhere.read() == []
    anywhere.put("a.csv", "id,qty\n1,6\n", ago=AGO - SECOND)
    assert anywhere.read() == [{"id": "1", "qty": "6"}]


def test_a_touched_file_brings_nothing(anywhere: Drop) -> None:
    anywhere.put("a.csv", "id\n1\n")
    anywhere.read()
    anywhere.put("a.csv", "id\n1\n", ago=AGO - SECOND)
    assert anywhere.read() == []
    assert anywhere.read() == []
    assert anywhere.pages == []


def test_everything_reads_again_and_moves_nothing(anywhere: Drop) -> None:
    anywhere.put("a.csv", "id\n1\n")
    anywhere.read()
    assert anywhere.read(ask=Everything()) == [{"id": "1"}]
    assert all(not page.state for page in anywhere.pages)


def test_a_window_is_one_of_file_times(anywhere: Drop) -> None:
    for hours in (1, 2, 3):
        anywhere.put(f"{hours}.csv", f"id\n{hours}\n", ago=timedelta(hours=hours))
    window = Window(NOW - timedelta(hours=2), NOW - timedelta(hours=1))
    assert anywhere.read(ask=window) == [{"id": "2"}]
    assert all(not page.state for page in anywhere.pages)


def test_files_long_gone_are_forgotten(anywhere: Drop) -> None:
    anywhere.put("old.csv", "id\n1\n", ago=timedelta(days=401))
    anywhere.read()
    assert "file:old.csv" in anywhere.state
    (anywhere.root / "old.csv").unlink()
    anywhere.read()
    assert anywhere.state == {"file:old.csv": None}


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


def test_temporary_names_are_not_looked_at(anywhere: Drop) -> None:
    for name in (".a.csv", "~$a.csv", "a.csv.tmp", "a.csv.part", "a.csv~", "a.filepart", "a.csv.TMP"):
        anywhere.put(name, "id\n1\n")
    assert anywhere.read("*") == []
    assert anywhere.pages == []


@pytest.mark.parametrize(("done", "marker"), [("{{ stem }}.ok", "a.ok"), ("{{ name }}.done", "a.csv.done")])
def test_a_marker_says_that_a_file_is_done(anywhere: Drop, done: str, marker: str) -> None:
    anywhere.put("a.csv", "id\n1\n")
    assert anywhere.read("*", done=done) == []
    anywhere.put(marker, "")
    assert anywhere.read("*", done=done) == [{"id": "1"}]
    assert anywhere.files == ["a.csv"]
    assert list(anywhere.state) == ["file:a.csv"]


def test_a_file_settles_before_it_is_read(anywhere: Drop) -> None:
    anywhere.put("a.csv", "id\n1\n", ago=timedelta(seconds=29))
    assert anywhere.read(settle="30s") == []
    anywhere.now += SECOND
    assert anywhere.read(settle="30s") == [{"id": "1"}]


def test_a_text_without_line_end_rests_first_and_is_then_read_with_a_warning(anywhere: Drop) -> None:
    anywhere.put("a.csv", "id,qty\n1,12", ago=timedelta(seconds=10))
    assert anywhere.read() == []
    assert anywhere.state == {}
    anywhere.now += timedelta(minutes=1)
    assert anywhere.read() == [{"id": "1", "qty": "12"}]
    assert "does not end with a line end" in anywhere.warnings[0]
    anywhere.put("b.csv", "id,qty\n2,12", ago=timedelta(seconds=10))
    anywhere.put("b.ok", "")
    assert anywhere.read(done="{{ stem }}.ok") == [{"id": "2", "qty": "12"}]
    assert anywhere.warnings == []


def test_a_file_written_to_while_it_is_read_is_read_again(drop: Drop) -> None:
    drop.put("a.csv", "id\n1\n2\n3\n")
    pages = drop.stream(size=1)
    assert next(pages).records == [{"id": "1"}]
    drop.put("a.csv", "id\n1\n2\n3\n4\n", ago=timedelta())
    with pytest.raises(Incomplete, match="written to while it was read"):
        list(pages)
    assert len(drop.read()) == 4


def test_a_file_that_changes_after_it_was_found_is_read_again(anywhere: Drop) -> None:
    for name in ("a.csv", "b.csv"):
        anywhere.put(name, f"id\n{name}\n")
    pages = anywhere.stream()
    assert next(pages).records == [{"id": "a.csv"}]
    anywhere.put("b.csv", "id\n1\n2\n", ago=timedelta())
    with pytest.raises(Incomplete, match=r"b\.csv was written to while it was read"):
        list(pages)
    assert len(anywhere.read()) == 3


def test_a_file_taken_away_after_it_was_found_is_not_there(anywhere: Drop) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        anywhere.put(name, f"id\n{name}\n")
    pages = anywhere.stream()
    first = next(pages)
    (anywhere.root / "b.csv").unlink()
    rest = list(pages)
    assert [page.records for page in (first, *rest)] == [[{"id": "a.csv"}], [{"id": "c.csv"}]]
    assert anywhere.error is None


def test_a_folder_that_is_away_for_an_hour_is_no_empty_one(anywhere: Drop) -> None:
    anywhere.put("in/a.csv", "id\n1\n")
    assert anywhere.read("in/*.csv") == [{"id": "1"}]
    state = dict(anywhere.state)
    (anywhere.root / "in").rename(anywhere.root / "away")
    for ask in (None, Everything()):
        assert anywhere.read("in/*.csv", ask) == []
        assert anywhere.error is not None
        assert (type(anywhere.error), anywhere.error.key) == (Unavailable, "files.no_folder")
    (anywhere.root / "away").rename(anywhere.root / "in")
    assert anywhere.read("in/*.csv") == []
    assert (anywhere.error, anywhere.state) == (None, state)


# In what order


def test_order_by_name_time_and_sequence(anywhere: Drop) -> None:
    for at, name in enumerate(["E_10.csv", "E_9.csv", "D_7.csv"]):
        anywhere.put(name, f"id\n{name}\n", ago=timedelta(hours=9 - at))
    for order, expected in (
        ("name", ["D_7.csv", "E_10.csv", "E_9.csv"]),
        ("time", ["E_10.csv", "E_9.csv", "D_7.csv"]),
        ("sequence", ["D_7.csv", "E_9.csv", "E_10.csv"]),
    ):
        anywhere.read(ask=Everything(), order=order)
        assert anywhere.files == expected


def test_a_gap_in_a_sequence_is_reported_once(anywhere: Drop) -> None:
    for number in (7, 8, 12):
        anywhere.put(f"20260301_{number:04d}.csv", f"id\n{number}\n")
    anywhere.put("20260302_0001.csv", "id\nx\n")
    anywhere.read(order="sequence")
    assert anywhere.warnings == ["Before 20260301_0012.csv the numbers 9 to 11 of the sequence are lacking."]
    (anywhere.root / "20260301_0012.csv").unlink()
    anywhere.put("20260301_0013.csv", "id\n13\n")
    anywhere.put("20260301_0010.csv", "id\n10\n")
    anywhere.read(order="sequence")
    assert anywhere.warnings == ["Before 20260301_0010.csv the numbers 9 to 9 of the sequence are lacking."]


# What stays out


def test_torn_files_stay_out_as_a_whole_and_all_others_are_read(anywhere: Drop) -> None:
    anywhere.put("a.csv", "id,qty\n1,5\n2\n")
    anywhere.put("b.csv", "id,qty\n3,5\n")
    anywhere.put("c.csv", 'id,qty\n4,"5\n')
    assert anywhere.read() == [{"id": "3", "qty": "5"}]
    assert type(anywhere.error) is Incomplete
    assert "a.csv:3, c.csv:2" in str(anywhere.error)
    assert "a.csv:3, c.csv:2" in anywhere.error.say("zh-CN")
    assert list(anywhere.state) == ["file:b.csv"]
    anywhere.put("a.csv", "id,qty\n1,5\n2,6\n")
    anywhere.put("c.csv", 'id,qty\n4,"5"\n')
    assert [row["id"] for row in anywhere.read()] == ["1", "2", "4"]
    assert anywhere.error is None


def test_one_torn_file_is_named_with_its_line_and_why(anywhere: Drop) -> None:
    anywhere.put("in/a.csv", "id,qty\n1,5\n2\n")
    anywhere.read("in/*.csv")
    assert anywhere.error is not None
    assert (anywhere.error.system, anywhere.error.operation) == ("tms", "rows")
    assert "in/a.csv ends within a row (line 3: 1 cells, 2 expected)" in str(anywhere.error)
    assert "第 3 行" in anywhere.error.say("zh-CN")


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


def test_a_folder_below_that_may_not_be_listed_is_no_empty_one(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop.put("x/a.csv", "id\n1\n")
    drop.put("y/a.csv", "id\n2\n")
    drop.put("z", "no folder")
    assert len(drop.read("*/*.csv")) == 2
    whole = os.scandir

    def closed(path: Path) -> object:
        if path.name == "y":
            raise PermissionError(13, "Permission denied")
        return whole(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert drop.read("*/*.csv") == []
    assert drop.error is not None
    assert drop.error.key == "files.folder_closed"


@pytest.mark.parametrize(
    ("file", "key"), [("nope/*.csv", "files.no_folder"), ("a.csv/*.csv", "files.not_a_folder")]
)
def test_a_folder_that_is_none_is_no_empty_source(anywhere: Drop, file: str, key: str) -> None:
    anywhere.put("a.csv", "id\n1\n")
    anywhere.read(file)
    assert anywhere.error is not None
    assert (type(anywhere.error), anywhere.error.key) == (Unavailable, key)
    assert anywhere.connector(file).check().key == key


def test_folders_below(anywhere: Drop) -> None:
    anywhere.put("2026/03/a.csv", "id\n1\n")
    anywhere.put("2026/04/a.csv", "id\n2\n")
    assert len(anywhere.read("*/*/a.csv")) == 2
    assert anywhere.files == ["2026/03/a.csv", "2026/04/a.csv"]
    assert anywhere.connector("2026/*/a.csv").check().values["files"] == 2


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


def test_files_are_moved_once_they_are_committed(anywhere: Drop) -> None:
    anywhere.put("in/a.csv", "id\n1\n")
    pages = anywhere.stream("in/*.csv", after="archive")
    page = next(pages)
    assert (anywhere.root / "in/a.csv").exists()  # the page is not committed yet
    anywhere.state |= page.state
    assert list(pages) == []
    assert not (anywhere.root / "in/a.csv").exists()
    anywhere.put("in/a.csv", "id\n2\n")
    assert anywhere.read("in/*.csv", after="archive") == [{"id": "2"}]
    assert sorted(path.name for path in (anywhere.root / "archive").iterdir()) == ["a (2).csv", "a.csv"]


def test_a_crash_between_commit_and_move_is_mended(anywhere: Drop) -> None:
    anywhere.put("in/a.csv", "id\n1\n")
    anywhere.state |= next(anywhere.stream("in/*.csv", after="delete")).state
    assert (anywhere.root / "in/a.csv").exists()
    assert anywhere.read("in/*.csv", after="delete") == []
    assert not (anywhere.root / "in/a.csv").exists()


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


def test_sibling_files_are_nested(anywhere: Drop) -> None:
    anywhere.put("DISP_1.csv", "id,state\nA,x\nB,y\n")
    assert anywhere.read("DISP_*.csv", nest=NEST) == []
    assert "LINES_{{ stem[5:] }}.csv that belongs to DISP_1.csv is not there yet" in str(anywhere.error)
    anywhere.put("LINES_1.csv", "id,sku\nA,s1\nA,s2\nC,s3\nB\nA,s4\n")
    found = anywhere.read("DISP_*.csv", nest=NEST)
    assert [[line["sku"] for line in row["lines"]] for row in found] == [["s1", "s2", "s4"], []]
    assert [(bad.key, bad.error.key) for bad in anywhere.bad] == [
        ("LINES_1.csv:5", "files.field_count"),
        ("LINES_1.csv:4", "files.orphan"),
    ]
    assert anywhere.read("DISP_*.csv", nest=NEST) == []
    assert anywhere.pages == []
    anywhere.put("LINES_1.csv", "id,sku\nA,s1\nB,s9\n", ago=timedelta())
    assert [len(row["lines"]) for row in anywhere.read("DISP_*.csv", nest=NEST)] == [1, 1]


def test_a_torn_sibling_holds_its_file_back(anywhere: Drop) -> None:
    anywhere.put("DISP_1.csv", "id,state\nA,x\n")
    anywhere.put("LINES_1.csv", "id,sku\nA\n")
    assert anywhere.read("DISP_*.csv", nest=NEST) == []
    assert "LINES_1.csv ends within a row (line 2" in str(anywhere.error)


# Pages


def test_pages_say_where_their_records_stand(anywhere: Drop) -> None:
    anywhere.put("in/E_1.csv", 'id,note\n1,a\n2,"b\nc"\n3\n4,d\n')
    anywhere.read("in/*.csv", size=2)
    assert [list(page.lines) for page in anywhere.pages] == [[2, 3], [6]]
    assert [bool(page.state) for page in anywhere.pages] == [False, True]
    mtime = NOW - AGO
    assert anywhere.pages[0].meta == {
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
