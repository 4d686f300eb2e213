"""The practice ERP: an SAP-like system, two clients behind one SOAP server (contracts/erp.md, 1 and 7)."""
