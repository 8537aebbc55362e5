"""A deployment's log as a page shows it: live_log with the address of this deployment, and as plain text."""

from typing import Any

from django.urls import reverse

from deployments.models import Deployment
from lifecycle import live_log
from lifecycle.live_log import number
from lifecycle.models import LogLine

__all__ = ["news", "number", "text"]


def news(deployment: Deployment, after: int, *, name: str = "log") -> dict[str, Any]:
    """The lines behind `after` and where to ask next (the view `name`); nowhere once it has ended and all was shown."""
    path = reverse(f"deployments:{name}", args=[deployment.pk])
    return live_log.page(deployment, path, after, is_over=deployment.is_final)


def text(deployment: Deployment) -> str:
    """Everything, one line each, with the time in UTC."""
    rows = LogLine.objects.filter(log=deployment.log_key).order_by("seq").values_list("at", "text")
    return "".join(f"{at:%Y-%m-%dT%H:%M:%SZ} {words}\n" for at, words in rows)
