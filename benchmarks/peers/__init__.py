"""The peers: other tools on the same data, each in a process of the environment `.venv-bench`."""
