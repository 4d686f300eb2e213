"""Files as a source: a folder where others drop CSV, XLSX or JSON; whole files only."""

from connectors.files.connector import FilesConnector

__all__ = ["FilesConnector"]
