"""Filled-in workbooks that people drop: carried out whole and once, or every fault is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.locale import LOCALES, text
from hub.store.leases import lease
from hub.store.tables import audit
from hub.store.turns import LEASE, holder, wall
from tests.reconciler.payments.intake.drawer import SURE, TWO_ARE_POSSIBLE, UNKNOWN, Drawer, mt940

ALL = mt940([SURE, TWO_ARE_POSSIBLE, UNKNOWN], ("10", "12"), "1000,00")
ACCEPT, REJECT = "接受", "拒绝"


@pytest.fixture
def asked(any_drawer: Drawer) -> Drawer:
    """A drawer whose store holds receivables and a statement that was matched."""
    return ready(any_drawer)


@pytest.fixture
def desk(drawer: Drawer) -> Drawer:
    """The same on SQLite alone."""
    return ready(drawer)


def ready(drawer: Drawer) -> Drawer:
    drawer.read_ledger()
    drawer.drop("a.sta", ALL)
    drawer.round()
    return drawer


def test_decisions_are_carried_out_in_the_name_on_the_sheet(asked: Drawer) -> None:
    file = asked.sheet("王芳的 决定.xlsx", R3=(ACCEPT, "王芳"), R2=(REJECT, "李雷"))
    content = file.read_bytes()
    asked.round()
    said = asked.answer("王芳的 决定.xlsx")
    assert asked.kind("王芳的 决定.xlsx") == "read"
    assert "确认并核销 1 笔" in said
    assert "拒绝 1 笔" in said
    assert "处理人：李雷、王芳" in said
    assert asked.posted() == {"R1": None, "R3": "王芳"}
    assert file.read_bytes() == content
    assert asked.entries() == 3, "a workbook of proposals is no statement"


def test_the_same_sheet_once_more_decides_nothing(desk: Drawer) -> None:
    file = desk.sheet("一.xlsx", R3=(ACCEPT, "王芳"), R4=(REJECT, "王芳"))
    desk.round()
    desk.drop("二.xlsx", file.read_bytes())
    desk.round()
    assert "确认并核销 0 笔" in desk.answer("二.xlsx")
    assert "此前已处理（未再执行）2 笔" in desk.answer("二.xlsx")
    with desk.store.read() as conn:
        noted = conn.scalar(sa.select(sa.func.count()).where(audit.c.what == "payment.rejected"))
    assert noted == 1


@pytest.mark.parametrize(
    ("decisions", "said"),
    [
        ({}, ["没有任何一行填写了决定", "“决定”列", "“处理人”列"]),
        ({"R3": (ACCEPT, "")}, ["“处理人”列", "第 4 行"]),
        ({"R3": ("好的", "王芳")}, ["第 4 行，C 列（决定）", "好的"]),
        ({"R2": (ACCEPT, "王芳"), "R3": (ACCEPT, "王芳")}, ["第 4 行，C 列", "第 3 行"]),
        ({"R4": (ACCEPT, "王芳"), "R3": ("?", "王芳")}, ["第 4 行，C 列"]),
    ],
)
def test_faults_are_named_by_row_and_column_and_nothing_is_taken(
    desk: Drawer, decisions: dict[str, tuple[str, str]], said: list[str]
) -> None:
    desk.sheet("决定.xlsx", **decisions)
    desk.round()
    assert desk.kind("决定.xlsx") == "problem"
    assert not [part for part in said if part not in desk.answer("决定.xlsx")]
    assert desk.posted() == {"R1": None}


def test_once_it_is_mended_it_counts(desk: Drawer) -> None:
    desk.sheet("决定.xlsx", R3=(ACCEPT, ""))
    desk.round()
    desk.sheet("决定.xlsx", R3=(ACCEPT, "王芳"))
    desk.round()
    assert desk.kind("决定.xlsx") == "read"
    assert desk.posted() == {"R1": None, "R3": "王芳"}


def test_a_sheet_that_is_outdated_is_refused_whole(desk: Drawer) -> None:
    file = desk.sheet("决定.xlsx", R3=(ACCEPT, "王芳"), R4=(ACCEPT, "王芳"))
    (found,) = [one for booked in desk.desk.book.run(desk.now, dry=True) for one in booked.outcomes
                if one.entry.payer_name == "李四"]  # fmt: skip
    desk.desk.book.confirm("HS01", found.entry.id, {"finance/R3": None}, "赵", "来电", desk.now)
    desk.drop("决定.xlsx", file.read_bytes())
    desk.round()
    assert desk.kind("决定.xlsx") == "problem"
    assert "重新生成" in desk.answer("决定.xlsx")
    assert desk.posted() == {"R1": None, "R3": "赵"}


def test_of_several_decisions_none_counts_if_the_last_cannot_be(desk: Drawer) -> None:
    from hub.errors import ConfigError
    from reconciler.payments.booking import Decided

    waiting = [one.entry.id for booked in desk.desk.book.run(desk.now, dry=True) for one in booked.outcomes]
    some = [Decided("HS01", waiting[0], {"finance/R2": None}, "王芳", "x"),
            Decided("HS01", waiting[1], {"finance/R2": None}, "王芳", "x")]  # fmt: skip
    before = desk.posted()
    with pytest.raises(ConfigError, match="finance/R2"):
        desk.desk.book.confirm_all(some, desk.now)
    assert desk.posted() == before


def test_while_someone_matches_a_sheet_waits(desk: Drawer) -> None:
    desk.sheet("决定.xlsx", R3=(ACCEPT, "王芳"))
    with lease(desk.store, "match", holder(), wall(), LEASE):
        done = desk.round()
    assert (done.busy, done.answered) == (["match"], [])
    desk.round()
    assert desk.kind("决定.xlsx") == "read"


def test_a_sheet_saved_as_text_is_told_how_to_save_it(desk: Drawer) -> None:
    import openpyxl

    rows = openpyxl.load_workbook(desk.sheet("x.xlsx", R3=(ACCEPT, "王芳")))["待确认"].iter_rows(
        values_only=True
    )
    (desk.folder / "x.xlsx").unlink()
    lines = [",".join("" if cell is None else str(cell).replace(",", " ") for cell in row) for row in rows]
    desk.drop("决定.csv", ("\n".join(lines) + "\n").encode("gb18030"))
    desk.round()
    assert "另存为 Excel 工作簿" in desk.answer("决定.csv")
    assert desk.entries() == 3


@pytest.mark.parametrize("locale", LOCALES)
def test_a_sheet_of_either_language_is_told_from_statements(desk: Drawer, locale: str) -> None:
    from sync.run import sync_system

    desk.locale = locale
    word = text("payments.word_accept", locale)
    desk.sheet("d.xlsx", R3=(word, "Wang"))
    assert not sync_system(desk.hub, "bank").errors, "a plain sync leaves it to whom it is meant for"
    desk.now += timedelta(minutes=1)
    desk.round()
    assert desk.kind("d.xlsx") == "read"
    assert desk.posted() == {"R1": None, "R3": "Wang"}


def test_a_stream_that_puts_files_away_leaves_sheets_and_answers_where_they_are(desk: Drawer) -> None:
    from sync.run import sync_system

    desk.sheet("d.xlsx", R3=(ACCEPT, "王芳"))
    mapping = desk.home / "mappings" / "systems" / "bank.yaml"
    kept = mapping.read_text("utf-8")
    mapping.write_text(kept.replace("format: bank}", "format: bank, after: delete}"), "utf-8")
    for _ in range(2):
        assert not sync_system(desk.hub, "bank").errors
        desk.now += timedelta(minutes=1)
    assert {one.name for one in desk.folder.iterdir()} == {"d.xlsx", "a.sta.已读.txt"}
