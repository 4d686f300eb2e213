"""China Merchants Bank, cloud direct link (招商银行银企直联): entries of the company's accounts, read."""

from connectors.cmb.connector import CmbConnector

__all__ = ["CmbConnector"]
