"""`orderhub watch` as a process: what it says line by line, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.cli.home import DELIVERIES, Home


@contextmanager
def running(home: Home, *args: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", "from cli.main import app; app()", "watch", "--every", "1s", *args],
        env={**os.environ, **home.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def heard(process: subprocess.Popen[str], kind: str) -> dict[str, Any]:
    """Return the first event of a kind from here on."""
    assert process.stdout
    for line in process.stdout:
        event: dict[str, Any] = json.loads(line)
        if event["event"] == kind:
            return event
    raise AssertionError(process.stderr and process.stderr.read())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_reads_merges_and_ends_when_told(fresh: Home, number: int, code: int) -> None:
    with running(fresh, "--json") as process:
        assert heard(process, "read")["system"] in ("erp", "wms")
        assert heard(process, "merged")["counts"]["born"] > 0
        fresh.deliver([("D9", "N1", "SO9", "NEW", 1, 0, "2026-01-06 16:30:00"), *DELIVERIES])
        assert heard(process, "read")["counts"]["orders"] > 0
        checks = {(one["topic"], one["system"]): one["look"] for one in fresh.json("doctor")["checks"]}
        assert checks["watch", None] == "ok"
        process.send_signal(number)
        heard(process, "ended")
        assert process.wait(20) == code
        assert process.stderr
        assert process.stderr.read() == ""


def test_lines_are_for_people_otherwise(fresh: Home) -> None:
    with running(fresh, "--system", "wms", "--listen", "127.0.0.1:0") as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert "http://127.0.0.1:" in lines[0]
    assert "watching" in lines[1]
    assert "wms: 2 records read" in lines[2]


@pytest.mark.parametrize(
    "args",
    [
        ("--every", "soon"),
        ("--every", "0s"),
        ("--listen", "8790"),
        ("--listen", "host:x"),
        ("--listen", "127.0.0.1:99999"),
        ("--system", "wmss"),
    ],
)
def test_what_cannot_be_meant_is_named(fresh: Home, args: tuple[str, ...]) -> None:
    done = fresh.run("watch", *args)
    assert done.exit_code == 2
    assert args[1].removesuffix("s") in done.output
