from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.fuse import Credit, Fuse, FuseRule, FuseSpec, Hold, Proposal, roles_of
from hub.locale import text
from hub.model import Line, Side, Status
from hub.problems import MappingErrors
from hub.rules import Rules, load_rules, parse_rules
from hub.yamlfile import load
from tests.house.code import ROOT

BORN = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEFAULT = Fuse(Rules().fuse)


def fuse(section: str, house: str = "CNY") -> Fuse:
    """Return the fuse of a hub.yaml with these keys under `fuse` (a flow mapping without its braces)."""
    return Fuse(parse_rules(load(f"currency: {house}\nfuse: {{{section}}}")).fuse)


def one(rule: str, more: str = "") -> Fuse:
    """Return a fuse of one rule."""
    return fuse(f"rules: [{{name: it, roles: [boss], {rule}}}]{more}")


def create(amount: str | None = None, /, **order: Any) -> Proposal:
    """Return a new order for the warehouse."""
    order = {"order_type": "regular", "currency": "CNY", "first_seen": BORN, **order}
    if amount is not None:
        order["amount"] = Decimal(amount)
    wanted = {"order_no": "SO1", "ordered": Decimal(10)}
    return Proposal("wms", "orders", "create", "HS01", "SO1", order, {}, wanted, None)


def update(before: dict[str, Any], wanted: dict[str, Any], /, **order: Any) -> Proposal:
    """Return a change of an order that is large."""
    order = {"order_type": "regular", "amount": Decimal(80_000), "currency": "CNY", **order}
    return Proposal("erp", "status", "update", "HS01", "SO1", order, before, wanted, "anna")


def rules_of(held: tuple[Hold, ...]) -> list[str]:
    return [hold.rule for hold in held]


# The rules that are on where hub.yaml says nothing


@pytest.mark.parametrize(
    ("amount", "rules"),
    [
        ("4999.9999", []),
        ("5000", ["large"]),
        ("5000.00", ["large"]),
        ("50000", ["large"]),
        ("50000.00", ["large"]),
        ("50000.0001", ["large", "very_large"]),
        ("-60000", ["large", "very_large"]),
        ("0", []),
    ],
)
def test_the_border_of_an_amount(amount: str, rules: list[str]) -> None:
    assert rules_of(DEFAULT.holds(create(amount))) == rules


def test_an_amount_that_nobody_says_holds_nothing_unless_it_shall() -> None:
    assert DEFAULT.holds(create(None)) == ()
    strict = fuse("amounts: {unsaid: hold}")
    assert [hold.reason for hold in strict.holds(create(None))] == ["fuse.no_amount"] * 2
    assert strict.holds(create(None, order_type="sample")) == ()


def test_two_levels_are_two_roles_each_once() -> None:
    held = DEFAULT.holds(create("60000"))
    assert [hold.roles for hold in held] == [("sales_director",), ("sales_director", "second_level")]
    assert roles_of(held) == ("sales_director", "second_level")


def test_rules_add_up() -> None:
    held = DEFAULT.holds(create("60000", order_type="rush"))
    assert rules_of(held) == ["large", "very_large", "rush"]
    assert roles_of(held) == ("sales_director", "second_level", "sales_manager")


@pytest.mark.parametrize("order_type", ["sample", "repair"])
def test_samples_and_repairs_are_free_of_amounts_and_only_of_those(order_type: str) -> None:
    assert DEFAULT.holds(create("60000", order_type=order_type)) == ()
    assert DEFAULT.holds(create("60000", order_type=order_type, currency="XXX")) == ()
    assert rules_of(DEFAULT.holds(create("60000", order_type=order_type, priority="加急"))) == ["rush"]
    more = update({"ordered": Decimal(10)}, {"ordered": Decimal(20)}, order_type=order_type)
    assert rules_of(DEFAULT.holds(more)) == ["quantity_change"]


def test_which_types_are_free_is_the_houses_to_say() -> None:
    house = fuse("free: consignment")
    assert house.holds(create("60000", order_type="consignment")) == ()
    assert rules_of(house.holds(create("60000", order_type="sample"))) == ["large", "very_large"]


