"""A practice bank: China Merchants Bank's cloud direct link (招商银行银企直联), its reading half."""

from simulators.bank.ledger import Entry, Ledger
from simulators.bank.link import Link
from simulators.bank.server import BankServer
from simulators.bank.vault import Keys, Vault

__all__ = ["BankServer", "Entry", "Keys", "Ledger", "Link", "Vault"]
