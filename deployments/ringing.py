"""Telling workers of the deployments that may begin: one message per environment, and none that begets the next."""

from django.db.models import F
from django.db.models.functions import Now

from deployments.models import Deployment
from lifecycle import jobs

S = Deployment.Status


def ring_due() -> list[int]:
    """Ring once per environment that nobody works on and whose line has somebody due; the ids rung for.

    Whoever is next in the line answers, whichever row the message names.
    """
    busy = Deployment.objects.filter(status__in=Deployment.HELD).values("environment")
    due = Deployment.objects.filter(status__in=[S.QUEUED, S.LOST], due_at__lte=Now()).exclude(environment__in=busy)
    first = due.annotate(place=F("environment_id")).order_by("place", "id").distinct("place")
    ids = [row.pk for row in first]
    for pk in ids:
        jobs.doorbell("deployments.tasks.deploy", pk, queue="deploy")
    return ids
