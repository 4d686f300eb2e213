"""What `orderhub practice` does: keep the practice systems up until Ctrl-C, and say how to reach them."""

from __future__ import annotations

import shlex
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path

from cli.demo_run import HOME
from cli.demo_screen import Screen
from hub.errors import ConfigError
from hub.store import make_key
from simulators.process import PracticeProcess


def keep_up(orders: int, seed: int, out: Path, port: int, faults: bool, screen: Screen) -> None:
    """Serve until interrupted; `out/env.sh` sets what another shell needs."""
    want_free(port)
    out.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with screen.stages() as step:
        systems = PracticeProcess(
            orders=orders, seed=seed, now=now, out=out / "systems", progress=step, port=port, faults=faults
        )
        systems.start()
    try:
        note = _note(out, systems.connections)
        screen.out.print(f"[bold green]{screen.say('practice_up')}[/]")
        screen.out.print(f"  . {note}", soft_wrap=True)
        screen.out.print(screen.say("practice_then"), soft_wrap=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        screen.out.print(screen.say("practice_down"))
    finally:
        systems.stop()


def want_free(port: int) -> None:
    """ConfigError if somebody listens on `port` already: most often practice itself, in another shell."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if port and probe.connect_ex(("127.0.0.1", port)) == 0:
            raise ConfigError("cli.port_taken", port=port, free=port + 1)


def _note(out: Path, connections: dict[str, str]) -> Path:
    """Write the environment of the practice hub; the key stays the same over runs."""
    note = out / "env.sh"
    key = out / "key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(make_key(), "ascii")
    settings = {
        "ORDERHUB_HOME": str(HOME),
        "ORDERHUB_STORE": f"sqlite:///{(out / 'orderhub.db').resolve()}",
        "ORDERHUB_KEY": key.read_text("ascii"),
        **connections,
    }
    note.touch(mode=0o600)
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in settings.items()]
    note.write_text("".join(lines), "utf-8")
    return note
