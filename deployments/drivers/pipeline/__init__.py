"""Deploying by a pipeline that runs elsewhere: GitHub Actions, GitLab CI, or any with an HTTP interface."""

from .driver import PipelineDriver

__all__ = ["PipelineDriver"]
