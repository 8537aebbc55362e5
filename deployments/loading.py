"""Line 1 of every view: the thing asked for, if this person's product has it and they may see it."""

from django.shortcuts import get_object_or_404

from deployments.models import Deployment, Watch
from environments.models import Environment
from lifecycle.roles import Actor
from releases.models import Release


def get_deployment_for(actor: Actor, pk: int) -> Deployment:
    """Http404 unless the actor's product has it."""
    rows = Deployment.objects.select_related(
        "environment", "candidate", "previous", "release", "requested_by", "product"
    )
    return get_object_or_404(rows, product=actor.product, pk=pk)


def get_environment_for(actor: Actor, slug: str) -> Environment:
    """Http404 unless the actor's product has it."""
    return get_object_or_404(Environment.objects.select_related("product"), product=actor.product, slug=slug)


def get_release_for(actor: Actor, version: str) -> Release:
    """Http404 unless the actor's product has it and it is more than a draft."""
    rows = Release.objects.select_related("candidate", "author", "product")
    return get_object_or_404(rows.exclude(status=Release.Status.DRAFT), product=actor.product, version=version)


def get_watch_for(actor: Actor, pk: int) -> Watch:
    """Http404 unless the actor's product has it."""
    rows = Watch.objects.select_related("deployment__environment", "deployment__candidate", "release", "product")
    return get_object_or_404(rows, product=actor.product, pk=pk)
