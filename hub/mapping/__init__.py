"""The mapping language: one YAML file says how a system is read and written without code.

`load_system` reads a file, `Reader` turns a stream's records into facts, `check` finds what is wrong
without any connection, `preview` and `run_examples` show what a mapping makes of records.
"""

from hub.mapping.check import check
from hub.mapping.documents import DocumentReader, DocumentReading, reader_of
from hub.mapping.expressions import NameMissing, Value, compile_value
from hub.mapping.grammar import (
    CallSpec,
    ErrorsSpec,
    Example,
    FieldSpec,
    Limits,
    StreamMapping,
    SweepSpec,
    SystemMapping,
    TextSpec,
    TimeSpec,
    TrailerSpec,
    Wsdl,
)
from hub.mapping.loading import load_system, parse_system
from hub.mapping.paths import compile_path
from hub.mapping.preview import ExampleResult, preview, run_examples
from hub.mapping.reader import Reader, Reading
from hub.mapping.schema import json_schema
from hub.mapping.times import send
from hub.problems import MappingErrors, Problem

__all__ = [
    "CallSpec",
    "DocumentReader",
    "DocumentReading",
    "ErrorsSpec",
    "Example",
    "ExampleResult",
    "FieldSpec",
    "Limits",
    "MappingErrors",
    "NameMissing",
    "Problem",
    "Reader",
    "Reading",
    "StreamMapping",
    "SweepSpec",
    "SystemMapping",
    "TextSpec",
    "TimeSpec",
    "TrailerSpec",
    "Value",
    "Wsdl",
    "check",
    "compile_path",
    "compile_value",
    "json_schema",
    "load_system",
    "parse_system",
    "preview",
    "reader_of",
    "run_examples",
    "send",
]