# Which writes are looked at


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ({"status": "confirmed"}, {"status": "shipped"}),
        ({}, {"status": Status.SHIPPED, "shipped": Decimal(10)}),
        ({"ordered": Decimal(10), "status": "confirmed"}, {"ordered": Decimal("10.0"), "status": "shipped"}),
        ({"ordered": "10"}, {"ordered": Decimal("10.00"), "status": "shipped"}),
        ({"ordered": Decimal(10)}, {"ordered": None, "status": "shipped"}),
        ({"due_now": BORN}, {"due_now": BORN + timedelta(days=1)}),
    ],
)
def test_a_status_that_flows_back_waits_for_nobody(before: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert DEFAULT.holds(update(before, wanted, order_type="rush", priority="urgent")) == ()


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ({"ordered": Decimal(100)}, {"ordered": Decimal(101)}),
        ({}, {"ordered": Decimal(101)}),
        ({"amount": Decimal(70_000)}, {"amount": Decimal(80_000)}),
        (
            {"lines": (Line("10", "A", Decimal(1)),)},
            {"lines": (Line("10", "B", Decimal(1)),), "status": "ready"},
        ),
    ],
)
def test_what_an_order_is_worth_or_how_much_it_is_does(
    before: dict[str, Any], wanted: dict[str, Any]
) -> None:
    assert rules_of(DEFAULT.holds(update(before, wanted))) == ["large", "very_large"]


def test_a_message_is_looked_at_only_by_a_rule_that_names_messages() -> None:
    message = Proposal("robot", "tell", "message", "HS01", "SO1", {"amount": Decimal(9_000)}, {}, {}, None)
    assert DEFAULT.holds(message) == ()
    assert rules_of(one('amount: ">= 5000", kinds: message').holds(message)) == ["it"]


@pytest.mark.parametrize(
    ("narrow", "held"),
    [
        ("systems: [wms]", True),
        ("systems: [erp, tms]", False),
        ("writes: orders", True),
        ("writes: status", False),
        ("kinds: create", True),
        ("kinds: [update, message]", False),
        ("systems: [wms], kinds: [update]", False),
    ],
)
def test_a_rule_may_be_narrowed(narrow: str, held: bool) -> None:
    assert bool(one(f'amount: "> 0", {narrow}').holds(create("1"))) is held
    alone = one(narrow).holds(create("1"))
    assert [hold.reason for hold in alone] == (["fuse.every"] if held else [])


def test_a_rule_that_only_names_a_system_holds_even_a_status() -> None:
    shipped = update({"status": "confirmed"}, {"status": "shipped"})
    assert rules_of(one("systems: [erp]").holds(shipped)) == ["it"]


# Currencies


def test_another_currency_is_converted_by_the_rate_of_the_house() -> None:
    house = fuse("amounts: {rates: {usd: 7.2}}")
    (held,) = house.holds(create("694.45", currency="USD"))
    assert (held.rule, held.reason, held.values["converted"]) == (
        "large",
        "fuse.amount_converted",
        "5,000.04",
    )
    assert house.holds(create("694.44", currency="usd ")) == ()
    assert rules_of(house.holds(create("6945", currency="USD"))) == ["large", "very_large"]


def test_without_a_rate_nobody_can_judge_so_it_is_held() -> None:
    held = fuse("amounts: {rates: {USD: 7.2}}").holds(create("1", currency="EUR"))
    assert rules_of(held) == ["large", "very_large"]
    assert {hold.reason for hold in held} == {"fuse.no_rate"}


def test_limits_are_in_the_currency_of_the_house_and_so_is_an_order_that_names_none() -> None:
    euro = fuse("free: []", house="EUR")
    assert rules_of(euro.holds(create("5000", currency="EUR"))) == ["large"]
    assert rules_of(euro.holds(create("5000", currency=None))) == ["large"]
    assert [hold.reason for hold in euro.holds(create("5000"))] == ["fuse.no_rate"] * 2
    assert parse_rules(load("currency: EUR")).fuse.amounts.currency == "EUR"
    other = fuse("amounts: {currency: CNY, rates: {USD: 7}}", house="USD")
    assert rules_of(other.holds(create("1000", currency=None))) == ["large"]


def test_what_is_wanted_counts_where_it_is_more() -> None:
    more = update({"amount": Decimal(10)}, {"amount": "6000", "currency": "CNY"}, amount=Decimal(10))
    assert rules_of(DEFAULT.holds(more)) == ["large"]


# Rush


def test_a_rush_is_what_its_type_its_priority_or_its_dates_say() -> None:
    day = timedelta(days=1)
    reasons = {
        (): create(),
        ("fuse.type",): create(order_type="rush"),
        ("fuse.rush_priority",): create(priority=" Urgent "),
        ("fuse.rush_due",): create(due_first=BORN + 9 * day, due_now=BORN + 2 * day),
    }
    for reason, proposal in reasons.items():
        assert tuple(hold.reason for hold in DEFAULT.holds(proposal)) == reason
    assert DEFAULT.holds(create(due_first=BORN + 2 * day + timedelta(seconds=1))) == ()
    assert rules_of(DEFAULT.holds(create(due_first=BORN - day))) == ["rush"]
    assert DEFAULT.holds(create(due_first=BORN, first_seen=None)) == ()
    assert DEFAULT.holds(create(due_first=BORN, order_type="sample")) == ()
    assert DEFAULT.holds(create(priority="normal")) == ()


