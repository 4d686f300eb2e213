"""The reconciler: finds where the systems disagree, names the odd one out, and says why.

::

    scan.py       one ordered pass over `views`: only orders that may differ leave the database
    horizons.py   how far each system is known, and which are silent
    judge/        pure: what the views of one order come to (missing, extra, status, quantity, line, skew)
    pairing.py    one mistyped number instead of a missing and an extra order
    causes.py     what many findings share: one line with its orders behind it
    totals.py     the positive side: what is held, what adds up, which orders are late
    run.py        the whole, once: scan, judge, find causes, settle
    reports/      what people read: HTML, XLSX, CSV, JSON
"""
