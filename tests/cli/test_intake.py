"""`orderhub intake`: what the folder's people and programs are told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.home import Home, home_in
from tests.reconciler.payments.intake.drawer import BANK, SURE, TWO_ARE_POSSIBLE, mt940

FIRST = mt940([SURE, TWO_ARE_POSSIBLE], ("10", "12"), "1000,00")
GAP = mt940([SURE], ("17", "17"), "9000,00")


@pytest.fixture
def desk(tmp_path: Path) -> Home:
    systems = tmp_path / "mappings" / "systems"
    systems.mkdir(parents=True)
    (tmp_path / "mappings" / "hub.yaml").write_text(
        "locale: zh-CN\nzone: Asia/Shanghai\ncompany: HS01\n", "utf-8"
    )
    (systems / "bank.yaml").write_text(BANK, "utf-8")
    (tmp_path / "bank" / "statements").mkdir(parents=True)
    home = home_in(tmp_path)
    home.env["AIRFLOW_CONN_BANK"] = json.dumps({"conn_type": "fs", "extra": {"path": str(tmp_path / "bank")}})
    assert home.run("db", "upgrade").exit_code == 0
    return home


def drop(desk: Home, name: str, content: bytes) -> Path:
    path = desk.path / "bank" / "statements" / name
    path.write_bytes(content)
    os.utime(path, (1, 1))
    return path


@contextmanager
def running(desk: Home, *args: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", "from cli.main import app; app()", *args],
        env={**os.environ, **desk.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_one_look_answers_in_the_language_of_the_hub(desk: Home) -> None:
    drop(desk, "中国银行 2月.sta", FIRST)
    done = desk.run("intake", "--once")
    assert done.exit_code == 0
    assert "中国银行 2月.sta：已读，新增 2 笔，此前已有 0 笔" in done.output
    answer = desk.path / "bank" / "statements" / "中国银行 2月.sta.已读.txt"
    assert answer.read_bytes().startswith(b"\xef\xbb\xbf")
    again = desk.run("intake", "--once")
    assert "没有新文件" in again.output


def test_programs_get_a_line_for_each_answer(desk: Home) -> None:
    drop(desk, "a.sta", FIRST)
    drop(desk, "b.pdf", b"%PDF")
    done = desk.run("intake", "--once", "--json")
    one, other = [json.loads(line) for line in done.stdout.splitlines()]
    assert (one["file"], one["kind"], one["counts"]["new"]) == ("statements/a.sta", "read", 2)
    assert (other["kind"], other["answer"]) == ("problem", "b.pdf.有问题.txt")


def test_it_goes_on_until_it_is_stopped(desk: Home) -> None:
    with running(desk, "intake", "--every", "1s", "--json") as process:
        drop(desk, "a.sta", FIRST)
        assert process.stdout
        told: dict[str, Any] = json.loads(process.stdout.readline())
        assert told["counts"]["new"] == 2
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert process.stderr
        assert process.stderr.read() == ""


def test_a_watch_answers_as_well(desk: Home) -> None:
    drop(desk, "a.sta", FIRST)
    with running(desk, "watch", "--every", "1s", "--json") as process:
        assert process.stdout
        events = (json.loads(line) for line in process.stdout)
        told = next(event for event in events if event["event"] == "answered")
        assert (told["system"], told["place"], told["counts"]["new"]) == ("bank", "a.sta.已读.txt", 2)
        process.send_signal(signal.SIGTERM)
        assert next(event for event in events if event["event"] == "ended")
        assert process.wait(30) == 0


def test_the_report_says_what_statements_lack(desk: Home) -> None:
    drop(desk, "a.sta", FIRST)
    drop(desk, "b.sta", GAP)
    desk.run("intake", "--once")
    page = desk.path / "report.html"
    assert desk.run("match", "--report", str(page), "--sheet", str(page.with_suffix(".xlsx"))).exit_code == 0
    said = page.read_text("utf-8")
    assert "2026-02-13" in said
    assert "6222000011112222" in said


def test_a_hub_without_such_a_folder_says_so(desk: Home) -> None:
    (desk.path / "mappings" / "systems" / "bank.yaml").unlink()
    done = desk.run("intake", "--once")
    assert done.exit_code == 2
    assert "format: bank" in done.output


@pytest.mark.parametrize("every", ["soon", "0s"])
def test_what_cannot_be_meant_is_named(desk: Home, every: str) -> None:
    done = desk.run("intake", "--every", every)
    assert done.exit_code == 2
    assert every in done.output


def test_a_folder_that_is_gone_ends_with_one(desk: Home) -> None:
    (desk.path / "bank" / "statements").rmdir()
    done = desk.run("intake", "--once")
    assert done.exit_code == 1
    assert "statements" in done.output
