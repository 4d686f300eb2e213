"""Small cases of design section 3, one line each: what the systems say, and who is odd."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.model import Precision, Side
from reconciler.case import Case, Horizon
from reconciler.judge import judge
from tests.reconciler.world import DAY, HOUR, NOW, case, horizons, hub_rules, view

RULES = hub_rules()
NEVER_TOLD = {"tms": 400 * DAY}
"""TMS was last read before the order existed: it can be held to nothing."""


def erp(status: str = "shipped", **said: Any) -> Any:
    return view("erp", status, **({"ordered": 100, "shipped": 100 if status >= "s" else 0} | said))


def wms(status: str = "shipped", **said: Any) -> Any:
    return view("wms", status, **({"ordered": 100, "shipped": 100 if status == "shipped" else 0} | said))


def tms(status: str | None = "delivered", **said: Any) -> Any:
    return view("tms", status, **({"shipped": 100} | said))


def verdicts(one: Case, late: dict[str, timedelta] | None = None) -> list[tuple[str, str, str]]:
    judged = judge(one, RULES, horizons(**(late or {}))).verdicts
    return sorted((found.kind, found.system, found.field) for found in judged if not found.in_flight)


STATUS = [
    ("all say the last thing they can say", (erp(), wms(), tms()), []),
    (
        "delivered is no news for those whose last word is shipped",
        (erp("shipped"), wms(), tms("delivered")),
        [],
    ),
    ("a new order of which the warehouse has more to say", (erp("confirmed"), wms("stocked")), []),
    ("the carrier is not asked before something leaves", (erp("confirmed"), wms("allocated")), []),
    ("erp lags behind two", (erp("confirmed"), wms(), tms()), [("status", "erp", "")]),
    ("the carrier alone says delivered", (erp("confirmed"), wms("stocked"), tms()), [("status", "tms", "")]),
    (
        "two against one, the lower two win",
        (erp("confirmed"), wms("shipped")),
        [("status", "wms", "")],
    ),
    (
        "a tie of two goes to the owner of the leader's range",
        (erp("shipped"), wms("stocked"), tms(None, shipped=None)),
        [("status", "erp", "")],
    ),
    (
        "a code nobody knows agrees with everything",
        (erp("confirmed"), wms(), view("tms")),
        [("status", "erp", "")],
    ),
    ("missing in the warehouse", (erp(), tms()), [("missing", "wms", "")]),
    ("missing at the carrier", (erp(), wms()), [("missing", "tms", "")]),
    ("missing in its own origin", (wms(), tms()), [("missing", "erp", "")]),
    ("known to the warehouse alone: extra", (wms(),), [("extra", "wms", "")]),
    ("known to the carrier alone: extra", (tms(),), [("extra", "tms", "")]),
    ("known to its origin alone: missing", (erp("confirmed", shipped=0),), [("missing", "wms", "")]),
    ("a draft need not be known elsewhere", (erp("draft", shipped=0),), []),
]


@pytest.mark.parametrize(
    ("views", "expected"), [line[1:] for line in STATUS], ids=[line[0] for line in STATUS]
)
def test_status(views: tuple[Any, ...], expected: list[tuple[str, str, str]]) -> None:
    assert verdicts(case(*views)) == expected


ODD_ERP = ("quantity", "erp", "")
QUANTITY = [
    ("equal", (erp(), wms(), tms()), []),
    ("nobody else says it", (erp(shipped=None), wms(), tms(shipped=None)), []),
    ("one of three is odd", (erp(shipped=90), wms(), tms()), [("quantity", "erp", "")]),
    ("odd in one field, not believed in another", (erp(ordered=90, shipped=90), wms(), tms()), [ODD_ERP]),
    ("whose own words cannot be is not believed", (erp(ordered=90), wms(), tms()), [ODD_ERP]),
    ("a tie goes to the field's owner", (erp(), wms(shipped=90), tms(None, shipped=None)), [ODD_ERP]),
    (
        "ordered belongs to erp: the warehouse is odd",
        (erp(), wms(ordered=110), tms()),
        [("quantity", "wms", "")],
    ),
    (
        "two fields of one system fold into one finding",
        (erp(shipped=90, returned=3), wms(returned=5), tms(returned=5)),
        [("quantity", "erp", "")],
    ),
    (
        "shipped more than ordered, by all",
        (erp(shipped=120), wms(shipped=120), tms(shipped=120)),
        [("quantity", "wms", "")],
    ),
    (
        "short, and nobody says why",
        (erp(shipped=80), wms(shipped=80), tms(shipped=80)),
        [("quantity", "wms", "")],
    ),
    ("less than ordered is no fault while only a part has left",
     (erp("confirmed"), wms("partly_shipped", shipped=40), tms(shipped=40)), [("quantity", "erp", "")]),
    (
        "a carrier that has seen only a part does not say all was delivered",
        (erp("confirmed", shipped=40), wms("partly_shipped", shipped=40), tms("delivered", shipped=40)),
        [],
    ),
    (
        "a carrier without quantities may have seen only a part",
        (erp("confirmed", shipped=40), wms("partly_shipped", shipped=40), tms("delivered", shipped=None)),
        [],
    ),
    (
        "a carrier that lacks one of two deliveries",
        (erp(), wms(), tms("delivered", shipped=60)),
        [("quantity", "tms", "")],
    ),
    (
        "more came back than ever left",
        (erp(returned=120), wms(returned=120), tms()),
        [("quantity", "wms", "")],
    ),
    (
        "a system behind in status is not blamed twice",
        (erp("confirmed", shipped=0), wms(), tms()),
        [("status", "erp", "")],
    ),
    (
        "lines differ, totals agree: a swapped article",
        (erp(line_digest="a"), wms(line_digest="b"), tms()),
        [("wrong_shipment", "wms", "")],
    ),
    (
        "as long as nothing has left it is only entered wrongly",
        (erp("confirmed", shipped=0, line_digest="a"), wms("allocated", shipped=0, line_digest="b")),
        [("line", "wms", "")],
    ),
    (
        "a draft binds nobody: what is being edited is not compared",
        (erp("draft", ordered=120, line_digest="a", ago=HOUR), wms("allocated", shipped=0, line_digest="b")),
        [],
    ),
    (
        "lines differ because the totals do: one finding",
        (erp(line_digest="a"), wms(line_digest="b", ordered=110), tms()),
        [("quantity", "wms", "")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("views", "expected"), [line[1:] for line in QUANTITY], ids=[line[0] for line in QUANTITY]
)
def test_quantities(views: tuple[Any, ...], expected: list[tuple[str, str, str]]) -> None:
    assert verdicts(case(*views)) == expected


GRACE = [
    (
        "erp posts in batches: 25 hours are no difference",
        (erp("confirmed"), wms(ago=25 * HOUR), tms(ago=HOUR)),
        {},
        [],
    ),
    (
        "27 hours are one",
        (erp("confirmed"), wms(ago=27 * HOUR), tms(ago=25 * HOUR)),
        {},
        [("status", "erp", "")],
    ),
    (
        "delivered since does not prolong what shipped began",
        (erp("confirmed"), wms(ago=40 * HOUR, shipped_at=NOW - 40 * HOUR), tms(ago=HOUR)),
        {},
        [("status", "erp", "")],
    ),
    (
        "a day without a time ends at its end",
        (erp("confirmed"), wms(ago=40 * HOUR, precision=Precision.DAY), tms(ago=HOUR)),
        {},
        [],
    ),
    (
        "without any time it counts from when it was first seen",
        (
            erp("confirmed"),
            wms(occurred_at=None, precision=Precision.NONE, first_seen=NOW - HOUR),
            tms(ago=HOUR),
        ),
        {},
        [],
    ),
    ("the carrier has eight hours", (erp(ago=7 * HOUR), wms(ago=7 * HOUR)), {}, []),
    (
        "the carrier was last read before its eight hours were over",
        (erp(ago=20 * HOUR), wms(ago=20 * HOUR)),
        {"tms": 13 * HOUR},
        [],
    ),
    (
        "and once it was read after that it is missing",
        (erp(ago=20 * HOUR), wms(ago=20 * HOUR)),
        {"tms": 11 * HOUR},
        [("missing", "tms", "")],
    ),
    (
        "a second delivery on its way changes only the leader's sum",
        (
            erp("confirmed", shipped=40),
            wms("partly_shipped", shipped=70, ago=HOUR),
            tms("delivered", shipped=40),
        ),
        {},
        [],
    ),
    (
        "a return booked an hour ago",
        (erp(returned=0), wms(returned=5, returned_at=NOW - HOUR), tms()),
        {},
        [],
    ),
    (
        "a return booked three days ago",
        (erp(returned=0), wms(returned=5, returned_at=NOW - 3 * DAY), tms()),
        {},
        [("quantity", "erp", "")],
    ),
    (
        "an order changed an hour ago",
        (erp("confirmed", ordered=120, ago=HOUR), wms("stocked", ago=9 * DAY)),
        {},
        [],
    ),
    ("a silent carrier is asked for nothing later", (erp(), wms()), NEVER_TOLD, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("views", "late", "expected"), [line[1:] for line in GRACE], ids=[line[0] for line in GRACE]
)
def test_grace(views: tuple[Any, ...], late: dict[str, timedelta], expected: list[Any]) -> None:
    assert verdicts(case(*views), late) == expected


def test_what_is_in_flight_is_named_with_its_leader() -> None:
    one = case(erp("confirmed"), wms(ago=2 * HOUR), tms("in_transit", ago=HOUR))
    judged = judge(one, RULES, horizons())
    assert judged.lagging == (("erp", "wms"),)
    assert [(found.kind, found.system, found.in_flight) for found in judged.verdicts] == [
        ("status", "erp", True)
    ]


def test_samples_never_reach_the_carrier() -> None:
    assert verdicts(case(erp(), wms(), order_type="sample")) == []
    assert verdicts(case(erp(), wms(), tms(), order_type="sample")) == [("extra", "tms", "")]


def test_orders_from_before_a_systems_start_are_history() -> None:
    known = horizons()
    known["tms"] = replace(known["tms"], start=NOW - DAY)
    judged = judge(case(erp(ago=9 * DAY), wms(ago=9 * DAY)), RULES, known)
    assert judged.verdicts == ()


def test_a_system_that_was_never_read_is_held_to_nothing() -> None:
    known = horizons() | {"tms": Horizon("tms", None, "never")}
    assert all(found.in_flight for found in judge(case(erp(), wms()), RULES, known).verdicts)
    del known["tms"]
    assert all(found.in_flight for found in judge(case(erp(), wms()), RULES, known).verdicts)


CANCELLED = {"side": Side.CANCELLED}
SIDES = [
    ("cancelled by all who can say it", (erp("draft", **CANCELLED), wms("stocked", **CANCELLED)), []),
    ("cancelled where it was born, and known nowhere else", (erp("confirmed", **CANCELLED),), []),
    (
        "cancelled in erp, the warehouse goes on",
        (erp("confirmed", **CANCELLED), wms("stocked")),
        [("status", "wms", "cancelled")],
    ),
    (
        "cancelled in erp after it left",
        (erp("confirmed", **CANCELLED), wms(), tms()),
        [("status", "erp", "cancelled")],
    ),
    (
        "cancelled an hour ago",
        (erp("confirmed", ago=HOUR, **CANCELLED), wms("stocked")),
        [],
    ),
    (
        "on hold in one of two who can say it",
        (
            erp("confirmed", shipped=0, side=Side.ON_HOLD, side_known=Side.ON_HOLD),
            wms("stocked", side_known=Side.ON_HOLD),
        ),
        [("status", "erp", "on_hold")],
    ),
]


@pytest.mark.parametrize(("views", "expected"), [line[1:] for line in SIDES], ids=[line[0] for line in SIDES])
def test_sides(views: tuple[Any, ...], expected: list[Any]) -> None:
    assert verdicts(case(*views)) == expected


LEFT = NOW - 5 * DAY
CLOCKS = [
    ("within tolerance", {"wms": LEFT, "tms": LEFT + timedelta(seconds=180)}, []),
    ("two: the less trusted is odd", {"wms": LEFT + HOUR, "tms": LEFT}, [("skew", "wms", "")]),
    (
        "three: the one away from the middle",
        {"erp": LEFT, "wms": LEFT, "tms": LEFT + HOUR},
        [("skew", "tms", "")],
    ),
    (
        "one stamp alone is not compared",
        {"wms": LEFT},
        [],
    ),
]


@pytest.mark.parametrize(
    ("stamps", "expected"), [line[1:] for line in CLOCKS], ids=[line[0] for line in CLOCKS]
)
def test_skew(stamps: dict[str, Any], expected: list[Any]) -> None:
    one = case(erp(), wms(), tms())
    views = {
        name: replace(said, shipped_at=stamps.get(name)) if name in stamps else said
        for name, said in one.views.items()
    }
    assert verdicts(replace(one, views=views)) == expected


def test_causality_outweighs_trust() -> None:
    stocked = wms(shipped_at=LEFT, stocked_at=LEFT - HOUR)
    early = tms(shipped_at=LEFT - 8 * HOUR)
    assert verdicts(case(erp(), stocked, early)) == [("skew", "tms", "")]


def test_skew_needs_the_same_goods() -> None:
    partial = tms("in_transit", shipped=60, shipped_at=LEFT - DAY)
    found = verdicts(case(erp(), wms(shipped_at=LEFT), partial))
    assert found == [("quantity", "tms", "")]


def test_a_stamp_in_the_future_is_skew() -> None:
    one = case(erp(), wms(), tms(future=True))
    (found,) = judge(one, RULES, horizons()).verdicts
    assert (found.kind, found.system, found.details["future"]) == ("skew", "tms", True)


def test_findings_carry_money_and_where_to_correct() -> None:
    (found,) = judge(case(erp("confirmed"), wms(), tms()), RULES, horizons()).verdicts
    assert (found.correct_in, found.at_risk, found.currency) == ("erp", Decimal(1000), "CNY")
    assert found.details["owed"] == "shipped"
    assert found.details["others"] == {"tms": "delivered", "wms": "shipped"}
