"""The section `payments` of hub.yaml: how customers pay by agreement, how they are graded, what is owed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from hub.fuse import GRADES
from hub.problems import Problem
from hub.spec import Share, Spec, as_text, as_tuple
from hub.yamlfile import Document

Policy = Literal["by_document", "oldest_first", "monthly_statement"]
"""How what a customer pays is cleared where nothing else is certain; by_document: people decide."""

Owing = Literal["receivable", "invoice"]
"""What counts as owed: receivables of the finance system, or invoices to an order that has none."""


class Policies(Spec):
    """By which agreement customers pay: `default`, and others by customer number."""

    default: Policy = "by_document"
    customers: dict[Annotated[str, BeforeValidator(as_text)], Policy] = Field(default_factory=dict)

    def of(self, customer: str) -> Policy:
        """Return the policy of a customer."""
        return self.customers.get(customer, self.default)

    @property
    def any(self) -> bool:
        """Whether there is a policy but by_document."""
        return {self.default, *self.customers.values()} != {"by_document"}


class Grade(Spec):
    """What a customer must keep to: overdue by at most so many days, and so much of what was due paid."""

    overdue_days: Annotated[int, Field(ge=0)]
    collection: Share | None = None


class Grades(Spec):
    """How customers are graded: the best grade of which a customer keeps all, and D if he keeps none."""

    letters: ClassVar[tuple[str, ...]] = GRADES[:-1]

    a: Grade = Field(default=Grade(overdue_days=3), alias="A")
    b: Grade = Field(default=Grade(overdue_days=30), alias="B")
    c: Grade = Field(default=Grade(overdue_days=60), alias="C")

    def named(self) -> Iterator[tuple[str, Grade]]:
        """Yield the grades with what they ask, the best first."""
        yield from zip(self.letters, (self.a, self.b, self.c), strict=True)


class Payments(Spec):
    """The money side: clearing policies, grades of customers, and what counts as owed."""

    policies: Policies = Policies()
    grades: Grades = Grades()
    receivables_from: Annotated[tuple[Owing, ...], BeforeValidator(as_tuple), Field(min_length=1)] = (
        "receivable",
    )


def wrong_payments(payments: Payments, document: Document) -> Iterator[Problem]:
    """Yield grades that ask more than a better one does: nobody could tell them apart."""
    for (better, above), (grade, below) in pairwise(payments.grades.named()):
        stricter = below.overdue_days < above.overdue_days
        if stricter or (below.collection or 0) > (above.collection if above.collection is not None else 1):
            at = ("payments", "grades", grade)
            yield document.problem(at, "rules.grades_order", grade=grade, better=better)
