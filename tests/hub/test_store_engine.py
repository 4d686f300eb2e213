"""Opening a store, and its two kinds of transaction."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.errors import ConfigError
from hub.store import Store, open_store
from hub.store.tables import settings
from tests.conftest import KEY


def put(store: Store, value: str) -> None:
    with store.write() as conn:
        conn.execute(settings.insert().values(name=value, value=value))


def names(conn: sa.Connection) -> list[str]:
    return list(conn.scalars(sa.select(settings.c.name).order_by(settings.c.name)))


def test_an_error_rolls_everything_back(store: Store) -> None:
    def fail() -> None:
        with store.write() as conn:
            conn.execute(settings.insert().values(name="a", value=""))
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        fail()
    with store.read() as conn:
        assert names(conn) == ["key_check"]


def test_a_reader_sees_one_moment_and_blocks_no_writer(store: Store) -> None:
    with store.read() as conn:
        assert names(conn) == ["key_check"]
        put(store, "later")
        assert names(conn) == ["key_check"]
    with store.read() as conn:
        assert names(conn) == ["key_check", "later"]


def test_a_reader_cannot_write_and_the_next_writer_can(store: Store) -> None:
    with store.read() as conn, pytest.raises(sa.exc.DBAPIError, match=r"readonly|read-only"):
        conn.execute(settings.insert().values(name="a", value=""))
    put(store, "b")


def test_the_wrong_key_is_told_at_once(store: Store) -> None:
    with pytest.raises(ConfigError, match="ORDERHUB_KEY is not the key") as caught:
        open_store(store.engine.url, bytes(32))
    assert KEY.hex() not in str(caught.value)


def test_what_an_error_says_holds_no_values(sqlite_store: Store) -> None:
    put(sqlite_store, "twice-secret")
    with pytest.raises(sa.exc.IntegrityError) as caught:
        put(sqlite_store, "twice-secret")
    assert "twice-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://root:pw-hidden@localhost/x", "cannot be a mysql database"),
        ("sqlite://", "cannot live in memory"),
        ("sqlite:///:memory:", "cannot live in memory"),
        ("no url", "no SQLAlchemy URL"),
        ("sqlite:////no/such/folder/x.db", "no folder"),
        ("postgresql://me:pw-hidden@/x?host=/no/such/socket", "cannot be opened"),
    ],
)
def test_what_is_no_store_is_said_plainly_and_without_its_password(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        open_store(url, KEY)
    assert "pw-hidden" not in str(caught.value)
    assert "pw-hidden" not in str(caught.value.say("zh-CN"))


def test_a_store_is_opened_by_the_plain_url_of_postgresql(postgres_store: Store) -> None:
    url = postgres_store.engine.url.set(drivername="postgresql")
    store = open_store(url.render_as_string(hide_password=False), KEY)
    assert store.engine.url.drivername == "postgresql+psycopg"
    store.close()


def test_postgresql_compiles_none_of_the_hubs_queries(postgres_store: Store) -> None:
    for connection in (postgres_store.read, postgres_store.write):
        with connection() as conn:
            assert conn.exec_driver_sql("SHOW jit").scalar() == "off"


def test_opening_makes_no_file(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path / 'x.db'}", KEY).close()
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_is_no_database_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("this is not a database, whatever its name says\n" * 100)
    with pytest.raises(ConfigError, match="file is not a database"):
        open_store(f"sqlite:///{tmp_path / 'x.db'}", KEY)


def test_vacuum_works_on_both_engines(store: Store) -> None:
    store.vacuum("views", "orders")
