"""What people and programs ask of Airflow over REST: start a run, wait for it, answer an approval."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

PATIENCE = 600.0
"""Seconds that a run may take on a busy machine."""

ENDED = ("success", "failed")

T = TypeVar("T")


@dataclass(slots=True)
class Client:
    """One person at Airflow's REST interface."""

    url: str
    person: str
    password: str
    _token: str = field(default="", init=False)

    def get(self, path: str) -> Any:
        """Return what is at a path."""
        return self._asked("GET", path)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change what is at a path."""
        return self._asked("PATCH", path, body)

    def start(self, dag: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run of a DAG; return its id."""
        body = {"logical_date": None, "conf": dict(conf or {})}
        return str(self._asked("POST", f"/api/v2/dags/{dag}/dagRuns", body)["dag_run_id"])

    def ended(self, dag: str, run: str) -> str:
        """Wait for a run; return how it ended."""
        path = f"/api/v2/dags/{dag}/dagRuns/{run}"
        state: str = until(lambda: (said := self.get(path)["state"]) in ENDED and said, f"{dag} {run}")
        return state

    def done(self, dag: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run and wait for it; return how it ended."""
        return self.ended(dag, self.start(dag, conf))

    def waiting(self, run: str) -> list[dict[str, Any]]:
        """Return the approvals that a run asks for and that nobody has answered.

        Only those whose tasks lie by now: an answer that comes at once Airflow 3.3 takes for a failure of the
        task, and asks again after its waiting time.
        """
        found = self.get(f"/api/v2/dags/approvals/dagRuns/{run}/hitlDetails")["hitl_details"]
        lies = [one for one in found if one["task_instance"]["state"] == "awaiting_input"]
        return [one for one in lies if not one["response_received"]]

    def answer(self, asked: Mapping[str, Any], chosen: str) -> None:
        """Answer an approval."""
        task = asked["task_instance"]
        place = f"{task['dag_run_id']}/taskInstances/{task['task_id']}/{task['map_index']}"
        said = {"chosen_options": [chosen], "params_input": {}}
        self._asked("PATCH", f"/api/v2/dags/{task['dag_id']}/dagRuns/{place}/hitlDetails", said)

    def _asked(self, method: str, path: str, body: Any = None) -> Any:
        if not self._token:
            who = {"username": self.person, "password": self.password}
            self._token = self._sent("POST", "/auth/token", who, {})["access_token"]
        return self._sent(method, path, body, {"Authorization": f"Bearer {self._token}"})

    def _sent(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Any:
        content = None if body is None else json.dumps(body).encode()
        told = {"Content-Type": "application/json", **headers}
        request = Request(f"{self.url}{path}", content, told, method=method)  # our own Airflow, on loopback
        try:
            with urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()[:500]}") from error


def until(look: Callable[[], T], what: str, patience: float = PATIENCE) -> T:
    """Look until there is something, else TimeoutError; an Airflow that does not answer is asked again."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            if found := look():
                return found
        except (URLError, ConnectionError, RuntimeError):
            pass
        time.sleep(0.5)
    raise TimeoutError(what)
