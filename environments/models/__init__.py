"""The repository, the environments code is deployed to, and what differs between them."""

from environments.models.environments import Environment, Variable, VariableVersion
from environments.models.repositories import Branch, Delta, Repository, TrunkCommit
from environments.models.rules import EmergencyStop, Freeze, Lock
from environments.models.server_keys import HostKey, UpstreamKey

__all__ = [
    "Branch",
    "Delta",
    "EmergencyStop",
    "Environment",
    "Freeze",
    "HostKey",
    "Lock",
    "Repository",
    "TrunkCommit",
    "UpstreamKey",
    "Variable",
    "VariableVersion",
]
