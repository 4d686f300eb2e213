"""An order in the target's words: what was worded and is read again is the same order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hub.catalogue import Catalogue, Meaning
from hub.errors import MappingError
from hub.mapping import parse_system
from hub.mapping.expressions import NameMissing, compile_value
from hub.mapping.fieldspec import FieldSpec, TextSpec, TimeSpec
from hub.mapping.inverse import number_out
from hub.mapping.values import Defaults
from hub.mapping.wording import Wording
from hub.mapping.zones import zone_of
from hub.model import QUANTITIES, Fact, Line, Money, Side, Status
from hub.rules import Rules
from tests.hub.mapped import DEPOT, RECORD, fact, field, system

SHANGHAI = "time: {zone: Asia/Shanghai}"
AT = datetime(2026, 3, 1, 0, 0, 5, tzinfo=UTC)


def wording(text: str, rules: Rules | None = None, stream: str | None = "orders") -> Wording:
    return Wording(parse_system(text), stream, rules or Rules())


def worded(text: str, order: Mapping[str, Any], rules: Rules | None = None, day: date | None = None) -> Any:
    return wording(text, rules).words(order, day)


def again(text: str, place: str, word: Any, rules: Rules | None = None) -> Fact:
    """Return what the usual record says with `word` at `place`."""
    return fact(text, {**RECORD, place: word}, rules)


# Statuses

TABLES = [
    "{from: state, codes: {A: confirmed, B: allocated, C: shipped}}",
    "{from: state, codes: {'P*': confirmed, A: confirmed, B: [in_production, stocked], C: shipped}}",
    "{from: state, codes: {'A*': confirmed, '*': shipped}, send: {confirmed: AX, shipped: Z}}",
    "[{from: state, codes: {A: confirmed}}, {from: done, codes: {Y: shipped}}]",
    "{from: state, codes: {'7': confirmed, '42': shipped}, strip: '0'}",
    "state",
    "{from: state}",
]


@pytest.mark.parametrize("table", TABLES)
def test_a_status_that_can_be_sent_is_read_back_as_it_is(table: str) -> None:
    text = system(field("status", table))
    one, sent = wording(text), 0
    for status in one.sayable():
        code = one.code(status)
        if code is not None:
            back = fact(text, {**RECORD, "state": code if code != "Y" else None, "done": code})
            assert (back.status, back.unknown_code) == (status, False)
            sent += 1
    assert sent >= 2


def test_of_several_codes_the_first_one_listed_is_sent() -> None:
    one = wording(
        system(field("status", "{from: s, codes: {'M*': confirmed, N2: confirmed, N1: confirmed}}"))
    )
    assert one.code(Status.CONFIRMED) == "N2"


@pytest.mark.parametrize(
    "table",
    [
        "{from: state, codes: {'C*': shipped, X: confirmed}}",
        "{from: [hold, state], codes: {'- C': shipped}}",
        "{from: state, compare: [sent, qty], codes: {'C equal': shipped}}",
        "{compare: [sent, qty], codes: {equal: shipped}}",
    ],
)
def test_globs_several_fields_and_comparisons_need_send(table: str) -> None:
    assert wording(system(field("status", table))).code(Status.SHIPPED) is None
    sent = table[:-1] + ", send: {shipped: C1}}"
    assert wording(system(field("status", sent))).code(Status.SHIPPED) == "C1"


def test_what_stands_for_an_empty_field_is_no_way_to_send_a_status() -> None:
    one = wording(system(field("status", "[{from: state, codes: {A: confirmed}}, {const: draft}]")))
    assert [one.code(status) for status in one.sayable()] == [None, "A"]
    assert wording(system(field("status", "{const: confirmed}"))).code(Status.CONFIRMED) == "confirmed"


def test_an_order_between_two_statuses_of_a_system_is_held_in_the_lower_one() -> None:
    one = wording(system())
    assert one.sayable() == (Status.CONFIRMED, Status.ALLOCATED, Status.SHIPPED)
    assert [one.held(status) for status in (Status.DRAFT, Status.READY, Status.COMPLETED)] == [
        None, Status.ALLOCATED, Status.SHIPPED
    ]  # fmt: skip
    assert one.words({"status": Status.READY}) == {"status": "B"}
    assert one.words({"status": Status.DRAFT}) == {}
    assert one.code(Status.READY) is None


def test_a_status_that_is_held_and_cannot_be_sent_is_left_out() -> None:
    text = system(field("status", "{from: state, codes: {A: confirmed, 'S*': shipped}}"))
    assert worded(text, {"status": Status.DELIVERED}) == {}


# Beside the chain, money, company


@given(st.sampled_from([one for one in Side if one]), st.booleans())
def test_what_lies_beside_the_chain_is_read_back(side: Side, bare: bool) -> None:
    codes = "codes: {'': none, H: on_hold, X: cancelled, R: returned, E: exception}"
    text = system(field("side", "{from: beside}" if bare else f"{{from: beside, {codes}}}"))
    code = wording(text).side_code(side)
    assert again(text, "beside", code).side == side
    assert worded(text, {"side": side}) == {"side": code}


def test_two_things_beside_the_chain_need_a_code_for_both() -> None:
    both = Side.CANCELLED | Side.ON_HOLD
    text = system(field("side", "{from: beside, codes: {H: on_hold, X: cancelled}}"))
    assert wording(text).side_code(both) is None
    assert wording(text.replace("{H:", "{HX: [on_hold, cancelled], H:")).side_code(both) == "HX"
    assert wording(system(field("side", "beside"))).side_code(both) is None
    assert wording(text).side_code(Side.NONE) is None
    assert wording(text.replace("{H:", "{N: none, H:")).side_code(Side.NONE) == "N"
    assert wording(text.replace("{H:", "{N: null, H:")).side_code(Side.NONE) == "N"


def test_alternatives_beside_the_chain_are_asked_one_after_the_other() -> None:
    text = system(field("side", "[{from: [a, b], codes: {Y X: on_hold}}, {from: c, codes: {X: cancelled}}]"))
    assert wording(text).side_code(Side.ON_HOLD) is None
    assert wording(text).side_code(Side.CANCELLED) == "X"


@pytest.mark.parametrize("money", Money)
def test_money_is_read_back(money: Money) -> None:
    codes = "{from: paid, codes: {0: to_invoice, 1: invoiced, 2: partly_paid, 3: paid}}"
    for table in (codes, "paid"):
        text = system(field("money", table))
        assert again(text, "paid", worded(text, {"money": money})["money"]).money is money


def test_a_company_has_the_codes_of_the_target() -> None:
    text = system(field("company", "{from: bukrs, codes: {'01': HS01, '02': HS02}}"))
    assert worded(text, {"company": "HS02", "order_no": "SO1"}) == {"company": "02", "order_no": "SO1"}
    assert worded(text, {"company": "HS03"}) == {}
    assert worded(system(), {"company": "HS03"}) == {"company": "HS03"}  # a constant: nothing to turn round


# Quantities

STYLES = [None, "1234.5", "1234,5", "1,234.56", "1.234,56-", "1 234,5", "(1'234.5)", "1,23,456.7"]


@given(
    st.sampled_from(QUANTITIES),
    st.decimals(0, 9_999_999, places=6) | st.integers(0, 9_999_999).map(Decimal),
    st.sampled_from(STYLES),
    st.sampled_from(["field", "stream", "system"]),
    st.integers(-3, 6),
)
def test_a_quantity_is_read_back(
    name: str, number: Decimal, style: str | None, where: str, scale: int
) -> None:
    said = f'numbers: "{style}"' if style else ""
    own = f", {said}" if where == "field" and said else ""
    text = system(
        field(name, f"{{from: q, scale: {scale}{own}}}"),
        stream=said if where == "stream" else "",
        top=f"{SHANGHAI}\n{said if where == 'system' else ''}",
    )
    word = worded(text, {name: number})[name]
    assert isinstance(word, str if style else Decimal)
    assert "E+" not in str(word)
    assert getattr(again(text.replace("from: qty", "from: q"), "q", word), name) == number


@pytest.mark.parametrize(
    ("number", "word"),
    [("1E+3", "1000"), ("1.50", "1.50"), ("0", "0"), ("0E-6", "0.000000"), ("1E-6", "0.000001")],
)
def test_a_number_leaves_as_it_is_and_without_exponent(number: str, word: str) -> None:
    assert str(worded(system(), {"ordered": Decimal(number)})["ordered"]) == word
    styled = system(top=f'{SHANGHAI}\nnumbers: "1234.5"')
    assert worded(styled, {"ordered": Decimal(number)}) == {"ordered": word}


def units(factors: Mapping[tuple[str, str], int], **codes: str) -> Rules:
    """Return rules with these units, and these codes of the system `shop` for SKUs."""
    meanings: dict[tuple[str, str], tuple[Meaning, ...]] = {
        ("shop", code): (Meaning(sku, None, None),) for code, sku in codes.items()
    }
    return Rules().with_catalogue(Catalogue({key: Decimal(one) for key, one in factors.items()}, meanings))


BOXES = units({("*", "box"): 12, ("S9", "box"): 10, ("*", "pcs"): 1}, A1="S1", A9="S9")


def test_a_quantity_leaves_in_the_unit_that_the_target_always_counts_in() -> None:
    text = system(field("ordered", "{from: qty, unit: {const: BOX}}"))
    assert worded(text, {"ordered": Decimal("24")}, BOXES) == {"ordered": Decimal(2)}
    assert worded(text, {"ordered": Decimal("30")}, BOXES) == {"ordered": Decimal("2.5")}
    assert worded(text, {"ordered": Decimal("7")}, BOXES) == {}  # 7/12 is no number that is kept exactly
    assert worded(text, {"ordered": Decimal("24")}) == {}  # nobody says what a box holds


def test_a_unit_that_the_record_names_is_left_to_the_mapping() -> None:
    for unit in ("uom", "true"):
        text = system(field("ordered", f"{{from: qty, unit: {unit}}}"))
        assert worded(text, {"ordered": Decimal("24")}, BOXES) == {"ordered": Decimal(24)}


def test_what_a_box_holds_may_depend_on_the_only_article_of_the_order() -> None:
    text = system(field("ordered", '{sum: "l[].q", unit: {const: BOX}, sku: "l[].s"}'))
    nine, one = Line("1", "S9", Decimal(20)), Line("2", "S1", Decimal(12))
    assert worded(text, {"ordered": Decimal(20), "lines": [nine]}, BOXES)["ordered"] == 2
    assert "ordered" not in worded(text, {"ordered": Decimal(32), "lines": [nine, one]}, BOXES)
    assert "ordered" not in worded(text, {"ordered": Decimal(20)}, BOXES)
    const = text.replace('sku: "l[].s"', "sku: {const: A9}")
    assert worded(const, {"ordered": Decimal(20)}, BOXES)["ordered"] == 2


def test_decimals_that_the_reader_would_round_away_are_not_sent() -> None:
    text = system(field("ordered", "{from: qty, round: 1}"))
    assert worded(text, {"ordered": Decimal("1.50")}) == {"ordered": Decimal("1.50")}
    assert worded(text, {"ordered": Decimal("1.25")}) == {}


def test_an_amount_that_is_read_with_the_other_sign_leaves_with_it() -> None:
    spec = FieldSpec.model_validate({"from": "a", "minus": True, "numbers": "1234,5-"})
    defaults = Defaults("shop", TimeSpec(), None, TextSpec(), Rules())
    assert number_out(spec, defaults, Decimal("12.5")) == "12,5-"


# Stamps

FORMATS = {
    "iso": timedelta.resolution,
    "epoch": timedelta(seconds=1),
    "epoch_ms": timedelta(milliseconds=1),
    "odata": timedelta(milliseconds=1),
    "excel": timedelta(seconds=1),
    "excel_1904": timedelta(seconds=1),
    "parts": timedelta(seconds=1),
    "%Y-%m-%d %H:%M:%S.%f": timedelta.resolution,
    "%Y%m%d%H%M%S": timedelta(seconds=1),
    "%d.%m.%Y %H:%M": timedelta(minutes=1),
    "%m/%d/%y %I:%M:%S %p": timedelta(seconds=1),
    "%Y年%m月%d日 %H时%M分": timedelta(minutes=1),
    "%Y/%m/%d %p%I:%M:%S": timedelta(seconds=1),
    "%d-%b-%y %H:%M": timedelta(minutes=1),
    "%d %B %Y %H:%M:%S %z": timedelta(seconds=1),
    "%a, %d %b %Y %H:%M:%S %Z": timedelta(seconds=1),
    "%A %Y %j %H:%M": timedelta(minutes=1),
    "%Y%m%d": timedelta(days=1),
}
OF_THEIR_OWN = ("iso", "epoch", "epoch_ms", "odata", "%d %B %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %Z")
"""Formats that say the moment without a zone."""

ZONES = ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "+05:45", "-03:00"]


@given(
    st.datetimes(datetime(2001, 1, 2), datetime(2026, 3, 9)),  # noqa: DTZ001  # made aware by the strategy
    st.sampled_from(sorted(FORMATS)),
    st.sampled_from(ZONES),
    st.sampled_from(["field", "stream", "system"]),
)
def test_a_stamp_is_read_back_as_far_as_its_format_says_it(
    at: datetime, format_: str, zone: str, where: str
) -> None:
    moment = at.replace(tzinfo=UTC)
    local = moment.astimezone(zone_of(zone))
    assume(format_ in OF_THEIR_OWN or local.fold == 0)
    said = f'zone: "{zone}", format: ["{format_}", iso]'
    text = system(
        field("occurred_at", f"{{from: at, {said}}}" if where == "field" else "at"),
        stream=f"time: {{{said}}}" if where == "stream" else "",
        top=f"time: {{{said}}}" if where == "system" else "",
    )
    back = again(text, "at", worded(text, {"occurred_at": moment})["occurred_at"]).occurred_at
    wall = local.replace(tzinfo=None)
    lost = (wall - datetime.min) % FORMATS[format_]  # noqa: DTZ901  # how far into its second, minute, day
    if FORMATS[format_] < timedelta(days=1):
        assert back == moment - lost
    else:
        assert back is not None
        assert back.astimezone(zone_of(zone)).replace(tzinfo=None) == wall - lost


def test_without_a_format_a_stamp_stays_an_aware_time_in_the_zone_of_the_target() -> None:
    said = worded(system(), {"occurred_at": AT})["occurred_at"]
    assert said == AT
    assert said.utcoffset() == timedelta(hours=8)


def test_the_first_format_is_the_one_that_is_written() -> None:
    text = system(field("occurred_at", '{from: at, format: ["%d.%m.%Y %H:%M:%S", iso]}'))
    assert worded(text, {"occurred_at": AT}) == {"occurred_at": "01.03.2026 08:00:05"}


def test_a_stamp_whose_offset_stands_in_another_field_is_left_out() -> None:
    text = system(field("occurred_at", '{from: at, format: "%Y%m%d%H%M%S", offset: tz}'))
    assert worded(text, {"occurred_at": AT}) == {}
    assert worded(text.replace("%Y%m%d%H%M%S", "epoch"), {"occurred_at": AT}) == {"occurred_at": 1772323205}


# Lines

LINES = """
extras:
  lines:
    each: lines
    as: {line_no: pos, sku: item, quantity: {from: q, unit: UNIT, numbers: "1.234,5-"}}
