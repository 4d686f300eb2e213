"""Systems over plain HTTP – resources, one path with the method in the body, OData, feeds – by YAML alone."""

from connectors.rest.connector import RestConnector

__all__ = ["RestConnector"]
