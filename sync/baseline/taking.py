"""What people filled in is taken: the catalogue's files and the links change together, or nothing does."""

from __future__ import annotations

import codecs
import csv
import io
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from hub.catalogue import SKUS, UNITS, load_catalogue
from hub.store import Store, audit, bulk
from hub.store.tables import links
from sync.baseline.reading import Filled
from sync.joining import HUB

_FILES = {"skus.csv": SKUS, "units.csv": UNITS}


def take_filled(store: Store, mappings: Path, filled: Filled, who: str, now: datetime) -> None:
    """Append to the files in the folder `mappings`, and join numbers to orders, in one go.

    MappingErrors if the files would not be read afterwards: then nothing was changed.
    """
    rows: dict[str, Sequence[tuple[str, ...]]] = {"skus.csv": filled.skus, "units.csv": filled.units}
    fresh = {name: _appended(mappings / name, _FILES[name], more) for name, more in rows.items() if more}
    _require_readable(mappings, fresh)
    with store.write() as conn:
        joins = [
            {
                "kind": kind,
                "value": number,
                "company": company,
                "order_no": order_no,
                "system": HUB,
                "relation": "same",
                "who": who,
                "since": now,
                "until": None,
            }
            for company, kind, number, order_no in filled.joins
        ]
        bulk.upsert(conn, links, joins)
        if fresh or joins:
            told = {"skus": len(filled.skus), "units": len(filled.units), "joined": len(joins)}
            audit.append(conn, who, "gaps.filled", told, now)
        _replace(mappings, fresh)


def _appended(path: Path, columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    """Return the text of a file with `rows` behind what it says; its columns stay in their order."""
    raw = path.read_bytes() if path.exists() else b""
    text = raw.decode("utf-8-sig")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    heads = [name.strip() for name in reader.fieldnames or []]
    out = io.StringIO(newline="")
    out.write("\ufeff" if raw.startswith(codecs.BOM_UTF8) else "")  # a spreadsheet knows UTF-8 by it
    if set(columns) <= set(heads):
        out.write(text if text.endswith("\n") else f"{text}\n")
        writer = csv.DictWriter(out, heads, lineterminator="\n")
    else:
        reader.fieldnames = heads or None
        writer = csv.DictWriter(
            out, [*heads, *(name for name in columns if name not in heads)], lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(reader if heads else ())
    writer.writerows(dict(zip(columns, row, strict=True)) for row in rows)
    return out.getvalue()


def _require_readable(mappings: Path, fresh: Mapping[str, str]) -> None:
    """Raise MappingErrors if the files would be wrong with what is new."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in _FILES:
            if file in fresh:
                (folder / file).write_text(fresh[file], "utf-8")
            elif (mappings / file).exists():
                shutil.copy(mappings / file, folder / file)
        load_catalogue(folder)


def _replace(mappings: Path, fresh: Mapping[str, str]) -> None:
    """Put the new files in the place of the old ones: all, or none if one cannot be written."""
    made = {mappings / name: mappings / f".{name}.new" for name in fresh}
    before = {path: path.read_bytes() if path.exists() else None for path in made}
    done: list[Path] = []
    try:
        for path, new in made.items():
            new.write_text(fresh[path.name], "utf-8", newline="")
        for path, new in made.items():
            new.replace(path)
            done.append(path)
    except OSError:
        for path in done:
            old = before[path]
            path.unlink() if old is None else path.write_bytes(old)
        raise
    finally:
        for new in made.values():
            with suppress(FileNotFoundError):
                new.unlink()
