"""Runs that are killed while they write: a sample of the campaign over the way out, half on each engine.

The campaign runs in a process of its own, for it forks, and pytest has threads.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.house.code import ROOT

KILLS, COMMANDS, CONTROL = 50, 5, 20


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_whatever_moment_a_run_is_killed_at_nothing_is_lost_and_nothing_doubled(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "benchmarks.crash", "--part", "trading", "--engine", engine]
    command += ["--kills", str(KILLS), "--commands", str(COMMANDS), "--control", str(CONTROL)]
    command += ["--json", str(tmp_path / "told")]
    if engine == "postgresql":
        server: sa.URL = request.getfixturevalue("postgres_server")
        command += ["--server", server.render_as_string(hide_password=False)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads((tmp_path / "told").read_text("utf-8"))
    forked, commands = told[f"{engine} trading"], told[f"{engine} trading command"]
    for one in (forked, commands):
        assert (one["lost"], one["doubled"], one["unfinished"]) == (0, 0, 0)
    assert forked["kills"] == KILLS
    assert forked["hits"] >= 0.6 * KILLS
    assert "push" in forked["phases"]
    assert len(forked["phases"]) > 3
    assert commands["kills"] >= COMMANDS
    assert commands["hits"] > 0
    assert forked["control"]["doubled"] > 0
