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
SCRIPT = ROOT / "docs" / "examples" / "workshop.py"
FENCE = re.compile(r"^```(\w*)( fails)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HUNK = re.compile(r"^((?:-.*\n)+)((?:\+.*\n)+)", re.MULTILINE)
STAMP = re.compile(r"\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2}(?::\d{2})?)?|\d{2}:\d{2}(?::\d{2})?")
KEY = 'export ORDERHUB_KEY="$(orderhub db key)"'
EXPORT = re.compile(r"^export (\w+)='(.*)'$", re.MULTILINE)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment that the open workshop asks for."""
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(tmp_path / "workshop")], stdout=subprocess.PIPE, text=True
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
    assert len(workshop) == 6
    monkeypatch.chdir(tmp_path)
    env = {**workshop, "ORDERHUB_HOME": str(tmp_path / "myhub"), "COLUMNS": "100"}
    blocks = FENCE.findall(PAGE.read_text("utf-8"))
    assert {kind for kind, _, _ in blocks} == {"console", "diff", "sh", "yaml"}
    ran = 0
    for kind, fails, text in blocks:
        if kind in ("yaml", "diff"):
            _write(kind, text, tmp_path / "myhub")
        elif kind == "console":
            ran += _run(text, env, 1 if fails else 0)
    assert ran > 40


def _write(kind: str, text: str, home: Path) -> None:
    """Write the file that the first line of a block names, add to its end, or change some of its lines."""
    name, _, at_its_end = text.partition("\n")[0].removeprefix("# ").partition(", ")
    file = home / name
    said = file.read_text("utf-8") if at_its_end or kind == "diff" else ""
    for hunk in HUNK.finditer(text) if kind == "diff" else ():
        old, new = ("".join(line[1:] for line in part.splitlines(True)) for part in hunk.groups())
        assert said.count(old) == 1, old
        said = said.replace(old, new)
    file.write_text(said if kind == "diff" else said + text, "utf-8")


def _run(text: str, env: dict[str, str], last: int) -> int:
    """Run a block's commands: each must print the lines below it, in order; the last ends with `last`."""
    commands = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    for number, part in enumerate(commands, start=1):
        command, _, shown = part.partition("\n")
        words = shlex.split(command)
        if words[0] == "cd":
            os.chdir(words[1])
        elif words[0] == "mkdir":
            Path(words[-1]).mkdir(parents=True)
        elif command == KEY:
            env["ORDERHUB_KEY"] = _printed(["db", "key"], env).strip()
        elif words[0] == "python":
            assert words[1] == "../docs/examples/workshop.py"
            _require_lines(shown, _told(words[2:], env), command)
        else:
            assert words[0] == "orderhub", command
            code = last if number == len(commands) else 0
            _require_lines(shown, _printed(words[1:], env, code), command)
    return len(commands)


def _told(words: list[str], env: dict[str, str]) -> str:
    """Let people of the workshop do something; return what is to be seen afterwards."""
    asked = [sys.executable, str(SCRIPT), *words]
    return subprocess.run(asked, env={**os.environ, **env}, capture_output=True, text=True, check=True).stdout


def _printed(words: list[str], env: dict[str, str], code: int = 0) -> str:
    done = CliRunner().invoke(app, words, env=env)
    assert done.exit_code == code, done.output
    return done.output if code else done.stdout


def _require_lines(shown: str, printed: str, command: str) -> None:
    """Require each line that is shown, blanks at its ends and the time of day aside."""
    lines = iter(STAMP.sub("", line.strip()) for line in printed.splitlines())
    for line in shown.splitlines():
        wanted = STAMP.sub("", line.strip())
        assert wanted in ("", "...") or wanted in lines, f"{command}: no {wanted!r} in\n{printed}"
