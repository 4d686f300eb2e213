"""What finance people download: tables from banks and payment platforms, each laid out in its own way.

::

    tables.py      bytes become sheets of rows of cells: text (delimited.py), HTML and XML (markup.py),
                   workbooks (workbooks.py)
    cells.py       what stands in a cell: amounts, days, currencies; words.py: words (words.yaml)
    names.py       what columns are called: aliases.yaml, the roles they stand for
    profiles.py    exports that are known by their header: profiles/*.yaml, and those that people confirmed
    header.py      the row with the names, in one row or two; which column plays which role
    around.py      what stands before and behind the rows: account, period, balances, totals
    sections.py    a sheet becomes sections: a header, its rows, what is said around them
    roles.py       one row becomes one entry; moves.py: how much money it moves, and which way
    running.py     the running balance: the order of the rows, the signs, opening and closing
    read.py        all of it: `read_export`, and `profile_of`: how a header would be read
    learning.py    a header that a person confirmed becomes a profile

Nothing is guessed about money: a header in which two columns could be the amount is an error that names
them. A header that no profile knows is read by its column names with a warning that says what was taken for
what; `orderhub bank learn` has a person confirm that once.
"""

from connectors.statements.exports.learning import learned
from connectors.statements.exports.profiles import Profile, built_in, load_profiles, save_profile
from connectors.statements.exports.read import profile_of, read_export

__all__ = ["Profile", "built_in", "learned", "load_profiles", "profile_of", "read_export", "save_profile"]