def test_what_a_rush_is_can_be_said() -> None:
    house = fuse("rush_words: [1, Eilt], rush_within: 12h")
    assert [rules_of(house.holds(create(priority=word))) for word in ("1", "EILT", "urgent")] == [
        ["rush"], ["rush"], [],
    ]  # fmt: skip
    assert house.holds(create(due_now=BORN + timedelta(hours=13))) == ()


def test_a_rule_for_other_types_asks_only_for_the_type() -> None:
    house = one("type: [consignment, repair]")
    assert rules_of(house.holds(create(order_type="consignment"))) == ["it"]
    assert house.holds(create(order_type="rush", priority="urgent")) == ()


# Changes


@pytest.mark.parametrize(
    ("before", "wanted", "held"),
    [
        ("100", "120", False),
        ("100", "120.0001", True),
        ("100", "80", False),
        ("100", "79.9999", True),
        ("0.3", "0.36", False),
        ("0", "0.01", True),
        (None, "500", False),
        ("100", "100.00", False),
    ],
)
@pytest.mark.parametrize("as_told", [Decimal, str])
def test_the_border_of_a_share(before: str | None, wanted: str, held: bool, as_told: type) -> None:
    """Over 20 % is over 20 %; where it is not known what the target holds nothing can be judged."""
    had = {} if before is None else {"ordered": as_told(before)}
    proposal = update(had, {"ordered": as_told(wanted)}, amount=Decimal(1))
    assert rules_of(DEFAULT.holds(proposal)) == (["quantity_change"] if held else [])


def test_a_new_order_changes_nothing() -> None:
    assert one("change: ordered").holds(create("60000")) == ()


def test_a_change_without_a_share_is_any_change() -> None:
    house = one("change: [customer_no, due_now]")
    assert house.holds(update({"customer_no": "K1"}, {"customer_no": "K1", "status": "ready"})) == ()
    (held,) = house.holds(update({"customer_no": "K1"}, {"customer_no": "K2"}))
    assert held.values["field"] == "customer_no"
    assert rules_of(house.holds(update({}, {"customer_no": "K2"}))) == ["it"]


def test_all_that_a_rule_asks_must_be_met() -> None:
    house = one('change: ordered, share: 10%, amount: ">= 1000"')
    more = {"ordered": Decimal(10)}, {"ordered": Decimal(12)}
    assert rules_of(house.holds(update(*more, amount=Decimal(1_000)))) == ["it"]
    assert house.holds(update(*more, amount=Decimal(999))) == ()
    assert house.holds(update({"ordered": Decimal(10)}, {"ordered": Decimal(11)})) == ()


def test_a_cancel_is_what_the_target_is_to_become() -> None:
    house = one("wants: cancelled")
    assert [hold.reason for hold in house.holds(update({"cancelled": False}, {"cancelled": True}))] == [
        "fuse.cancelled"
    ]
    assert rules_of(house.holds(update({}, {"side": Side.CANCELLED | Side.ON_HOLD}))) == ["it"]
    assert house.holds(update({"cancelled": True}, {"cancelled": True})) == ()
    assert house.holds(update({"cancelled": True}, {"cancelled": False})) == ()
    assert house.holds(update({}, {"status": "shipped"})) == ()
    done = one("wants: completed")
    assert rules_of(done.holds(update({"status": "shipped"}, {"status": Status.COMPLETED}))) == ["it"]
    assert rules_of(done.holds(update({"status": "shipped"}, {"status": "completed"}))) == ["it"]


# Who may approve


def test_only_the_people_of_a_role_may_and_never_the_author() -> None:
    house = fuse("roles: {boss: {people: [Anna, ben], deputy: cho}, floor: {}}")
    may = {who for who in ("anna ", "Ben", "cho", "dan", "", " ") if house.may_grant("boss", who)}
    assert may == {"anna ", "Ben", "cho"}
    assert house.may_grant("boss", "Anna", author="anna") is False
    assert house.may_grant("boss", "cho", author="anna") is True
    for open_to_all in ("floor", "unheard"):
        assert house.may_grant(open_to_all, "dan")
        assert not house.may_grant(open_to_all, "dan", author="DAN")
        assert not house.may_grant(open_to_all, "")


