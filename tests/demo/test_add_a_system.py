"""`docs/add-a-system.md` is true: its files are written, its commands run, and print what stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.house.code import ROOT

PAGE = ROOT / "docs" / "add-a-system.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KEY = 'export ORDERHUB_KEY="$(orderhub db key)"'
EXPORT = re.compile(r"^export (\w+)='(.*)'$", re.MULTILINE)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment that the open workshop asks for."""
    script = ROOT / "docs" / "examples" / "workshop.py"
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "workshop")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("#"):
            break
    yield dict(EXPORT.findall(said))
    process.terminate()
    process.wait()
    process.stdout.close()


def test_the_page_is_true(workshop: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(workshop) == 4
    monkeypatch.chdir(tmp_path)
    env = {**workshop, "ORDERHUB_HOME": str(tmp_path / "myhub"), "COLUMNS": "100"}
    blocks = FENCE.findall(PAGE.read_text("utf-8"))
    assert {kind for kind, _ in blocks} == {"console", "sh", "yaml"}
    ran = 0
    for kind, text in blocks:
        if kind == "yaml":
            (tmp_path / "myhub" / text.partition("\n")[0].removeprefix("# ")).write_text(text, "utf-8")
        elif kind == "console":
            ran += _run(text, env)
    assert ran > 10


def _run(text: str, env: dict[str, str]) -> int:
    """Run the commands of a block; each must succeed and print the lines that stand below it, in order."""
    commands = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    for part in commands:
        command, _, shown = part.partition("\n")
        words = shlex.split(command)
        if words[0] == "cd":
            os.chdir(words[1])
        elif words[0] == "mkdir":
            Path(words[-1]).mkdir(parents=True)
        elif command == KEY:
            env["ORDERHUB_KEY"] = _printed(["db", "key"], env).strip()
        else:
            assert words[0] == "orderhub", command
            _require_lines(shown, _printed(words[1:], env), command)
    return len(commands)


def _printed(words: list[str], env: dict[str, str]) -> str:
    done = CliRunner().invoke(app, words, env=env)
    assert done.exit_code == 0, done.output
    return done.stdout


def _require_lines(shown: str, printed: str, command: str) -> None:
    lines = iter(line.strip() for line in printed.splitlines())
    for line in shown.splitlines():
        wanted = line.strip()
        assert wanted in ("", "...") or wanted in lines, f"{command}: no {wanted!r} in\n{printed}"
