"""Who looks at the hub's page, and what he may see: the one place that asks Airflow for it.

A page of a plugin is open to everybody unless it asks. `get_user` lets in whom Airflow knows, by its cookie
or by a bearer token, and answers 401 otherwise. Airflow does not promise to keep it: nobody else calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LOOKERS = frozenset({"viewer", "user", "op", "admin"})
"""Roles (Airflow's, in small letters) that may look at the page."""

SEE_MONEY = frozenset({"user", "op", "admin"})
"""Roles that may see what customers paid and what changes are worth."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is logged in."""

    name: str
    roles: frozenset[str]

    @property
    def may_look(self) -> bool:
        """Whether he may see the page at all."""
        return bool(self.roles & LOOKERS)

    @property
    def may_see_money(self) -> bool:
        """Whether he may see payments."""
        return bool(self.roles & SEE_MONEY)


def person(user: Any) -> Person:
    """Return the person that a user of Airflow's is, with the roles that its auth manager gave him.

    One role (simple auth manager) or several (FAB). An auth manager that knows no roles has let him in: he
    may look, and sees no money.
    """
    if hasattr(user, "roles"):
        said = [getattr(one, "name", one) for one in user.roles]
    elif hasattr(user, "role"):
        said = [user.role] if user.role else []
    else:
        said = ["viewer"]
    return Person(str(user.get_name()), frozenset(str(one).casefold() for one in said))


def door() -> Callable[..., Person]:
    """Return the FastAPI dependency that lets people in: 401 for a stranger, 403 without a role that may."""
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import Depends, HTTPException

    def somebody(user: Any = Depends(get_user)) -> Person:
        found = person(user)
        if not found.may_look:
            raise HTTPException(403, "no role that may look at this page")
        return found

    return somebody
