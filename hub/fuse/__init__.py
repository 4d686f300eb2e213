"""The fuse: rules that hold a change until a person has approved it.

Pure: `Fuse.holds` is asked about one desired write and says which rules hold it and who must approve. The
engine keeps what was held, who approved it and when.
"""

from hub.fuse.decide import Fuse, roles_of
from hub.fuse.proposal import GRADES, Credit, Hold, Proposal
from hub.fuse.spec import Amounts, CustomerLimit, FuseRule, FuseSpec, Limit, Role

__all__ = [
    "GRADES",
    "Amounts",
    "Credit",
    "CustomerLimit",
    "Fuse",
    "FuseRule",
    "FuseSpec",
    "Hold",
    "Limit",
    "Proposal",
    "Role",
    "roles_of",
]
