"""Learned grace: lags are measured, make the declared grace longer within limits, and are told to people."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.rules import parse_rules
from hub.yamlfile import load
from reconciler.classes.history import History, Said
from reconciler.grace import FEWEST, judged, load_measured
from reconciler.latency import Sketch, delays
from reconciler.result import Result
from tests.reconciler.house import HOUR, HUB_YAML, START, House

QUICK = HUB_YAML.replace("grace: {default: 4h, erp: {shipped: 8h}}", "grace: {default: 1h}")


def posted_in_batches(house: House, orders: int = 32, hours: int = 10) -> None:
    """Let the ERP post what left `hours` ago, every time; the hub looks before and after."""
    for number in range(orders):
        house.both(str(number))
    house.look()
    house.later(hours=1)
    for number in range(orders):
        house.wms(str(number), "OUT", sent="10", at=house.now + timedelta(seconds=number))
    house.later(minutes=30)
    house.look()
    house.later(hours=hours, minutes=-30)
    for number in range(orders):
        house.erp(str(number), "OUT", at=house.now + timedelta(seconds=number))
    house.later(minutes=1)
    house.look()


def late_again(house: House) -> Result:
    """Let one more order leave, and look nine hours later: the ERP has not posted it yet."""
    house.both("late")
    house.look()
    house.wms("late", "OUT", sent="10")
    house.later(hours=9)
    return house.look()


def test_a_system_that_posts_in_batches_is_left_its_time(any_house: House) -> None:
    house = any_house
    house.hub_yaml = QUICK
    house.write()
    posted_in_batches(house)
    house.later(days=1)
    house.look()  # at most daily
    with house.store.read() as conn:
        measured = load_measured(conn)
    assert 10 * HOUR < measured["wms", "erp", "partly_shipped"] < 15 * HOUR
    result = late_again(house)
    assert result.findings == []
    assert result.in_flight == {("erp", "wms"): 1}
    (line,) = [
        one for one in result.judged if (one.leader, one.system, one.word) == ("wms", "erp", "partly_shipped")
    ]
    assert (line.declared, line.granted, line.count) == (3600, line.measured, 32)
    house.later(hours=9)
    (found,) = house.look().findings
    assert (found.kind, found.system) == ("status", "erp"), "all patience ends"


@pytest.mark.parametrize("limits", ["learn: false", "erp: {at_most: 5h}"])
def test_hub_yaml_has_the_last_word(house: House, limits: str) -> None:
    house.hub_yaml = QUICK.replace("grace: {default: 1h}", f"grace: {{default: 1h, {limits}}}")
    house.write()
    posted_in_batches(house)
    house.later(days=1)
    house.look()
    (found,) = late_again(house).findings
    assert (found.kind, found.system) == ("status", "erp")


def test_few_lags_teach_nothing(house: House) -> None:
    posted_in_batches(house, orders=FEWEST - 1)
    house.later(days=1)
    house.look()
    with house.store.read() as conn:
        assert ("wms", "erp", "partly_shipped") not in load_measured(conn)


def test_it_is_measured_once_a_day_and_a_second_run_writes_nothing(house: House) -> None:
    posted_in_batches(house)
    house.later(days=1)
    house.look()
    with house.store.read() as conn:
        before = judged(conn, house.rules)
    house.later(hours=2)
    house.look()
    with house.store.read() as conn:
        assert judged(conn, house.rules) == before
    assert before and {line.as_of for line in before} == {before[0].as_of}


def test_what_hub_yaml_declares_is_the_least() -> None:
    rules = parse_rules(load("grace: {default: 4h, at_most: 2d, tms: {shipped: 9h, at_most: 20h}}"))
    measured = {
        ("wms", "erp", "shipped"): 30 * HOUR,
        ("wms", "erp", "confirmed"): HOUR,
        ("tms", "erp", "shipped"): 90 * HOUR,
        ("wms", "tms", "shipped"): 30 * HOUR,
    }
    learned = rules.with_measured(measured)
    assert rules.grace("erp", "shipped", "wms") == 4 * HOUR
    assert learned.grace("erp", "shipped", "wms") == 30 * HOUR
    assert learned.grace("erp", "confirmed", "wms") == 4 * HOUR
    assert learned.grace("erp", "shipped", "tms") == 48 * HOUR
    assert learned.grace("tms", "shipped", "wms") == 20 * HOUR
    assert learned.grace("erp", "shipped") == 4 * HOUR


# the lags themselves


def said(system: str, seq: int, lo: int, hi: int, hours: float, read: float, precision: int = 3) -> Said:
    return Said(
        system, "1", seq, "s", "r", lo, lo, hi, 0, None, START + hours * HOUR if precision else None,
        precision, None, None, False, False, None, None, None, "m", START + read * HOUR,
    )  # fmt: skip


def history(*rows: Said) -> History:
    found = History()
    for row in rows:
        found.parts.setdefault((row.system, row.part), []).append(row)
    return found


def lags(*rows: Said) -> dict[tuple[str, str, str], int]:
    route = parse_rules(load(HUB_YAML)).route("C1", "")
    return dict(delays(history(*rows), route))


def test_a_lag_is_what_the_stamps_prove() -> None:
    rows = (
        said("erp", 1, 30, 89, 0, 0), said("erp", 2, 100, 129, 20, 21),
        said("wms", 1, 30, 39, 2, 3), said("wms", 2, 100, 130, 10, 11),
    )  # fmt: skip
    assert lags(*rows) == {
        ("erp", "wms", "confirmed"): 2 * 3600,
        ("wms", "erp", "partly_shipped"): 10 * 3600,
        ("erp", "wms", "allocated"): 0,
    } or lags(*rows) == {("erp", "wms", "confirmed"): 2 * 3600, ("wms", "erp", "partly_shipped"): 10 * 3600}


def test_without_stamps_the_reads_tell_but_never_the_first() -> None:
    rows = (
        said("erp", 1, 30, 89, 0, 0, 0), said("erp", 2, 100, 129, 0, 21, 0),
        said("wms", 1, 30, 39, 2, 3), said("wms", 2, 100, 130, 10, 11),
    )  # fmt: skip
    assert lags(*rows) == {("wms", "erp", "partly_shipped"): 11 * 3600}


def test_an_order_in_several_parts_proves_nothing() -> None:
    one = history(said("erp", 1, 100, 129, 20, 21), said("wms", 1, 100, 130, 10, 11))
    one.parts["wms", "2"] = [said("wms", 1, 100, 130, 15, 16)]
    assert dict(delays(one, parse_rules(load(HUB_YAML)).route("C1", ""))) == {}


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=300))
def test_a_sketch_knows_its_quantiles_to_within_a_step(seconds: list[int]) -> None:
    sketch = Sketch({}).with_more(Counter(seconds), 10_000)
    assert sketch.count == len(seconds)
    exact = sorted(seconds)[-(-99 * len(seconds) // 100) - 1]
    assert exact <= sketch.quantile(0.99) <= exact * 1.16 + 1


def test_older_lags_fade() -> None:
    sketch = Sketch({}).with_more(Counter({36_000: 100}), 150)
    for _ in range(9):
        sketch = sketch.with_more(Counter({600: 100}), 150)
    assert sketch.count < 350
    assert sketch.quantile(0.99) < 800