def test_people_need_not_be_named() -> None:
    assert DEFAULT.may_grant("sales_director", "anybody")


def test_the_hub_of_the_repository() -> None:
    house = Fuse(load_rules(ROOT).fuse)
    assert rules_of(house.holds(update({}, {"cancelled": True}))) == ["cancel"]
    assert rules_of(house.holds(create("60000", order_type="rush"))) == ["large", "very_large", "rush"]
    assert house.may_grant("sales_director", "director-chen")
    assert not house.may_grant("second_level", "director-chen")


# What a manager reads


def test_every_reason_can_be_read() -> None:
    house = fuse(
        'amounts: {rates: {USD: 7.2}, unsaid: hold}, rules: ['
        '{name: a, roles: [x], amount: "> 5"}, {name: b, roles: [x], type: [rush, consignment]},'
        '{name: c, roles: [x], change: ordered, share: 12.5%}, {name: d, roles: [x], change: lines},'
        '{name: e, roles: [x], wants: cancelled}, {name: f, roles: [x], wants: ready},'
        '{name: g, roles: [x], writes: orders}]'
    )  # fmt: skip
    soon = BORN + timedelta(hours=30)
    proposals = [
        create("6000"), create("1000", currency="USD"), create("1", currency="EUR"), create(None),
        create("1", order_type="consignment"), create("1", priority="加急"), create("1", due_now=soon),
        update({"ordered": Decimal("1600")}, {"ordered": Decimal("2000.5")}), update({}, {"lines": ()}),
        update({}, {"cancelled": True}), update({}, {"status": Status.READY}),
    ]  # fmt: skip
    held = [hold for proposal in proposals for hold in house.holds(proposal)]
    assert len({hold.reason for hold in held}) == 12
    for hold in held:
        for locale in ("en", "zh-CN"):
            said = text(hold.reason, locale, **hold.values)
            assert "{" not in said
            assert "SO1" in said
        assert all(isinstance(value, str) for value in hold.values.values())
    english = {hold.reason: text(hold.reason, **hold.values) for hold in held}
    assert english["fuse.amount"].endswith("it is worth 80,000 CNY, and > 5 CNY needs approval.")
    assert "from 1,600 to 2,000.5, and a change by more than 12.5% needs" in english["fuse.changed_by_share"]
    assert "due 30 hours after it came in; with 48 hours" in english["fuse.rush_due"]


# Whatever the rules are

AMOUNTS = st.decimals("-90000", "90000", places=2, allow_nan=False)
QUANTITY = st.none() | st.decimals("0", "500", places=1, allow_nan=False)
TYPES = ["regular", "rush", "sample", "repair", "consignment", None]
CONDITIONS = (
    '{amount: ">= 5000"}', '{amount: "< 100"}', '{amount: "> 50000", type: regular}', "{type: rush}",
    "{type: [sample, repair]}", "{change: ordered, share: 20%}", "{change: [ordered, lines]}",
    "{wants: cancelled}", "{wants: shipped}", "{systems: wms}", "{kinds: message}",
    '{amount: "> 1", kinds: [update, message]}',
)  # fmt: skip
RULES = [
    FuseRule.model_validate({"name": f"r{index}", "roles": f"role{index % 4}", **load(said).data})
    for index, said in enumerate(CONDITIONS)
]


@st.composite
def proposals(draw: st.DrawFn) -> Proposal:
    order = {
        "amount": draw(st.none() | AMOUNTS),
        "currency": draw(st.sampled_from(["CNY", "USD", "EUR", None])),
        "order_type": draw(st.sampled_from(TYPES)),
        "priority": draw(st.sampled_from([None, "urgent", "low"])),
        "first_seen": BORN,
        "due_now": draw(st.none() | st.timedeltas(timedelta(-3), timedelta(9)).map(BORN.__add__)),
    }
    held = st.fixed_dictionaries(
        {},
        optional={"ordered": QUANTITY, "cancelled": st.booleans(), "status": st.sampled_from(list(Status))},
    )
    kind = draw(st.sampled_from(["create", "update", "message"]))
    system = draw(st.sampled_from(["wms", "erp"]))
    return Proposal(system, "w", kind, "C", "N", order, draw(held), draw(held), None)


