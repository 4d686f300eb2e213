"""The made-up payments: their truth adds up and depends on the seed alone; the scorer believes only it."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from benchmarks.payments import __main__ as run
from benchmarks.payments import baselines, firms, marks
from benchmarks.payments.generate import DIALECTS, invent, write
from benchmarks.payments.ledger import ways
from benchmarks.payments.model import World, cents_of, money, share
from benchmarks.payments.play import SCENARIOS
from benchmarks.payments.score import score

Rows = list[dict[str, str]]
SIZE = 2500
FILES = ("receivables", "bank", "customers", "truth", "entries")
MORE_THAN_OPEN = {"too_much", "we_pay_back"}


@pytest.fixture(scope="module", params=DIALECTS)
def world(request: pytest.FixtureRequest) -> World:
    return invent(11, 170, SIZE, request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("payments")
    write(invent(5, 170, SIZE), out)
    return out


def read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def answer(folder: Path, rows: Rows, **more: str) -> Path:
    path = folder / f"answer{len(list(folder.glob('answer*')))}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, ["bank_id", "receivable_id", "amount", *more], extrasaction="ignore")
        out.writeheader()
        out.writerows({**row, **more} for row in rows)
    return path


def test_what_is_paid_adds_up(world: World) -> None:
    """An entry pays its cash, and no receivable is paid more than it is."""
    paid: dict[int, int] = defaultdict(int)
    for entry in world.entries:
        cash = sum(cents for _, cents in entry.links)
        if entry.kind != "pays":
            assert not entry.links, entry
        elif entry.scenario in MORE_THAN_OPEN:
            assert 0 < cash < entry.cents, entry
        else:
            assert cash == entry.cents > 0, entry
        for place, cents in entry.links:
            if entry.currency == world.receivables[place].currency:
                paid[place] += cents
    for place, cents in paid.items():
        whole = world.receivables[place].cents
        assert abs(cents) <= abs(whole), world.receivables[place]
        assert (cents > 0) == (whole > 0), world.receivables[place]


def test_nothing_is_decidable_before_it_is_issued_or_after_it_is_closed(world: World) -> None:
    open_ = [one.cents for one in world.receivables]
    for entry in world.entries:
        for place, cents in entry.links:
            assert world.receivables[place].issued <= entry.day
            if entry.decidable:
                assert open_[place] != 0, entry
                open_[place] = 0 if place in entry.closes else open_[place] - cents


def test_nothing_is_decidable_by_the_sum_alone(world: World) -> None:
    silent = [entry for entry in world.entries if entry.scenario == "no_party_at_all"]
    assert silent
    assert not any(entry.decidable for entry in silent)
    for entry in world.entries:
        if entry.decidable and not entry.cites and not entry.payer:
            names = (world.customers[world.receivables[place].customer].name for place, _ in entry.links)
            known = (
                world.customers[world.receivables[place].customer].known_account for place, _ in entry.links
            )
            assert any(name in entry.text for name in names) or entry.account in known, entry


def test_what_a_plain_text_cites_stands_in_it(world: World) -> None:
    plain = [entry for entry in world.entries if entry.scenario in ("number_plain", "list_plain")]
    assert plain
    for entry in plain:
        for place, _ in entry.links:
            assert world.receivables[place].invoice_no in entry.text


def test_every_scenario_is_played_and_none_prevails(world: World) -> None:
    seen = Counter(entry.scenario for entry in world.entries)
    assert len(SCENARIOS) > 60
    assert len(seen) > 0.9 * len(SCENARIOS)
    assert max(seen.values()) < 0.15 * len(world.entries)
    kinds = {entry.kind for entry in world.entries}
    assert kinds == {"pays", "on_account", "returned", "duplicate", "unrelated", "own_transfer"}
    links = [entry.decidable for entry in world.entries for _ in entry.links]
    assert 0.7 < sum(links) / len(links) < 0.9


def test_what_comes_back_came_once_before(world: World) -> None:
    for at, entry in enumerate(world.entries):
        if entry.kind == "returned" and entry.cents < 0:
            fitting = [
                other
                for other in world.entries[:at]
                if (other.payer, other.cents, other.currency) == (entry.payer, -entry.cents, entry.currency)
                and entry.day - other.day <= 30
            ]
            assert [other.kind for other in fitting] == ["returned"], entry


def test_a_seed_says_everything(tmp_path: Path) -> None:
    for name, seed in (("one", 4), ("same", 4), ("other", 7)):
        write(invent(seed, 30, 300, "cn"), tmp_path / name)
    for name in FILES:
        one, same, other = (
            (tmp_path / each / f"{name}.csv").read_bytes() for each in ("one", "same", "other")
        )
        assert one == same
        assert one != other


def test_the_truth_itself_misses_no_goal(folder: Path) -> None:
    figures = score(folder, folder / "truth.csv", None)
    assert figures["missed"] == []
    assert figures["precision"] == figures["recall"] == figures["recall_of_all"] == 1
    assert figures["rest"]["entries"] == 0


def test_a_wrong_posting_costs_what_was_posted(folder: Path) -> None:
    truth = read(folder / "truth.csv")
    free = [row for row in truth if not row["together"]]
    wrong = answer(folder, [*truth, {**free[0], "receivable_id": free[-1]["receivable_id"]}])
    figures = score(folder, wrong, None)
    assert figures["postings"] - figures["right"] == 1
    assert figures["ppm_misposted"] > 0
    assert any(goal.startswith("precision") for goal in figures["missed"])
    off = answer(folder, [{**free[0], "amount": money(cents_of(free[0]["amount"]) + 2)}])
    assert score(folder, off, None)["right"] == 0


def test_a_posting_for_what_pays_nothing_is_told(folder: Path) -> None:
    truth, entries = read(folder / "truth.csv"), read(folder / "entries.csv")
    returned = next(row["bank_id"] for row in entries if row["kind"] == "returned")
    figures = score(folder, answer(folder, [*truth, {**truth[0], "bank_id": returned}]), None)
    assert figures["posted_for_nothing"] == 1


def test_two_payments_alike_may_be_swapped_but_not_doubled(folder: Path) -> None:
    truth = read(folder / "truth.csv")
    marked = [row for row in truth if row["together"]]
    mark = Counter(row["together"] for row in marked).most_common(1)[0][0]
    one, other = (row for row in marked if row["together"] == mark)
    swapped = [
        {**one, "receivable_id": other["receivable_id"]},
        {**other, "receivable_id": one["receivable_id"]},
    ]
    assert score(folder, answer(folder, swapped), None)["right"] == 2
    doubled = [one, {**other, "receivable_id": one["receivable_id"]}]
    assert score(folder, answer(folder, doubled), None)["right"] == 1


def test_the_right_answer_counts_only_whole_and_among_three(folder: Path) -> None:
    truth = read(folder / "truth.csv")
    nothing = answer(folder, [])
    assert score(folder, nothing, answer(folder, truth, rank="3"))["rest"]["answered"] == 1
    links = Counter(row["bank_id"] for row in truth)
    halves = [row for row in truth if links[row["bank_id"]] > 1][:1]
    assert score(folder, nothing, answer(folder, halves, rank="1"))["rest"]["answered"] == 0


def test_an_entry_the_bank_has_not_is_an_error(folder: Path) -> None:
    with pytest.raises(ValueError, match="B9999999 is not in"):
        score(
            folder, answer(folder, [{"bank_id": "B9999999", "receivable_id": "R1", "amount": "1.00"}]), None
        )


def test_the_simple_matcher_is_not_good_enough(folder: Path) -> None:
    rows = [
        {"bank_id": entry, "receivable_id": item, "amount": money(cents)}
        for entry, item, cents in baselines.exact(folder)
    ]
    figures = score(folder, answer(folder, rows), None)
    assert figures["right"] > 100
    assert figures["recall"] < 0.6
    assert figures["posted_for_nothing"] > 0


def right_for_all(folder: Path) -> dict[str, float]:
    """Stand in for the matcher: it posts the truth."""
    (folder / "matches.csv").write_bytes((folder / "truth.csv").read_bytes())
    (folder / "proposals.csv").write_text("bank_id,receivable_id,amount,rank\n", "utf-8")
    return {"cpu": 1.0, "wall": 1.0, "peak": 100.0}


def test_the_whole_run_judges_each_seed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "matched", right_for_all)
    told = tmp_path / "told.json"
    asked = ["--seeds", "2", "--postings", "400", "--json", str(told)]
    assert run.main(asked) == 0
    one, other = json.loads(told.read_text("utf-8"))
    assert (one["ledger"]["dialect"], other["ledger"]["dialect"]) == ("eu", "mixed")
    assert one["orderhub"]["precision"] == 1
    assert one["fuzzy"]["precision"] < 1


def test_a_size_has_as_many_entries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "matched", right_for_all)
    told = tmp_path / "told.json"
    assert run.main(["--size", "800", "--json", str(told)]) == 0
    (one,) = json.loads(told.read_text("utf-8"))
    assert one["entries"] == 800
    assert 800 <= one["receivables"] < 1000


def test_a_matcher_that_does_not_run_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(folder: Path) -> dict[str, float]:
        raise run.Failed(f"match {folder.name}: exit 2: no such command")

    monkeypatch.setattr(run, "matched", broken)
    assert run.main(["--seeds", "1", "--postings", "100"]) == 2
    assert "no such command" in capsys.readouterr().err


def test_ways_are_those_of_trying_all() -> None:
    rng = Random(3)
    for _ in range(200):
        amounts = [rng.randint(-20, 60) for _ in range(rng.randint(0, 9))]
        target = rng.randint(-5, 90)
        tried = sum(
            sum(some) == target for size in range(1, len(amounts) + 1) for some in combinations(amounts, size)
        )
        assert ways(amounts, target) == tried


@pytest.mark.parametrize("number", ["INV-2026-000185", "HT-2026/15", "26442000000011305981", "PO26/00581"])
def test_a_number_survives_how_people_write_it(number: str) -> None:
    rng = Random(1)
    for written in (
        marks.wide(number),
        marks.bare(number).lower(),
        marks.spaced(number),
        marks.slips(rng, number),
    ):
        assert marks.fold(written) == marks.fold(number)


def test_lists_leave_out_what_numbers_share() -> None:
    assert marks.shortened(["INV-2026-001001", "INV-2026-001002"]) == "INV-2026-001001,1002"
    assert marks.shortened(["1001", "1002"]) == "1001,1002"
    assert marks.reference("539007547034") == "RF18539007547034"


def test_slips_and_money() -> None:
    name, rng = "苏州华信精密机械有限公司", Random(2)
    assert all(firms.slipped(rng, name, True) != name for _ in range(50))
    assert [money(cents_of(text)) for text in ("0.10", "-12", "7.5", "-0.05")] == [
        "0.10",
        "-12.00",
        "7.50",
        "-0.05",
    ]
    assert share(1005, 200) == 20
    with pytest.raises(ValueError, match="more than two places"):
        cents_of("1.005")
