"""The packing station of the workshop: a small system over HTTP that is read and written, with manners.

Jobs are found by reference and made once: the same Idempotency-Key gets the same answer, the same reference
under another key a 409. A change must name the revision that it is based on (`If-Match`): 428 without, 412 if
it is not the last. A job on the bench is not touched (400), a packed one neither (422). What is wrong is said
in JSON: `{"error": {"code": "P12", "text": "…"}}`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

Answer = tuple[int, dict[str, Any]]

CHINA = timezone(timedelta(hours=8))


@dataclass
class Job:
    """One order to pack."""

    id: str
    ref: str
    customer: str
    pieces: float
    state: str = "NEW"
    rev: int = 1
    changed: str = ""
    bench: bool = False

    def touch(self, **said: Any) -> None:
        """Change what is said, and with it revision and stamp."""
        for name, value in said.items():
            setattr(self, name, value)
        self.rev, self.changed = self.rev + 1, datetime.now(CHINA).isoformat()


class Station:
    """All jobs, in memory."""

    def __init__(self) -> None:
        """Begin with nothing to pack."""
        self._jobs: list[Job] = []
        self._keys: dict[str, Job] = {}
        self._lock = threading.Lock()

    def named(self, ref: str) -> Job | None:
        """Return the job of an order."""
        return next((job for job in self._jobs if job.ref == ref), None)

    def asked(self, query: Mapping[str, str]) -> Answer:
        """List jobs: all, those of a reference, or those changed since."""
        since = query.get("since")
        found = [
            job
            for job in self._jobs
            if query.get("ref", job.ref) == job.ref
            and (not since or datetime.fromisoformat(job.changed) >= datetime.fromisoformat(since))
        ]
        return 200, {"jobs": [asdict(job) for job in sorted(found, key=lambda job: (job.changed, job.id))]}

    def told(self, method: str, path: str, said: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        """Make a job, or change the quantity of one."""
        with self._lock:
            if (method, path) == ("POST", "/jobs"):
                return self._made(said, headers.get("Idempotency-Key", ""))
            number = path.rpartition("/")[2]
            job = next((one for one in self._jobs if one.id == number), None)
            if job is None:
                return refused(404, "P04", f"there is no job {number}")
            return _changed(job, said, headers.get("If-Match"))

    def _made(self, said: Mapping[str, Any], key: str) -> Answer:
        job = self._keys.get(key) if key else None
        if job is None:
            if there := self.named(said["ref"]):
                return refused(409, "P09", f"{there.ref} is job {there.id}")
            if not said["pieces"] > 0:
                return refused(422, "P10", "nothing to pack")
            job = Job(f"J{len(self._jobs) + 1}", said["ref"], said.get("customer", ""), said["pieces"])
            job.changed = datetime.now(CHINA).isoformat()
            self._jobs.append(job)
            self._keys[key] = job
        return 201, {"id": job.id, "rev": job.rev}


def _changed(job: Job, said: Mapping[str, Any], rev: str | None) -> Answer:
    if rev is None:
        return refused(428, "P28", "say which revision you saw")
    if rev.strip('"') != str(job.rev):
        return refused(412, "P12", f"{job.id} is at revision {job.rev}")
    if job.bench:
        return refused(400, "P20", f"{job.id} is on the bench")
    if job.state == "PACKED":
        return refused(422, "P22", f"{job.id} is packed: {job.pieces:g} pieces are in the box")
    job.touch(pieces=said["pieces"])
    return 200, {"rev": job.rev}


def refused(status: int, code: str, text: str) -> Answer:
    """Return what is said instead of a yes."""
    return status, {"error": {"code": code, "text": text}}
