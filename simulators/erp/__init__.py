"""The practice ERP: an SAP-like system with two clients behind one SOAP server (contracts/erp.md, sections 1 and 7)."""
