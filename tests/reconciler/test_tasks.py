"""Work of the reconciler as a scheduler calls it: reports in the home, counts as the answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.store import Store
from hub.store.leases import lease
from hub.store.turns import LEASE, wall
from reconciler import tasks
from reconciler.asking import plain
from tests.conftest import KEY
from tests.reconciler.payments.books import Books
from tests.sync.out.house import HUB_YAML, SHOP, WMS, House


def env(home: Path, store: Store, **more: str) -> dict[str, str]:
    url = store.engine.url.render_as_string(hide_password=False)
    key = base64.b64encode(KEY).decode()
    return {"ORDERHUB_HOME": str(home), "ORDERHUB_STORE": url, "ORDERHUB_KEY": key, **more}


@pytest.fixture
def books(tmp_path: Path, sqlite_store: Store) -> Iterator[Books]:
    here = Books(tmp_path / "books", sqlite_store)
    yield here
    here.close()


def test_payments_are_matched_and_shown(books: Books, sqlite_store: Store) -> None:
    books.bill("100.00", "INV-7")
    books.receive("B1", "100.00", "INV-7")
    books.sync()
    home = books.folder / "home"
    counts = tasks.match_payments(env(home, sqlite_store), lambda: books.now)
    assert counts == {"posted": 1}
    assert {file.name for file in (home / "reports").iterdir()} == {"payments.en.html", "payments.en.xlsx"}
    assert tasks.match_payments(env(home, sqlite_store), lambda: books.now) == {}


@pytest.mark.parametrize(
    ("turn", "task"), [("match", tasks.match_payments), ("reconcile", tasks.reconcile_all)]
)
def test_what_another_worker_does_is_left_to_it(
    books: Books, sqlite_store: Store, turn: str, task: Callable[..., dict[str, int]]
) -> None:
    books.sync()
    with lease(sqlite_store, turn, "elsewhere/1", wall(), LEASE):
        assert task(env(books.folder / "home", sqlite_store)) == {"busy": 1}


def test_a_shadow_is_compared_with_what_people_did(tmp_path: Path, sqlite_store: Store) -> None:
    shadow = {"shop": SHOP, "wms": WMS.replace("mode: live", "mode: shadow")}
    rules = HUB_YAML.replace("      ledger: {from: confirmed, within: 1h}\n", "").replace("ledger", "wms")
    house = House(tmp_path / "house", sqlite_store, hub_yaml=rules, mappings=shadow)
    house.sync()
    house.adopt()
    house.born("S1")
    house.sync(2)
    house.later(days=2)
    house.sync()
    asked = env(house.home, sqlite_store, **house.env)
    figures = tasks.dual_run_figures(asked, lambda: house.now)
    assert figures.keys() == {"wms"}
    assert (figures["wms"]["fit"], figures["wms"]["never"]) == (False, 1)
    kept = json.loads((house.home / "reports" / "dual_run.json").read_text("utf-8"))
    assert kept["systems"] == figures
    house.close()


FUSED = HUB_YAML.replace("fuse: {rules: []}", "fuse: {roles: {sales_director: {people: [chen]}}}")


@pytest.fixture
def house(tmp_path: Path, sqlite_store: Store) -> Iterator[House]:
    rules = f"{FUSED}\nbrakes: {{orders: 8, share: 100%}}\n"
    here = House(tmp_path / "house", sqlite_store, hub_yaml=rules)
    here.sync()
    here.adopt()
    yield here
    here.close()


def asked(house: House) -> list[dict[str, str]]:
    return tasks.asked(env(house.home, house.store), lambda: house.now)


def test_a_question_says_all_that_decides_it(house: House) -> None:
    house.born("S1", worth=6000, seller="li", customer="<b>Ace</b>")
    house.sync(2)
    one = next(one for one in asked(house) if "WMS" in one["subject"])
    assert one["subject"] == f"{one['ref']}: C1/S1 → WMS: may this be written?"
    for said in (r"\<b\>Ace\</b\>", "6,000 CNY", "li", "sales\\_director: chen", "≥ 5,000 CNY"):
        assert said in one["body"]


def test_a_batch_is_one_question_and_shows_some_of_it(house: House) -> None:
    for number in range(25):
        house.born(f"S{number}", worth=10)
    house.sync(2)
    one = next(one for one in asked(house) if "WMS" in one["subject"])
    assert "25 changes → WMS" in one["subject"]
    assert ":" in one["ref"]
    assert sum(line.startswith("- C1/S") for line in one["body"].splitlines()) == 20


def test_questions_are_asked_in_the_hubs_language(house: House) -> None:
    house.hub_yaml += "locale: zh-CN\n"
    house.write_mappings()
    house.born("S1", worth=6000)
    house.sync(2)
    assert all("是否批准写入" in one["subject"] for one in asked(house))


def test_a_text_stays_a_text_in_markdown() -> None:
    assert plain("a *b*\n[c](http://d) `e`") == r"a \*b\* \[c\]\(http://d\) \`e\`"
