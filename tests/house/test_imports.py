"""What a command loads: heavy libraries come in where they are used, not before."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.house.code import ROOT

HEAVY = {
    *("airflow", "alembic", "deepdiff", "lxml", "openpyxl", "pandas", "playwright", "polars", "psycopg"),
    *("simulators", "xlsxwriter", "zeep"),
}
HELP_HEAVY = HEAVY | {"cryptography", "jinja2", "pydantic", "requests", "ruamel", "sqlalchemy"}

LOADED = """
import json, sys
{what}
sys.stderr.write(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""
HELP = """
from cli.main import app
try:
    app(["--help"], prog_name="orderhub")
except SystemExit as end:
    assert not end.code
"""


def loaded(what: str) -> set[str]:
    """Return the top-level modules that are loaded after `what` ran in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(what=what)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr))


def test_the_command_line_loads_nothing_heavy() -> None:
    assert not loaded("import cli.main") & HEAVY


def test_help_loads_next_to_nothing() -> None:
    """`orderhub --help` answers in under half a second because of what it does not load."""
    assert not loaded(HELP) & HELP_HEAVY


@pytest.mark.parametrize("room", ["hub.store", "hub.mapping", "connectors.registry", "sync", "reconciler"])
def test_a_room_loads_nothing_heavy(room: str) -> None:
    assert not loaded(f"import {room}") & HEAVY


def test_looking_at_all_mappings_reaches_for_nothing() -> None:
    """Airflow parses the DAGs every half minute: no network, no database, nothing heavy."""
    what = """
import socket
from pathlib import Path
def refuse(*_, **__): raise AssertionError("a DAG must not reach out while it is parsed")
socket.socket = socket.create_connection = refuse
from hub.config import Settings
from hub.mapping.survey import survey
systems, wrong = survey(Path.cwd())
assert systems and not wrong, wrong
"""
    assert not loaded(what) & (HEAVY | {"sqlalchemy", "requests"})
