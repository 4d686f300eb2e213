"""What `orderhub airflow` does: Airflow and the practice systems together on this machine, until Ctrl-C."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from cli import stopping
from cli.airflow_home import LOGIN, AirflowHome, database, emptied, settle
from cli.airflow_worlds import Step, World
from cli.demo_run import HOME
from cli.demo_screen import Screen
from cli.practice_run import want_free
from hub.errors import ConfigError

PARTS: Mapping[str, Sequence[str]] = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
"""The parts of Airflow, each a process: what they serve beside the page is switched off."""

PATIENCE = 300.0
"""Seconds that all parts together may take to be healthy."""

_HEALTHY = ("metadatabase", "scheduler", "dag_processor", "triggerer")
_END = 20.0


def keep_up(world: World, out: Path, port: int, screen: Screen) -> int:
    """Serve until told to end; return the exit code. A part that ends by itself ends all of them."""
    began = time.monotonic()
    with stopping.asked() as asked, ExitStack() as stack:
        with screen.stages() as step:
            here = stack.enter_context(running(world, out, port, step))
        _say(here.home, world, screen)
        green = False
        while not asked.within(1):
            here.require()
            if not green and (green := _reconciled(here.home)):
                seconds = f"{time.monotonic() - began:.0f}"
                screen.out.print(f"[bold green]{screen.say('airflow_green', seconds=seconds)}[/]")
        screen.out.print(screen.say("airflow_down"))
        return asked.code


@dataclass(frozen=True, slots=True)
class Running:
    """Airflow as it runs: its home, its PostgreSQL, and the process of each part."""

    home: AirflowHome
    server: Any
    ending: ExitStack
    parts: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start a part, or start it again after it ended."""
        self.parts[name] = self.ending.enter_context(_part(self.home, name, PARTS[name]))

    def require(self) -> None:
        """Raise ConfigError for a part that has ended."""
        for name, process in self.parts.items():
            if process.poll() is not None:
                file = self.home.folder / "logs" / f"{name}.log"
                raise ConfigError("airflow.failed", part=name, log=file, words=_last(file))


@contextmanager
def running(world: World, out: Path, port: int, step: Step) -> Iterator[Running]:
    """Have Airflow over a world while this is open; ConfigError if it does not come up."""
    want_free(port)
    folder = emptied(out)
    with ExitStack() as stack:
        stack.callback(world.stop)
        connections = world.start(folder / "systems", step)
        step("airflow_databases", 0, 3)
        server, databases = stack.enter_context(database(folder))
        home = settle(folder, databases, port, world.home, connections, world.people)
        step("airflow_databases", 1, 3)
        _run(home, "airflow", [home.executable, "db", "migrate"])
        pools = str(HOME / "airflow_provider" / "pools.json")
        _run(home, "airflow", [home.executable, "pools", "import", pools])
        step("airflow_databases", 2, 3)
        orderhub = str(Path(home.executable).with_name("orderhub"))
        _run(home, "orderhub", [orderhub, "db", "upgrade"])
        world.prepare(lambda *words: _run(home, "orderhub", [orderhub, *words]))
        step("airflow_databases", 3, 3)
        here = Running(home, server, stack)
        for name in PARTS:
            here.start(name)
        for done in _healthy(here):
            step("airflow_parts", done, len(_HEALTHY))
            time.sleep(0.5)
        yield here


def _say(here: AirflowHome, world: World, screen: Screen) -> None:
    screen.out.print(f"[bold green]{screen.say('airflow_up')}[/]")
    screen.out.print(f"  {here.url}   {LOGIN} / {here.password}", soft_wrap=True)
    if world.people:
        people = ", ".join(world.people)
        screen.out.print(screen.say("airflow_people", people=people), soft_wrap=True)
    screen.out.print(screen.say("airflow_then", folder=here.folder / "logs"), soft_wrap=True)


def _run(here: AirflowHome, log: str, command: Sequence[str]) -> None:
    """Run one command to its end; ConfigError with its last words if it fails."""
    file = here.folder / "logs" / f"{log}.log"
    with file.open("ab") as out:
        done = subprocess.run(
            command, env=here.env, cwd=HOME, stdout=out, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        raise ConfigError("airflow.failed", part=" ".join(command[1:3]), log=file, words=_last(file))


@contextmanager
def _part(here: AirflowHome, name: str, words: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a part while this is open; it is asked to end, and ended if it does not."""
    with (here.folder / "logs" / f"{name}.log").open("ab") as out:
        process = subprocess.Popen(
            [here.executable, *words],
            env=here.env,
            cwd=HOME,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us: we end the parts in their order
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _healthy(here: Running) -> Iterator[int]:
    """Yield how many parts are healthy until all are; ConfigError for one that ends, or takes too long."""
    until = time.monotonic() + PATIENCE
    well = 0
    while well < len(_HEALTHY):
        here.require()
        if time.monotonic() > until:
            raise ConfigError("airflow.too_slow", seconds=int(PATIENCE), folder=here.home.folder / "logs")
        told = _asked(f"{here.home.url}/api/v2/monitor/health") or {}
        well = sum((told.get(name) or {}).get("status") == "healthy" for name in _HEALTHY)
        yield well


def _reconciled(here: AirflowHome) -> bool:
    """Tell whether a run of `reconcile` has succeeded."""
    token = _asked(f"{here.url}/auth/token", {"username": LOGIN, "password": here.password}) or {}
    headers = {"Authorization": f"Bearer {token.get('access_token', '')}"}
    asked = f"{here.url}/api/v2/dags/reconcile/dagRuns?state=success&limit=1"
    return bool((_asked(asked, headers=headers) or {}).get("total_entries"))


def _asked(url: str, body: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Any:
    """Return the JSON that is answered; None if there is no answer yet."""
    content = None if body is None else json.dumps(body).encode()
    told = {"Content-Type": "application/json", **(headers or {})}
    try:
        with urlopen(Request(url, content, told), timeout=10) as answer:  # our own parts on loopback
            return json.load(answer)
    except (URLError, TimeoutError, ConnectionError, ValueError):
        return None


def _last(file: Path) -> str:
    """Return the last lines of a log."""
    return "\n".join(file.read_text("utf-8", "replace").splitlines()[-8:])
