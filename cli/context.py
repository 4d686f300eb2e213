"""What a command needs before it can do anything: language, settings, rules, mappings, the open store.

Also the one place where an error becomes a sentence and an exit code.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer
from typer.exceptions import TyperException

from cli import FAILED, STOPPED, WRONG, show
from hub.config import Settings
from hub.errors import ConfigError, HubError, MappingError, RecordError
from hub.locale import LOCALES, catalogue, text
from hub.redact import guard, redact

if TYPE_CHECKING:
    from hub.mapping import SystemMapping
    from hub.rules import Rules
    from hub.store import Store
    from reconciler.reports.words import Words
    from sync.run import Hub

_LOCALE = re.compile(r"^locale:\s*[\"']?([\w-]+)", re.MULTILINE)
_UNFILLED = re.compile(r"\{\w+\}")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that stand before every command."""

    locale: str | None = None
    home: Path | None = None


_NOTHING = Asked()

asked: ContextVar[Asked] = ContextVar("asked", default=_NOTHING)
"""What the command line says before the command; set by `cli.main`."""


@dataclass(frozen=True)
class Here:
    """The hub that a command works in. Everything is opened when it is first needed."""

    env: Mapping[str, str]
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    @cached_property
    def settings(self) -> Settings:
        """The settings; ConfigError if there is no `mappings/`."""
        return Settings.load(self.env)

    @cached_property
    def rules(self) -> Rules:
        """What `hub.yaml` says."""
        from hub.rules import load_rules

        return load_rules(self.settings.home)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which people read times."""
        return ZoneInfo(self.rules.zone)

    @cached_property
    def words(self) -> Words:
        """The language to answer in, for what takes more than a message."""
        from reconciler.reports.words import Words

        return Words(language(), self.rules.zone)

    @cached_property
    def files(self) -> dict[str, Path]:
        """The mapping files by the name of their system, which is the file's own."""
        folder = self.settings.home / "mappings" / "systems"
        return {path.stem: path for path in sorted(folder.glob("*.yaml"))}

    @cached_property
    def systems(self) -> dict[str, SystemMapping]:
        """The mappings that can be read; what is wrong with the others stands in `broken`."""
        return self._loaded[0]

    @property
    def broken(self) -> dict[str, MappingError]:
        """The mapping files that cannot be read, with what is wrong: one bad file stops no other system."""
        return self._loaded[1]

    @cached_property
    def _loaded(self) -> tuple[dict[str, SystemMapping], dict[str, MappingError]]:
        from hub.mapping.survey import survey

        right, wrong = survey(self.settings.home)
        return right, {Path(error.file).stem: error for error in wrong}

    def chosen(self, names: Iterable[str] | None) -> list[str]:
        """Return the systems called `names`, all of them if there are none; ConfigError for one unknown."""
        names = list(dict.fromkeys(names or ()))
        for name in names:
            self.known(name)
        return names or [name for name in {**self.systems, **self.broken}]

    def known(self, name: str) -> str:
        """Return the system's name; ConfigError, with the nearest known one, if there is no such system."""
        from hub.problems import nearest

        names = sorted({**self.systems, **self.broken})
        if name not in names:
            near = nearest(name, names)
            key = "cli.no_system_near" if near else "cli.no_system"
            raise ConfigError(key, system=name, nearest=near, known=", ".join(names) or "-")
        return name

    def mapping(self, name: str) -> SystemMapping:
        """Return the mapping of a system; ConfigError if there is none, or what is wrong with it."""
        self.known(name)
        if name in self.broken:
            raise self.broken[name]
        return self.systems[name]

    @contextmanager
    def store(self, current: bool = True) -> Iterator[Store]:
        """Open the store; ConfigError if its tables are not those of this program (where `current`)."""
        from hub.store import open_store

        store = open_store(self.settings.store_url, self.settings.key)
        try:
            if current:
                store.require_current()
            yield store
        finally:
            store.close()

    @contextmanager
    def hub(self) -> Iterator[Hub]:
        """Open all that a run needs: store, rules, mappings, clock."""
        from sync import sheets
        from sync.run import Hub

        rules, systems = self.rules, self.systems
        with self.store() as store:
            yield Hub(store, rules, sheets.with_sheets(store, systems), self.clock, self.env)

    def judging_rules(self) -> Rules:
        """Return the rules, with the mappings' contacts where hub.yaml names nobody."""
        from hub.mapping.survey import contacts

        return self.rules.with_contacts(contacts(self.systems))

    def starts(self) -> dict[str, datetime]:
        """Return the moments before which orders are history, for the systems that name a start date."""
        from hub.mapping.survey import starts

        return starts(self.systems)


def here(env: Mapping[str, str] | None = None) -> Here:
    """Return the hub that the command line and the environment mean."""
    env = dict(os.environ if env is None else env)
    if home := asked.get().home:
        env["ORDERHUB_HOME"] = str(home)
    return Here(env)


def language(locale: str | None = None) -> str:
    """Return `locale`, else what --locale, ORDERHUB_LOCALE or hub.yaml says, else en."""
    wanted = locale or asked.get().locale or os.environ.get("ORDERHUB_LOCALE") or _of_the_home()
    return wanted if wanted in LOCALES else "en"


def _of_the_home() -> str | None:
    """Return the `locale` of hub.yaml, peeked at: what is wrong in that file is said in its language too."""
    home = Path(asked.get().home or os.environ.get("ORDERHUB_HOME") or Path.cwd())
    try:
        found = _LOCALE.search((home / "mappings" / "hub.yaml").read_text("utf-8", "replace"))
    except OSError:
        return None
    return found[1] if found else None


def say(key: str, /, **values: object) -> str:
    """Return a message in the language to answer in."""
    return text(key, language(), **values)


def tell(error: HubError, locale: str | None = None) -> str:
    """Return what an error says, without secrets."""
    return redact(error.say(language(locale)))


def reason(error: RecordError) -> str:
    """Return why a record could not be read; values that nobody gave show as dots."""
    return _UNFILLED.sub("…", tell(error))


def warning(told: str) -> str:
    """Return a warning, which is a sentence or a message key with the name of a field behind it."""
    key, _, name = told.partition(" ")
    return redact(_UNFILLED.sub("…", say(key, field=name)) if key in catalogue("en") else told)


def code_of(error: HubError) -> int:
    """Return the exit code that an error asks for."""
    return WRONG if isinstance(error, ConfigError) else FAILED


@contextmanager
def errors(locale: str | None = None) -> Iterator[None]:
    """Turn what is raised inside into a sentence on stderr and an exit code; see `cli` for the codes."""
    guard()
    try:
        yield
    except HubError as error:
        show.fail(tell(error, locale))
        raise typer.Exit(code_of(error)) from None
    except KeyboardInterrupt:
        show.fail(text("cli.stopped", language(locale)))
        raise typer.Exit(STOPPED) from None
    except (TyperException, typer.Exit, typer.Abort, BrokenPipeError):
        raise
    except Exception:  # the last net: a traceback may quote a URL or a record, and nobody else redacts it
        sys.stderr.write(redact(traceback.format_exc()))
        show.fail(text("cli.unexpected", language(locale)))
        raise typer.Exit(FAILED) from None
