"""SOAP envelopes of both name styles: calls read, answers and faults written."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from simulators.erp.answers import Answer, Call
from simulators.erp.functions import FUNCTIONS, Fields, Function
from simulators.erp.style import MC, RFC, Style

NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"

_HEAD = (
    f'<?xml version="1.0" encoding="utf-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="{NAMESPACE}"><SOAP-ENV:Body>'
)
_TAIL = "</SOAP-ENV:Body></SOAP-ENV:Envelope>"

Functions = Mapping[str, Function]
"""Functions by name."""


class NotCallable(ValueError):
    """The body is no call of a function that exists, or has a parameter that the function lacks."""


def read_call(body: bytes, client: str, functions: Functions = FUNCTIONS) -> tuple[Call, Style]:
    """Return the call in a request body and the style in which it is written; NotCallable otherwise."""
    try:
        element = ElementTree.fromstring(body).find(f"{{{NAMESPACE}}}Body/*")
    except ElementTree.ParseError as error:
        raise NotCallable(str(error)) from error
    if element is None:
        raise NotCallable("empty body")
    namespace, _, name = element.tag[1:].partition("}")
    style = MC if namespace == MC.namespace else RFC
    function = next((one for one in functions.values() if style.name(one.name) == name), None)
    if function is None:
        raise NotCallable(name)
    try:
        return _call(element, client, function, style), style
    except KeyError as error:
        raise NotCallable(f"{name}: {error}") from error


def _call(element: ElementTree.Element, client: str, function: Function, style: Style) -> Call:
    values: dict[str, str] = {}
    structures: dict[str, dict[str, str]] = {}
    tables: dict[str, list[dict[str, str]]] = {}
    known = (*function.imports, *function.structures_in, *function.tables)
    parameters = {style.name(name): name for name in known}
    for child in element:
        name = parameters[_local(child)]
        if name in function.tables:
            fields = {style.name(field): field for field in function.tables[name]}
            tables[name] = [_texts(item, fields) for item in child]
        elif name in function.structures_in:
            fields = {style.name(field): field for field in function.structures_in[name]}
            structures[name] = _texts(child, fields)
        else:
            values[name] = (child.text or "").strip()
    return Call(client, function.name, values, structures, tables)


def _texts(element: ElementTree.Element, fields: Mapping[str, str]) -> dict[str, str]:
    return {fields[_local(child)]: (child.text or "").strip() for child in element}


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def write_answer(made: Answer, call: Call, style: Style, functions: Functions = FUNCTIONS) -> str:
    """Return the envelope of an answer: values, structures, and of the tables those that the caller sent."""
    function = functions[call.function]
    name = style.response(function.name)
    parts = [_HEAD, f'<n0:{name} xmlns:n0="{style.namespace}">']
    parts.append(_cells(made.values, _tags(function.exports, style)))
    for structure, fields in function.structures_out.items():
        tag = style.name(structure)
        parts.append(f"<{tag}>{_cells(made.structures.get(structure, {}), _tags(fields, style))}</{tag}>")
    for table, fields in function.tables.items():
        if table in call.tables:
            tag, tags = style.name(table), _tags(fields, style)
            rows = "".join([f"<item>{_cells(row, tags)}</item>" for row in made.tables.get(table, ())])
            parts.append(f"<{tag}>{rows}</{tag}>")
    parts.append(f"</n0:{name}>{_TAIL}")
    return "".join(parts)


_Tags = list[tuple[str, str, str]]
"""Field, opening and closing tag, in the order in which the schema has the fields."""


def _tags(fields: Fields, style: Style) -> _Tags:
    return [(name, f"<{style.name(name)}>", f"</{style.name(name)}>") for name in fields]


def _cells(row: Mapping[str, str], tags: _Tags) -> str:
    cells = []
    for name, begin, end in tags:
        value = row.get(name, "")
        cells.append(f"{begin}{value if value.isalnum() else escape(value)}{end}")
    return "".join(cells)


def fault(code: str, text: str, detail: str = "") -> str:
    """Return a SOAP fault; `detail` is XML."""
    detail = f'<detail xmlns:rfc="{RFC.namespace}">{detail}</detail>' if detail else ""
    code, text = f"<faultcode>{code}</faultcode>", f"<faultstring>{escape(text)}</faultstring>"
    return f"{_HEAD}<SOAP-ENV:Fault>{code}{text}{detail}</SOAP-ENV:Fault>{_TAIL}"
