"""What people are told of a file, in their language: what was kept, what was not, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.statements.model import Parsed, Remark, Statement
from connectors.statements.parse import is_unread
from hub.locale import LOCALES, text
from hub.redact import redact
from reconciler.payments.continuity import Gap
from reconciler.payments.intake.kept import Account, Kept
from reconciler.payments.intake.sheets import Decided
from reconciler.payments.money import decimals

READ, PROBLEM = "read", "problem"

_HARMLESS = frozenset(
    {
        "statements.no_entries",
        "statements.trades",
        "statements.not_booked",
        "exports.no_line_end",
        "exports.unknown_header",
        "exports.turned",
        "exports.summary",
        "exports.no_rows",
    }
)
"""Warnings that ask for nobody."""

_ASKS = {"exports.summary": "drop_details", "exports.unknown_header": "check_columns"}
"""What someone should do all the same, by warning."""

_NAMED_APART = "statements.without_amount"
"""The warning that rows were not read: the answer names each."""

_SHOWN = 30
_DAYS = 12


@dataclass(slots=True)
class Answer:
    """What is said of a file. `final`: nothing more comes of this content of it; `gaps`: days are missing."""

    kind: str = READ
    body: list[str] = field(default_factory=list)
    todo: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    final: bool = True
    gaps: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """The language of answers, and the zone of their times."""

    locale: str
    zone: ZoneInfo

    def say(self, key: str, /, **values: object) -> str:
        """Return the entry `key` of this room's catalogue."""
        return text(f"intake.{key}", self.locale, **values)

    def remark(self, remark: Remark) -> str:
        """Return what a reader of statements has to say."""
        return text(remark.key, self.locale, line=remark.line, **remark.values)

    def money(self, amount: Decimal, currency: str) -> str:
        """Return an amount with its currency, and with all decimals that it has."""
        usual = Decimal(1).scaleb(-decimals(currency))
        whole = amount.quantize(usual)
        return f"{whole if whole == amount else amount:,f} {currency}".rstrip()

    def days(self, days: Sequence[date]) -> str:
        """Return days, those in a row as first and last."""
        spans: list[list[date]] = []
        for day in sorted(days):
            if spans and (day - spans[-1][1]).days == 1:
                spans[-1][1] = day
            else:
                spans.append([day, day])
        said = [
            f"{first}" if first == last else self.say("span", first=first, last=last) for first, last in spans
        ]
        more = [self.say("more_days", count=len(said) - _DAYS)] if len(said) > _DAYS else []
        return self.say("comma").join([*said[:_DAYS], *more])


def whole(answer: Answer, name: str, words: Words, now: datetime) -> str:
    """Return the text of an answer, as it lies beside the file."""
    at = f"{now.astimezone(words.zone):%Y-%m-%d %H:%M}"
    lines = [words.say(f"head_{answer.kind}", name=name.rpartition("/")[2]), words.say("at", at=at), ""]
    lines += [*answer.body, ""]
    if answer.todo:
        lines += [
            words.say("todo"),
            *(f"  {at}. {one}" for at, one in enumerate(dict.fromkeys(answer.todo), 1)),
        ]
    else:
        lines.append(words.say("nothing_to_do"))
    return redact("\n".join(lines))


def of_statements(parsed: Parsed, kept: Kept, same: str, words: Words) -> Answer:
    """Return what is said of a statement file that was taken in; `same` names a file of the same content."""
    answer = Answer(gaps=kept.gaps)
    if same:
        answer.body += [words.say("same_as", other=same.rpartition("/")[2]), ""]
    names = ("read", "new", "known", "skipped", "lacking", "bare")
    answer.counts = {name: sum(getattr(one, name) for one in kept.accounts) for name in names}
    answer.counts["unread"] = len(kept.rows)
    for one in kept.accounts:
        answer.body += _account(one, answer, words)
    if kept.rows:
        answer.kind = PROBLEM
        answer.body += ["", words.say("rows_not_kept", count=len(kept.rows)), *_listed(kept.rows, words)]
        answer.todo.append(words.say("mend_rows"))
    _warnings(parsed.warnings, answer, words)
    return answer


def _account(one: Account, answer: Answer, words: Words) -> Iterator[str]:
    named = one.account or words.say("no_account")
    yield words.say(
        "account", account=named, currency=one.currency or words.say("no_currency"), days=_period(one)
    )
    if not one.read:
        yield words.say("no_entries")
    else:
        yield words.say("entries", read=one.read, new=one.new, known=one.known)
        came, went = (words.money(amount, one.currency) for amount in (one.came, one.went))
        yield words.say("money", came=came, went=went)
    if one.skipped:
        yield words.say("skipped", count=one.skipped)
    if one.lacking:
        answer.kind, answer.final = PROBLEM, False
        yield words.say("lacking", count=one.lacking)
        answer.todo.append(words.say("tell_it"))
    elif one.read:
        yield words.say("proved", count=one.held)
    if one.bare:
        answer.kind = PROBLEM
        yield words.say("bare", count=one.bare)
        answer.todo.append(words.say("name_currency"))
    yield from _balances(one, words)
    yield from _gaps(one, answer, words)


def _period(one: Account) -> str:
    days = {day for each in one.statements for day in (each.first_day, each.last_day) if day} | one.days
    return f"{min(days)} – {max(days)}" if days else "–"


