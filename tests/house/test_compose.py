"""The deployment: what Compose itself says of its file, what the house asks of it and of the Dockerfile."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

from airflow_provider.secrets import sensitive_var_conn_names
from hub.store.seal import read_key
from tests.house.code import ROOT

COMPOSE = Path(sys.executable).parent / "docker-compose"
FILE = ROOT / "docker-compose.yml"
SERVICES = {"postgres", "init", "api-server", "scheduler", "dag-processor", "triggerer", "watch"}
MORE = {"celery": {"redis", "worker"}, "metrics": {"metrics"}, "practice": {"practice"}}
PROFILES = [(), ("celery",), ("metrics",), ("practice",), ("celery", "metrics", "practice")]
VARIABLE = re.compile(r"\$\{(\w+)[:}-]")
INSTRUCTION = re.compile(r"^([A-Z]+) (.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of secrets as the script makes it."""
    folder = tmp_path_factory.mktemp("deploy") / "secrets"
    subprocess.run(["sh", "deploy/secrets", str(folder)], cwd=ROOT, check=True, capture_output=True)
    return folder


def compose(secrets: Path, *words: str, file: Path = FILE, **more: str) -> subprocess.CompletedProcess[str]:
    """Run Compose; nothing of this machine's own settings goes in."""
    env = {"PATH": os.environ["PATH"], "HOME": str(secrets), "ORDERHUB_SECRETS": str(secrets), **more}
    command = [str(COMPOSE), "--project-directory", str(ROOT), "-f", str(file), *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def composed(secrets: Path) -> dict[str, Any]:
    """Every service of every profile, as Compose understands the file."""
    done = compose(secrets, "--profile", "*", "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def services(composed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = composed["services"]
    return found


@pytest.mark.parametrize("profiles", PROFILES)
def test_compose_takes_the_file(secrets: Path, profiles: tuple[str, ...]) -> None:
    asked = [word for profile in profiles for word in ("--profile", profile)]
    done = compose(secrets, *asked, "config", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    named = compose(secrets, *asked, "config", "--services")
    assert set(named.stdout.split()) == SERVICES.union(*(MORE[profile] for profile in profiles))


@pytest.mark.parametrize("wrong", ["depends_on: [nobody]", "helthcheck: {}", "mem_limit: much"])
def test_compose_refuses_what_is_wrong(secrets: Path, tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "docker-compose.yml"
    file.write_text(f"services:\n  one:\n    image: one\n    {wrong}\n", "utf-8")
    assert compose(secrets, "config", "--quiet", file=file).returncode == 1


def test_one_variable_switches_the_executor(secrets: Path) -> None:
    done = compose(secrets, "config", "--format", "json", ORDERHUB_EXECUTOR="CeleryExecutor")
    found = services(json.loads(done.stdout))
    airflow = [
        one["environment"] for one in found.values() if "AIRFLOW__CORE__EXECUTOR" in one["environment"]
    ]
    assert {one["AIRFLOW__CORE__EXECUTOR"] for one in airflow} == {"CeleryExecutor"}
    assert len(airflow) == 5


def test_a_service_is_watched_or_runs_once(composed: dict[str, Any]) -> None:
    once = {name for name, one in services(composed).items() if one["restart"] == "no"}
    assert once == {"init"}
    for name, one in services(composed).items():
        assert name in once or one["healthcheck"]["test"], name
        assert one["restart"] == ("no" if name in once else "unless-stopped"), name


def test_a_service_may_do_little(composed: dict[str, Any]) -> None:
    for name, one in services(composed).items():
        assert one["user"].partition(":")[0] not in {"", "0", "root"}, name
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in one["security_opt"], name
        assert not {"privileged", "network_mode", "pid", "devices", "cap_add"} & one.keys(), name
        assert set(one["networks"]) == {"orderhub"}, name


def test_a_service_has_its_limits(composed: dict[str, Any]) -> None:
    for name, one in services(composed).items():
        limits = one["deploy"]["resources"]["limits"]
        assert int(limits["memory"]) and limits["cpus"] and limits["pids"], name
        assert one["logging"]["options"]["max-size"], name


def test_no_port_is_open_to_all(composed: dict[str, Any], secrets: Path) -> None:
    open_ones = {name: one["ports"] for name, one in services(composed).items() if one.get("ports")}
    assert set(open_ones) == {"api-server", "watch", "metrics"}
    assert {port["host_ip"] for ports in open_ones.values() for port in ports} == {"127.0.0.1"}
    done = compose(secrets, "--profile", "*", "config", "--format", "json", ORDERHUB_BIND="10.1.2.3")
    asked = services(json.loads(done.stdout))
    assert {port["host_ip"] for name in open_ones for port in asked[name]["ports"]} == {"10.1.2.3"}


def test_everybody_waits_for_what_it_needs(composed: dict[str, Any]) -> None:
    found = services(composed)
    for name in set(found) - {"postgres", "init", "redis", "practice"}:
        assert found[name]["depends_on"]["init"]["condition"] == "service_completed_successfully", name
        assert found[name]["depends_on"]["postgres"]["condition"] == "service_healthy", name
    for name in set(found) - {"init"}:
        asked = {
            one["condition"] for other, one in found[name].get("depends_on", {}).items() if other != "init"
        }
        assert asked <= {"service_healthy"}, name
    assert found["worker"]["depends_on"]["redis"]["condition"] == "service_healthy"


def test_no_secret_stands_in_the_file(composed: dict[str, Any], secrets: Path) -> None:
    made = {path.name for path in secrets.iterdir() if path.is_file() and not path.name.startswith(".")}
    assert set(composed["secrets"]) == made
    for name, one in services(composed).items():
        for setting, value in one.get("environment", {}).items():
            hidden = re.search(r"PASSWORD|SECRET|_KEY|TOKEN|_CONN$", setting)
            assert not hidden or str(value).startswith("/run/secrets/"), f"{name}: {setting}"
    words = json.dumps(composed)
    assert not [name for name in made if (secrets / name).read_text("utf-8") in words]


def test_a_part_is_given_the_secrets_that_it_needs(composed: dict[str, Any]) -> None:
    given = {
        name: {one["source"] for one in service.get("secrets", [])}
        for name, service in services(composed).items()
    }
    assert {name for name, own in given.items() if "admin_password" in own} == {"init"}
    assert {name for name, own in given.items() if "postgres_password" in own} == {"postgres"}
    assert given["watch"] == {"hub_db_password", "hub_key"}
    assert given["redis"] == {"redis_password"}
    assert not given["practice"]


def test_airflow_masks_what_the_hub_calls_secret(composed: dict[str, Any]) -> None:
    setting = "AIRFLOW__CORE__SENSITIVE_VAR_CONN_NAMES"
    airflow = [
        one["environment"] for one in services(composed).values() if setting in one.get("environment", {})
    ]
    assert {one[setting] for one in airflow} == {sensitive_var_conn_names()}
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    assert page.count(sensitive_var_conn_names()) == 2


def test_every_variable_of_the_file_is_explained() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    missing = {name for name in VARIABLE.findall(FILE.read_text("utf-8")) if f"`{name}`" not in page}
    assert not missing


def test_no_image_is_fetched_from_a_named_place() -> None:
    plain = YAML(typ="safe").load(FILE.read_text("utf-8"))
    images = {one["image"] for one in plain["services"].values() if "image" in one}
    assert {image.partition("}")[0] for image in images} == {
        "${ORDERHUB_IMAGES:-",
        "${ORDERHUB_IMAGE:-orderhub:local",
    }
    assert not [image for image in images if "/" in image or image.endswith(":latest")]


def test_secrets_are_made_once(secrets: Path) -> None:
    before = {path.name: path.read_bytes() for path in secrets.iterdir() if path.is_file()}
    (secrets / "jwt_secret").unlink()
    subprocess.run(["sh", "deploy/secrets", str(secrets)], cwd=ROOT, check=True, capture_output=True)
    after = {path.name: path.read_bytes() for path in secrets.iterdir() if path.is_file()}
    assert {name for name in before if before[name] != after[name]} == {"jwt_secret"}
    assert len(set(after.values())) == len(after)
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert len(read_key(after["hub_key"].decode())) == 32
    assert len(base64.urlsafe_b64decode(after["fernet_key"])) == 32


def entrypoint(secrets: Path, *command: str, **env: str) -> str:
    """Return what `command` says behind the entrypoint."""
    settings = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ORDERHUB_SECRETS": str(secrets),
        **env,
    }
    settings["AIRFLOW_HOME"] = str(secrets.parent / "airflow")
    done = subprocess.run(
        [str(ROOT / "deploy/entrypoint"), *command], env=settings, capture_output=True, text=True, check=True
    )
    assert not done.stderr
    return done.stdout


def test_the_entrypoint_turns_files_into_settings(secrets: Path, tmp_path: Path) -> None:
    for name in ("hub_key", "hub_db_password"):
        (tmp_path / name).write_bytes((secrets / name).read_bytes())
    (tmp_path / "airflow_db_password").write_text("p@ss/w:rd %\n", "utf-8")
    (tmp_path / "connections").mkdir()
    (tmp_path / "connections" / "AIRFLOW_CONN_ERP").write_text('{"conn_type": "http"}\n', "utf-8")
    (tmp_path / "connections" / "AIRFLOW_CONN_a-b").write_text("x", "utf-8")
    said = entrypoint(
        tmp_path, "env", ORDERHUB_DATABASE="db:5432", ORDERHUB_CONNECTIONS=f"{tmp_path}/connections /nowhere"
    )
    found = dict(line.split("=", 1) for line in said.splitlines())
    assert found["ORDERHUB_KEY"] == (secrets / "hub_key").read_text("utf-8")
    airflow = "postgresql+psycopg://airflow:p%40ss%2Fw%3Ard%20%25@db:5432/airflow"
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == airflow
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"] == airflow
    assert found["ORDERHUB_STORE"].startswith("postgresql+psycopg://orderhub:")
    assert found["AIRFLOW_CONN_ERP"] == '{"conn_type": "http"}'
    assert not {"AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__CELERY__BROKER_URL", "AIRFLOW_CONN_a-b"} & found.keys()


def test_a_setting_that_is_there_wins_over_a_file(secrets: Path) -> None:
    said = entrypoint(
        secrets, "sh", "-c", 'echo "$ORDERHUB_STORE $ORDERHUB_KEY"', ORDERHUB_STORE="s", ORDERHUB_KEY="k"
    )
    assert said == "s k\n"


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "deploy" / f"{name}.py")
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_the_practice_systems_are_reached_from_outside() -> None:
    note = """export ORDERHUB_KEY=k
export AIRFLOW_CONN_ERP='{"conn_type": "http", "host": "127.0.0.1", "port": 8766}'
export AIRFLOW_CONN_TMS='{"conn_type": "fs", "extra": {"path": "/practice/tms"}}'
"""
    found = {name: json.loads(value) for name, value in module("practice").connections(note, "practice")}
    assert found["AIRFLOW_CONN_ERP"] == {"conn_type": "http", "host": "practice", "port": 8765}
    assert found["AIRFLOW_CONN_TMS"] == {"conn_type": "fs", "extra": {"path": "/practice/tms"}}
    assert len(found) == 2


def test_a_part_that_does_not_answer_is_not_healthy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    healthy = module("healthy")
    monkeypatch.setenv("ORDERHUB_API_SERVER", "127.0.0.1:1")
    assert healthy.main("scheduler") == 1
    assert capsys.readouterr().err.startswith("scheduler: ")


def test_every_service_asks_for_itself(composed: dict[str, Any]) -> None:
    asked = {
        name: one["healthcheck"]["test"][-1]
        for name, one in services(composed).items()
        if "/opt/orderhub/deploy/healthy.py" in one.get("healthcheck", {}).get("test", [])
    }
    assert asked == {name: name for name in asked}
    assert set(asked) == set(services(composed)) - {"postgres", "redis", "init"}


def dockerfile() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order: name and words, comments left out, lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    return INSTRUCTION.findall(re.sub(r"\\\n\s*", "", text))


def test_the_image_is_made_from_anybody_s_sources() -> None:
    bases = [words for name, words in dockerfile() if name == "FROM"]
    assert bases == ["${IMAGES}${PYTHON_IMAGE} AS build", "${IMAGES}${PYTHON_IMAGE}"]
    words = " ".join(words for _, words in dockerfile())
    assert "://" not in words
    installs = re.findall(r"(?:pip|uv pip) install .*?(?=&&|RUN|$)", words)
    assert all("--require-hashes" in one or "--offline" in one for one in installs)
    assert len(installs) == 4


def test_the_image_runs_as_nobody_special() -> None:
    users = [words for name, words in dockerfile() if name == "USER"]
    assert users == ["50000:0"]
    last = [name for name, _ in dockerfile()]
    assert last[last.index("USER") :] == ["USER", "ENTRYPOINT", "CMD"]
    assert not [words for name, words in dockerfile() if name == "ADD"]


def test_the_image_holds_every_room() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packaged = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    let_in = {
        line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] == "!"
    }
    assert {*packaged, "mappings", "dags", "deploy", "pyproject.toml", "requirements.lock"} <= let_in
    assert not {"secrets", "tests", ".git", ".venv", "out"} & let_in
    extras = next(words for name, words in dockerfile() if name == "ARG" and words.startswith("EXTRAS="))
    asked = set(extras.partition('"')[2].rstrip('"').split())
    assert asked <= project["project"]["optional-dependencies"].keys()
    assert {"airflow", "celery", "fab"} <= asked
