"""Reports: both languages, no network, no formula, and the same numbers everywhere."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from hub.locale import catalogue
from hub.store import Store
from reconciler.reports import write_reports
from reconciler.reports.sheets import safe
from reconciler.reports.words import Words
from reconciler.result import Result
from reconciler.run import reconcile
from tests.reconciler.faults import settled, with_faults
from tests.reconciler.world import NOW, fill, hub_rules


@pytest.fixture
def result(sqlite_store: Store) -> Result:
    cases, _ = with_faults(settled(7, 60))
    fill(
        sqlite_store,
        cases,
        {"wms": {"failed_at": NOW, "error": "=cmd|' /C calc'!A0 <script>alert(1)</script>"}},
    )
    return reconcile(sqlite_store, hub_rules(), NOW)


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_the_page_stands_alone_and_names_every_finding(result: Result, tmp_path: Path, locale: str) -> None:
    page = write_reports(result, tmp_path, locale, ["html"])["html"].read_text("utf-8")
    assert not re.search(r"(src|href)=.(https?:)?//|@import|url\(", page)
    assert "<script" not in page
    assert re.search(r"\{[a-z_]+\}", page.split("</style>")[1]) is None, "a message was not filled"
    assert not re.search(
        r"\b(report|findings)\.[a-z_]+\b(?!\.)", re.sub(r"(report|findings)\.(en|zh-CN)\.\w+", "", page)
    )
    for one in result.findings:
        if not one.whole_system:
            assert one.order_no in page


def test_the_page_speaks_the_readers_language(result: Result, tmp_path: Path) -> None:
    english = write_reports(result, tmp_path, "en", ["html"])["html"].read_text("utf-8")
    chinese = write_reports(result, tmp_path, "zh-CN", ["html"])["html"].read_text("utf-8")
    assert "orders agree" in english
    assert "张一致" in chinese
    assert not re.search(r"[\u4e00-\u9fff]", english)


def test_times_are_shown_in_the_rules_zone(result: Result, tmp_path: Path) -> None:
    page = write_reports(result, tmp_path, "en", ["html"])["html"].read_text("utf-8")
    assert "as of 2026-11-20 14:00" in page
    assert "Asia/Shanghai (UTC+08:00)" in page


def test_the_workbook_holds_numbers_dates_and_no_formula(result: Result, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    path = write_reports(result, tmp_path, "zh-CN", ["xlsx"])["xlsx"]
    book = load_workbook(path)
    assert book.sheetnames == ["概览", "原因", "差异", "系统", "总量核对", "交期风险订单"]
    sheet = book["差异"]
    assert sheet.max_row == len(result.findings) + 1
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref is not None
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert any(isinstance(row[11], int | float) for row in rows)
    assert all(isinstance(row[14], datetime) for row in rows)
    cells = [cell for one in book for row in one.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)


def test_csv_is_neutral_and_complete(result: Result, tmp_path: Path) -> None:
    path = write_reports(result, tmp_path, "en", ["csv"])["csv"]
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert len(rows) == len(result.findings) + 1
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_json_holds_everything_for_machines(result: Result, tmp_path: Path) -> None:
    told = json.loads(write_reports(result, tmp_path, "zh-CN", ["json"])["json"].read_text("utf-8"))
    assert told["schema"] == "orderhub.report/1"
    assert sum(told["counts"].values()) == len(told["findings"]) == len(result.findings)
    assert {one["system"] for one in told["systems"]} == {"erp", "wms", "tms"}


def test_a_format_that_is_none_is_refused(result: Result, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pdf"):
        write_reports(result, tmp_path, "en", ["pdf"])


@pytest.mark.parametrize("cell", ["=1+1", "+86 10", "-5", "@SUM", "\t=1", "\r=1"])
def test_what_looks_like_a_formula_is_text(cell: str) -> None:
    assert safe(cell) == "'" + cell


def test_numbers_as_people_write_them() -> None:
    from decimal import Decimal

    english, chinese = Words("en"), Words("zh-CN")
    assert english.number(Decimal("1234567.5")) == "1,234,567.5"
    assert english.number(Decimal("51.000")) == "51"
    assert english.number(Decimal(100)) == "100"
    assert english.money(Decimal("1234.5"), "CNY") == "CNY 1,234.50"
    assert chinese.money(Decimal("1234.5"), "CNY") == "1,234.50 元"
    assert chinese.sums({"CNY": Decimal(20_684_799)}, short=True) == "2,068.5 万元"
    assert english.sums({"CNY": Decimal(20_684_799)}, short=True) == "CNY 20.7 m"
    assert english.share(Decimal("0.99999")) == "> 99.99 %"
    assert english.span(-28_800) == "8 h"
    assert chinese.span(5_400) == "1 小时 30 分钟"


@pytest.mark.parametrize("room", ["findings", "report"])
def test_both_languages_hold_the_same_entries(room: str) -> None:
    keys = [{key for key in catalogue(locale) if key.startswith(f"{room}.")} for locale in ("en", "zh-CN")]
    assert keys[0] == keys[1]