"""


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["S1", "S9", "S7", "own"]),
            st.integers(0, 9999).map(lambda number: Decimal(number) / 100 * 60),
        ),
        max_size=4,
    ),
    st.sampled_from(["{const: BOX}", "{const: pcs}", "uom", "true"]),
)
def test_lines_are_read_back_through_the_catalogue(said: list[tuple[str, Decimal]], unit: str) -> None:
    lines = tuple(Line(str(at * 10), sku, number) for at, (sku, number) in enumerate(said, 1))
    text = system(stream=LINES.replace("UNIT", unit))
    words = worded(text, {"lines": list(lines)}, BOXES)["lines"]
    assert all(
        one["sku"] == {"S1": "A1", "S9": "A9"}.get(sku, sku)
        for one, (sku, _) in zip(words, said, strict=True)
    )
    record = [{"pos": one["line_no"], "item": one["sku"], "q": one["quantity"]} for one in words]
    assert again(text, "lines", record, BOXES).lines == lines


def test_lines_that_no_stream_reads_still_have_the_item_codes_of_the_system() -> None:
    said = worded(system(), {"lines": [Line("1", "S9", Decimal(5))]}, BOXES)
    assert said == {"lines": [{"line_no": "1", "sku": "A9", "quantity": Decimal(5)}]}


def test_a_line_that_cannot_be_said_takes_the_others_with_it() -> None:
    text = system(stream=LINES.replace("UNIT", "{const: BOX}"))
    lines = [Line("1", "S1", Decimal(12)), Line("2", "S1", Decimal(7))]
    assert worded(text, {"lines": lines}, BOXES) == {}
    taken = units(
        {}, S1="S2"
    )  # what the hub calls S1 the system has no code for: there S1 is another article
    assert worded(system(), {"lines": lines[:1]}, taken) == {}


def test_the_code_of_a_sku_is_the_newest_that_holds() -> None:
    new_year = date(2026, 1, 1)
    catalogue = Catalogue(
        meanings={
            ("shop", "OLD"): (Meaning("S1", None, date(2025, 12, 31)),),
            ("shop", "NEW"): (Meaning("S1", new_year, None),),
            ("shop", "TOO"): (Meaning("S1", new_year, None),),
            ("shop", "USED"): (Meaning("S1", None, date(2024, 12, 31)), Meaning("S2", new_year, None)),
            ("else", "X"): (Meaning("S1", None, None),),
        }
    )
    assert catalogue.code("shop", "S1", date(2025, 6, 1)) == "OLD"
    assert catalogue.code("shop", "S1", new_year) == "NEW"
    assert catalogue.code("shop", "S1") == "NEW"
    assert catalogue.code("shop", "S2") == "USED"
    assert catalogue.code("shop", "S2", date(2025, 6, 1)) == "S2"
    assert catalogue.code("shop", "S3") == "S3"
    gone = Catalogue(meanings={("shop", "S1"): (Meaning("S1", None, date(2025, 12, 31)),)})
    assert gone.code("shop", "S1", new_year) == "S1"


def test_item_codes_are_those_of_the_day() -> None:
    rules = Rules().with_catalogue(
        Catalogue(
            meanings={
                ("shop", "OLD"): (Meaning("S1", None, date(2025, 12, 31)),),
                ("shop", "NEW"): (Meaning("S1", date(2026, 1, 1), None),),
            }
        )
    )
    order = {"lines": [Line("1", "S1", Decimal(1))]}
    for day, code in ((date(2025, 6, 1), "OLD"), (date(2026, 6, 1), "NEW"), (None, "NEW")):
        assert worded(system(), order, rules, day)["lines"][0]["sku"] == code


# Extras

EXTRAS = """
extras:
  order_type: {from: kind, codes: {E: rush, N: regular}}
  customer_no: {from: customer, strip: "0"}
  amount: {from: total, scale: 2}
  due: {from: due, format: "%Y%m%d", zone: Europe/Berlin}
  weight: {from: kg, numbers: "1.234,5"}
  checked: {from: checked, format: epoch}
  tag: {from: [a, b]}
