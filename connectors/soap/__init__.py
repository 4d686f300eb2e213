"""SOAP systems: a checked transport shared with vendor modules, and the connector that a mapping drives."""

from connectors.soap.connector import SoapConnector

__all__ = ["SoapConnector"]
