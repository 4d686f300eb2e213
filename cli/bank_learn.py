"""`orderhub bank learn`: a person confirms once what the columns of a download are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli import FAILED, context, show
from hub.errors import ConfigError

if TYPE_CHECKING:
    from connectors.statements.model import Parsed


def learn(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A download with that header.")
    ],
    name: Annotated[
        str | None, typer.Option("--as", "--name", help="Name of the profile: small letters.", metavar="NAME")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=ROLE", help="What a column is; - if it is not used. May be repeated."),
    ] = None,
    dates: Annotated[
        Literal["dmy", "mdy"] | None, typer.Option(help="How days such as 03/04/2026 are read.")
    ] = None,
    currency: Annotated[str | None, typer.Option(help="The currency, where no column says it.")] = None,
    turned: Annotated[
        bool, typer.Option("--turned", help="Credit is money out: the bank's view, not the holder's.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remember what the columns of a bank's download are.

    Shows how the header is understood and what the file then says; --column mends it. Kept in
    mappings/downloads/, from where `bank parse` and the files connector take it.
    """
    from connectors.statements.exports import learned, load_profiles, read_export, save_profile

    content, folder = file.read_bytes(), downloads()
    given = dict(_pair(one) for one in column or [])
    known = load_profiles(folder)
    told: dict[str, Any] = {"dates": dates or "", "currency": currency, "turned": turned}
    profile = learned(content, given, name=name, profiles=known, **told)
    parsed = read_export(content, [profile])
    before = read_export(content, known)
    if not given and not any(told.values()) and before and before.form == f"export:{profile.name}":
        show.line(context.say("exports.known_already", name=profile.name), "good")
        return
    show.table(
        [show.Column(context.say("exports.column")), show.Column(context.say("exports.role"))],
        [list(pair) for pair in profile.columns.items()],
    )
    if parsed is None or not _tried(parsed):
        raise typer.Exit(FAILED)
    if not yes and not typer.confirm(context.say("exports.confirm", name=profile.name)):
        show.line(context.say("exports.not_learned"))
        raise typer.Exit(FAILED)
    path = save_profile(profile, folder)
    show.line(context.say("exports.remembered", file=str(path)), "good")


def downloads() -> Path:
    """Return where the hub keeps the profiles of downloads that people confirmed; it need not be there."""
    home = context.here().env.get("ORDERHUB_HOME")
    return Path(home or Path.cwd()).expanduser() / "mappings" / "downloads"


def _pair(text: str) -> tuple[str, str]:
    name, sign, role = text.rpartition("=")
    if not sign or not name.strip():
        raise ConfigError("exports.no_equals", text=text)
    return name.strip(), role.strip()


def _tried(parsed: Parsed) -> bool:
    """Show what a file says, and return whether it can be read."""
    entries = [entry for statement in parsed.statements for entry in statement.entries]
    got = sum(entry.amount for entry in entries if entry.amount > 0)
    spent = -sum(entry.amount for entry in entries if entry.amount < 0)
    values = {"got": f"{got:,f}" if got else "0", "spent": f"{spent:,f}" if spent else "0"}
    show.line(context.say("exports.trial", entries=show.number(len(entries)), **values))
    for remark in parsed.warnings:
        show.warn(context.say(remark.key, line=remark.line, **remark.values))
    for remark in parsed.errors:
        show.fail(context.say(remark.key, line=remark.line, **remark.values))
    return not parsed.errors
