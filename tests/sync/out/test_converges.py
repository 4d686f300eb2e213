"""Whatever people, faults and crashes do to three systems: once they stop, all say what its owner says.

Over the real store and the trading world. Steps are small on purpose: one system is read, orders are merged,
one system is written to, in any order, with answers that are lost and reads that lag behind.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path

import hypothesis.strategies as st
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from hub.store import Store, open_store
from hub.store.tables import leases
from simulators.trading import wms
from sync.out import approvals, outbox
from sync.run import carry_out, merge_orders, sync_system
from tests.conftest import KEY
from tests.sync.out.market import Market

KEEPERS = ("crm", "erp", "wms")
LAG = 6
"""So many seconds the lists of the CRM are behind; the mapping grants it a little more."""

WAYS = st.sampled_from(["lost", "dead", "500_after", "500_before", "html_after", "429", "locked"])
ONE_OF_THREE = st.sampled_from(KEEPERS)
EXAMPLES = int(os.environ.get("ORDERHUB_EXAMPLES", "8"))
"""How many days are lived through; more, and others each time, where somebody asks for them."""

_NEXT = {wms.RECEIVED: "allocate", wms.ALLOCATED: "pick", wms.PICKED: "ship"}


class Crash(BaseException):
    """The process is gone: nothing after this runs, not even what closes things."""


def settle(name: str, text: str) -> str:
    """Return the mapping of the CRM with time granted to its replica."""
    return f"{text}\nlimits: {{settle: {LAG + 2}s}}\n" if name == "crm" else text


class Converging(RuleBasedStateMachine):
    """Three systems, the people in them, and a hub that may be stopped anywhere."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="oh-converge-"))
        shutil.copy(_template(), self.folder / "hub.db")
        self.store = open_store(f"sqlite:///{self.folder / 'hub.db'}", KEY)
        self.market = Market(self.folder / "market", self.store, systems=KEEPERS, change=settle)
        self.refs: list[str] = []
        self.stopped: dict[str, bool] = {}
        for system in KEEPERS:
            sync_system(self.market.hub(), system)
        self.market.adopt()
        self.market.trading.faults("crm").order("lag", str(LAG), operation="list")

    def ref(self, which: int) -> str:
        return self.refs[which % len(self.refs)]

    @rule(approved=st.booleans(), quantity=st.integers(1, 30))
    def an_order_is_born(self, approved: bool, quantity: int) -> None:
        if len(self.refs) < 4:
            self.refs += self.market.trading.customer_orders(
                1, lines=1, approved=approved, quantity=Decimal(quantity)
            )

    @precondition(lambda self: self.refs)
    @rule(which=st.integers(0, 9))
    def sales_approve(self, which: int) -> None:
        if self.market.trading.holds("crm")[self.ref(which)].status == "draft":
            self.market.trading.approve(self.ref(which))

    @precondition(lambda self: self.refs)
    @rule(which=st.integers(0, 9), quantity=st.integers(1, 30))
    def sales_change_the_quantity(self, which: int, quantity: int) -> None:
        held = self.market.trading.holds("wms").get(self.ref(which))
        if held is None or held.status == "confirmed":
            self.market.trading.change_quantity(self.ref(which), quantity)

    @precondition(lambda self: self.refs)
    @rule(which=st.integers(0, 9))
    def sales_hold_or_free(self, which: int) -> None:
        ref = self.ref(which)
        self.stopped[ref] = not self.market.trading.holds("crm")[ref].hold
        self.market.trading.hold(ref, self.stopped[ref])

    @precondition(lambda self: self.refs)
    @rule(which=st.integers(0, 9))
    def the_warehouse_works(self, which: int) -> None:
        ref = self.ref(which)
        for row in self.market.trading.wms.find(ref):
            ordered = self.market.trading.holds("crm")[ref].ordered
            same = sum(line["qty"] for line in row["lines"]) == ordered
            if row["state"] in _NEXT and row["held"] == "N" and same:
                getattr(self.market.trading.wms, _NEXT[row["state"]])(ref)

    @precondition(lambda self: self.refs)
    @rule(which=st.integers(0, 9), quantity=st.integers(1, 30))
    def the_warehouse_edits_what_is_not_its_own(self, which: int, quantity: int) -> None:
        held = self.market.trading.holds("wms").get(self.ref(which))
        if held is not None and held.status == "confirmed":
            self.market.trading.wms.set_quantity(self.ref(which), Decimal(quantity))

    @precondition(lambda self: self.refs)
    @rule(system=st.sampled_from(["crm", "erp"]), way=WAYS, which=st.integers(0, 9))
    def a_write_goes_wrong(self, system: str, way: str, which: int) -> None:
        self.market.trading.faults(system).order(way, order_ref=self.ref(which))

    @rule(system=ONE_OF_THREE)
    def one_system_is_read(self, system: str) -> None:
        self.market.later(seconds=3)
        sync_system(self.market.hub(), system)

    @rule()
    def orders_are_merged(self) -> None:
        merge_orders(self.market.hub())

    @rule(system=ONE_OF_THREE)
    def one_system_is_written_to(self, system: str) -> None:
        self.market.later(seconds=1)
        carry_out(self.market.hub(), [system])

    @rule(system=ONE_OF_THREE, commits=st.integers(0, 8), after=st.booleans())
    def the_hub_dies_at_work(self, system: str, commits: int, after: bool) -> None:
        with pytest.raises(Crash), dying(self.store, commits, after):
            sync_system(self.market.hub(), system)
            carry_out(self.market.hub())
            raise Crash
        with self.store.write() as conn:  # as those who come next find that their holder is dead
            conn.execute(sa.delete(leases))

    def teardown(self) -> None:
        if not hasattr(self, "market"):
            return
        try:
            self.comes_to_rest()
            self.all_say_the_same()
            self.nothing_more_is_written()
        finally:
            self.market.close()
            self.store.close()
            shutil.rmtree(self.folder)

    def comes_to_rest(self) -> None:
        for system in KEEPERS:
            self.market.trading.faults(system).clear()
        for _ in range(20):
            self.market.later(minutes=20)
            self.market.sync()
            self.people_decide()
            open_ones = [row for row in self.market.changes() if outbox.is_open(row)]
            if not open_ones and not self.market.unsettled():
                return
        raise AssertionError([(one["system"], one["state"], one["reason"]) for one in open_ones])

    def people_decide(self) -> None:
        """Let somebody grant what changed on both sides, for the owner's word counts."""
        reason, rules = "the owner's word counts", self.market.hub().rules
        with self.store.write() as conn:
            approvals.decide(
                conn,
                approvals.held(conn),
                granting=True,
                who="deputy",
                reason=reason,
                rules=rules,
                now=self.market.now,
            )

    def all_say_the_same(self) -> None:
        trading = self.market.trading
        for system in KEEPERS:
            assert not trading.doubled(system)
            for ref, held in trading.all_holds(system).items():
                assert len(held) == 1, (system, ref, held)
        for ref, owner in trading.holds("crm").items():
            assert owner.hold == self.stopped.get(ref, False), (ref, owner)
            if owner.status == "draft":
                continue
            billed, stored = trading.holds("erp").get(ref), trading.holds("wms").get(ref)
            if owner.hold and stored is None:
                continue  # held back before anybody was told of it
            assert stored is not None and billed is not None, (ref, owner, stored, billed)
            assert owner.ordered == stored.ordered == billed.ordered, (ref, owner, stored, billed)
            assert owner.hold == stored.hold == billed.hold, (ref, owner, stored, billed)
            assert owner.shipped == stored.shipped == billed.shipped, (ref, owner, stored, billed)
            reached = {"confirmed": "confirmed", "allocated": "allocated", "ready": "allocated"}
            assert owner.status == reached.get(stored.status, stored.status), (ref, owner, stored)
            assert (billed.status == "shipped") == (stored.status == "shipped"), (ref, billed, stored)

    def nothing_more_is_written(self) -> None:
        before = {system: len(self.market.trading.journal(system)) for system in KEEPERS}
        for _ in range(3):
            self.market.later(minutes=5)
            self.market.sync()
        assert before == {system: len(self.market.trading.journal(system)) for system in KEEPERS}


@contextmanager
def dying(store: Store, commits: int, after: bool) -> Iterator[None]:
    """Let the hub die at one of its next commits: just before it, or just after it."""
    write, left = store.write, commits

    @contextmanager
    def fatal() -> Iterator[sa.Connection]:
        nonlocal left
        if left < 0:
            raise Crash
        left -= 1
        if left >= 0:
            with write() as conn:
                yield conn
        elif after:
            with write() as conn:
                yield conn
            raise Crash
        else:
            with write() as conn:
                yield conn
                raise Crash

    store.__dict__["write"] = fatal
    try:
        yield
    finally:
        del store.__dict__["write"]


@cache
def _template() -> Path:
    """Return a migrated store, made once."""
    folder = tempfile.mkdtemp(prefix="oh-template-")
    atexit.register(shutil.rmtree, folder)
    path = Path(folder) / "hub.db"
    store = open_store(f"sqlite:///{path}", KEY)
    store.upgrade()
    store.close()
    return path


TestConverging = Converging.TestCase
TestConverging.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=18,
    deadline=None,
    derandomize="ORDERHUB_EXAMPLES" not in os.environ,  # the suite draws the same ones each time
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink a failing case takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    print_blob=True,
)
