"""The company's rules: `mappings/hub.yaml`, with the units of its SKUs and the systems' codes for them.

`sections` holds its parts, `rules` the whole as it is asked, `loading` how it is read and checked.
"""

from __future__ import annotations

from hub.rules.loading import FILE, lint_rules, load_rules, parse_rules
from hub.rules.payments import Grades, Payments, Policies, Policy
from hub.rules.rules import Measured, Rules
from hub.rules.sections import (
    DualRun,
    DueWord,
    Need,
    Ownership,
    Person,
    RecordLimits,
    Route,
    StatusRange,
    Tolerance,
)

__all__ = [
    "FILE",
    "DualRun",
    "DueWord",
    "Grades",
    "Measured",
    "Need",
    "Ownership",
    "Payments",
    "Person",
    "Policies",
    "Policy",
    "RecordLimits",
    "Route",
    "Rules",
    "StatusRange",
    "Tolerance",
    "lint_rules",
    "load_rules",
    "parse_rules",
]
