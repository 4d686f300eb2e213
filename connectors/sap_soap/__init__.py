"""SAP ECC by BAPIs over SOAP: sales orders found by customer and sales organisation, read in blocks."""

from connectors.sap_soap.connector import SapSoapConnector

__all__ = ["SapSoapConnector"]
