"""Many rows at once mean the same on both engines, below the size where COPY begins and above it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.model import Says, Side, Status
from hub.store import Store, bulk, lookup
from hub.store.columns import bind
from hub.store.tables import dirty, ledger, order_history, quarantine, views
from tests.hub.rows import NOW, sealed, view

FEW, MANY = 3, bulk.STAGE_FROM + 1
sizes = pytest.mark.parametrize("size", [FEW, MANY], ids=["statement", "copy"])
NASTY = "a\tb\\c\nd\re \\N \\. 中文 é 𠀀 'q' \"qq\" %s :x ?"


def numbers(size: int) -> list[str]:
    return [f"{number:06}" for number in range(size)]


@sizes
def test_what_was_written_comes_back_in_its_own_types(store: Store, size: int) -> None:
    told: dict[str, Any] = {
        "side": Side.ON_HOLD,
        "shipped": Decimal("-0.000001"),
        "occurred_at": NOW + timedelta(microseconds=1),
        "unknown_code": NASTY,
        "future": True,
    }
    with store.write() as conn:
        bulk.insert(conn, views, [view(number, **told) for number in numbers(size)])
        bulk.insert(conn, ledger, [sealed(number) for number in numbers(size)])
    with store.read() as conn:
        [row] = lookup.fetch_many(
            conn, views, ("company", "order_no", "system"), [("suzhou", "000002", "erp")]
        )
        [raw] = lookup.fetch_many(conn, ledger, ("system", "stream", "record"), [("erp", "orders", "000001")])
    assert (row.status, row.says, row.precision) == (Status.SHIPPED, Says.EVENT, 3)
    assert (row.ordered, row.shipped, row.produced) == (Decimal("12.5"), Decimal("-0.000001"), None)
    assert (row.occurred_at, row.unknown_code, row.future) == (told["occurred_at"], NASTY, True)
    assert (bytes(raw.digest), bytes(raw.raw)) == (bytes(range(16)), b"\x00\\x\n\t\xff")


@sizes
def test_upsert_touches_only_rows_that_differ(store: Store, size: int) -> None:
    rows = [view(number) for number in numbers(size)]
    with store.write() as conn:
        assert bulk.upsert(conn, views, rows) == size
        assert bulk.upsert(conn, views, rows) == 0
        rows[0]["shipped"] = Decimal(1)
        rows[1]["ordered"] = None
        assert bulk.upsert(conn, views, [*rows, view("new")]) == 3
        assert bulk.upsert(conn, views, [*rows, view("new")]) == 0


@sizes
def test_what_is_incidental_goes_along_with_a_change_and_is_none(store: Store, size: int) -> None:
    def say(run: int, **told: Any) -> int:
        rows = [view(number, run=run, first_seen=NOW + timedelta(run), **told) for number in numbers(size)]
        return bulk.upsert(conn, views, rows, incidental=("run",), at_birth=("first_seen",))

    with store.write() as conn:
        assert [say(1), say(2), say(3, shipped=Decimal(5))] == [size, 0, size]
        seen = conn.execute(sa.select(views.c.run, views.c.first_seen).distinct()).all()
    assert seen == [(3, NOW + timedelta(1))]


@sizes
def test_a_failure_takes_back_all_that_the_transaction_did(store: Store, size: int) -> None:
    def fail() -> None:
        with store.write() as conn:
            bulk.upsert(conn, views, [view(number) for number in numbers(size)])
            bulk.insert(conn, views, [view(number) for number in reversed(numbers(size))])

    with pytest.raises(sa.exc.IntegrityError):
        fail()
    with store.read() as conn:
        assert conn.scalar(sa.select(sa.func.count()).select_from(views)) == 0


@sizes
@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"unknown_code": "a\0b"}, "views.unknown_code: text with a NUL"),
        ({"unknown_code": "x" * 201}, "views.unknown_code: 201 characters, at most 200"),
        ({"unknown_code": "a\ud800"}, "surrogates not allowed"),
        ({"occurred_at": NOW.replace(tzinfo=None)}, "naive time"),
        ({"ordered": Decimal("0.0000001")}, "more than 6 decimals"),
        ({"ordered": Decimal("1e13")}, "too large"),
        ({"ordered": Decimal("NaN")}, "no number"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_what_a_column_cannot_hold_is_refused_alike(
    store: Store, size: int, told: dict[str, Any], said: str
) -> None:
    rows = [view(number) for number in numbers(size)]
    with store.write() as conn, pytest.raises(ValueError, match=said):
        bulk.upsert(conn, views, [*rows, view("bad", **told)])


def test_two_rows_with_one_key_or_other_columns_are_refused(sqlite_store: Store) -> None:
    with sqlite_store.write() as conn:
        with pytest.raises(ValueError, match="two rows with the key"):
            bulk.upsert(conn, views, [view("1"), view("2"), view("1")])
        with pytest.raises(ValueError, match="different columns"):
            bulk.insert(conn, views, [view("1"), view("2", money=10)])
        with pytest.raises(TypeError, match="views.order_no: int is no text"):
            bulk.insert(conn, views, [view(7)])


@sizes
def test_upsert_by_a_unique_key_leaves_the_generated_one(store: Store, size: int) -> None:
    def held(number: str, attempts: int) -> dict[str, Any]:
        row = {
            "meta": None,
            "reason": "mapping.negative_quantity",
            "values": NASTY,
            "attempts": attempts,
            "at": NOW,
        }
        return {name: value for name, value in sealed(number, **row).items() if name != "read_at"}

    key = ("system", "stream", "record", "digest")
    with store.write() as conn:
        assert bulk.upsert(conn, quarantine, [held(number, 1) for number in numbers(size)], key=key) == size
        assert bulk.upsert(conn, quarantine, [held(number, 1) for number in numbers(size)], key=key) == 0
        assert bulk.upsert(conn, quarantine, [held("000001", 2)], key=key) == 1
        [row] = lookup.fetch_many(conn, quarantine, ("record",), [("000001",)], ("attempts", "values"))
    assert row == (2, NASTY)


@sizes
def test_generated_numbers_follow_the_order_given(store: Store, size: int) -> None:
    def entry(order_no: str) -> dict[str, Any]:
        return {
            "company": "suzhou", "order_no": order_no, "field": "status", "old": None, "new": "shipped",
            "rule": "ownership", "run": 1, "at": NOW,
        }  # fmt: skip

    backwards = list(reversed(numbers(size)))
    with store.write() as conn:
        bulk.insert(conn, order_history, [entry(number) for number in backwards])
        stored = conn.scalars(sa.select(order_history.c.order_no).order_by(order_history.c.id)).all()
    assert stored == backwards


@sizes
def test_delete_takes_only_what_equals_the_whole_key(store: Store, size: int) -> None:
    key = ("consumer", "company", "order_no", "stamp")
    rows = [dict(zip(key, ("merge", "suzhou", number, 1), strict=True)) for number in numbers(size)]
    with store.write() as conn:
        bulk.insert(conn, dirty, rows)
        keys = [tuple(row.values()) for row in rows]
        keys[0] = ("merge", "suzhou", "000000", 2)
        assert bulk.delete(conn, dirty, key, [*keys, keys[-1]]) == size - 1
        assert conn.execute(sa.select(dirty.c.order_no)).all() == [("000000",)]


def test_fetch_many_asks_for_many_keys_and_few_columns(store: Store) -> None:
    key = ("company", "order_no")
    with store.write() as conn:
        bulk.insert(conn, views, [view(number) for number in numbers(MANY)])
        asked = [("suzhou", number) for number in numbers(3 * MANY)] + [
            ("other", "000001"),
            ("suzhou", NASTY),
        ]
        rows = lookup.fetch_many(conn, views, key, asked, ("order_no", "occurred_at"))
        assert lookup.fetch_many(conn, views, key, []) == []
        assert lookup.fetch_many(conn, views, ("occurred_at",), [(NOW,)], ("order_no",))[:1]
    assert sorted(row.order_no for row in rows) == numbers(MANY)
    assert rows[0].occurred_at == NOW


def test_fetch_many_goes_through_the_index(store: Store) -> None:
    key = ("company", "order_no", "system")
    statement = lookup._typed(store.engine.dialect, views, key, ("lo",))
    with store.write() as conn:
        bulk.insert(conn, views, [view(number) for number in numbers(MANY)])
    store.vacuum("views")
    sql = str(statement)
    with store.read() as conn:
        if store.dialect == "sqlite":
            plan = str(conn.execute(sa.text(f"EXPLAIN QUERY PLAN {sql}"), {"k0": "[]"}).all())
            assert "SEARCH t USING PRIMARY KEY (company=? AND order_no=? AND system=?)" in plan
        else:
            few = {"k0": "{suzhou}", "k1": "{000001}", "k2": "{erp}"}
            plan = str(conn.execute(sa.text(f"EXPLAIN {sql}"), few).all())
            assert "using views_pkey" in plan


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200)
            | st.none(),
            st.integers(-(2**63) + 1, 2**63 - 1).map(lambda millionths: Decimal(millionths).scaleb(-6))
            | st.none(),
            st.datetimes(timezones=st.just(UTC)),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_copy_and_statement_write_the_same(
    postgres_store: Store, values: list[tuple[str | None, Decimal | None, datetime]]
) -> None:
    rows = [
        view(str(at), unknown_code=text, ordered=number, occurred_at=moment, future=False)
        for at, (text, number, moment) in enumerate(values)
    ]
    with postgres_store.engine.connect() as conn, conn.begin() as transaction:
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        bulk._copy(conn, views, bind(views, columns), "views")
        assert bulk.upsert(conn, views, rows) == 0
        stored = conn.execute(sa.select(views).order_by(sa.cast(views.c.order_no, sa.Integer))).all()
        assert [(row.unknown_code, row.ordered, row.occurred_at) for row in stored] == values
        transaction.rollback()