def _balances(one: Account, words: Words) -> Iterator[str]:
    """Say that balances and entries agree, where they do: where not, a warning says so."""
    sound = [each for each in one.statements if _adds_up(each)]
    if len(sound) > 1:
        yield words.say("all_add_up", count=len(sound))
    for each in sound if len(sound) == 1 else ():
        opening, closing = (
            words.money(said or Decimal(0), one.currency) for said in (each.opening, each.closing)
        )
        yield words.say("adds_up", opening=opening, closing=closing)


def _adds_up(each: Statement) -> bool:
    if each.opening is None or each.closing is None:
        return False
    own = (entry.amount for entry in each.entries if entry.currency in (None, each.currency))
    return each.opening + sum(own) == each.closing


def _gaps(one: Account, answer: Answer, words: Words) -> Iterator[str]:
    for gap in one.gaps:
        answer.kind = PROBLEM
        yield words.say(f"gap_{_kind(gap)}", **_around(gap, one, words))
        key = "drop_days" if gap.days else "drop_between"
        answer.todo.append(words.say(key, account=one.account or "–", days=words.days(gap.days)))
    if one.follows:
        yield words.say("follows_on")


def _kind(gap: Gap) -> str:
    if gap.expected is None:
        return "unsaid"
    return "days" if gap.days else "balance"


def _around(gap: Gap, one: Account, words: Words) -> Mapping[str, object]:
    said = {name: "–" if sum_ is None else words.money(sum_, one.currency)
            for name, sum_ in (("expected", gap.expected), ("said", gap.said))}  # fmt: skip
    return {"days": words.days(gap.days), "before": gap.before, **said}


def _warnings(warnings: Iterable[Remark], answer: Answer, words: Words) -> None:
    told = [one for one in warnings if one.key != _NAMED_APART]
    grave = list(dict.fromkeys(words.remark(one) for one in told if one.key not in _HARMLESS))
    light = list(dict.fromkeys(words.remark(one) for one in told if one.key in _HARMLESS))
    if grave:
        answer.kind = PROBLEM
        answer.body += ["", words.say("does_not_agree"), *_listed([(0, one) for one in grave], words)]
        answer.todo.append(words.say("compare"))
    answer.todo += [words.say(_ASKS[one.key]) for one in told if one.key in _ASKS]
    if light:
        answer.body += ["", words.say("remarks"), *_listed([(0, one) for one in light], words)]


def _listed(rows: Sequence[tuple[int, str]], words: Words) -> list[str]:
    said = [
        f"  · {reason}" if not line or str(line) in reason else f"  · {words.say('line', line=line)}{reason}"
        for line, reason in rows[:_SHOWN]
    ]
    more = len(rows) - _SHOWN
    return [*said, words.say("more_rows", count=more)] if more > 0 else said


def of_unreadable(parsed: Parsed, content: bytes, words: Words) -> Answer:
    """Return what is said of a file that is no statement that could be read."""
    hint = next((f"hint_{name}" for name, told in _KINDS.items() if told(content)), "")
    if any(_of_proposals(error) for error in parsed.errors):
        hint = "hint_sheet"
    reasons = [words.say(hint)] if hint else list(dict.fromkeys(_reason(one, words) for one in parsed.errors))
    body = [words.say("not_read"), *(f"  · {one}" for one in reasons[:_SHOWN])]
    return Answer(PROBLEM, body, [words.say("hand_in_anew")])


def _of_proposals(error: Remark) -> bool:
    """Tell whether a table that is no statement has the columns of our proposals: saved in another form."""
    heads = str(error.values.get("columns", ""))
    return any(
        all(f"{text(f'payments.column_{name}', one)} = " in heads for name in ("digest", "decision"))
        for one in LOCALES
    )


def _reason(error: Remark, words: Words) -> str:
    """Return why a file was not read; nothing of it counts, whatever its reader could have made of it."""
    return words.say("cut", line=error.line) if error.key in _CUT else words.remark(error)


_CUT = frozenset({"statements.torn", "statements.bad_xml"})
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
_KINDS: Mapping[str, Callable[[bytes], bool]] = {
    "pdf": lambda content: content.startswith(b"%PDF"),
    "picture": lambda content: content.startswith(_PICTURES),
    "document": lambda content: content.startswith(b"PK") and b"word/document.xml" in content,
}
"""What people drop that holds no rows, and how it is told."""


def of_waiting(parsed: Parsed, reasons: Sequence[str], words: Words) -> Answer:
    """Return what is said of a file that can be read and that the hub could not take in, for now."""
    body = [words.say("not_taken"), *(f"  · {one}" for one in reasons[:_SHOWN])]
    entries = [entry for statement in parsed.statements for entry in statement.entries]
    rows = [(one.line, words.remark(one.note)) for one in entries if one.note is not None and is_unread(one)]
    if not rows:
        return Answer(PROBLEM, body, [words.say("tried_again")], final=False)
    body += ["", words.say("rows_not_kept", count=len(rows)), *_listed(rows, words)]
    return Answer(PROBLEM, body, [words.say("mend_all")], final=False)


def of_sheet(decided: Decided, words: Words) -> Answer:
    """Return what is said of a workbook with decisions."""
    if decided.fault:
        body = [words.say("sheet_refused"), *(f"  {line}" for line in decided.fault.splitlines())]
        return Answer(PROBLEM, body, [words.say("mend_sheet")])
    taken = decided.taken
    counts = {"confirmed": taken.confirmed, "rejected": taken.rejected, "known": taken.known}
    body = [
        words.say("sheet_taken"),
        *(words.say(f"sheet_{name}", count=count) for name, count in counts.items()),
    ]
    body.append(words.say("sheet_people", people=words.say("comma").join(decided.people)))
    return Answer(READ, body, counts=counts)
