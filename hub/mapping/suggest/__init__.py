"""A proposal of a mapping from sampled records: what is what by its name and by its values, each with a why.

Pure: samples in, YAML out. `read_sample` understands a file (JSON, JSON lines, CSV, XLSX, XML), `suggest`
writes the proposal, which `mapping check` takes as it is; what only a person can know is marked TODO.
"""

from hub.mapping.suggest.proposal import suggest
from hub.mapping.suggest.samples import Sample, read_sample, together

__all__ = ["Sample", "read_sample", "suggest", "together"]
