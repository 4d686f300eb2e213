"""The command `orderhub`: options that stand before every command, and the commands by group."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from cli import (
    adopt,
    approve,
    bank,
    baseline,
    connector,
    context,
    db,
    demo,
    doctor,
    dual_run,
    explain,
    findings,
    intake,
    link,
    mapping,
    match,
    metrics,
    orders,
    outbox,
    pause,
    quarantine,
    reconcile,
    remap,
    report,
    status,
    sync,
    watch,
)

_RUN, _LOOK, _MEND, _SET_UP, _TRY = _PANELS = ("Run", "Look", "Mend", "Set up", "Try it out")
_SHORT = 78

_HELP = ("-h", "--help")
_SPREAD = ("--locale", "--home")
"""Options that may stand anywhere on the line; they are moved in front of the command."""

EPILOG = """\b
Exit codes:
  0    done; also where another worker was at it already ("skipped: busy")
  1    something could not be done; it is named
  2    wrong use or wrong set-up
  3    findings exist, and --fail-on-findings was given
  130  stopped from the keyboard

\b
Settings:
  ORDERHUB_HOME       the folder with mappings/; default: the current one
  ORDERHUB_STORE      the store as SQLAlchemy URL; default: orderhub.db there
  ORDERHUB_KEY        the key of what is sealed; see: orderhub db key
  ORDERHUB_LOCALE     en or zh-CN
  AIRFLOW_CONN_<ID>   how a system is reached, as URI or JSON"""


class Root(TyperGroup):
    """The root: takes --locale and --home wherever they stand, and ends every error in one place."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse with the spread options in front; a call for help is answered before anything is parsed."""
        words = args[: args.index("--")] if "--" in args else args
        if set(words) & set(_HELP):
            self._help(ctx, words)
        return super().parse_args(ctx, in_front(args))

    def _help(self, ctx: Any, words: list[str]) -> None:
        """Show the help of the command that `words` lead to. Parsing would load pydantic for the options."""
        command, inner = self, ctx
        for word in words:
            found = getattr(command, "commands", {}).get(word)
            if found is not None:
                command, inner = found, type(ctx)(found, info_name=word, parent=inner)
        typer.echo(command.get_help(inner))
        ctx.exit()

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands by what they are for."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.commands[name]
            panel = str(getattr(command, "rich_help_panel", None) or "Commands")
            panels.setdefault(panel, []).append((name, command.get_short_help_str(_SHORT)))
        width = max(len(name) for name in self.commands)
        for panel in _PANELS:
            with formatter.section(panel):
                formatter.write_dl([(name.ljust(width), short) for name, short in panels[panel]])

    def invoke(self, ctx: Any) -> Any:
        """Run the command; errors become a sentence and an exit code."""
        with context.errors():
            return super().invoke(ctx)


def in_front(args: list[str]) -> list[str]:
    """Return `args` with the options of `_SPREAD` moved to the front (what follows `--` stays)."""
    front: list[str] = []
    rest: list[str] = []
    left = iter(args)
    for word in left:
        if word == "--":
            rest += [word, *left]
        elif word in _SPREAD:
            front += [word, *[value for value in (next(left, None),) if value is not None]]
        elif word.startswith(tuple(f"{name}=" for name in _SPREAD)):
            front.append(word)
        else:
            rest.append(word)
    return front + rest


app = typer.Typer(
    name="orderhub",
    cls=Root,
    help="Makes the systems that hold a manufacturer's orders agree, and says plainly where they do not.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich would take two thirds of the time that help may take
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": list(_HELP), "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        typer.echo(f"orderhub {metadata.version('orderhub')}")
        raise typer.Exit


@app.callback()
def options(
    locale: Annotated[
        Literal["en", "zh-CN"] | None,
        typer.Option(help="Language of the answers; default: ORDERHUB_LOCALE, else what hub.yaml says."),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option(help="The folder with mappings/; default: ORDERHUB_HOME, else the current one."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take what counts for every command."""
    context.asked.set(context.Asked(locale, home))


app.command(rich_help_panel=_RUN)(sync.sync)
app.command(rich_help_panel=_RUN)(watch.watch)
app.command(rich_help_panel=_RUN)(intake.intake)
app.command(rich_help_panel=_RUN)(reconcile.reconcile)
app.command(rich_help_panel=_RUN)(report.report)
app.add_typer(dual_run.app, name="dual-run", rich_help_panel=_RUN)
app.add_typer(approve.app, name="approve", rich_help_panel=_RUN)
app.add_typer(match.app, name="match", rich_help_panel=_RUN)
app.command(rich_help_panel=_RUN)(pause.pause)
app.command(rich_help_panel=_RUN)(pause.resume)
app.command(rich_help_panel=_LOOK)(status.status)
app.command(rich_help_panel=_LOOK)(metrics.metrics)
app.command(rich_help_panel=_LOOK)(explain.explain)
app.add_typer(bank.app, name="bank", rich_help_panel=_LOOK)
app.add_typer(findings.app, name="findings", rich_help_panel=_LOOK)
app.add_typer(outbox.app, name="outbox", rich_help_panel=_LOOK)
app.add_typer(quarantine.app, name="quarantine", rich_help_panel=_MEND)
app.command(rich_help_panel=_MEND)(link.link)
app.command(rich_help_panel=_MEND)(remap.remap)
app.add_typer(orders.app, name="orders", rich_help_panel=_MEND)
app.command(rich_help_panel=_SET_UP)(baseline.baseline)
app.command(rich_help_panel=_SET_UP)(adopt.adopt)
app.add_typer(mapping.app, name="mapping", rich_help_panel=_SET_UP)
app.add_typer(connector.app, name="connector", rich_help_panel=_SET_UP)
app.command(rich_help_panel=_SET_UP)(doctor.doctor)
app.add_typer(db.app, name="db", rich_help_panel=_SET_UP)
app.command(rich_help_panel=_TRY)(demo.demo)
app.command(rich_help_panel=_TRY)(demo.practice)
app.command(rich_help_panel=_TRY)(demo.airflow)
