"""The ground floor: words, errors, configuration, mapping, store, findings. Imports no other room."""