"""


def test_extras_leave_in_the_words_of_their_fields() -> None:
    due = datetime(2026, 2, 28, 23, tzinfo=UTC)
    order = {
        "order_type": "rush", "customer_no": "4711", "amount": Decimal("12.5"), "due": due,
        "weight": Decimal("1.25"), "checked": AT, "tag": "x y", "note": "kept", "priority": None,
    }  # fmt: skip
    assert worded(system(stream=EXTRAS), order) == {
        "order_type": "E", "customer_no": "4711", "amount": Decimal(1250), "due": "20260301",
        "weight": "1,25", "checked": 1772323205, "note": "kept",
    }  # fmt: skip


def test_extras_that_were_kept_as_text_leave_as_what_they_are() -> None:
    order = {"weight": "1.25", "checked": "2026-03-01T00:00:05Z", "amount": "12.5"}
    said = {"weight": "1,25", "checked": 1772323205, "amount": Decimal(1250)}
    assert worded(system(stream=EXTRAS), order) == said
    assert worded(system(stream=EXTRAS), {"weight": "heavy", "checked": "soon"}) == {
        "weight": "heavy", "checked": "soon"
    }  # fmt: skip


# Which words


def test_a_stream_that_is_not_named_or_yields_no_order_leaves_it_to_the_first_that_does() -> None:
    text = DEPOT.read_text("utf-8")
    for name in ("dispatches", None, "nowhere"):
        one = wording(text, stream=name)
        assert one.words({"status": Status.SHIPPED, "ordered": Decimal(-1)}) == {
            "status": "SENT", "ordered": "1-"
        }  # fmt: skip
        assert one.says() == {
            "order_no", "part", "status", "side", "ordered", "shipped", "occurred_at", "customer_no", "lines"
        }  # fmt: skip


def test_a_system_that_says_no_orders_has_the_words_of_the_hub_in_its_own_style() -> None:
    text = """
