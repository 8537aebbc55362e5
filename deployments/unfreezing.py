"""What is done to a frozen release's candidate, unless it is just going to production: open the plan, or put it
together again on what is live.
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from deployments import running, services, stopping
from deployments.models import Deployment
from lifecycle.models import User
from lifecycle.transitions import NotAllowed
from releases import freezing
from releases.models import Candidate, Release


@transaction.atomic
def unfreeze(release: Release, *, by: User, reason: str, at: datetime | None = None) -> None:
    """Give staging back and cancel what still waits for production; NotAllowed while it is being deployed there.

    Without that a plan would be open again while production already runs it. ValidationError without a reason: whoever
    tested and approved it reads why.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: whoever tested or approved it reads this.")})
    release = services.locked_release(release)
    clear_the_way(release, by=by, reason=_("The plan was opened again."), at=at)
    freezing.unfreeze(release, by=by, reason=reason, at=at)


@transaction.atomic
def recompose(release: Release, *, by: User, at: datetime | None = None) -> Candidate:
    """Put the release together again on what is live now; verdicts hold where nothing overlaps.

    NotAllowed while it is being deployed to production, and see `freezing.recompose`.
    """
    release = services.locked_release(release)
    clear_the_way(release, by=by, reason=_("It is put together again."), at=at)
    return freezing.recompose(release, by=by, at=at)


def clear_the_way(release: Release, *, by: User, reason: str, at: datetime | None) -> None:
    production = running.production(release.product)
    if production is None:
        return
    busy = running.active(production)
    if busy is not None and busy.release_id == release.pk and busy.kind == Deployment.Kind.DEPLOY:
        raise NotAllowed(_("Release %(release)s is on its way to production. Stop that first.") % {"release": release})
    for waiting in running.line(production).filter(release=release, kind=Deployment.Kind.DEPLOY):
        stopping.abort(waiting, by=by, reason=reason, at=at)
