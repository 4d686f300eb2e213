"""Which documents a remittance cites.

A text is cut into runs of letters and digits; neighbouring runs are joined and looked up, so that blanks and
signs that were lost or added do not matter. Numbers are compared in a form in which signs that scanners and
people mistake for each other are one (O and 0, I, L and 1, S and 5, B and 8, Z and 2). What follows a number
in a list may be cut short: `INV-1001, 1002/05` and `1001-1005` are read by what went before.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.payments.makes import Make, letters_of, make_of, makes_of, safe
from reconciler.payments.model import Receivable
from reconciler.payments.texts import folded

_RUN = re.compile("[A-Z0-9]+")
_DIGIT = re.compile("[0-9]")
_NO_LETTERS = dict.fromkeys(map(ord, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
_BETWEEN = re.compile(r"[-/._#:\s]{0,3}")
"""What may stand between the parts of one number."""

_LIST = re.compile(
    r"\s*(?:,\s*(?:AND|UND|ET|&)|[,、/;&+|.和及与]|以及|AND|UND|ET|-|\s)\s*(?:NO\.?|NR\.?|#)?\s*"
)
_RANGE = re.compile(r"\s*(?:-{1,2}|~|至|到|\.{2,3}|…|TO|BIS|THRU|THROUGH|A)\s*")
_JOINING = frozenset({"AND", "UND", "ET", "TO", "BIS", "THRU", "THROUGH", "A", "NO", "NR"})
"""Words between the numbers of a list or a range."""

_CREDITOR_REFERENCE = re.compile(r"RF\d\d(?=.{4})")
"""How a creditor reference begins (ISO 11649); the rest is the number."""

_GLUED = re.compile(r"(?<=[0-9])(?=([A-Z]{2,}))")
"""Where another number, or a word before one, may begin in a run that lost its blanks."""

LEAST = 4
"""A number of fewer signs than these is not looked for."""

_PARTS = 7
_LONGEST = 40
_WIDEST = 60
"""A range of more numbers than these is none."""

_CUT = 4
"""So many digits of a number may stand for all of it, where the payer is known."""


@dataclass(frozen=True, slots=True)
class Citation:
    """One document that a text cites: its number, and the receivables that carry it, of any customer.

    `how` is document (as written), number_read_amiss (but for signs that are mistaken for each other) or
    number_cut (by its last digits only, which say little by themselves). A number that is made like ours and
    is nobody's is unlisted, without receivables.
    """

    number: str
    items: tuple[Receivable, ...]
    how: str = "document"


def squeezed(number: str) -> str:
    """Return letters and digits of a number."""
    plain = folded(number)
    if plain == number and plain.isalnum() and plain.isascii():
        return number  # itself and no copy: a register holds very many
    return "".join(_RUN.findall(plain))


class _Run(NamedTuple):
    text: str
    start: int
    end: int


class Register:
    """The numbers of all receivables: of invoice, order and contract."""

    def __init__(self, receivables: Iterable[Receivable]) -> None:
        """Index the numbers; those that are too short to say anything are left out."""
        self._by_number: dict[str, list[tuple[str, Receivable]]] = defaultdict(list)
        self._by_tail: dict[str, list[tuple[str, Receivable]]] = defaultdict(list)
        self._prefixes: set[str] = set()
        self._makes: set[Make] = set()
        self._lengths: set[int] = set()
        for item in receivables:
            for number in dict.fromkeys((item.invoice_no, item.order_no, item.contract_no)):
                plain = squeezed(number)
                if len(plain) < LEAST or plain.isalpha():
                    continue
                row, key = (plain, item), safe(plain)
                self._by_number[plain if key == plain else key].append(row)
                if make := make_of(plain):
                    self._makes.add(make)
                    self._lengths.add(len(plain))
                for tail in _tails(number, plain):
                    self._by_tail[tail].append(row)
                if letters := letters_of(plain):
                    self._prefixes.add(letters)
        self._widest = max(map(len, self._prefixes), default=0)

    def cited(self, text: str) -> list[Citation]:
        """Return what `text` cites, each document once, in its order."""
        plain = folded(text)
        if not _DIGIT.search(plain):
            return []
        runs: list[_Run] = []
        for sign in _RUN.finditer(plain):
            run = _Run(sign[0], *sign.span())
            runs += [run] if run.text.isdigit() else self._cut_free(run)
        found: dict[str, Citation] = {}
        last: Citation | None = None
        at = after = 0
        while at < len(runs):
            upto, citation = self._longest(plain, runs, at)
            if citation is None:
                citation = self._tail(runs[at])
                upto = at + 1
                if citation is None:
                    if one := self._unlisted(plain, runs, at):
                        found.setdefault(one.number, one)
                    at += 1
                    continue
            if last and all(run.text in _JOINING for run in runs[after:at]):
                self._between(plain[runs[after - 1].end : runs[at].start], last, citation, found)
            found.setdefault(citation.number, citation)
            last = citation
            at = after = self._follow(plain, runs, upto, citation, found)
        return list(found.values())

    def _between(self, gap: str, first: Citation, last: Citation, found: dict[str, Citation]) -> None:
        """Take the documents between two whole numbers, if a sign or a word of a range parts them."""
        if len(first.number) == len(last.number) and _RANGE.fullmatch(gap):
            found.update({one.number: one for one in self._range(first.number, last.number)})

    def _cut_free(self, run: _Run) -> Iterator[_Run]:
        """Yield a run, or what of it begins with a prefix of ours after other letters: PAYMENTINV1001."""
        if begin := _CREDITOR_REFERENCE.match(run.text):
            run = _Run(run.text[begin.end() :], run.start + begin.end(), run.end)
        run, rest = self._parted(run)
        letters = letters_of(run.text)
        if letters not in self._prefixes:
            for at in range(max(1, len(letters) - self._widest), len(letters)):
                if letters[at:] in self._prefixes:
                    run = _Run(run.text[at:], run.start + at, run.end)
                    break
        yield run
        if rest:
            yield from self._cut_free(rest)

    def _parted(self, run: _Run) -> tuple[_Run, _Run | None]:
        """Return a run, or the number that it begins with and the rest: INV1001INV1002, 1001UND1002."""
        if self._by_number.get(safe(run.text)):
            return run, None
        for glued in _GLUED.finditer(run.text):
            at, word = glued.start(), glued[1]
            joins, before = word in _JOINING, run.text[:at]
            ends = at + len(word) == len(run.text)
            if (joins or word in self._prefixes) and (
                self._is_ours(before) or (before.isdigit() and (joins or ends))
            ):
                to = at + len(word) if joins else at
                rest = _Run(run.text[to:], run.start + to, run.end) if to < len(run.text) else None
                return _Run(before, run.start, run.start + at), rest
        return run, None

    def _is_ours(self, number: str) -> bool:
        return any(plain == number for plain, _ in self._by_number.get(safe(number), ()))

    def _longest(self, plain: str, runs: Sequence[_Run], at: int) -> tuple[int, Citation | None]:
        """Return the longest number that begins with run `at`, and the run after it."""
        joined, best = "", (at + 1, None)
        found: tuple[int, Citation | None] = best
        for upto in range(at, min(len(runs), at + _PARTS)):
            if upto > at and not _BETWEEN.fullmatch(plain[runs[upto - 1].end : runs[upto].start]):
                break
            joined += runs[upto].text
            if len(joined) > _LONGEST:
                break
            if len(joined) >= LEAST and not joined.isalpha() and (citation := self._of(joined)):
                found = upto + 1, citation
        return found

    def _unlisted(self, plain: str, runs: Sequence[_Run], at: int) -> Citation | None:
        """Return a number that begins with run `at`, is made like ours, and is none that we know of."""
        joined = ""
        for upto in range(at, min(len(runs), at + _PARTS)):
            if upto > at and not _BETWEEN.fullmatch(plain[runs[upto - 1].end : runs[upto].start]):
                break
            joined += runs[upto].text
            if len(joined) > _LONGEST:
                break
            if len(joined) in self._lengths and not makes_of(joined).isdisjoint(self._makes):
                return Citation(joined, (), "unlisted")
        return None

    def _of(self, number: str) -> Citation | None:
        rows = self._by_number.get(safe(number))
        if not rows:
            return None
        exact = [item for plain, item in rows if plain == number]
        if exact:
            return Citation(number, tuple(dict.fromkeys(exact)), "document")
        if number.isalpha():
            return None  # a word that merely looks like a number
        if number.isdigit():
            rows = [(plain, item) for plain, item in rows if plain.isdigit()]
        if not rows:
            return None  # a number of something else: no letter is left of what we call ours
        items = tuple(dict.fromkeys(item for _, item in rows))
        return Citation(rows[0][0], items, "number_read_amiss")

    def _tail(self, run: _Run) -> Citation | None:
        digits = run.text
        if len(digits) < _CUT or not digits.isdigit():
            return None
        rows = self._by_tail.get(digits)
        return (
            Citation(digits, tuple(dict.fromkeys(item for _, item in rows)), "number_cut") if rows else None
        )

    def _follow(
        self, plain: str, runs: Sequence[_Run], at: int, head: Citation, found: dict[str, Citation]
    ) -> int:
        """Take what follows a number as long as it goes on with it; return the run after that."""
        last = head.number
        while (here := _past_words(runs, at)) < len(runs):
            run, gap = runs[here], plain[runs[at - 1].end : runs[here].start]
            digits = len(run.text)
            if not run.text.isdigit() or digits >= len(last) or not last[-digits:].isdigit():
                break
            upto, whole = self._longest(plain, runs, here)
            if whole and whole.how == "document" and upto > here + 1:
                break  # it begins a number of its own: RE2026/1001, 2026/1002
            full = last[:-digits] + run.text
            if _RANGE.fullmatch(gap) and (steps := self._range(last, full)):
                found.update({one.number: one for one in steps if one.number not in found})
            elif _LIST.fullmatch(gap) and (one := self._expanded(full, head.how)):
                found.setdefault(one.number, one)
            else:
                break
            last, at = full, here + 1
        return at

    def _expanded(self, number: str, how: str) -> Citation | None:
        if how != "number_cut":
            return self._of(number)
        return self._tail(_Run(number, 0, 0))

    def _range(self, first: str, last: str) -> list[Citation]:
        """Return the documents from `first` to `last`, if both are there; nothing if that is no range."""
        digits = len(first) - len(first.rstrip("0123456789"))
        width = min(digits, 9)
        low, high = int(first[-width:]), int(last[-width:])
        if not 0 < high - low <= _WIDEST:
            return []
        head = first[:-width]
        numbers = [f"{head}{number:0{width}}" for number in range(low + 1, high + 1)]
        ends = self._of(numbers[-1]) or self._tail(_Run(numbers[-1], 0, 0))
        if ends is None:
            return []
        inner = (self._of(number) for number in numbers[:-1])
        return [*(one for one in inner if one), ends]


def _past_words(runs: Sequence[_Run], at: int) -> int:
    """Return the first run from `at` on that is no word between numbers."""
    while at < len(runs) and runs[at].text in _JOINING:
        at += 1
    return at


def _tails(number: str, plain: str) -> set[str]:
    """Return the digits by which people may cite a number: its last part, with and without zeros, or all."""
    part = plain if plain == number else _RUN.findall(folded(number))[-1]
    last = part if part.isdigit() else part.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    every = plain.translate(_NO_LETTERS)
    found = {last, last.lstrip("0"), every} if last.isdigit() else {every}
    return {tail for tail in found if len(tail) >= _CUT and tail != plain}
