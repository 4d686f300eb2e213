"""The locks: every file pinned with hashes, no address and no path in them."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.house.code import ROOT

LOCKS = ("requirements.lock", "benchmarks/requirements.lock")
BUILT_ON = (
    "apache-airflow",
    "requests",
    "zeep",
    "tenacity",
    "pydantic",
    "sqlalchemy",
    "deepdiff",
    "playwright",
)
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[0-9][\w.+!-]*)(?: ; (?P<marker>[^\\]+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?P<more> \\)?$")
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")


def lines(lock: str) -> list[str]:
    return (ROOT / lock).read_text("utf-8").splitlines()


def pins(lock: str) -> dict[str, str]:
    return {match["name"]: match["version"] for line in lines(lock) if (match := PIN.match(line))}


def normal(requirement: str) -> str:
    """Return the package's name as indexes write it."""
    match = NAME.match(requirement)
    assert match, requirement
    return re.sub(r"[-_.]+", "-", match[0]).lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_no_path(lock: str) -> None:
    for number, line in enumerate(lines(lock), 1):
        for word in ("://", "--index", "--extra-index", "--find-links", "--trusted", " @ ", "file:"):
            assert word not in line, f"{lock}:{number}"
        assert not re.match(r"\s*(-e|-r|-c|\.|/|~|[A-Za-z]:\\)", line), f"{lock}:{number}"


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_package_with_hashes(lock: str) -> None:
    open_for_hash = False
    for number, line in enumerate(lines(lock), 1):
        if match := HASH.match(line):
            assert open_for_hash, f"{lock}:{number}: a hash that belongs to no package"
            open_for_hash = bool(match["more"])
        else:
            assert not open_for_hash, f"{lock}:{number}: the package before has no hash"
            assert PIN.match(line), f"{lock}:{number}: {line}"
            open_for_hash = True
    assert not open_for_hash


@pytest.mark.parametrize("name", BUILT_ON)
def test_what_the_product_is_built_on_is_pinned(name: str) -> None:
    assert name in pins("requirements.lock")


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    asked = project["project"]["dependencies"] + [line for extra in extras for line in extra]
    build = project["build-system"]["requires"]
    assert {normal(line) for line in asked + build} <= pins("requirements.lock").keys()


def test_peers_of_the_benchmarks_stay_out_of_the_product() -> None:
    peers = [line for line in lines("benchmarks/requirements.in") if line and not line.startswith("#")]
    assert {normal(peer) for peer in peers} <= pins("benchmarks/requirements.lock").keys()
    assert not {"pandas", "polars", "pyarrow", *map(normal, peers)} & pins("requirements.lock").keys()
