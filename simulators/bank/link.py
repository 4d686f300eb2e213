"""What the direct link answers: entries page by page, balances; and how it says no.

Shapes as in the contract (11.2). The codes of its refusals are made up: the bank's own are not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from simulators.bank.ledger import Entry, Ledger

ZONE: tzinfo = ZoneInfo("Asia/Shanghai")
ENTRIES, BALANCES = "trsQryByBreakPoint", "NTQADINF"
_PART = "TRANSQUERYBYBREAKPOINT"


class Refused(Exception):
    """A question that is not taken: `code` and text of the head."""

    def __init__(self, code: str, text: str) -> None:
        """Take what the head says."""
        super().__init__(text)
        self.code = code


@dataclass(slots=True)
class Link:
    """The direct link to a ledger. `clock` gives aware moments; `gap` are the seconds between two questions.

    `wrong_sums` makes the next pages disagree with their own sums; `circles` makes them never end.
    """

    ledger: Ledger
    clock: Callable[[], datetime]
    size: int = 200
    gap: float = 10.0
    wrong_sums: bool = False
    circles: bool = False
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    _last: dict[str, datetime] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    @property
    def now(self) -> datetime:
        """The bank's local time."""
        return self.clock().astimezone(ZONE)

    def answer(self, head: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body of an answer; Refused for a question that is not taken."""
        self._require_new(head["reqid"])
        self.asked.append((head["funcode"], body))
        if head["funcode"] == ENTRIES:
            return self._entries(body)
        if head["funcode"] == BALANCES:
            return {"ntqadinfz": [self._balance(one) for one in body["ntqadinfx"][:30]]}
        raise Refused("NCB0404", "无此接口")

    def _require_new(self, reqid: str) -> None:
        stamped = reqid[:17].isdigit() and 18 <= len(reqid) <= 51
        if not stamped or reqid in self._used:
            raise Refused("NCB0001", "请求唯一标识不符合规则或重复")
        self._used.add(reqid)

    def _entries(self, body: Mapping[str, Any]) -> dict[str, Any]:
        [asked] = body[f"{_PART}_X1"]
        account, first, last = asked["cardNbr"], *(_day(asked[name]) for name in ("beginDate", "endDate"))
        self._require_patience(account)
        if account not in self.ledger.accounts:
            raise Refused("NCB5033", "户口不存在或无权限")
        if first > last or first < self.now.date() - timedelta(days=397):
            raise Refused("NCB5034", "查询日期超出近13个月")
        begin = [
            (_day(one["transDate"]), int(one["expectNextSequence"])) for one in body.get(f"{_PART}_Y1", [])
        ]
        found = [
            one
            for one in self.ledger.shown(account, self.now.date())
            if first <= one.day <= last and (not begin or (one.day, one.sequence) >= begin[0])
        ]
        return self._page(account, found, body.get(f"{_PART}_Y1", []))

    def _page(self, account: str, found: list[Entry], before: list[dict[str, str]]) -> dict[str, Any]:
        page, more = found[: self.size], len(found) > self.size
        y1 = before
        if page and not self.circles:
            following = {
                "transDate": f"{page[-1].day:%Y%m%d}",
                "expectNextSequence": f"{page[-1].sequence + 1}",
            }
            y1 = [{"acctNbr": f"{account}-CUR", **following}]
        debits, credits = [one for one in page if one.amount < 0], [one for one in page if one.amount >= 0]
        z1 = {
            "ctnFlag": "Y" if more or self.circles else "N",
            "queryAcctNbr": f"{account}-CUR  " if more or self.circles else "",
            "debitNums": f"{len(debits) + self.wrong_sums}",
            "debitAmount": f"{_total(debits)}",
            "creditNums": f"{len(credits)}",
            "creditAmount": f"{_total(credits)}",
        }
        rows = [self._row(account, one) for one in page]
        return {f"{_PART}_Y1": y1, f"{_PART}_Z1": [z1], f"{_PART}_Z2": rows}

    def _row(self, account: str, one: Entry) -> dict[str, str]:
        """Return an entry as it is sent: debits below zero and with D, blanks behind texts."""
        refused = {"errcod": one.refused[0], "errtxt": one.refused[1]} if one.refused else {}
        return {
            "transDate": f"{one.day:%Y%m%d}",
            "transTime": f"{one.at:%H%M%S}",
            "transSequenceIdn": f"{one.serial:<15}",
            "valueDate": f"{one.day:%Y%m%d}",
            "loanCode": "D" if one.amount < 0 else "C",
            "transAmount": f"{one.amount}",
            "currencyNbr": "10",
            "textCode": "CPAA",
            "billNumber": "",
            "remarkTextClt": f"{one.text}  ",
            "reversalFlag": one.reversal,
            "acctOnlineBal": f"{self.ledger.balance(account)}",
            "extendedRemark": "",
            "ctpAcctNbr": f"{one.payer_account:<35}",
            "ctpAcctName": f"{one.payer}   ",
            "ctpBankName": "",
            "businessText": "",
            "requestNbr": "0028477701",
            **refused,
        }

    def _balance(self, asked: Mapping[str, str]) -> dict[str, str]:
        account = asked["accnbr"]
        if account not in self.ledger.accounts:
            return {"accnbr": account, "errcod": "NCB5033", "errtxt": "户口不存在或无权限  "}
        amount = f"{self.ledger.balance(account)}"
        return {
            "accnbr": f"{account}  ",
            "ccynbr": "10",
            "onlblv": amount,
            "stscod": "A",
            "errcod": "SUC0000",
        }

    def _require_patience(self, account: str) -> None:
        now, last = self.clock(), self._last.get(account)
        self._last[account] = now
        if last is not None and (now - last).total_seconds() < self.gap:
            raise Refused("NCB0429", "查询过于频繁，请稍后再试")


def _total(entries: list[Entry]) -> Decimal:
    return sum((one.amount for one in entries), Decimal())


def _day(said: str) -> date:
    return datetime.strptime(said, "%Y%m%d").date()  # noqa: DTZ007  a day, no moment
