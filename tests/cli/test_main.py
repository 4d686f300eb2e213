"""What holds for every command: help, language, where errors go, and how they end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from cli.main import app, in_front
from hub.errors import HubError
from tests.cli.home import Home
from tests.house.code import ROOT

HEAVY = (
    "sqlalchemy", "pydantic", "zeep", "deepdiff", "alembic", "openpyxl", "xlsxwriter", "playwright", "lxml",
    "jinja2", "requests", "cryptography", "ruamel", "psycopg", "simulators",
)  # fmt: skip

EVERY_HELP = f"""
import sys
from typer.testing import CliRunner
from typer.main import get_command
from cli.main import app
run = CliRunner().invoke
def walk(command, words):
    done = run(app, [*words, "--help"])
    assert done.exit_code == 0, (words, done.output)
    assert "Usage: " in done.stdout
    for name, inner in getattr(command, "commands", {{}}).items():
        walk(inner, [*words, name])
walk(get_command(app), [])
print(sorted(set({HEAVY!r}) & {{name.partition(".")[0] for name in sys.modules}}))
"""


def test_no_help_loads_anything_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", EVERY_HELP], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout == "[]\n"


def test_help_groups_the_commands_and_names_exit_codes_and_settings(home: Home) -> None:
    done = home.run("--help")
    shown = done.stdout
    for heading in ("Run:", "Look:", "Mend:", "Set up:", "Try it out:", "Exit codes:", "Settings:"):
        assert heading in shown
    for name in get_command(app).commands:  # type: ignore[attr-defined]  # the root is a group
        assert f"  {name}" in shown


def test_a_first_line_fits_its_line() -> None:
    long = {
        name: command.get_short_help_str(200)
        for name, command in get_command(app).commands.items()  # type: ignore[attr-defined]  # the root is a group
        if len(command.get_short_help_str(200)) > 66 and name not in ("demo", "practice")
    }
    assert not long


def test_the_version(home: Home) -> None:
    done = home.run("--version")
    assert done.exit_code == 0
    assert done.stdout.startswith("orderhub ")


@pytest.mark.parametrize(
    ("args", "moved"),
    [
        (["status", "--locale", "en"], ["--locale", "en", "status"]),
        (["status", "--home=x", "--json"], ["--home=x", "status", "--json"]),
        (["explain", "--", "--locale"], ["explain", "--", "--locale"]),
        (["status", "--locale"], ["--locale", "status"]),
    ],
)
def test_locale_and_home_may_stand_anywhere(args: list[str], moved: list[str]) -> None:
    assert in_front(args) == moved


def test_the_option_wins_over_environment_and_hub_yaml(home: Home) -> None:
    assert "System" in home.run("status").stdout
    assert "系统" in home.run("status", ORDERHUB_LOCALE="zh-CN").stdout
    assert "System" in home.run("status", "--locale", "en", ORDERHUB_LOCALE="zh-CN").stdout
    rules = home.path / "mappings" / "hub.yaml"
    rules.write_text(rules.read_text("utf-8").replace("locale: en", "locale: zh-CN"), "utf-8")
    assert "系统" in home.run("status").stdout


def test_an_unknown_locale_is_wrong_use(home: Home) -> None:
    done = home.run("status", "--locale", "fr")
    assert done.exit_code == 2
    assert "zh-CN" in done.stderr


def test_home_is_taken_from_the_option(home: Home, tmp_path: Path) -> None:
    done = home.run("status", "--home", str(tmp_path / "nowhere"))
    assert done.exit_code == 2
    assert "mappings" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("ORDERHUB_KEY", "", "orderhub db key"),
        ("ORDERHUB_KEY", "short", "orderhub db key"),
        ("ORDERHUB_STORE", "mysql://user:hidden-word@host/db", "SQLite or PostgreSQL"),
    ],
)
def test_a_wrong_set_up_is_a_sentence_and_exit_2(home: Home, variable: str, value: str, says: str) -> None:
    done = home.run("status", "--json", **{variable: value})
    assert done.exit_code == 2
    assert says in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "hidden-word" not in done.output


def test_errors_are_said_in_the_language_of_a_broken_hub_yaml(home: Home) -> None:
    (home.path / "mappings" / "hub.yaml").write_text("locale: zh-CN\nquite: {erp: 3d}\n", "utf-8")
    done = home.run("reconcile")
    assert done.exit_code == 2
    assert "hub.yaml:2:1" in done.stderr
    assert "quiet" in done.stderr
    assert "错误" in done.stderr


def test_a_store_without_tables_says_what_to_run(home: Home) -> None:
    done = home.run("status", ORDERHUB_STORE=f"sqlite:///{home.path / 'other.db'}")
    assert done.exit_code == 2
    assert "orderhub db upgrade" in done.stderr


def test_practice_says_that_its_port_is_taken(home: Home, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = home.run(
            "practice", "--port", str(taken.getsockname()[1]), "--out", str(tmp_path / "practice")
        )
    assert (done.exit_code, "is taken" in done.stderr) == (2, True), done.output


def test_ctrl_c_ends_cleanly(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sync.run.sync_system", interrupted)
    done = home.run("sync")
    assert done.exit_code == 130
    assert "run it again" in done.stderr


def test_an_unexpected_error_shows_no_secret(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("postgresql://user:hidden-word@host/db")

    monkeypatch.setattr("sync.run.sync_system", broken)
    done = home.run("sync")
    assert done.exit_code == 1
    assert "ZeroDivisionError" in done.stderr
    assert "hidden-word" not in done.output


def test_errors_without_a_class_of_their_own_are_exit_1(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise HubError("store.no_finding", id="abc")

    monkeypatch.setattr("hub.findings.load_finding", refused)
    done = home.run("findings", "show", "abc")
    assert (done.exit_code, "abc" in done.stderr) == (1, True)


def test_control_characters_in_records_never_reach_the_terminal(home: Home) -> None:
    home.deliver([("D9", "N1", "SO\x1b[31m9", "NEW", 1, 0, "2026-01-05 17:30:00")])
    assert home.run("sync").exit_code == 0
    assert home.run("reconcile").exit_code == 0
    shown = home.run("findings", "list").stdout
    assert "\x1b" not in shown
    assert "SO\ufffd[31m9" in shown.replace("\n", "")


def test_the_installed_command_runs_as_a_process(home: Home) -> None:
    orderhub = Path(sys.executable).with_name("orderhub")
    environment = {**os.environ, **home.env}
    done = subprocess.run(
        [orderhub, "status", "--json"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {one["system"] for one in json.loads(done.stdout)["systems"]} == {"erp", "wms"}
    assert done.stderr == ""
