"""MT940 and MT942 with the dialects of the banks.

fields     the lines as tagged fields, whatever stands around the message
line61     :61:, the entry: day, sign, amount, references
line86     :86:, its details: German, Dutch, Polish and other structures, or free text
balance    :60:, :62:, :90: and :34F:
reader     fields in their order -> statements
"""

from connectors.statements.mt940.reader import read_mt940

__all__ = ["read_mt940"]
