"""The migrations make exactly the tables that the code knows, with what each engine needs to be fast."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from hub import agreement
from hub.errors import ConfigError
from hub.model import Side
from hub.store import Store, bulk, migrate, open_store
from hub.store.tables import metadata, views
from tests.conftest import KEY
from tests.hub.rows import NOW, view

SCANNED = ["claims", "goods", "confirmed_at", "stocked_at", "shipped_at", "delivered_at"]

PG_SHAPE = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), l.collname, a.attnotnull,
               pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
        ORDER BY 1, a.attnum""",
    "indexes": """
        SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2""",
    "options": """
        SELECT relname, reloptions FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL ORDER BY 1""",
}


def shape(engine: sa.Engine) -> dict[str, list[Any]]:
    """Return all that an engine's catalogue says of the tables, Alembic's own left out."""
    with engine.connect() as conn:
        if engine.dialect.name == "sqlite":
            found = conn.exec_driver_sql("SELECT tbl_name, name, sql FROM sqlite_master ORDER BY 1, 2")
            rows = {"sql": [(row[0], row[1], re.sub(r"\s+", " ", row[2] or "")) for row in found]}
        else:
            rows = {name: [tuple(row) for row in conn.exec_driver_sql(sql)] for name, sql in PG_SHAPE.items()}
    return {name: [row for row in found if row[0] != "alembic_version"] for name, found in rows.items()}


def test_sqlite_has_the_tables_of_the_code(sqlite_store: Store) -> None:
    expected = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    metadata.create_all(expected)
    assert shape(sqlite_store.engine) == shape(expected)
    expected.dispose()


def test_postgresql_has_the_tables_of_the_code(postgres_store: Store, postgres_url: str) -> None:
    expected = sa.create_engine(sa.make_url(postgres_url))
    metadata.create_all(expected)
    assert shape(postgres_store.engine) == shape(expected)
    expected.dispose()


def test_every_key_column_has_byte_order_on_postgresql(postgres_store: Store) -> None:
    with postgres_store.read() as conn:
        ordered = conn.exec_driver_sql(
            """SELECT DISTINCT c.relname, a.attname, l.collname
            FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
            JOIN pg_collation l ON l.oid = a.attcollation
            WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'"""
        ).all()
    assert len(ordered) > 40
    assert {row.collname for row in ordered} == {"C"}


def test_the_scan_of_views_reads_the_index_alone_after_vacuum(postgres_store: Store) -> None:
    with postgres_store.write() as conn:  # with fewer orders the planner rightly reads the table instead
        bulk.insert(conn, views, [view("000000", system) for system in ("erp", "tms", "wms")])
        columns = ", ".join(f'"{column.name}"' for column in views.c if column.computed is None)
        numbered = columns.replace('"order_no"', "lpad(n::text, 6, '0')")
        conn.exec_driver_sql(
            f"INSERT INTO views ({columns}) SELECT {numbered} FROM views, generate_series(1, 20000) AS n"
        )
    postgres_store.vacuum("views")
    measures = [sa.func.max(sa.cast(views.c[name], sa.Text)) for name in SCANNED]
    scan = sa.select(views.c.company, views.c.order_no, *measures).group_by(views.c.company, views.c.order_no)
    with postgres_store.read() as conn:
        sql = str(scan.compile(postgres_store.engine))
        plan = "\n".join(conn.exec_driver_sql(f"EXPLAIN (ANALYZE, COSTS OFF) {sql}").scalars())
    assert "Index Only Scan using views_pkey" in plan
    assert "Heap Fetches: 0" in plan, plan
    assert "Sort" not in plan


def test_the_scan_of_views_is_in_key_order_without_a_sort_on_sqlite(sqlite_store: Store) -> None:
    scan = sa.select(views.c.company, views.c.order_no, sa.func.max(views.c.lo)).group_by(
        views.c.company, views.c.order_no
    )
    with sqlite_store.read() as conn:
        plan = [row.detail for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {scan}")]
    assert plan == ["SCAN views"]


def test_the_program_names_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.FOLDER))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_upgrading_again_changes_nothing(store: Store) -> None:
    before = shape(store.engine)
    store.upgrade()
    store.require_current()
    assert shape(store.engine) == before


SUM = "CREATE AGGREGATE hub_sum(bigint) (SFUNC = int8pl, STYPE = bigint, INITCOND = '0')"


@pytest.mark.parametrize("young", [False, True])
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_store_of_the_second_revision_keeps_its_rows_and_folds_them_anew(
    engine: str, young: bool, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`young`: as the second revision was written at last, with the sum and without `glances`."""
    sqlite = f"sqlite:///{tmp_path / 'old.db'}"
    url = sqlite if engine == "sqlite" else request.getfixturevalue("postgres_url")
    fresh = [
        view("000001", "erp", gone_at=None),
        view("000001", "wms", gone_at=NOW),
        view("000002", "erp", gone_at=None, side=Side.CANCELLED),
    ]
    store = open_store(url, KEY)
    with monkeypatch.context() as before:
        before.setattr(agreement, "claims", lambda: agreement.Computed("7"))
        to_revision(store, "0002")
    with store.write() as conn:
        bulk.insert(conn, views, fresh)
        conn.exec_driver_sql("INSERT INTO glances VALUES ('erp', 'orders', '4711', 'abc')")
        if young:
            conn.exec_driver_sql("DROP TABLE glances")
        if young and engine == "postgresql":
            conn.exec_driver_sql(SUM)
    old = told(store)
    assert {row["claims"] for row in old} == {7}
    with pytest.raises(ConfigError, match="orderhub db upgrade"):
        store.require_current()

    store.upgrade()

    store.require_current()
    new = told(store)
    assert [{**row, "claims": 7} for row in new] == old
    with store.write() as conn:
        conn.execute(views.delete())
        bulk.insert(conn, views, fresh)
    assert told(store) == new
    with store.read() as conn:
        assert not sa.inspect(conn).has_table("glances")
        if store.dialect == "postgresql":
            assert conn.exec_driver_sql("SELECT hub_sum(claims) = sum(claims) FROM views").scalar()
    store.close()


def told(store: Store) -> list[Any]:
    """Return all rows of `views`, in key order."""
    with store.read() as conn:
        return list(conn.execute(views.select().order_by(*views.primary_key)).mappings())


def to_revision(store: Store, revision: str) -> None:
    """Run the migrations up to one of them, as a program of that age did."""
    config = Config()
    config.set_main_option("script_location", str(migrate.FOLDER))
    with store.write() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, revision)


def test_a_database_without_tables_says_how_to_make_them(postgres_url: str) -> None:
    store = open_store(postgres_url, KEY)
    with pytest.raises(ConfigError, match="Run: orderhub db upgrade"):
        store.require_current()
    store.upgrade()
    store.require_current()
    store.close()


@pytest.mark.parametrize(("found", "said"), [("0000", "orderhub db upgrade"), ("9999", "newer OrderHub")])
def test_another_revision_is_refused(sqlite_store: Store, found: str, said: str) -> None:
    with sqlite_store.write() as conn:
        conn.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{found}'")
    with pytest.raises(ConfigError, match=said):
        sqlite_store.require_current()


def test_a_newer_database_is_not_upgraded(sqlite_store: Store) -> None:
    with sqlite_store.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="newer OrderHub"):
        sqlite_store.upgrade()
