"""Everything Lifecycle does with a repository, over the `git` command line only.

`Git` is one bare mirror; `compose` builds a candidate out of changes. Nothing here knows the database.
"""

from .access import Access, AccessDenied, HostKeyUnknown, ssh_server
from .compose import Composition, CompositionConflict, Step, compose
from .errors import Conflict, GitError, PushRejected, RefMoved
from .export import ExportLimits, Kind
from .names import UPSTREAM_HEADS, branch_name_is_valid
from .records import LIFECYCLE, Commit, FileChange, Part, Signature
from .repository import Git

__all__ = [
    "LIFECYCLE",
    "UPSTREAM_HEADS",
    "Access",
    "AccessDenied",
    "Commit",
    "Composition",
    "CompositionConflict",
    "Conflict",
    "ExportLimits",
    "FileChange",
    "Git",
    "GitError",
    "HostKeyUnknown",
    "Kind",
    "Part",
    "PushRejected",
    "RefMoved",
    "Signature",
    "Step",
    "branch_name_is_valid",
    "compose",
    "ssh_server",
]
