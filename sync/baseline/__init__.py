"""The first load: what is open is taken, what is old is counted, what is missing goes on a sheet to fill in.

`taken` takes the baseline, `gaps` writes the sheet, `reading` checks what people filled in, `taking` does it.
"""
