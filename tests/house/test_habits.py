"""Habits of the house that no linter knows."""

from __future__ import annotations

import ast
import re

from tests.house.code import ROOT, files, sources

SILENCED = re.compile(r"#\s*(?:noqa(?::[A-Z0-9, ]+)?|type:\s*ignore(?:\[[\w, -]+\])?)(?P<reason>.*)$")


def test_every_file_is_python_of_the_oldest_supported_version() -> None:
    wrong = []
    for path in files():
        if path.suffix == ".py":
            try:
                ast.parse(path.read_text("utf-8"), filename=str(path), feature_version=(3, 11))
            except SyntaxError as error:
                wrong.append(f"{path.relative_to(ROOT)}:{error.lineno}: {error.msg}")
    assert not wrong


def test_no_test_sleeps() -> None:
    sleeping = [
        f"{module}:{node.lineno}"
        for module, (_, tree) in sources().items()
        if module.startswith("tests.")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "sleep"
    ]
    assert not sleeping


def test_every_silenced_check_has_its_reason_beside_it() -> None:
    """In the line itself, or in the line above for what comes in a row."""
    bare = []
    for module, (path, _) in sources().items():
        if module.startswith("tests."):
            continue
        lines = path.read_text("utf-8").splitlines()
        for above, (number, line) in zip(["", *lines], enumerate(lines, 1), strict=False):
            silenced = SILENCED.search(line)
            if silenced and not re.search(r"\w", silenced["reason"]) and "#" not in above:
                bare.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not bare


ALOUD = "tests.mariadb"
"""May skip: a server that only some systems can install. pytest's summary says so (`-rs`)."""


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    skipped = [
        f"{module}:{node.lineno}"
        for module, (_, tree) in sources().items()
        if module.startswith("tests.")
        for node in ast.walk(tree)
        if module != ALOUD
        and isinstance(node, ast.Attribute)
        and ast.unparse(node)
        in {"pytest.skip", "pytest.importorskip", "pytest.mark.skip", "pytest.mark.xfail"}
    ]
    assert not skipped
