from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.catalogue import load_catalogue
from hub.errors import RecordError
from hub.model import Status
from hub.problems import MappingErrors, Problem
from hub.rules import Rules, lint_rules, load_rules, parse_rules
from hub.yamlfile import load
from tests.house.code import ROOT
from tests.hub.mapped import place

HUB = (ROOT / "mappings" / "hub.yaml").read_text("utf-8")


def wrong(text: str) -> list[Problem]:
    with pytest.raises(MappingErrors) as caught:
        parse_rules(load(text, "hub.yaml"))
    return caught.value.problems


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load_rules(ROOT)


def test_the_rules_of_the_repository(rules: Rules) -> None:
    assert (rules.skew, rules.future) == (timedelta(seconds=180), timedelta(minutes=5))
    assert (rules.limits.quantity, rules.limits.text, rules.limits.bad_share) == (
        Decimal(10_000_000),
        64_000,
        Decimal("0.2"),
    )
    assert lint_rules(ROOT) == []


def test_routes_are_taken_in_order(rules: Rules) -> None:
    sample, regular = rules.route("HS01", "sample"), rules.route("HS01", "regular")
    assert sample.systems["tms"] is None
    assert (sample.types, regular.origin) == (("sample",), "erp")
    need = regular.systems["tms"]
    assert need is not None
    assert (need.from_status, need.within) == (Status.SHIPPED, timedelta(hours=8))
    assert rules.route("HS01", "") is regular


def test_a_route_may_be_for_one_company_and_none_may_be_at_all() -> None:
    only = parse_rules(load("routes: [{companies: A, systems: {erp: {from: confirmed, within: 1h}}}]"))
    assert list(only.route("A", "rush").systems) == ["erp"]
    assert only.route("B", "rush").systems == {}
    assert only.routes[0].types == ()


def test_grace_is_by_system_and_word(rules: Rules) -> None:
    hour = timedelta(hours=1)
    assert rules.grace("erp", Status.SHIPPED) == 26 * hour
    assert rules.grace("erp", "returned") == 26 * hour
    assert rules.grace("erp", Status.CONFIRMED) == 24 * hour
    assert rules.grace("erp", Status.READY) == 4 * hour
    assert rules.grace("tms", Status.SHIPPED) == 8 * hour
    assert rules.grace("unheard", Status.SHIPPED) == 4 * hour
    none = parse_rules(load("grace: {default: 4h, erp: {default: 1h, shipped: 0s}, wms: 2h}"))
    assert none.grace("erp", Status.SHIPPED) == timedelta()
    assert none.grace("wms", Status.SHIPPED) == 2 * hour


def test_who_owns_what(rules: Rules) -> None:
    assert [rules.status_owner(status) for status in (Status.DRAFT, Status.READY, Status.DELIVERED)] == [
        "erp",
        "wms",
        "tms",
    ]
    assert (rules.owner("shipped"), rules.owner("lines"), rules.owner("colour"), rules.owner("extras")) == (
        "wms", "erp", None, None,
    )  # fmt: skip
    assert rules.ownership.clock == ("tms", "wms", "erp")
    nobody = HUB.replace("owner: tms}", "owner: none}")
    assert parse_rules(load(nobody)).status_owner(Status.DELIVERED) is None


def test_a_system_is_quiet_for_a_day_where_nothing_is_said(rules: Rules) -> None:
    assert rules.quiet("erp") == timedelta(days=3)
    assert rules.quiet("unheard") == timedelta(days=1)


def test_an_empty_file_gives_the_defaults() -> None:
    assert parse_rules(load("")).limits.quantity == 10_000_000


@pytest.mark.parametrize(
    ("change", "marked", "key"),
    [
        (("from: allocated", "from: alocated"), "alocated", "mapping.unknown_word_near"),
        (("tolerance:", "tolerence:"), "tolerence", "mapping.unknown_name_near"),
        (("skew: 180s", "skew: 3 weeks"), "3 weeks", "mapping.want_duration"),
        (("20%", "120%"), "120%", "mapping.want_share"),
        (("64kB", "64 boxes"), "64 boxes", "mapping.want_size"),
        (("quantity: 10000000", "quantity: -1"), "-1", "mapping.want_positive"),
        (("tms: never", "tms: nver"), "nver", "mapping.want_map"),
        (("types: [sample]", "types: [smple]"), "smple", "mapping.unknown_word_near"),
        (("{shipped: 26h", "{shippd: 26h"), "shippd", "mapping.unknown_word_near"),
        (("zone: Asia/Shanghai", "zone: Asia/Shanghi"), "Asia/Shanghi", "mapping.unknown_zone"),
        (("locale: en", "locale: fr"), "fr\n", "mapping.unknown_word"),
        (("{from: in_transit", "{from: shipped"), "{from: shipped", "rules.range_twice"),
        (
            ("{from: in_transit", "{from: completed"),
            "{from: completed, to: delivered",
            "rules.range_backwards",
        ),
    ],
)
def test_what_is_wrong_has_its_place(change: tuple[str, str], marked: str, key: str) -> None:
    text = HUB.replace(*change, 1)
    assert text != HUB
    problem = next(one for one in wrong(text) if one.key == key)
    assert (problem.line, problem.column) == place(text, marked)
    for locale in ("en", "zh-CN"):
        assert "{" not in problem.say(locale)


