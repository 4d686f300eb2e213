"""How a report says things in the reader's language: numbers, times, each finding in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hub.locale import text
from reconciler.case import EVERY
from reconciler.reports import histories
from reconciler.result import CauseLine, Finding

_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))
_LARGE = {
    "en": ((10**9, " bn"), (10**6, " m")),
    "zh-CN": ((10**8, "亿"), (10**4, "万")),
}


class Words:
    """The language of one report: `locale`, and the zone in which times are shown."""

    def __init__(self, locale: str, zone: str = "UTC") -> None:
        """Take the locale ("en", "zh-CN") and an IANA zone name."""
        self.locale = locale
        self.zone_name = zone
        self.zone = ZoneInfo(zone)

    def say(self, key: str, /, **values: object) -> str:
        """Return the entry `key` of the report's catalogue, or a dotted key of any catalogue."""
        return text(key if "." in key else f"report.{key}", self.locale, **values)

    def word(self, key: str, /, **values: object) -> str:
        """Return the entry `key` of the catalogue of findings."""
        return text(f"findings.{key}", self.locale, **values)

    def known(self, key: str, otherwise: str) -> str:
        """Return the entry `key` of the report's catalogue, or the word itself where there is none."""
        said = self.say(key)
        return otherwise if said == f"report.{key}" else said

    def joined(self, parts: Iterable[str], comma: str = "list_comma") -> str:
        """Return `parts` as a list in a sentence."""
        return self.say(comma).join(parts)

    def sentences(self, told: Iterable[str]) -> str:
        """Return sentences one after the other."""
        return ("" if self.locale == "zh-CN" else " ").join(told)

    # numbers and times

    def number(self, number: Decimal | int | None) -> str:
        """Return a count or quantity with thousands separated; "–" for none."""
        if number is None:
            return "–"
        if not isinstance(number, Decimal):
            return f"{number:,}"
        shown = f"{number:,f}"
        return shown.rstrip("0").rstrip(".") if "." in shown else shown

    def money(self, amount: Decimal | None, currency: str | None) -> str:
        """Return an amount with its currency and two decimals."""
        if amount is None:
            return "–"
        figure = f"{amount:,.2f}"
        if self.locale == "zh-CN":
            return f"{figure} 元" if currency == "CNY" else f"{figure} {currency or ''}".strip()
        return f"{currency or ''} {figure}".strip()

    def sums(self, amounts: Mapping[str, Decimal], short: bool = False) -> str:
        """Return amounts by currency in whole units, or `short` in millions (万, 亿); "–" for none."""
        shown = []
        for currency, amount in sorted(amounts.items()):
            size, unit = self._unit(amount) if short else (1, "")
            figure = f"{amount / size:,.1f}" if unit else f"{amount:,.0f}"
            if self.locale == "zh-CN":
                name = "元" if currency == "CNY" else currency
                shown.append(f"{figure} {unit}{name}".strip())
            else:
                shown.append(f"{currency} {figure}{unit}".strip())
        return " + ".join(shown) or "–"

    def _unit(self, amount: Decimal) -> tuple[int, str]:
        """Return the unit in which people of this language say a large amount."""
        units = _LARGE["zh-CN" if self.locale == "zh-CN" else "en"]
        return next(((size, unit) for size, unit in units if abs(amount) >= size), (1, ""))

    def share(self, share: Decimal) -> str:
        """Return a share as per cent; never rounded up to 100 nor down to 0."""
        percent = share * 100
        shown = f"{percent:.2f}"
        if (shown == "100.00" and percent < 100) or (shown == "0.00" and percent > 0):
            shown = "> 99.99" if percent > 50 else "< 0.01"
        return f"{shown} %" if self.locale == "en" else f"{shown}%"

    def local(self, moment: datetime) -> datetime:
        """Return `moment` in the report's zone."""
        return moment.astimezone(self.zone)

    def moment(self, moment: datetime | None) -> str:
        """Return a time as 2026-11-22 08:30 in the report's zone."""
        return "–" if moment is None else f"{self.local(moment):%Y-%m-%d %H:%M}"

    def exact(self, moment: datetime) -> str:
        """Return a time with its seconds."""
        return f"{self.local(moment):%Y-%m-%d %H:%M:%S}"

    def zone_note(self, moment: datetime) -> str:
        """Return the sentence that says in which zone times are shown."""
        if self.zone_name == "UTC":
            return self.say("zone_utc")
        offset = f"{self.local(moment):%z}"
        return self.say("zone_of", zone=self.zone_name, offset=f"UTC{offset[:3]}:{offset[3:]}")

    def span(self, seconds: int) -> str:
        """Return a length of time in its two largest units, without sign."""
        rest = abs(seconds)
        parts = []
        for unit, size in _UNITS:
            count, rest = divmod(rest, size)
            if count:
                parts.append(self.say(unit, n=count))
        return " ".join(parts[:2]) or self.say("seconds", n=0)

    # the hub's nouns

    def system(self, name: str) -> str:
        """Return the name of a system as people write it: short ones are abbreviations."""
        return name.upper() if len(name) <= 4 else name

    def systems(self, names: Iterable[str]) -> str:
        """Return names of systems as a list in a sentence: A, B and C."""
        *first, last = [self.system(name) for name in sorted(names)] or [""]
        return self.say("list_last", first=self.joined(first), last=last) if first else last

    def kind(self, kind: str) -> str:
        """Return the name of a class of findings."""
        return self.word(f"kind_{kind}")

    def status(self, word: str | None) -> str:
        """Return a status in the reader's language."""
        return self.word(f"status_{word}") if word else self.word("reason_status_unsaid")

    def said(self, word: str) -> str:
        """Return a status, or what stands beside it, in the reader's language."""
        beside = self.word(f"side_{word}")
        return self.status(word) if beside.startswith("findings.") else beside

    # sentences

    def reason(self, finding: Finding) -> str:
        """Return what is wrong, in a sentence."""
        said = getattr(self, f"_{finding.kind}", None)
        told = said(finding) if said else histories.reason(self, finding)
        return told or self.kind(finding.kind)

    def fix(self, finding: Finding) -> str:
        """Return what to do about a finding."""
        return histories.fix(self, finding)

    def _missing(self, finding: Finding) -> str:
        system = self.system(finding.system)
        if found_as := finding.details.get("found_as"):
            return self.word("reason_missing_typo", system=system, found_as=found_as)
        others = finding.details["views"]
        return self.word(
            "reason_missing" if len(others) > 1 else "reason_missing_one",
            system=system,
            others=self.systems(others),
            status=self.status(finding.details["needed_from"]),
        )

    def _extra(self, finding: Finding) -> str:
        system = self.system(finding.system)
        if "origin" in finding.details:
            return self.word("reason_extra", system=system, origin=self.system(finding.details["origin"]))
        return self.word("reason_extra_never", system=system)

    def _status(self, finding: Finding) -> str:
        system = self.system(finding.system)
        if side := finding.details.get("side"):
            key = "reason_side_yes" if finding.details["said"] else "reason_side_no"
            said = finding.details["said"]
            against = [name for name, other in finding.details["others"].items() if other != said]
            return self.word(key, system=system, side=self.word(f"side_{side}"), others=self.systems(against))
        others = (
            self.word("reason_status_other", system=self.system(name), status=self.status(status))
            for name, status in sorted(finding.details["others"].items())
        )
        return self.word(
            "reason_status",
            system=system,
            said=self.status(finding.details["says"]),
            others=self.joined(others),
        )

    def _quantity(self, finding: Finding) -> str:
        fields = [
            self._quantity_field(self.system(finding.system), name, entry)
            for name, entry in sorted(finding.details["fields"].items())
        ]
        return self.word("reason_quantity", fields=self.joined(fields, "list_semicolon"))

    def _quantity_field(self, system: str, name: str, entry: Mapping[str, Any]) -> str:
        field, said = self.word(f"quantity_{name}"), self.number(entry["said"])
        if "others" not in entry:
            limit = next(key for key in entry if key != "said")
            return self.word(
                "reason_quantity_own",
                system=system,
                field=field,
                said=said,
                limit=self.word(f"quantity_{limit}"),
                limited=self.number(entry[limit]),
            )
        others = self.joined(
            self.word("reason_quantity_other", system=self.system(other), said=self.number(value))
            for other, value in sorted(entry["others"].items())
        )
        return self.word("reason_quantity_field", field=field, system=system, said=said, others=others)

    def _wrong_shipment(self, finding: Finding) -> str:
        return self._line(finding, "reason_wrong_shipment")

    def _line(self, finding: Finding, key: str = "reason_line") -> str:
        system = self.system(finding.system)
        changes = finding.details.get("changes")
        if not changes:
            against = self.systems(finding.details.get("against", ()))
            return self.word("reason_line_unnamed", system=system, others=against)
        told = (
            self.word(
                "reason_line_change",
                sku=change["sku"],
                said=self.number(change["said"] or Decimal(0)),
                expected=self.number(change["expected"] or Decimal(0)),
            )
            for change in changes
        )
        return self.word(key, system=system, changes=self.joined(told))

    def _skew(self, finding: Finding) -> str:
        told = [
            self.word(
                "reason_skew",
                system=self.system(finding.system),
                milestone=self.status(entry["milestone"]),
                other=self.system(entry["against"]),
                off=self.span(entry["off"]),
                direction=self._direction(entry["off"]),
            )
            for entry in finding.details["stamps"]
        ]
        if finding.details.get("future"):
            told.append(self.word("reason_future", system=self.system(finding.system)))
        return self.sentences(told)

    def _direction(self, seconds: int) -> str:
        return self.word("later" if seconds > 0 else "earlier")

    def _unknown_code(self, finding: Finding) -> str:
        return self.word(
            "reason_unknown_code",
            system=self.system(finding.system),
            code=finding.field,
            orders=self.number(finding.details["orders"]),
            examples=self.joined(finding.details["examples"]),
        )

    def _not_compared(self, finding: Finding) -> str:
        return self.word(
            f"reason_{finding.details['why']}",
            system=self.system(finding.system),
            since=self.moment(finding.details["since"]),
            error=finding.details.get("error") or "",
        ).strip()

    # causes

    def cause(self, cause: CauseLine) -> str:
        """Return a cause in a sentence."""
        kind = "never_read" if cause.details.get("why") == "never" else cause.kind
        title = self.word(f"cause_{kind}", **self._of(cause))
        return title if cause.company == EVERY else title + self.say("in_company", company=cause.company)

    def next_step(self, cause: CauseLine) -> str:
        """Return what to do about a cause."""
        never = cause.kind == "failed_read" and cause.details.get("why") == "never"
        return self.word("next_never_read" if never else f"next_{cause.kind}", **self._of(cause))

    def _of(self, cause: CauseLine) -> dict[str, object]:
        details = cause.details
        kind, _, value = cause.slice.partition("/")
        reason = str(details.get("reason", ""))
        return {
            "system": self.system(cause.system),
            "name": cause.system,
            "code": cause.slice,
            "company": "" if cause.company == EVERY else self.say("in_company", company=cause.company),
            "other": self.system(str(details.get("against", ""))),
            "offset": self.span(int(details.get("offset", 0))),
            "direction": self._direction(int(details.get("offset", 0))),
            "since": self.moment(details.get("since")),
            "status": self.status(details.get("status")) if details.get("status") else "",
            "reason": self.reason_word(reason),
            "kind": self.kind(kind) if "share" in details else "",
            "value": value,
            "share": details.get("share", 0),
            "base": details.get("base", 0),
        }

    def reason_word(self, key: str) -> str:
        """Return a quarantine reason as a sentence; its key where the sentence needs one record's values."""
        sentence = text(key, self.locale)
        return key if "{" in sentence else sentence
