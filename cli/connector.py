"""`orderhub connector`: which kinds there are, and whether systems can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from cli import DONE, FAILED, WRONG, context, show
from cli.context import Here
from cli.options import Json, Systems
from hub.errors import HubError

if TYPE_CHECKING:
    from connectors.contract import Health

app = typer.Typer(
    help="The kinds of systems that can be read, and whether yours answer.", no_args_is_help=True
)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the installed kinds: what they can do, and who ships them."""
    from connectors.registry import kinds

    known = kinds()
    say = context.say
    if as_json:
        show.print_json([
            {
                "kind": one.name,
                "summary": one.capabilities and say(one.capabilities.summary),
                "asks": sorted(one.capabilities.asks) if one.capabilities else [],
                "writes": bool(one.capabilities and one.capabilities.writes),
                "source": one.source,
                "error": one.error or None,
            }
            for one in known
        ])  # fmt: skip
        return
    show.table(
        [show.Column(say("cli.kind"), whole=True), say("cli.summary"), say("cli.asks"), say("cli.source")],
        [
            [
                one.name,
                context.say(one.capabilities.summary) if one.capabilities else show.Cell(one.error, "bad"),
                ", ".join(sorted(one.capabilities.asks)) if one.capabilities else None,
                one.source,
            ]
            for one in known
        ],
    )


@app.command()
def check(systems: Systems = None, as_json: Json = False) -> None:
    """Ask each system whether it can be reached and read."""
    here = context.here()
    checked = {system: _check(here, system) for system in here.chosen(systems)}
    if as_json:
        show.print_json([
            {"system": name, "ok": ok, "says": said, "seconds": round(seconds, 3)}
            for name, (ok, said, seconds, _) in checked.items()
        ])  # fmt: skip
    else:
        _show(checked)
    raise typer.Exit(max((code for *_, code in checked.values()), default=DONE))


Checked = tuple[bool, str, float, int]
"""Whether the system is well, what it says, how long it took (seconds), the exit code that this asks for."""


def _check(here: Here, system: str) -> Checked:
    from connectors.registry import open_connector

    try:
        connector = open_connector(here.mapping(system), here.env, here.clock)
        try:
            health: Health = connector.check()
        finally:
            connector.close()
    except HubError as error:
        return False, context.tell(error), 0.0, context.code_of(error) or WRONG
    return health.ok, context.say(health.key, **health.values), health.seconds, DONE if health.ok else FAILED


def _show(checked: dict[str, Checked]) -> None:
    say = context.say

    def row(name: str, ok: bool, said: str, seconds: float) -> list[Any]:
        state = show.Cell(say("cli.well"), "good") if ok else show.Cell(say("cli.failed"), "bad")
        return [name, state, said, f"{seconds:.2f} s"]

    show.table(
        [
            show.Column(say("cli.system"), whole=True),
            show.Column(say("cli.result"), whole=True),
            say("cli.says"),
            show.Column(say("cli.took"), number=True),
        ],
        [row(name, ok, said, seconds) for name, (ok, said, seconds, _) in checked.items()],
    )  # fmt: skip
