"""The set-up: which Python it takes, what it says when there is none, where packages come from."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.code import ROOT

ENVIRONMENT = ROOT / ".ci" / "environment.py"


@pytest.fixture(scope="module")
def environment() -> ModuleType:
    spec = importlib.util.spec_from_file_location("environment", ENVIRONMENT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A clone on a machine that has the shell's own tools and no Python at all."""
    (tmp_path / "clone/.ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci/setup", tmp_path / "clone/.ci/setup")
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "dirname", "grep", "rm", "mkdir", "cat"):
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    return tmp_path


def python(machine: Path, name: str, version: str, venv: bool = True) -> None:
    """Put a Python on the machine that says its version, and makes an "environment" if it can."""
    program = machine / "bin" / name
    program.write_text(
        f"""#!/bin/sh
        case "$*" in
        *ensurepip*) exit {0 if venv else 1} ;;
        *version*) printf {version} ;;
        *"-m venv"*) mkdir -p .venv/bin && cat "$0" > .venv/bin/python && : > .venv/made-by-{name} ;;
        *) exit 1 ;;
        esac
        """,
        "utf-8",
    )
    program.chmod(0o755)


def setup(machine: Path, **more: str) -> str:
    """Run the set-up on the machine; return what it says."""
    done = subprocess.run(
        ["sh", ".ci/setup", "test"],
        cwd=machine / "clone",
        env={"PATH": str(machine / "bin"), **more},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr


def test_no_python_is_a_sentence(machine: Path) -> None:
    assert "OrderHub needs Python 3.11, 3.12 or 3.13 with venv. Found: no Python that runs." in setup(machine)


@pytest.mark.parametrize("version", ["3.10", "3.14", "2.7", "4.0"])
def test_another_python_is_a_sentence(machine: Path, version: str) -> None:
    python(machine, "python3", version)
    said = setup(machine, GOAL="demo")
    assert f"Found: python3 is Python {version}." in said
    assert "PYTHON=python3.12 make demo" in said
    assert not (machine / "clone/.venv").exists()


def test_a_python_without_venv_is_a_sentence(machine: Path) -> None:
    python(machine, "python3", "3.12", venv=False)
    assert "python3 (Python 3.12) has no venv module" in setup(machine)


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_a_fitting_python_is_found_beside_one_that_does_not_fit(machine: Path, version: str) -> None:
    python(machine, "python3", "3.14")
    python(machine, f"python{version}", version)
    assert f"Setting up .venv with Python {version}" in setup(machine)
    assert (machine / f"clone/.venv/made-by-python{version}").exists()


def test_the_named_python_is_taken(machine: Path) -> None:
    python(machine, "python3", "3.11")
    python(machine, "mine", "3.13")
    assert "Setting up .venv with Python 3.13" in setup(machine, PYTHON="mine")


def test_a_named_python_that_does_not_run_is_a_sentence(machine: Path) -> None:
    python(machine, "python3", "3.11")
    assert "Found: no Python that runs as nowhere." in setup(machine, PYTHON="nowhere")


def test_an_environment_whose_python_is_gone_is_built_anew(machine: Path) -> None:
    python(machine, "python3", "3.12")
    (machine / "clone/.venv/bin").mkdir(parents=True)
    (machine / "clone/.venv/bin/python").symlink_to(machine / "gone")
    assert "building it anew" in setup(machine)
    assert (machine / "clone/.venv/made-by-python3").exists()


def test_pips_sources_are_handed_on_to_uv(environment: ModuleType) -> None:
    pip = {"index-url": "a", "extra-index-url": "b\nc", "find-links": "d e", "cert": "f"}
    assert environment.mirrors(pip, {"SSL_CERT_FILE": "own"}) == {
        "UV_DEFAULT_INDEX": "a",
        "UV_INDEX": "b c",
        "UV_FIND_LINKS": "d,e",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_plain_defaults_hand_on_nothing(environment: ModuleType) -> None:
    assert environment.mirrors({}, {}) == {}


def test_pips_settings_are_read_from_every_place(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = one\nfind-links =\n    here\n    there\n", "utf-8"
    )
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_INDEX_URL", "two")
    settings = environment.pip_settings()
    assert settings["index-url"] == "two"
    assert settings["find-links"].split() == ["here", "there"]


def test_uv_is_installed_from_its_own_lines_of_the_lock(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    pinned = Path(environment.uv_pin()).read_text("utf-8").splitlines()
    assert pinned[0].startswith("uv==")
    assert len(pinned) > 1
    assert all(line.strip().startswith("--hash=sha256:") for line in pinned[1:])


def test_a_second_call_only_looks(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    (tmp_path / ".venv/.orderhub-run").write_text(environment.digest("run"), "utf-8")
    monkeypatch.setattr(environment.subprocess, "run", lambda *_, **__: pytest.fail("it did more than look"))
    environment.install("run")
    assert environment.digest("run") != environment.digest("test")


def test_the_supported_pythons_are_the_projects() -> None:
    assert (3, 11) <= sys.version_info[:2] < (3, 14)
    assert 'requires-python = ">=3.11,<3.14"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert "3.11 | 3.12 | 3.13)" in (ROOT / ".ci/setup").read_text("utf-8")
