"""The command `orderhub`: thin, one file a command group.

Commands ask the rooms below and show what they answer; what is worth knowing twice stands there, not here.
Results go to stdout, everything that accompanies them (progress, warnings, errors) to stderr; with `--json`
stdout holds nothing but JSON.

Exit codes::

    0    done; also where there was nothing to do, or another worker was at it already ("skipped")
    1    something could not be done: a system did not answer, a row was wrong (each is named)
    2    wrong use or wrong set-up: an option, a mapping file, a connection, the key
    3    findings exist, and --fail-on-findings was given
    130  stopped from the keyboard; what was committed until then stays

Heavy libraries are imported inside command bodies: `orderhub --help` answers at once because it loads none.
"""

from __future__ import annotations

DONE = 0
FAILED = 1
WRONG = 2
FINDINGS = 3
STOPPED = 130
