"""Opening the plan of a frozen release again, unless it is just going to production."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from deployments import running, services, stopping
from deployments.models import Deployment
from environments.models import Environment
from lifecycle.models import User
from lifecycle.transitions import NotAllowed
from releases import plan
from releases.models import Release


@transaction.atomic
def unfreeze(release: Release, *, by: User, reason: str = "", at: datetime | None = None) -> None:
    """Give staging back and cancel what still waits for production; NotAllowed while it is being deployed there.

    Without that a plan would be open again while production already runs it.
    """
    release = services.locked_release(release)
    production = running.production(release.product)
    if production is not None:
        _clear_the_way(production, release, by=by, at=at)
    plan.unfreeze(release, by=by, reason=reason, at=at)


def _clear_the_way(production: Environment, release: Release, *, by: User, at: datetime | None) -> None:
    busy = running.active(production)
    if busy is not None and busy.release_id == release.pk and busy.kind == Deployment.Kind.DEPLOY:
        raise NotAllowed(_("Release %(release)s is on its way to production. Stop that first.") % {"release": release})
    for waiting in running.line(production).filter(release=release, kind=Deployment.Kind.DEPLOY):
        stopping.abort(waiting, by=by, reason=_("The plan was opened again."), at=at)
