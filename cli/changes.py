"""Changes on their way out, as commands show them: in words, how they stand, and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cli import show
from cli.context import Here
from reconciler import changes

if TYPE_CHECKING:
    from sync.out.standing import OutStands

Row = Mapping[str, Any]

_LOOKS: dict[str, show.Look] = {
    "confirmed": "good", "rejected": "bad", "unknown": "bad", "held": "warn", "waiting": "warn",
    "superseded": "dim",
}  # fmt: skip
_JSON = ("wanted", "seen", "rule", "holds", "ids")


class Changes(changes.Changes):
    """Says what rows of the outbox mean, in the language to answer in."""

    def __init__(self, here: Here) -> None:
        """Take the hub."""
        super().__init__(here.words)
        self.here = here

    def state(self, row: Row) -> show.Cell:
        """Return the state of a change; those of a shadow are marked, for they are never sent."""
        said = self.say(f"outbox.state_{row['state']}")
        if row["mode"] == "shadow":
            said = self.say("outbox.in_shadow", state=said)
        return show.Cell(said, _LOOKS.get(row["state"], ""))

    def why(self, row: Row) -> str:
        """Return why a change stands as it does, in sentences; nothing where that goes without saying."""
        if row["state"] == "held":
            return "\n".join(self.holds(changes.opened(row["holds"]) or (), brief=True))
        kept = changes.opened(row["reason"])
        told = self.reason(*kept) if kept else ""
        due = row["due_at"]
        if row["state"] not in ("pending", "unknown", "waiting") or due is None or due <= self.here.clock():
            return told
        if kept and kept[0] in ("outbox.nobody_knows", "outbox.ripens"):
            return told
        again = self.say("outbox.not_before", at=show.when(due, self.here.zone))
        return f"{told}\n{again}" if told else again

    def steps(self, steps: Sequence[Row]) -> list[str]:
        """Return what is done of a change, a line a step."""
        return [f"{show.when(one['at'], self.here.zone, seconds=True)}  {one['step']}" for one in steps]

    def ids(self, row: Row) -> list[str]:
        """Return the numbers that the system gave, with their kinds."""
        return [f"{kind} {value}" for kind, value in (changes.opened(row["ids"]) or {}).items()]

    def not_adopted(self, one: OutStands) -> str:
        """Return that nothing is worked out for a system, because nobody adopted it in its mode."""
        mode = self.say(f"outbox.mode_{one.mode}")
        if one.adopted_as is None:
            return self.say("outbox.never_adopted", system=one.system, mode=mode)
        before = self.say(f"outbox.mode_{one.adopted_as}")
        return self.say("outbox.adopted_otherwise", system=one.system, mode=mode, before=before)

    def machine(self, row: Row) -> dict[str, Any]:
        """Return a change for a program: JSON columns opened, the reason also as it is said."""
        kept = changes.opened(row["reason"])
        return {
            **row,
            **{name: changes.opened(row[name]) for name in _JSON},
            "reason": {"key": kept[0], "values": kept[1]} if kept else None,
            "says": self.why(row) or None,
        }
