"""The tree names no machine and no package source: it must work in anybody's hands."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.code import ROOT, files

WORDS = "pypi|pythonhosted|npmjs|artifactory|nexus|devpi|registry|mirrors?"
HOST = rf"(?:[\w-]+\.)*[\w-]*(?:{WORDS})[\w-]*(?:\.[\w-]+)+\b"
SOURCE = re.compile(rf"(?://|@){HOST}|\b(?:index|extra-index)-url\s*[=:]\s*\S*://", re.IGNORECASE)
HOME = re.compile(r"(?<![\w.])(?:/home/|/Users/|[A-Z]:\\\\?Users\\\\?)[\w.-]+|(?<![\w.])/root/")
BINARY = {".png", ".xlsx", ".jpg", ".ico", ".gz", ".zip", ".woff2"}


def texts() -> Iterator[tuple[str, int, str]]:
    """Yield (file, line number, line) of every tracked text file; the locks have a test of their own."""
    for path in files(new=False):
        if path.suffix not in BINARY and path.suffix != ".lock":
            for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1):
                yield str(path.relative_to(ROOT)), number, line


def places(pattern: re.Pattern[str]) -> list[str]:
    own = str(Path(__file__).relative_to(ROOT))
    return [
        f"{file}:{number}: {line.strip()[:100]}"
        for file, number, line in texts()
        if file != own and pattern.search(line)
    ]


def here() -> re.Pattern[str]:
    """The paths of the machine that the tests run on: they may stand in no file."""
    told = {ROOT, Path.home(), Path(sys.base_prefix), Path(sys.prefix)}
    own = {str(path) for path in told if len(path.parts) > 2 and not path.is_relative_to("/usr")}
    return re.compile("|".join(re.escape(path) + r"\b" for path in sorted(own | {str(ROOT)})))


def test_no_path_of_this_machine() -> None:
    assert not places(here())


def test_no_home_folder() -> None:
    assert not places(HOME)


def test_no_package_source() -> None:
    assert not places(SOURCE)


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (HOME, "see /home/anna/x"),
        (HOME, "cd /root/hub"),
        (SOURCE, "https://pypi.example.org/simple"),
        (SOURCE, "index-url = http://x/"),
    ],
)
def test_the_patterns_find_what_they_look_for(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


def test_no_left_over_marks() -> None:
    """No merge marks, and no tabs in YAML."""
    bad = [
        f"{file}:{number}"
        for file, number, line in texts()
        if re.match(r"<{7} |>{7} |={7}$", line) or (file.endswith(".yaml") and "\t" in line)
    ]
    assert not bad
