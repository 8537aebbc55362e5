"""One release may go to production in spite of a freeze, when somebody answers for it with a reason."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from environments import freezes
from environments.models import Freeze
from lifecycle import events
from lifecycle.models import Event, User
from lifecycle.transitions import NotAllowed
from releases.models import Candidate, Release

OVERRIDE = "release.freeze_overridden"


@transaction.atomic
def override(release: Release, *, by: User, reason: str, at: datetime | None = None) -> None:
    """Let this build of the release through the windows that are in force; it holds for no other build and window.

    ValidationError without a reason, NotAllowed without a frozen candidate or when nothing is in the way.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why it cannot wait: it stays in the record.")})
    if release.status != Release.Status.FROZEN or release.candidate is None:
        raise NotAllowed(_("The release is not frozen."))
    windows = list(freezes.in_force(release.product, at=at))
    if not windows:
        raise NotAllowed(_("No freeze is in force."))
    for window in windows:
        if overridden(release, release.candidate, window) is None:
            digest, freeze = release.candidate.digest, window.pk
            events.record(OVERRIDE, release, by=by, at=at, note=reason.strip(), digest=digest, freeze=freeze)


def in_the_way(release: Release, candidate: Candidate, *, at: datetime | None = None) -> Freeze | None:
    """The first window in force that nobody let this build through."""
    windows = freezes.in_force(release.product, at=at)
    return next((window for window in windows if overridden(release, candidate, window) is None), None)


def overridden(release: Release, candidate: Candidate, window: Freeze) -> Event | None:
    """The word that this build may pass this window."""
    about = Event.objects.filter(subject_kind="release", subject_id=release.pk, verb=OVERRIDE)
    return about.filter(data__digest=candidate.digest, data__freeze=window.pk).select_related("actor").first()
