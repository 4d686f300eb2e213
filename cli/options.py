"""Options and arguments that several commands share."""

from __future__ import annotations

import getpass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from hub.errors import ConfigError

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON on stdout.")]
Systems = Annotated[
    list[str] | None, typer.Argument(metavar="[SYSTEM]...", help="Which systems; default: all.")
]
System = Annotated[str | None, typer.Option(help="Only this system.")]
Company = Annotated[str | None, typer.Option(help="Only this company.")]
AsOf = Annotated[
    str | None,
    typer.Option(metavar="ISO", help="Look at another moment (ISO 8601 with offset); writes nothing."),
]
Limit = Annotated[int, typer.Option(min=1, help="Show so many at most.")]
Who = Annotated[str, typer.Option(help="Who does it: kept with it.", metavar="NAME")]
Actor = Annotated[
    str | None, typer.Option("--who", help="Who does it: kept with it; default: the login.", metavar="NAME")
]
File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX, told by its ending.")]


def actor(who: str | None) -> str:
    """Return who acts: as named, else by the login."""
    return who or getpass.getuser()


def word_of(word: str, known: tuple[str, ...], option: str) -> str:
    """Return `word`; ConfigError, with the nearest one, if it is none of those known."""
    from hub.problems import nearest

    if word in known:
        return word
    near = nearest(word, known)
    key = "cli.no_word_near" if near else "cli.no_word"
    raise ConfigError(key, option=f"--{option}", word=word, nearest=near, known=", ".join(known))


def moment(text: str | None) -> datetime | None:
    """Return the moment that ISO 8601 `text` names; ConfigError if it is none or lacks its offset."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError("cli.no_moment", text=text) from None
    if found.tzinfo is None:
        raise ConfigError("cli.naive_moment", text=text)
    return found
