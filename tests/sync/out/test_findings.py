"""What cannot be written shows as a finding, and closes when it is settled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from hub.store.tables import findings
from reconciler.reports.words import Words
from reconciler.run import reconcile
from sync.out import approvals
from tests.sync.out.house import House


def found(house: House, kind: str) -> list[Any]:
    """Reconcile, and return the findings of a class that are not closed."""
    state = reconcile(house.store, house.hub().rules, house.now)
    words = Words("en", "UTC")
    assert all(words.reason(one) and words.fix(one) for one in state.findings)
    with house.store.read() as conn:
        mine = (findings.c.kind == kind, findings.c.state != "closed")
        return list(conn.execute(sa.select(findings).where(*mine)))


def test_a_conflict_is_a_finding_until_somebody_decides(house: House) -> None:
    house.dispute()
    (finding,) = found(house, "conflict")
    assert (finding.system, finding.order_no) == ("wms", "S1")
    with house.store.write() as conn:
        rows = approvals.held(conn)
        rules = house.hub().rules
        approvals.decide(conn, rows, granting=True, who="Wang", reason="shop", rules=rules, now=house.now)
    house.sync(3)
    assert not found(house, "conflict")


def test_a_write_that_is_refused_is_a_finding_with_the_systems_own_words(house: House) -> None:
    house.run(
        "wms",
        "CREATE TRIGGER refuses BEFORE INSERT ON orders"
        " BEGIN SELECT RAISE(ABORT, 'customer is blocked'); END",
    )
    house.born("S1", qty=10)
    house.sync(3)
    house.later(hours=2)
    (finding,) = found(house, "write_failed")
    assert "customer is blocked" in finding.details
    assert house.now - finding.first_seen < timedelta(minutes=1)


def test_what_a_person_denied_is_no_failure(house: House) -> None:
    house.dispute()
    with house.store.write() as conn:
        rows, rules = approvals.held(conn), house.hub().rules
        approvals.decide(conn, rows, granting=False, who="Wang", reason="no", rules=rules, now=house.now)
    house.sync(2)
    house.later(hours=2)
    assert not found(house, "write_failed")
    assert not found(house, "conflict")
