"""Statements that people drop: what is kept, what is answered, and that nothing is doubled or lost."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest

from connectors.statements.model import Parsed
from hub.errors import ConfigError, Unavailable
from hub.store import cursors
from hub.store.leases import lease
from hub.store.turns import LEASE, holder, wall
from reconciler.payments.intake import folders
from tests.reconciler.payments.intake.drawer import SURE, TWO_ARE_POSSIBLE, UNKNOWN, Drawer, mt940

FIRST = mt940([SURE, TWO_ARE_POSSIBLE], ("10", "12"), "1000,00")
LONGER = mt940([SURE, TWO_ARE_POSSIBLE, UNKNOWN], ("10", "12"), "1000,00")
PHONE = b"\x89PNG\r\n\x1a\n\x00\x00"
SHORT_OF_ROWS = "交易日期,收入金额,支出金额,余额,币种,账号,对方户名,摘要\n"
ROW = "2026-02-{day:02},{amount},,{balance}.00,CNY,62220003,苏州华信机械有限公司,货款{day}\n"


def csv(*amounts: str) -> bytes:
    rows, balance = "", 1000
    for day, amount in enumerate(amounts, 1):
        balance += int(float(amount)) if amount.replace(".", "").isdigit() else 0
        rows += ROW.format(day=day % 28 + 1, amount=amount, balance=balance)
    return (SHORT_OF_ROWS + rows).encode("gb18030")


def test_a_statement_is_kept_looked_up_and_answered_beside_it(any_drawer: Drawer) -> None:
    file = any_drawer.drop("中国银行 2月.sta", FIRST)
    done = any_drawer.round()
    said = any_drawer.answer("中国银行 2月.sta")
    assert any_drawer.kind("中国银行 2月.sta") == "read"
    assert "新增 2 笔，此前已有 0 笔" in said
    assert "库中确有 2 笔" in said
    assert "需要您做的：无。" in said
    assert [(one.file, one.kind) for one in done.answered] == [("statements/中国银行 2月.sta", "read")]
    assert file.read_bytes() == FIRST
    assert any_drawer.entries() == 2


def test_a_second_look_does_nothing(drawer: Drawer) -> None:
    drawer.drop("a.sta", FIRST)
    drawer.round()
    before = {one: one.stat().st_mtime_ns for one in drawer.folder.iterdir()}
    assert not drawer.round().answered
    assert {one: one.stat().st_mtime_ns for one in drawer.folder.iterdir()} == before


def test_a_file_that_is_only_touched_keeps_its_answer(drawer: Drawer) -> None:
    file = drawer.drop("a.sta", FIRST)
    drawer.round()
    os.utime(file, (0, 0))
    assert not drawer.round().answered
    assert "新增 2 笔" in drawer.answer("a.sta")


def test_the_same_content_under_another_name_is_known(any_drawer: Drawer) -> None:
    any_drawer.drop("a.sta", FIRST)
    any_drawer.round()
    any_drawer.drop("a (1).sta", FIRST)
    any_drawer.round()
    said = any_drawer.answer("a (1).sta")
    assert "与此前已读的 a.sta 内容相同" in said
    assert "新增 0 笔，此前已有 2 笔" in said
    assert any_drawer.entries() == 2


def test_two_alike_that_come_together_are_counted_once(drawer: Drawer) -> None:
    drawer.drop("b.sta", FIRST)
    drawer.drop("a.sta", FIRST)
    drawer.round()
    assert "新增 2 笔" in drawer.answer("a.sta")
    assert "新增 0 笔，此前已有 2 笔" in drawer.answer("b.sta")


def test_of_overlapping_statements_each_entry_is_new_once(drawer: Drawer) -> None:
    drawer.drop("1.sta", FIRST)
    drawer.drop("2.sta", LONGER)
    drawer.round()
    assert "新增 2 笔" in drawer.answer("1.sta")
    assert "明细 3 笔：新增 1 笔，此前已有 2 笔" in drawer.answer("2.sta")
    assert drawer.entries() == 3


def test_what_a_sync_has_read_before_is_still_told_as_new_of_its_file(drawer: Drawer) -> None:
    from sync.run import sync_system

    drawer.drop("a.sta", FIRST)
    assert not sync_system(drawer.hub, "bank").errors
    drawer.now += timedelta(minutes=1)
    drawer.round()
    assert "新增 2 笔" in drawer.answer("a.sta")


def test_half_a_statement_is_a_problem_until_it_is_whole(any_drawer: Drawer) -> None:
    any_drawer.drop("半份.sta", LONGER[:220])
    any_drawer.round()
    assert any_drawer.kind("半份.sta") == "problem"
    assert "不完整" in any_drawer.answer("半份.sta")
    assert any_drawer.entries() == 0
    any_drawer.drop("半份.sta", LONGER, timedelta(seconds=30))
    any_drawer.round()
    assert any_drawer.kind("半份.sta") == "read", "the answer that is outdated is taken away"
    assert any_drawer.entries() == 3


def test_a_file_replaced_by_other_content_is_read_again(drawer: Drawer) -> None:
    drawer.drop("a.sta", FIRST)
    drawer.round()
    drawer.drop("a.sta", LONGER, timedelta(seconds=30))
    drawer.round()
    assert "明细 3 笔：新增 1 笔，此前已有 2 笔" in drawer.answer("a.sta")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("拍照.png", PHONE, "图片"),
        ("对账单.pdf", b"%PDF-1.7\n\x00", "PDF"),
        ("空.csv", b"", "文件是空的"),
        ("乱.bin", bytes(range(256)) * 3, "不是已知格式"),
        ("坏.zip", b"PK\x03\x04" + b"\x07" * 40, "压缩文件"),
    ],
)
def test_what_cannot_be_read_is_answered_and_left_alone(
    drawer: Drawer, name: str, content: bytes, said: str
) -> None:
    drawer.drop(name, content)
    drawer.drop("good.sta", FIRST)
    drawer.round()
    assert drawer.kind(name) == "problem"
    assert said in drawer.answer(name)
    assert drawer.kind("good.sta") == "read", "one file stops no other"
    drawer.now += timedelta(hours=1)
    assert not drawer.round().answered, "tried again only when its content changes"
    assert (drawer.folder / name).read_bytes() == content


def test_rows_that_cannot_be_read_are_named_with_line_and_reason(drawer: Drawer) -> None:
    drawer.drop("建行.csv", csv("100.00", "一百", "20.00"))
    drawer.round()
    said = drawer.answer("建行.csv")
    assert drawer.kind("建行.csv") == "problem"
    assert "以下 1 行未能入库" in said
    assert "第 3 行" in said
    assert "一百" in said
    assert "新增 2 笔" in said
    assert drawer.entries() == 2


def test_a_file_of_bad_rows_is_not_taken_and_says_so(drawer: Drawer) -> None:
    drawer.drop("坏.csv", csv(*["10.00"] * 3, *["十"] * 40))
    drawer.round()
    said = drawer.answer("坏.csv")
    assert "尚未入库" in said
    assert "另有" in said, "not every row is listed"
    assert drawer.entries() == 0


def test_balances_that_do_not_agree_are_a_problem_though_all_is_kept(drawer: Drawer) -> None:
    drawer.drop("a.sta", FIRST.replace(b"CNY13700,00", b"CNY13700,01"))
    drawer.round()
    said = drawer.answer("a.sta")
    assert drawer.kind("a.sta") == "problem"
    assert "相差 0.01" in said
    assert "库中确有 2 笔" in said


def test_missing_days_are_named_until_they_come(any_drawer: Drawer) -> None:
    any_drawer.drop("10.sta", mt940([("10", "100,00", "甲", "x")], ("10", "10"), "1000,00"))
    any_drawer.drop("13.sta", mt940([("13", "10,00", "甲", "y")], ("13", "13"), "1250,00"))
    any_drawer.round()
    assert any_drawer.kind("10.sta") == "read"
    assert any_drawer.kind("13.sta") == "problem"
    assert "2026-02-11 至 2026-02-12" in any_drawer.answer("13.sta")
    any_drawer.drop("11.sta", mt940([("11", "150,00", "甲", "z")], ("11", "12"), "1100,00"))
    any_drawer.round()
    assert any_drawer.kind("13.sta") == "read"
    assert "前后衔接" in any_drawer.answer("13.sta")


def test_an_archive_is_read_as_what_is_in_it(drawer: Drawer) -> None:
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("一.sta", FIRST)
        archive.writestr("二.csv", csv("5.00"))
    drawer.drop("二月.zip", packed.getvalue())
    drawer.round()
    said = drawer.answer("二月.zip")
    assert "账户 6222000011112222" in said
    assert "账户 62220003" in said
    assert drawer.entries() == 3


def test_a_file_that_may_still_grow_waits(drawer: Drawer) -> None:
    drawer.drop("a.sta", FIRST, timedelta(0))
    done = drawer.round()
    assert (done.growing, done.answered) == (1, [])
    drawer.round()
    assert drawer.kind("a.sta") == "read"


def test_answers_and_half_written_names_are_no_input(drawer: Drawer) -> None:
    drawer.drop("a.sta", FIRST)
    drawer.round()
    drawer.drop(".a.sta.part", LONGER)
    drawer.drop("~$a.xlsx", b"x")
    drawer.locale = "en"
    assert not drawer.round().answered
    from sync.run import sync_system

    result = sync_system(drawer.hub, "bank")
    assert not result.errors
    assert drawer.entries() == 2


def test_an_answer_that_was_thrown_away_is_given_again(drawer: Drawer) -> None:
    drawer.drop("a.sta", FIRST)
    drawer.round()
    for name in drawer.names("a.sta"):
        (drawer.folder / name).unlink(missing_ok=True)
    drawer.round()
    assert "新增 2 笔" in drawer.answer("a.sta")


def test_a_name_of_any_length_and_charset_has_an_answer(drawer: Drawer) -> None:
    drawer.drop("对账单" * 25 + ".sta", FIRST)
    name = "工商银行.sta".encode("gb18030")
    drawer.drop("x", LONGER).rename(drawer.folder / os.fsdecode(name))
    done = drawer.round()
    assert [one.fault for one in done.answered] == ["", ""]
    names = [os.fsencode(one.name) for one in drawer.folder.iterdir()]
    assert name + ".已读.txt".encode("gb18030") in names
    assert not drawer.round().answered


def test_people_are_answered_in_their_language(drawer: Drawer) -> None:
    drawer.locale = "en"
    drawer.drop("a.sta", FIRST)
    drawer.drop("b.pdf", b"%PDF")
    drawer.round()
    assert (drawer.folder / "a.sta.read.txt").exists()
    assert "Entries in this file: 2. New: 2. Known already: 0." in drawer.answer("a.sta")
    assert "CSV, Excel, MT940 or camt.053" in drawer.answer("b.pdf")


def test_while_another_worker_is_at_it_nothing_is_answered(drawer: Drawer) -> None:
    drawer.drop("a.sta", FIRST)
    for name in ("intake:bank", "sync:bank"):
        with lease(drawer.store, name, holder(), wall(), LEASE):
            done = drawer.round()
        assert (done.busy, done.answered) == (["bank"], [])
    drawer.round()
    assert drawer.kind("a.sta") == "read"


def test_a_folder_in_which_nothing_may_be_written_is_told(drawer: Drawer) -> None:
    drawer.drop("a.sta", FIRST)
    (drawer.folder / ".a.sta.已读.txt.part").mkdir()
    done = drawer.round()
    assert [one.fault for one in done.answered] == ["Is a directory"]
    (drawer.folder / ".a.sta.已读.txt.part").rmdir()
    drawer.round()
    assert "新增 2 笔" in drawer.answer("a.sta")


def test_a_folder_that_is_gone_is_an_error_that_names_it(drawer: Drawer) -> None:
    drawer.folder.rename(drawer.folder.with_name("elsewhere"))
    (error,) = drawer.round().errors
    assert isinstance(error, Unavailable)
    assert "statements" in str(error)


def test_a_stream_that_empties_its_folder_cannot_be_watched(drawer: Drawer) -> None:
    mapping = drawer.home / "mappings" / "systems" / "bank.yaml"
    mapping.write_text(
        mapping.read_text("utf-8").replace("format: bank}", "format: bank, after: delete}"), "utf-8"
    )
    with pytest.raises(ConfigError, match="bank") as caught:
        folders(drawer.hub)
    assert caught.value.key == "intake.moves"


def test_what_is_remembered_of_a_file_goes_with_it(drawer: Drawer) -> None:
    drawer.drop("a.sta", FIRST).rename(drawer.folder / "b.sta")
    drawer.round()
    (drawer.folder / "b.sta").unlink()
    drawer.round()
    with drawer.store.read() as conn:
        state = cursors.load_state(conn, "bank", "entries")
    assert not [slot for slot in state if slot.startswith("answer:")]
    assert [slot for slot in state if slot.startswith("file:")], "it may come again"


def test_entries_without_a_currency_are_said_to_be_of_no_use(drawer: Drawer) -> None:
    drawer.drop("a.csv", "交易日期,收入金额,支出金额,余额\n2026-02-11,100.00,,1100.00\n".encode())
    drawer.round()
    assert drawer.kind("a.csv") == "problem"
    assert "其中 1 笔没有币种或日期" in drawer.answer("a.csv")


def test_an_answer_that_is_renewed_counts_as_it_did(drawer: Drawer) -> None:
    late = [("13", "5,00", "甲", "y"), UNKNOWN]
    drawer.drop("1.sta", LONGER)
    drawer.drop("2.sta", mt940([("14", "5,00", "甲", "y")], ("14", "14"), "30000,00"))
    drawer.drop("3.sta", mt940(late, ("14", "15"), "40000,00"))
    drawer.round()
    before = [line for line in drawer.answer("3.sta").splitlines() if "新增" in line]
    assert before == ["  文件中明细 2 笔：新增 1 笔，此前已有 1 笔。"]
    drawer.drop("4.sta", mt940([("13", "8299,50", "乙", "z")], ("13", "13"), "21700,50"))
    drawer.round()
    assert drawer.kind("2.sta") == "read"
    assert before[0] in drawer.answer("3.sta")


def test_many_files_at_once_all_get_their_answer(drawer: Drawer) -> None:
    for day in range(1, 29):
        for account in ("1", "2", "3"):
            entries = [(f"{day:02}", "1,00", "甲", "x")]
            opening = f"{1000 + day},00"
            name = f"{account}-{day:02}.sta"
            drawer.drop(name, mt940(entries, (f"{day:02}", f"{day:02}"), opening, account))
    done = drawer.round()
    assert len(done.answered) == 84
    assert {one.kind for one in done.answered} == {"read"}
    assert sum(one.counts["new"] for one in done.answered) == 84
    assert not drawer.round().answered


def test_what_one_file_stumbles_over_stops_no_other(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconciler.payments.intake import kept

    real = kept.look_up

    def stumbling(conn: Any, inlet: Any, parsed: Parsed, *args: Any) -> kept.Kept:
        if parsed.statements[0].account == "777":
            raise ZeroDivisionError("a fault of ours")
        return real(conn, inlet, parsed, *args)

    monkeypatch.setattr(kept, "look_up", stumbling)
    drawer.drop("a.sta", mt940([UNKNOWN], ("10", "12"), "5,00", "777"))
    drawer.drop("b.sta", FIRST)
    drawer.round()
    assert "a fault of ours" in drawer.answer("a.sta")
    assert drawer.kind("b.sta") == "read"
    monkeypatch.undo()
    assert not drawer.round().answered, "not at once"
    drawer.now += timedelta(minutes=10)
    drawer.round()
    assert drawer.kind("a.sta") == "read"
