"""Where candidates come from: what makes an order worth judging besides the views of it.

The scan compares what the systems say now. Classes that look at history (an illegal transition, a change
after confirmation, duplicates, what is gone) ask other tables, each by a narrow query of its own:

- a `Suspects` yields keys: those orders are judged, views and all, like those that the scan lets out;
- a `Verdicts` yields differences as they are found: for classes that need no views, or of many orders;
- a `Ripening` yields the keys whose verdict time alone may have changed since the last run (an SLA that
  ended): a run over what changed looks at them too. Orders on their way are no matter of it: they are
  looked at in every run until they have come.

The first two are given the moment and a scope. In a run over some orders only (`scope.keys`) a source looks
at those and at nothing else: findings of other orders are left as they are. What is found must depend on
nothing but the store, the rules and the moment: the same scope twice gives the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from hub.rules import Rules
from reconciler.case import Verdict

Key = tuple[str, str]
"""Company and order number."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which orders a run looks at: all of them (`keys` is None), or some."""

    keys: frozenset[Key] | None = None

    def __contains__(self, key: Key) -> bool:
        return self.keys is None or key in self.keys


ALL = Scope()


class Suspects(Protocol):
    """Yields the keys of orders that must be judged whatever their views say."""

    def __call__(self, conn: sa.Connection, rules: Rules, as_of: datetime, scope: Scope) -> Iterable[Key]:
        """Yield keys of `scope`, in any order, none of them twice."""


class Verdicts(Protocol):
    """Yields differences that no single order's views can show."""

    def __call__(self, conn: sa.Connection, rules: Rules, as_of: datetime, scope: Scope) -> Iterable[Verdict]:
        """Yield verdicts on orders of `scope`, and on whole systems where the class is of that kind."""


class Ripening(Protocol):
    """Yields the orders that time alone made different."""

    def __call__(self, conn: sa.Connection, rules: Rules, since: datetime, as_of: datetime) -> Iterable[Key]:
        """Yield the keys whose verdict may be another at `as_of` than it was at `since`."""


SUSPECTS: tuple[Suspects, ...] = ()
"""The sources of keys that every examination asks."""

VERDICTS: tuple[Verdicts, ...] = ()
"""The sources of verdicts that every examination asks."""

RIPENING: tuple[Ripening, ...] = ()
"""What every run over the changed orders asks besides."""
