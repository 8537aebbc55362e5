"""Deployments and their steps, the watch that follows one, and the proofs taken before one."""

from deployments.models.approving import ApprovalRequest, ApprovalRule, BreakGlass, Deputy
from deployments.models.deployments import Deployment, PipelineReport, Step
from deployments.models.rehearsals import BackupDrill, Rehearsal
from deployments.models.schedules import ShippingTime
from deployments.models.shifts import WatchShift
from deployments.models.watches import Finding, Sample, Watch

__all__ = [
    "ApprovalRequest",
    "ApprovalRule",
    "BackupDrill",
    "BreakGlass",
    "Deployment",
    "Deputy",
    "Finding",
    "PipelineReport",
    "Rehearsal",
    "Sample",
    "ShippingTime",
    "Step",
    "Watch",
    "WatchShift",
]
