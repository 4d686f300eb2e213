"""What the merge notes as agreed is no difference at any time, and what is noted is not looked at again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from hub.model import Side, Status
from hub.rules import Rules
from hub.store import Store
from reconciler import examine
from reconciler.case import Case, Horizon
from reconciler.judge import Judgement, judge
from reconciler.run import reconcile
from reconciler.scan import suspicious
from sync import dirt
from tests.reconciler.faults import behind, change, renamed, settled, with_faults, without
from tests.reconciler.world import DAY, NOW, agreed, fill, healthy, hub_rules, rewrite

RULES = hub_rules()
ANY_TIME = [
    {name: Horizon(name, until, complete_at=until) for name in ("erp", "tms", "wms")}
    for until in (NOW - 200 * DAY, NOW, NOW + 200 * DAY)
]
SMALL = timedelta(seconds=181)


def key(one: Case) -> tuple[str, str]:
    return one.order.company, one.order.order_no


def unlike(dice: Random, one: Case) -> Case:
    """One system of an order says one thing otherwise, or nothing at all of it."""
    system = dice.choice(sorted(one.views))
    said = one.views[system]
    stamp = None if said.shipped_at is None else said.shipped_at + dice.choice([-1, 1]) * SMALL
    steps = {"status": Status.CONFIRMED, "lo": 30, "hi": dice.choice([39, 89, 130])}
    changes: list[Callable[[], Case]] = [
        lambda: change(one, system, **steps),
        lambda: change(one, system, shipped=(said.shipped or 0) + dice.choice([-1, 1])),
        lambda: change(one, system, ordered=dice.choice([None, (said.ordered or 0) + 1])),
        lambda: change(one, system, returned=dice.choice([0, 1, (said.shipped or 0) + 1])),
        lambda: change(one, system, side=dice.choice([Side.CANCELLED, Side.ON_HOLD, Side.RETURNED])),
        lambda: change(one, system, line_digest=dice.choice([None, "f" * 32])),
        lambda: change(one, system, shipped_at=stamp),
        lambda: change(one, system, unknown_code="77"),
        lambda: change(one, system, future=True),
        lambda: without(one, system) if len(one.views) > 1 else one,
        lambda: Case(replace(one.order, order_type=dice.choice(["sample", "repair", None])), one.views),
    ]
    return dice.choice(changes)()


@pytest.mark.parametrize("seed", range(3))
def test_what_is_agreed_is_sieved_out_by_nobody_and_judged_well_at_any_time(store: Store, seed: int) -> None:
    dice = Random(seed)
    faulty = [renamed(one, "F") for one in with_faults(settled(seed, 60))[0]]
    sound = [one for one in (healthy(seed + 7, place) for place in range(400)) if one.views]
    odd = [renamed(unlike(dice, dice.choice(sound)), f"U{place}") for place in range(400)]
    twice = [renamed(unlike(dice, one), "V") for one in odd]
    cases = list({key(one): one for one in [*faulty, *sound, *odd, *twice]}.values())
    fill(store, cases)
    with store.read() as conn:
        noted = agreed(conn, cases, RULES)
        out = {key(one) for one in suspicious(conn, RULES)}
    assert noted.isdisjoint(out)
    for one in cases:
        if key(one) in noted:
            judged = [judge(one, RULES, times) for times in ANY_TIME]
            assert [(each.verdicts, each.lagging) for each in judged] == [((), ())] * len(ANY_TIME)
    plain = {key(one) for one in sound} - out
    assert len(noted & plain) > 0.95 * len(plain) > 100


def test_a_change_on_which_all_agree_loads_no_order(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = settled(5, 40)
    fill(sqlite_store, cases)
    reconcile(sqlite_store, RULES, NOW)
    late = behind(cases[3], "erp")
    for one in (cases[3], late, cases[3]):
        put_anew(sqlite_store, one, cases)
    judged: list[tuple[str, str]] = []

    def watched(case: Case, rules: Rules, horizons: Mapping[str, Horizon]) -> Judgement:
        judged.append(key(case))
        return judge(case, rules, horizons)

    monkeypatch.setattr(examine, "judge", watched)
    assert reconcile(sqlite_store, RULES, NOW).looked_at == len(cases)
    assert judged == []
    put_anew(sqlite_store, late, cases)
    assert [one.kind for one in reconcile(sqlite_store, RULES, NOW).findings] == ["status"]
    assert judged == [key(late)]
    put_anew(sqlite_store, cases[3], cases)
    assert reconcile(sqlite_store, RULES, NOW).findings == []
    assert judged == [key(late)] * 2, "once more, for its finding"


def put_anew(store: Store, one: Case, cases: list[Case]) -> None:
    """Write one order as it is now, and pass on the marks of all of them as the merge does."""
    rewrite(store, one)
    with store.write() as conn:
        marks = [(*key(case), 0) for case in cases]
        dirt.pass_on(conn, marks, agreed(conn, cases, RULES))
