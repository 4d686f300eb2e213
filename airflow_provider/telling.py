"""What a DAG says of itself, in the language of the hub: what it does, whom to ask, which streams."""

from __future__ import annotations

from collections.abc import Iterable

from hub.locale import text
from hub.mapping import SystemMapping


def of_system(kind: str, mapping: SystemMapping, locale: str) -> str:
    """Return the description of `sync_…` or `sweep_…` of a system, in Markdown."""
    lines = [text(f"dags.doc_{kind}", locale, system=mapping.system), "", *_facts(mapping, locale)]
    return "\n".join(lines)


def _facts(mapping: SystemMapping, locale: str) -> Iterable[str]:
    streams = ", ".join(f"`{name}` ({spec.yields})" for name, spec in mapping.streams.items())
    writes = ", ".join(f"`{name}`" for name in mapping.writes)
    facts = {
        "contact": mapping.contact, "mode": text(f"outbox.mode_{mapping.mode}", locale),
        "connector": f"`{mapping.connector}`", "streams": streams, "writes": writes,
        "file": f"`{mapping.path.name}`",
    }  # fmt: skip
    for name, said in facts.items():
        if said:
            yield f"- **{text(f'dags.{name}', locale)}**: {said}"


def of_hub(kind: str, locale: str) -> str:
    """Return the description of a DAG of the whole hub."""
    return text(f"dags.doc_{kind}", locale)


def of_param(name: str, locale: str) -> str:
    """Return what a field of the form asks for with which a run is started by hand."""
    return text(f"dags.param_{name}", locale)
