"""What really answers, beside what is recorded: every environment is asked about twice a minute."""

import time
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from deployments import running, targets
from deployments.declared import TROUBLE
from environments.models import Environment

LOOK_SECONDS = 30 / settings.TEMPO
ENOUGH_SECONDS = 20
NOT_YET = gettext_noop("It has not been asked yet.")
AFTERWARDS = gettext_noop("It is asked again after a deployment.")
UNCLEAR = gettext_noop("It gave no clear answer.")
"""Stored as they are and put into the reader's language on the page."""


def tick() -> None:
    """Ask the environments that are due; the next beat goes on where the time was up."""
    deadline = time.monotonic() + ENOUGH_SECONDS
    for environment in Environment.objects.ready().filter(_due()).select_related("product").order_by("probed_at"):
        if time.monotonic() > deadline:
            return
        if _mine(environment):
            look(environment)


def _due() -> Q:
    return Q(probed_at=None) | Q(probed_at__lt=timezone.now() - timedelta(seconds=LOOK_SECONDS))


def _mine(environment: Environment) -> bool:
    """Whether no other worker has begun to ask it."""
    return Environment.objects.filter(_due(), pk=environment.pk).update(probed_at=timezone.now()) == 1


def look(environment: Environment) -> None:
    """Ask what runs and write it down; a contradiction counts, and silence is only noted."""
    current = running.current(environment)
    if current is None or running.active(environment):
        note(environment, probe_note=AFTERWARDS, probed_release="", probe_misses=0)
        return
    try:
        answer = targets.driver_for(environment, current.candidate).probe()
    except TROUBLE as error:
        note(environment, probe_note=str(error), probed_release="", probe_misses=0)
        return
    if answer is None:
        note(environment, probe_note=UNCLEAR, probed_release="", probe_misses=0)
        return
    matches = answer == running.release_id(current.candidate)
    note(environment, probe_note="", probed_release=answer[:120], probe_misses=0 if matches else F("probe_misses") + 1)


def note(environment: Environment, **facts: object) -> None:
    Environment.objects.filter(pk=environment.pk).update(**facts)
