"""Details that cost a call each are fetched only where their list row changed (`Since.known`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from connectors.contract import Ask, Capabilities, Everything, Health, Keys, Page, Since
from sync import run
from tests.sync.conftest import Company

Row = dict[str, Any]


@dataclass
class Listing:
    """A system whose list shows little, and whose details cost a call each: `fetched` counts them."""

    rows: dict[str, Row]
    fetched: list[str] = field(default_factory=list)
    capabilities: ClassVar[Capabilities] = Capabilities(asks=frozenset({"since", "everything"}))

    def check(self) -> Health:
        return Health(True, "sql.healthy")

    def close(self) -> None:
        """Nothing is held."""

    def fetch(self, stream: str, ask: Ask) -> Iterator[Page]:
        assert isinstance(ask, Since | Everything), Keys
        known = ask.known(list(self.rows))
        stand = [key for key, row in self.rows.items() if known.get(key) == row["changed"]]
        yield Page(
            [self._detail(key) for key in self.rows if key not in stand],
            glances={key: row["changed"] for key, row in self.rows.items() if key not in stand},
            stand=stand,
        )

    def _detail(self, key: str) -> Row:
        self.fetched.append(key)
        usual = {"company": "C1", "order_ref": key, "delivery": f"D{key}", "customer": "Ace", "sent": "0"}
        return {"id": key, **usual, "qty": "5", "state": "NEW", **self.rows[key]}


def listing(company: Company, monkeypatch: pytest.MonkeyPatch, *keys: str) -> Listing:
    source = Listing({key: {"changed": company.local()} for key in keys})
    monkeypatch.setattr(run, "open_connector", lambda *_: source)
    return source


def fetched(source: Listing) -> Sequence[str]:
    told, source.fetched = source.fetched, []
    return told


def test_only_a_row_that_changed_is_asked_about_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = listing(company, monkeypatch, "1", "2")
    company.sync("wms")
    assert fetched(source) == ["1", "2"]
    result = company.sync("wms")["wms"]
    assert fetched(source) == []
    assert (result.counts["records"], result.counts["unchanged"]) == (2, 2)
    company.later(minutes=1)
    source.rows["2"] = {"changed": company.local(), "state": "PICK"}
    company.sync("wms")
    assert fetched(source) == ["2"]
    assert company.order("2")["status"] == 40


def test_a_page_that_was_not_committed_leaves_no_glance(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = listing(company, monkeypatch, "1")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr("sync.pull._judge", broken)
        with pytest.raises(RuntimeError):
            company.sync("wms")
    fetched(source)
    company.sync("wms")
    assert fetched(source) == ["1"]


def test_a_sweep_sees_what_stands_and_fetches_anew_what_was_absent(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = listing(company, monkeypatch, *"123456789")
    company.sync("wms")
    away = source.rows.pop("3")
    for _ in range(2):
        company.later(hours=1)
        assert not company.sync("wms")["wms"].errors
    view, other = company.view("3", "wms"), company.view("4", "wms")
    assert view and view["gone_at"] == company.now
    assert other and other["gone_at"] is None
    fetched(source)
    source.rows["3"] = away
    company.sync("wms")
    assert fetched(source) == ["3"]
    view = company.view("3", "wms")
    assert view and view["gone_at"] is None
