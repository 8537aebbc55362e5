"""What a watch found, as a bug that can be fixed at once."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from deployments import words
from deployments.models import Finding
from ideas import services as ideas
from ideas.models import Idea
from lifecycle.models import User


@transaction.atomic
def report(finding: Finding, *, by: User, at: datetime | None = None) -> Idea:
    """The finding as a bug that only the team sees, in the queue; reported again it is the same bug (its primary)."""
    Finding.objects.select_for_update(of=("self",), no_key=True).get(pk=finding.pk)
    channel = f"finding:{finding.pk}"
    known = Idea.objects.filter(product=finding.watch.product, channel=channel).select_related("canonical").first()
    if known is not None:
        return known.canonical or known
    bug = ideas.submit(
        product=finding.watch.product,
        author=by,
        title=words.sentence(finding)[:200],
        body=evidence(finding),
        kind=Idea.Kind.BUG,
        source=Idea.Source.MONITORING,
        team_only=True,
        channel=channel,
        at=at,
    )
    ideas.queue_bug(bug, by=by, at=at)
    return bug


def evidence(finding: Finding) -> str:
    """Where it was seen."""
    facts = {"version": words.version(finding.watch), "url": reverse("deployments:watch", args=[finding.watch_id])}
    return _("The watch of %(version)s found it: %(url)s") % facts