system: shop
connector: sql
time: {zone: Asia/Shanghai, format: "%Y-%m-%d %H:%M"}
numbers: "1234,5"
streams:
  stock: {yields: stock, read: {table: s, cursor: [a, b]}, fields: {sku: s, on_hand: q}}
"""
    one = wording(text, stream="stock")
    order = {
        "status": Status.IN_PRODUCTION, "side": Side.ON_HOLD, "ordered": Decimal("2.5"), "occurred_at": AT
    }  # fmt: skip
    assert one.words(order) == {
        "status": "in_production", "side": "on_hold", "ordered": "2,5", "occurred_at": "2026-03-01 08:00"
    }  # fmt: skip
    assert (one.says(), one.sayable(), one.held(Status.SHIPPED)) == (frozenset(), (), None)


def test_what_a_stream_keeps_it_does_not_say() -> None:
    assert wording(system(field("shipped", "{keep: true}"))).says() == {
        "company", "order_no", "status", "ordered", "occurred_at"
    }  # fmt: skip


# Ranks


def test_a_status_word_has_its_rank() -> None:
    asked = compile_value("=order.rank >= ('shipped' | rank)")
    assert asked.render({"order": {"rank": 110}}) is True
    assert asked.render({"order": {"rank": 90}}) is False
    assert compile_value("=view.status | rank").render({"view": {"status": "ready"}}) == 85


def test_a_word_without_a_rank_is_refused_by_name() -> None:
    with pytest.raises(MappingError) as caught:
        compile_value("=status | rank").render({"status": "shiped"})
    assert "shiped" in caught.value.say("en")
    with pytest.raises(NameMissing):
        compile_value("=view.status | rank").render({"view": {}})
