"""The reports that lie in `reports/` of the home, by the names under which they are served.

A request names one of these and never a path: what is not in the list does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

_KINDS = (
    ("reconcile", "report", (".html", ".xlsx"), False),
    ("reconcile", "findings", (".csv",), False),
    ("payments", "payments", (".html", ".xlsx"), True),
    ("bots", "bots", (".html", ".xlsx"), False),
)
"""Topic, how the file's name begins, its endings, and whether it shows money of customers."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One file that is served as `name`; `company` where there is one for each."""

    name: str
    topic: str
    file: Path
    money: bool
    company: str = ""

    @property
    def media(self) -> str:
        """Its media type."""
        return MEDIA[self.file.suffix]

    @property
    def written_at(self) -> datetime:
        """When it was written (aware UTC)."""
        return datetime.fromtimestamp(self.file.stat().st_mtime, UTC)


def papers(folder: Path, locale: str) -> dict[str, Paper]:
    """Return the reports in `folder` that are in this language, by name, as they are to be shown."""
    return {one.name: one for kind in _KINDS for one in _of(folder, locale, *kind)}


def _of(
    folder: Path, locale: str, topic: str, stem: str, endings: tuple[str, ...], money: bool
) -> Iterator[Paper]:
    """Yield the reports of one kind: `STEM.LOCALE.html`, of several companies `STEM-COMPANY.LOCALE.html`."""
    for ending in endings:
        behind = f".{locale}{ending}"
        whole = folder / f"{stem}{behind}"
        if whole.is_file():
            yield Paper(f"{stem}{ending}", topic, whole, money)
        for number, file in enumerate(sorted(folder.glob(f"{stem}-*{behind}")), 1):
            company = file.name.removeprefix(f"{stem}-").removesuffix(behind)
            yield Paper(f"{stem}-{number}{ending}", topic, file, money, company)
