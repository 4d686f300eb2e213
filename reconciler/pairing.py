"""A mistyped number: one order that a system lacks and one that it alone holds are the same order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from reconciler.case import Case, Verdict


@dataclass(frozen=True, slots=True)
class Goods:
    """What an order is about, as far as somebody says it: enough to tell two orders apart."""

    company: str
    order_no: str
    ordered: Decimal | None
    shipped: Decimal | None
    line_digest: str | None

    @classmethod
    def of(cls, case: Case) -> Goods:
        """Return the goods of `case`, by the first system (in name order) that says each."""
        views = [case.views[system] for system in sorted(case.views)]

        def first(name: str) -> object:
            return next((value for view in views if (value := getattr(view, name)) is not None), None)

        return cls(
            case.order.company,
            case.order.order_no,
            first("ordered"),  # type: ignore[arg-type]  # named fields of View
            first("shipped"),  # type: ignore[arg-type]
            first("line_digest"),  # type: ignore[arg-type]
        )

    def same(self, other: Goods) -> bool:
        """Return whether both speak of the same goods: equal totals, and equal lines where both give them."""
        if self.ordered is not None and other.ordered is not None:
            totals = self.ordered == other.ordered
        else:
            totals = self.shipped is not None and self.shipped in (other.shipped, other.ordered)
            totals = totals or (other.shipped is not None and other.shipped == self.ordered)
        digests = {self.line_digest, other.line_digest} - {None}
        return totals and len(digests) < 2


def mistyped(
    missing: Iterable[tuple[Verdict, Goods]], lone: Mapping[tuple[str, str, str], Goods]
) -> list[tuple[Verdict, Goods]]:
    """Return (missing verdict, the goods under the mistyped number) for pairs that are unique on both sides.

    `lone` holds the orders that one system alone knows, by (company, order_no, system).
    """
    index: dict[tuple[str, str, str], set[str]] = {}
    for company, order_no, system in lone:
        for shape in shapes(order_no):
            index.setdefault((company, system, shape), set()).add(order_no)
    pairs: list[tuple[Verdict, Goods]] = []
    for verdict, goods in missing:
        near = {
            order_no
            for shape in shapes(verdict.order_no)
            for order_no in index.get((verdict.company, verdict.system, shape), ())
            if is_slip(verdict.order_no, order_no)
        }
        held = [lone[verdict.company, order_no, verdict.system] for order_no in sorted(near)]
        fitting = [other for other in held if goods.same(other)]
        if len(fitting) == 1:
            pairs.append((verdict, fitting[0]))
    return list(_unique(pairs))


def is_slip(one: str, other: str) -> bool:
    """Return whether one slip of the finger turns one number into the other.

    A slip is one character wrong, left out or too many, or two neighbours swapped.
    """
    if one == other:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    swapped = a[:2] == b[1::-1] and len(b) > 1 and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped


def shapes(order_no: str) -> Iterator[str]:
    """Yield the number and the number without each of its characters: slips share one of them."""
    yield order_no
    for place in range(len(order_no)):
        yield order_no[:place] + order_no[place + 1 :]


def _unique(pairs: list[tuple[Verdict, Goods]]) -> Iterator[tuple[Verdict, Goods]]:
    taken: dict[tuple[str, str, str], int] = {}
    for verdict, goods in pairs:
        key = (goods.company, goods.order_no, verdict.system)
        taken[key] = taken.get(key, 0) + 1
    for verdict, goods in pairs:
        if taken[goods.company, goods.order_no, verdict.system] == 1:
            yield verdict, goods
