"""Deployments and their steps, the watch that follows one, and the proofs taken before one."""

from deployments.models.deployments import Deployment, PipelineReport, Step
from deployments.models.rehearsals import BackupDrill, Rehearsal
from deployments.models.schedules import ShippingTime
from deployments.models.watches import Finding, Sample, Watch

__all__ = [
    "BackupDrill",
    "Deployment",
    "Finding",
    "PipelineReport",
    "Rehearsal",
    "Sample",
    "ShippingTime",
    "Step",
    "Watch",
]
