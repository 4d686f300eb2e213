"""The FIELDs of a proposal, each with why it is thought to be so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.mapping.kinds import KINDS
from hub.mapping.suggest import shapes
from hub.mapping.suggest.columns import Column, Table
from hub.mapping.suggest.guesses import Guess
from hub.mapping.suggest.lexicon import side_of, status_of, table_of
from hub.mapping.suggest.paper import TODO, Paper, key, scalar
from hub.mapping.texts import is_true
from hub.model import QUANTITIES

SURE, LIKELY = 0.8, 0.55
MOST_CODES = 60

Guesses = Mapping[str, Guess]


@dataclass(frozen=True)
class Found:
    """All that was found out about a sample: header columns, the list of lines, how stamps are written."""

    header: Guesses
    lines: tuple[Table, Guesses] | None
    stamps: shapes.Stamps | None

    def column(self, role: str) -> Column | None:
        """Return the header column that has a role."""
        guess = self.header.get(role)
        return guess.column if guess else None

    def path(self, role: str) -> str | None:
        """Return the path of a role."""
        column = self.column(role)
        return column.path if column else None


def why(paper: Paper, guess: Guess) -> str:
    """Return how sure a guess is, and what it rests on."""
    column = guess.column
    word = "sure" if guess.sure >= SURE else "likely" if guess.sure >= LIKELY else "guess"
    values = {"filled": len(column.filled), "all": len(column.values), "different": len(column.counts)}
    examples = " ".join(scalar(text) for text in list(column.counts)[:3])
    return paper.word(f"suggest.{word}", **values, examples=examples[:60])


def write_order(paper: Paper, found: Found, yields: str) -> None:
    """Write the fields of an order or event stream."""
    with paper.under("fields"):
        _company(paper, found)
        _reference(paper, found)
        if yields == "event" and (event := found.header.get("event_id")):
            paper.line(f"event_id: {scalar(event.column.path)}", why(paper, event))
        if part := found.header.get("part"):
            paper.line(f"part: {scalar(part.column.path)}", why(paper, part))
        _status(paper, found)
        _side(paper, found)
        _quantities(paper, found, yields)
        _occurred(paper, found, yields)
    _extras(paper, found)
    _links(paper, found)


def write_document(paper: Paper, found: Found, yields: str) -> None:
    """Write the fields of a stream that yields documents."""
    kind = KINDS[yields]
    other = {"occurred_at": ("happened", "created"), "due_at": ("due_first",)}
    needs = kind.needs if kind.number else ("number", *kind.needs)
    with paper.under("fields"):
        _company(paper, found)
        for name in kind.names:
            if name == "company":
                continue
            roles = other.get(name, (name,))
            guess = next((found.header[role] for role in roles if role in found.header), None)
            if guess is not None:
                paper.line(f"{name}: {_stamped(found, guess)}", why(paper, guess))
            elif name in needs:
                paper.line(f"{name}: {TODO}", paper.word("suggest.not_found"))


def _stamped(found: Found, guess: Guess, **more: str) -> str:
    """Return a FIELD, with its own format where it is not the one that most stamps have."""
    stamps = (
        shapes.stamps_of(guess.column)
        if guess.role in {"happened", "created", "due_first", "changed"}
        else None
    )
    said: dict[str, Any] = {"from": guess.column.path, **more}
    if stamps is not None and found.stamps is not None and set(stamps.formats) - set(found.stamps.formats):
        said["format"] = list(stamps.formats) if len(stamps.formats) > 1 else stamps.formats[0]
    return scalar(said if len(said) > 1 else guess.column.path)


def _company(paper: Paper, found: Found) -> None:
    guess = found.header.get("company")
    if guess is None:
        paper.note("suggest.no_company")
    elif len(guess.column.counts) > MOST_CODES:
        paper.line(f"company: {scalar(guess.column.path)}", why(paper, guess))
    else:
        codes = {code: code for code in guess.column.counts}
        paper.line(
            f"company: {scalar({'from': guess.column.path, 'codes': codes})}", f"{why(paper, guess)} {TODO}"
        )


def _reference(paper: Paper, found: Found) -> None:
    guess = found.header.get("order_no")
    if guess is None:
        paper.line(f"order_no: {TODO}", paper.word("suggest.not_found"))
        return
    padded = all(text.isdigit() and text.startswith("0") for text in guess.column.texts)
    said = {"from": guess.column.path, "strip": "0"} if padded else guess.column.path
    paper.line(f"order_no: {scalar(said)}", why(paper, guess))
    if "part" not in found.header and not shapes.is_unique(guess.column):
        paper.note("suggest.several", path=guess.column.path)


def _status(paper: Paper, found: Found) -> None:
    guess = found.header.get("status")
    if guess is None:
        paper.line("status: {const: confirmed}", paper.word("suggest.no_status"))
        return
    vendor = table_of(guess.column.steps[-1])
    with paper.under("status", why(paper, guess)):
        paper.line(f"from: {scalar(guess.column.path)}")
        with paper.under("codes"):
            counts = guess.column.counts
            for code in sorted({*list(counts)[:MOST_CODES], *vendor}):
                word = vendor.get(code) or status_of(code)
                told = paper.word(_told(code, word, vendor), count=counts[code])
                paper.line(f"{key(code)}: {word or 'null'}", told)


def _told(code: str, word: str | None, vendor: Mapping[str, str]) -> str:
    """Return the message key of what is known about a code."""
    if code in vendor:
        return "suggest.vendor_code"
    return "suggest.code" if word else "suggest.side_code" if side_of(code) else "suggest.code_todo"


def _side(paper: Paper, found: Found) -> None:
    said = []
    for role in ("cancelled", "on_hold"):
        column = found.column(role)
        codes = {text: role for text in column.counts if is_true(text) and text != "A"} if column else {}
        if column and codes:
            said.append({"from": column.path, "codes": codes})
    status = found.column("status")
    codes = {code: word for code in (status.counts if status else ()) if (word := side_of(code))}
    if status and codes:
        said.append({"from": status.path, "codes": codes})
    if said:
        paper.line(f"side: {scalar(said if len(said) > 1 else said[0])}", TODO)


def _quantities(paper: Paper, found: Found, yields: str) -> None:
    none = True
    for name in QUANTITIES:
        guess = found.header.get(name)
        line = found.lines[1].get(name) if found.lines else None
        if line is not None and (guess is None or line.sure >= guess.sure):
            assert found.lines is not None
            paper.line(
                f"{name}: {scalar({'sum': f'{found.lines[0].path}[].{line.column.path}'})}", why(paper, line)
            )
        elif guess is not None:
            paper.line(f"{name}: {scalar(guess.column.path)}", why(paper, guess))
        none = none and line is None and guess is None
    if none and yields == "order":
        paper.line("ordered: {keep: true}", paper.word("suggest.no_quantity"))
    unit = found.lines[1].get("unit") if found.lines else found.header.get("unit")
    if unit is not None and len(unit.column.counts) > 1:
        paper.note("suggest.units", units=" ".join(unit.column.counts), path=unit.column.path)


def _occurred(paper: Paper, found: Found, yields: str) -> None:
    says = {"happened": "event", "changed": "modified", "created": "created"}
    known = [(role, found.header[role]) for role in says if role in found.header]
    if yields == "event":
        known = known[:1]
    fields = [(_stamped(found, guess, says=says[role]), guess) for role, guess in known]
    if len(fields) == 1:
        paper.line(f"occurred_at: {fields[0][0]}", why(paper, fields[0][1]))
    elif fields:
        with paper.under("occurred_at"):
            for said, guess in fields:
                paper.line(f"- {said}", why(paper, guess))
    else:
        paper.note("suggest.no_stamp")
    for _, guess in fields:
        if shapes.is_ambiguous(
            guess.column, (shapes.stamps_of(guess.column) or shapes.Stamps((), False)).formats
        ):
            paper.note("suggest.day_or_month", path=guess.column.path)


def _extras(paper: Paper, found: Found) -> None:
    names = ("customer_no", "customer_name", "salesperson", "plant", "amount", "currency", "due_first")
    kept = [(name, found.header[name]) for name in names if name in found.header]
    line = _line_fields(found)
    if not kept and not line:
        return
    with paper.under("extras"):
        for name, guess in kept:
            paper.line(f"{name}: {_stamped(found, guess)}", why(paper, guess))
        if line:
            paper.line(f"lines: {scalar(line)}")


def _line_fields(found: Found) -> dict[str, Any]:
    if found.lines is None:
        return {}
    table, guesses = found.lines
    quantity = guesses.get("ordered") or guesses.get("shipped")
    if "sku" not in guesses or quantity is None:
        return {}
    number = {"line_no": guesses["line_no"].column.path} if "line_no" in guesses else {}
    return {
        "each": table.path,
        "as": {**number, "sku": guesses["sku"].column.path, "quantity": quantity.column.path},
    }


def _links(paper: Paper, found: Found) -> None:
    kept = [
        (name, found.header[name]) for name in ("delivery", "waybill", "customer_po") if name in found.header
    ]
    if kept:
        with paper.under("links"):
            for name, guess in kept:
                paper.line(f"{name}: {scalar(guess.column.path)}", why(paper, guess))
