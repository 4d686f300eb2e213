"""SAP ECC by BAPIs over SOAP: orders found by customer and sales organisation, read in blocks, written."""

from connectors.sap_soap.connector import SapSoapConnector

__all__ = ["SapSoapConnector"]
