"""The repository, the environments code is deployed to, and what differs between them."""

from environments.models.environments import Environment, HostKey, Variable, VariableVersion
from environments.models.repositories import Branch, Delta, Repository, TrunkCommit, UpstreamKey
from environments.models.rules import EmergencyStop, Freeze, Lock

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
