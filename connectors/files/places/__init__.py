"""Where files lie: a folder here, or one reached by SFTP, FTP or SMB; all the same to the reader."""

from connectors.files.places.opening import place_of
from connectors.files.places.place import Denied, Down, Entry, Place

__all__ = ["Denied", "Down", "Entry", "Place", "place_of"]
