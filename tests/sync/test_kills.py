"""Runs that are killed: a sample of the campaign in `benchmarks/crash`, half of it on each engine.

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

KILLS = 50


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_whatever_moment_a_run_is_killed_at_the_next_one_ends_as_if_nothing_was(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "benchmarks.crash", "--part", "sync", "--engine", engine]
    command += ["--json", str(tmp_path / "told")]
    command += ["--kills", str(KILLS), "--orders", "12", "--commands", "0"]
    if engine == "postgresql":
        server: sa.URL = request.getfixturevalue("postgres_server")
        command += ["--server", server.render_as_string(hide_password=False)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads((tmp_path / "told").read_text("utf-8"))
    for one in told.values():
        assert (one["lost"], one["doubled"], one["unfinished"]) == (0, 0, 0)
    assert told[engine]["kills"] == KILLS
    assert told[engine]["hits"] >= 0.7 * KILLS
    hit = told[engine]["phases"].keys()
    assert "pull" in hit
    assert len(hit) > 3, "the moments are drawn: not every phase is hit each time, but several are"