@given(
    proposals(), st.lists(st.sampled_from(RULES), unique_by=lambda rule: rule.name), st.sampled_from(RULES)
)
def test_one_more_rule_never_frees_anything(
    proposal: Proposal, rules: list[FuseRule], more: FuseRule
) -> None:
    few = Fuse(FuseSpec(rules=tuple(rules))).holds(proposal)
    many = Fuse(FuseSpec(rules=(*rules[:1], more, *rules[1:]))).holds(proposal)
    assert set(rules_of(few)) <= set(rules_of(many))
    assert set(roles_of(few)) <= set(roles_of(many))


@given(proposals())
def test_what_holds_names_somebody_to_ask(proposal: Proposal) -> None:
    for hold in Fuse(FuseSpec(rules=tuple(RULES))).holds(proposal):
        assert hold.roles
        assert "{" not in text(hold.reason, **hold.values)


# The customer of an order


def owing(days: int, overdue: str = "8000.00", currency: str = "CNY", grade: str = "C") -> Credit:
    return Credit(currency, "2026-03-01", Decimal(overdue), days, grade)


def of_customer(*credit: Credit) -> Proposal:
    return replace(create("100", customer_no="K1"), credit=credit)


@pytest.mark.parametrize(
    ("asked", "credit", "held"),
    [
        ('overdue_days: "> 30"', owing(31), True),
        ('overdue_days: "> 30"', owing(30), False),
        ('overdue: "> 8000"', owing(1), False),
        ('overdue: ">= 8000"', owing(1), True),
        ('overdue: "> 50000"', owing(1, "8000.00", "USD"), True),
        ('overdue: "> 60000"', owing(1, "8000.00", "USD"), False),
        ('overdue: "> 60000"', owing(1, "1", "JPY"), True),
        ('overdue: "> 60000"', owing(0, "0", "JPY"), False),
        ("grade: below B", owing(1, grade="C"), True),
        ("grade: below B", owing(1, grade="B"), False),
        ("grade: Below c", owing(1, grade="D"), True),
        ('overdue_days: "> 30", overdue: "> 10000"', owing(90), False),
        ('overdue_days: "> 30", overdue: "> 1000", grade: below A', owing(90), True),
    ],
)
def test_how_the_customer_stands(asked: str, credit: Credit, held: bool) -> None:
    asking = one(f"customer: {{{asked}}}", ", amounts: {rates: {USD: 7.1}}")
    assert asking.asks_for_customers
    assert bool(asking.holds(of_customer(credit))) is held


def test_of_several_currencies_one_must_meet_all() -> None:
    asking = one('customer: {overdue_days: "> 30", overdue: "> 1000"}', ", amounts: {rates: {USD: 7.1}}")
    assert not asking.holds(of_customer(owing(90, "10"), owing(5, "90000", "USD")))
    (hold,) = asking.holds(of_customer(owing(9, "10"), owing(50, "900", "USD")))
    assert hold.values["currency"] == "USD"


def test_a_customer_nobody_knows_and_a_status_wait_for_nobody() -> None:
    asking = one('customer: {overdue_days: "> 30"}')
    assert not asking.holds(create("100", customer_no="K1"))
    status = update({"status": Status.CONFIRMED}, {"status": Status.SHIPPED}, customer_no="K1")
    assert not asking.holds(replace(status, credit=(owing(90),)))
    amount = update({"amount": Decimal(1)}, {"amount": Decimal(2)}, customer_no="K1")
    assert asking.holds(replace(amount, credit=(owing(90),)))


@pytest.mark.parametrize(
    ("asked", "key", "says"),
    [
        ('overdue_days: "> 30"', "fuse.customer_days", "K1 is 40 days overdue with 8,000.00 CNY"),
        (
            'overdue: "> 5000"',
            "fuse.customer_overdue",
            "8,000.00 CNY, for 40 days (as of 2026-03-01, grade C)",
        ),
        ("grade: below B", "fuse.customer_grade", "of grade C: 8,000.00 CNY overdue, for 40 days"),
    ],
)
def test_the_reason_names_days_and_money(asked: str, key: str, says: str) -> None:
    (hold,) = one(f"customer: {{{asked}}}").holds(of_customer(owing(40)))
    assert hold.reason == key
    assert says in text(key, **hold.values)
    assert "8,000.00" in text(key, "zh-CN", **hold.values)


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("{}", "rules.fuse_customer"),
        ("{grade: C}", "rules.want_below"),
        ("{grade: below D}", "rules.want_below"),
    ],
)
def test_what_a_customer_cannot_be_asked(asked: str, key: str) -> None:
    with pytest.raises(MappingErrors) as wrong:
        one(f"customer: {asked}")
    assert [problem.key for problem in wrong.value.problems] == [key]