def test_a_hole_in_the_ladder_names_the_statuses() -> None:
    text = HUB.replace("{from: in_transit", "{from: out_for_delivery", 1)
    (problem,) = wrong(text)
    assert (problem.key, problem.values["words"]) == ("rules.range_gap", "in_transit")
    assert (problem.line, problem.column) == place(text, "status:")


def test_a_system_that_no_route_names_is_allowed_and_a_slip_is_doubtful(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    text = HUB.replace("quiet: {erp", "quiet: {crm: 1d, eerp", 1)
    (tmp_path / "mappings/hub.yaml").write_text(text, "utf-8")
    assert load_rules(tmp_path).quiet("crm") == timedelta(days=1)
    (problem,) = lint_rules(tmp_path)
    assert (problem.key, problem.severity, problem.values["name"]) == ("rules.system_near", "warning", "eerp")
    assert (problem.line, problem.column) == place(text, "eerp")


# Fuse, brakes and the dual run


def fused(section: str) -> str:
    """Return the hub.yaml of the repository with another section `fuse`."""
    head, _, rest = HUB.partition("\nfuse:")
    return f"{head}\nfuse: {section}\n{rest[rest.index('brakes:') :]}"


def doubts(home: Path, text: str) -> list[Problem]:
    (home / "mappings").mkdir(parents=True)
    (home / "mappings/hub.yaml").write_text(text, "utf-8")
    found = lint_rules(home)
    assert all(one.severity == "warning" for one in found)
    for one in found:
        assert "{" not in one.say("en") + one.say("zh-CN")
    return found


def test_fuse_and_brakes_are_on_where_nothing_is_said() -> None:
    silent = parse_rules(load(""))
    assert [(rule.name, rule.roles) for rule in silent.fuse.rules] == [
        ("large", ("sales_director",)),
        ("very_large", ("sales_director", "second_level")),
        ("rush", ("sales_manager",)),
        ("quantity_change", ("sales_manager",)),
    ]
    assert (silent.fuse.expires, silent.fuse.free) == (timedelta(days=3), ("sample", "repair"))
    assert (silent.fuse.unanswered, silent.retention.quarantine) == (timedelta(days=7), timedelta(days=180))
    brakes = silent.brakes
    assert (brakes.orders, brakes.share, brakes.least, brakes.cancellations) == (500, Decimal("0.2"), 20, 10)
    assert (brakes.loop.writes, brakes.loop.within) == (4, timedelta(hours=1))


def test_the_repository_says_what_is_on_anyway(rules: Rules) -> None:
    silent = parse_rules(load(""))
    assert rules.fuse.rules[:4] == silent.fuse.rules
    bare: dict[str, Any] = {"rules": (), "roles": {}}
    assert rules.fuse.model_copy(update=bare) == silent.fuse.model_copy(update=bare)
    assert (rules.brakes, rules.dual_run) == (silent.brakes, silent.dual_run)


def test_limits_are_written_with_their_sign() -> None:
    text = fused('{rules: [{name: a, roles: x, amount: " >=5,000.50"}, {name: b, roles: x, amount: < 5}]}')
    high, low = parse_rules(load(text)).fuse.rules
    assert high.amount is not None
    assert low.amount is not None
    assert [high.amount.passed(Decimal(one)) for one in ("5000.49", "5000.50")] == [False, True]
    assert [low.amount.passed(Decimal(one)) for one in ("4.99", "5")] == [True, False]
    assert (str(high.amount), str(low.amount)) == ("≥ 5,000.50", "< 5")


@pytest.mark.parametrize(
    ("change", "marked", "key"),
    [
        (('">= 5000"', "5000"), "5000", "rules.want_limit"),
        (('">= 5000"', '"=> 5000"'), '"=> 5000"', "rules.want_limit"),
        (('">= 5000"', '">= 50,00"'), '">= 50,00"', "rules.want_limit"),
        (('amount: "> 50000"', "amuont: 1"), "amuont", "mapping.unknown_name_near"),
        (("type: rush", "type: rsh"), "rsh", "mapping.unknown_word_near"),
        (("free: [sample", "free: [smaple"), "smaple", "mapping.unknown_word_near"),
        (("change: ordered", "change: orderd"), "orderd", "mapping.unknown_word_near"),
        (("wants: cancelled", "wants: canceled"), "canceled", "mapping.unknown_word_near"),
        (("type: rush", "type: rush, kinds: [creat]"), "creat]", "mapping.unknown_word_near"),
        (("share: 20%, roles", "share: 120%, roles"), "120%", "mapping.want_share"),
        (("{name: rush, type: rush", "{name: rush"), "{name: rush", "rules.fuse_asks_nothing"),
        (("name: rush, type", "name: large, type"), "large, type", "rules.fuse_twice"),
        (("name: rush,", "name: mass,"), "mass,", "rules.fuse_twice"),
        (("rush, roles: [sales_manager]", "rush, roles: []"), "[]", "rules.fuse_no_roles"),
        (("change: ordered, share", "change: lines, share"), "20%, roles", "rules.fuse_share"),
        (("type: rush,", "type: rush, share: 5%,"), "5%", "rules.fuse_share"),
        (("expires: 3d", "expires: soon"), "soon", "mapping.want_duration"),
        (("amounts: {currency: CNY}", "amounts: {rates: {USD: 0}}"), "0}}", "mapping.want_positive"),
        (("{currency: CNY}", "{curency: CNY}"), "curency", "mapping.unknown_name_near"),
        (("brakes:", "braks:"), "braks", "mapping.unknown_name_near"),
        (("orders: 500", "orders: 0"), "0 ", "mapping.want_positive"),
        (("writes: 4", "writes: four"), "four", "mapping.want_whole"),
        (("agreement: 98%", "agreement: 980%"), "980%", "mapping.want_share"),
        (("minutes_per_entry: 6", "minutes_per_entry: some"), "some", "mapping.want_number"),
        (("deputy: [director-lin]", "deputi: []"), "deputi", "mapping.unknown_name_near"),
    ],
)
def test_what_is_wrong_in_the_fuse_has_its_place(change: tuple[str, str], marked: str, key: str) -> None:
    text = HUB.replace(*change, 1)
    assert text != HUB
    problem = next(one for one in wrong(text) if one.key == key)
    from_there = text[text.index(marked, text.index(change[1])) :]
    assert (problem.line, problem.column) == place(text, from_there)
    for locale in ("en", "zh-CN"):
        assert "{" not in problem.say(locale)


@pytest.mark.parametrize(
    ("change", "key", "values"),
    [
        (("roles: [sales_director]", "roles: [sales_direktor]"), "role_near", {"nearest": "sales_director"}),
        (("roles: [sales_director]", "roles: [board]"), "role_unlisted", {"name": "board"}),
        (("roles: [it_operations]", "roles: [it_operation]"), "role_near", {"nearest": "it_operations"}),
        (("[general-manager-zhao]", "[]"), None, {}),
        (('">= 5000"', '"< 0"'), "fuse_never_amount", {"name": "large"}),
        (('">= 5000"', '"<= 0"'), None, {}),
        (('">= 5000"', '">= 5000", type: sample'), "fuse_never_free", {"name": "large"}),
        (('">= 5000"', '">= 5000", type: [sample, rush]'), None, {}),
        (("share: 20%, roles", "share: 20%, kinds: create, roles"), "fuse_never_change", {}),
        (("type: rush", "type: rush, systems: [wmss]"), "system_near", {"nearest": "wms"}),
        (("type: rush", "type: rush, systems: [crm]"), None, {}),
    ],
)
def test_what_is_doubtful_in_the_fuse(
    tmp_path: Path, change: tuple[str, str], key: str | None, values: dict[str, str]
) -> None:
    text = HUB.replace(*change, 1)
    assert text != HUB
    found = doubts(tmp_path, text)
    assert [one.key for one in found] == ([f"rules.{key}"] if key else [])
    for one in found:
        assert values.items() <= one.values.items()
        assert one.line == place(text, change[1])[0]


def test_a_fuse_without_rules_and_roles_of_one_person_are_doubtful(tmp_path: Path) -> None:
    (off,) = doubts(tmp_path / "a", fused("{rules: []}"))
    assert off.key == "rules.fuse_off"
    one_person = HUB.replace("[director-chen], deputy: [director-lin]", "[general-manager-zhao]", 1)
    (found,) = doubts(tmp_path / "b", one_person)
    assert (found.key, found.values["roles"]) == ("rules.roles_one_person", "sales_director, second_level")


# Units and SKUs


def home(tmp_path: Path, units: str = "", skus: str = "") -> Path:
    if units:
        (tmp_path / "units.csv").write_text("sku,unit,factor\n" + units, "utf-8")
    if skus:
        (tmp_path / "skus.csv").write_text("system,code,sku,from,to\n" + skus, "utf-8")
    return tmp_path


def test_units_are_factors_to_the_base_unit(tmp_path: Path) -> None:
    catalogue = load_catalogue(home(tmp_path, "*,PCS,1\nA,BOX,12\nB,BOX,6.5\n"))
    assert catalogue.to_base("wms", "A", "box", Decimal(2)) == ("A", Decimal(24))
    assert catalogue.to_base("wms", "B", "BOX", Decimal(2)) == ("B", Decimal(13))
    assert catalogue.to_base("wms", "C", "PCS", Decimal(2)) == ("C", Decimal(2))
    assert catalogue.to_base("wms", "C", None, Decimal(2)) == ("C", Decimal(2))
    with pytest.raises(RecordError) as caught:
        catalogue.to_base("wms", "C", "BOX", Decimal(2))
    assert caught.value.key == "mapping.unit_without_conversion"


def test_codes_mean_skus_for_a_time(tmp_path: Path) -> None:
    rows = "wms,K1,A,,2025-12-31\nwms,K1,B,2026-01-01,\nerp,K1,C,,\n"
    catalogue = load_catalogue(home(tmp_path, skus=rows))
    assert catalogue.sku("wms", "K1", date(2025, 12, 31)) == "A"
    assert catalogue.sku("wms", "K1", date(2026, 1, 1)) == "B"
    assert catalogue.sku("wms", "K1") == "B"
    assert catalogue.sku("erp", "K1", date(2020, 1, 1)) == "C"
    assert catalogue.sku("tms", "K1") == "K1"


def test_both_files_may_be_absent(tmp_path: Path) -> None:
    assert load_catalogue(tmp_path).sku("wms", "K1") == "K1"


@pytest.mark.parametrize(
    ("units", "skus", "line", "key"),
    [
        ("*,PCS,1\nA,BOX,0\n", "", 3, "rules.bad_factor"),
        ("A,BOX,dozen\n", "", 2, "rules.bad_factor"),
        ("A,BOX,NaN\n", "", 2, "rules.bad_factor"),
        (",BOX,2\n", "", 2, "rules.bad_factor"),
        ("A,BOX,2\nA,box,3\n", "", 3, "rules.unit_twice"),
        ("", "wms,K1,A,2026-13-01,\n", 2, "rules.bad_date"),
        ("", "wms,,A,,\n", 2, "rules.bad_sku_row"),
        ("", "wms,K1,A,2026-02-01,2026-01-01\n", 2, "rules.bad_sku_row"),
        ("", "wms,K1,A,,2026-01-31\nwms,K1,B,2026-01-31,\n", 3, "rules.sku_twice"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, units: str, skus: str, line: int, key: str) -> None:
    with pytest.raises(MappingErrors) as caught:
        load_catalogue(home(tmp_path, units, skus))
    (problem,) = caught.value.problems
    assert (problem.key, problem.line) == (key, line)
    assert Path(problem.file).name == ("units.csv" if units else "skus.csv")


def test_columns_are_known_by_name(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text("sku,unti,factor\nA,BOX,2\n", "utf-8")
    with pytest.raises(MappingErrors) as caught:
        load_catalogue(tmp_path)
    assert {one.key for one in caught.value.problems} == {"mapping.unknown_name_near", "rules.column_missing"}


def test_all_files_are_looked_at_before_anything_is_said(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/hub.yaml").write_text("curency: CNY\n", "utf-8")
    (tmp_path / "mappings/units.csv").write_text("sku,unit,factor\nA,BOX,0\n", "utf-8")
    with pytest.raises(MappingErrors) as caught:
        load_rules(tmp_path)
    assert [Path(one.file).name for one in caught.value.problems] == ["hub.yaml", "units.csv"]
