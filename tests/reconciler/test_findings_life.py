"""The life of findings over real looks: owners, due times, deputies, accepted differences."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.findings import assign, compared, explain
from tests.reconciler.house import HUB_YAML, House


def lagging(house: House) -> str:
    """Let the ERP not post what left; return the finding's id."""
    house.both("1")
    house.look()
    house.later(hours=1)
    house.wms("1", "OUT", sent="10")
    house.later(hours=9)
    (found,) = house.look().findings
    assert found.kind == "status"
    return found.id


def act(house: House, what: object, *values: object) -> None:
    with house.store.write() as conn:
        what(conn, *values)  # type: ignore[operator]  # assign or explain


def test_a_finding_is_born_with_owner_and_due_time_and_goes_to_the_deputy(house: House) -> None:
    house.hub_yaml = HUB_YAML + "due: {default: 2d, status: 6h}\n"
    house.write()
    lagging(house)
    (found,) = house.stored()
    assert (found.owner, found.due_at) == ("finance", house.now + timedelta(hours=6))
    house.later(hours=5)
    assert house.look().changes["escalated"] == 0
    house.later(hours=2)
    assert house.look().changes["escalated"] == 1
    (found,) = house.stored()
    assert (found.owner, found.due_at) == ("chief", house.now + timedelta(hours=6))
    house.later(days=2)
    assert house.look().changes["escalated"] == 0, "there is nobody above the deputy"


def test_what_was_given_to_somebody_goes_to_the_deputy_when_it_is_past_due(house: House) -> None:
    id = lagging(house)
    act(house, assign, id, "王伟", "lead", house.now, house.now + timedelta(hours=1))
    house.look()
    assert house.stored()[0].owner == "王伟"
    house.later(hours=2)
    house.look()
    assert house.stored()[0].owner == "chief"


def test_an_accepted_difference_is_not_counted_and_comes_back_with_its_values(house: House) -> None:
    id = lagging(house)
    until = house.now + timedelta(days=30)
    act(house, explain, id, "posting moved to Monday", "lead", house.now, until)
    result = house.look()
    assert (result.findings, [one.id for one in result.accepted]) == ([], [id])
    assert result.differing == 0
    house.later(hours=1)
    house.wms("1", "END", sent="10")  # the others go on: what the ERP owes is the same
    result = house.look()
    assert (result.findings, [one.id for one in result.accepted]) == ([], [id])
    house.erp("1", lines={"A": 11})
    house.later(hours=9)
    assert (id in {one.id for one in result.accepted}, result.findings) == (True, [])


def test_it_comes_back_when_the_time_is_over(house: House) -> None:
    id = lagging(house)
    act(house, explain, id, "later", "lead", house.now, house.now + timedelta(days=1))
    house.later(hours=23)
    assert house.look().findings == []
    house.later(hours=2)
    (found,) = house.look().findings
    assert (found.id, found.state) == (id, "open")
    assert house.look().findings[0].owner == "finance"


def test_other_quantities_are_another_difference(house: House) -> None:
    house.erp("1", lines={"A": 10})
    house.wms("1", lines={"A": 12})
    house.later(hours=5)
    (found,) = house.look().findings
    act(house, explain, found.id, "overdelivery agreed", "lead", house.now, house.now + timedelta(days=30))
    assert house.look().findings == []
    house.wms("1", lines={"A": 13})
    house.later(hours=5)
    (again,) = house.look().findings
    assert (again.id, again.state) == (found.id, "open")


def test_an_end_tells_how_long_it_stood(house: House) -> None:
    lagging(house)
    house.later(hours=2)
    house.erp("1", "OUT")
    assert house.look().changes["closed"] == 1
    from hub.findings import load_finding

    with house.store.read() as conn:
        (one,) = house.stored(states=["closed"])
        found = load_finding(conn, one.id)
    assert found is not None
    assert found.events[-1].details == {"after": 11 * 3600}, "from when it could be seen"


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        (
            "quantity",
            {"fields": {"shipped": {"said": 1}}, "views": 1},
            {"fields": {"shipped": {"said": 1}}},
            True,
        ),
        ("quantity", {"fields": {"shipped": {"said": 1}}}, {"fields": {"shipped": {"said": 2}}}, False),
        (
            "status",
            {"says": "a", "owed": "b", "others": {"x": 1}},
            {"says": "a", "owed": "b", "others": {}},
            True,
        ),
        ("status", {"says": "a", "others": {"x": 1}}, {"says": "a", "others": {}}, False),
        ("unknown_code", {"orders": 3, "examples": ["a"]}, {"orders": 4, "examples": ["b"]}, True),
    ],
)
def test_what_of_the_details_was_compared(
    kind: str, one: dict[str, object], other: dict[str, object], same: bool
) -> None:
    assert (compared(kind, one) == compared(kind, other)) is same
