"""A round may be killed at any moment: the next one answers what has no answer, and doubles nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.house.code import ROOT


def test_whatever_step_a_round_is_killed_at_the_next_one_ends_as_if_nothing_was(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.reconciler.payments.intake.killed", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["steps"] > 15
    assert told["expected"]["posted"] == {"R1": None, "R3": "王芳"}
    assert told["differing"] == {}
