"""The demo: what managers and customers said about one digest."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ideas.models import Stop
from lifecycle import events
from lifecycle.models import User
from lifecycle.notifications import tell
from lifecycle.roles import people_who_may
from lifecycle.transitions import NotAllowed
from releases import plan, progress
from releases.models import Release, SignOff

A, YES, NO = SignOff.Audience, SignOff.Outcome.YES, SignOff.Outcome.NO


@transaction.atomic
def sign_off(
    release: Release,
    *,
    audience: str,
    outcome: str,
    words: str = "",
    digest: str = "",
    by: User,
    at: datetime | None = None,
) -> SignOff:
    """Note what an audience said after the demo of the release's candidate; a newer word replaces an older one.

    The first one makes the ideas reach Demo. NotAllowed unless the frozen candidate came to staging, when `digest`
    (what they saw) is another by now, and for customers before managers said yes; ValidationError for a "not yet"
    without words.
    """
    require_seen(release, digest)
    require_shown(release, audience)
    require_words(outcome, words)
    signoff = SignOff.objects.create(
        release=release,
        candidate=release.candidate,
        digest=release.candidate.digest,
        audience=audience,
        outcome=outcome,
        words=words,
        by=by,
        at=at or timezone.now(),
    )
    events.record(f"signoff.{audience}", release, by=by, at=at, note=words, outcome=outcome, signoff=signoff.pk)
    mark_demo(release, by=by, at=at)
    tell_planners(signoff)
    return signoff


def tell_planners(signoff: SignOff) -> None:
    release = signoff.release
    tell(
        people_who_may("plan_release", release.product),
        "release.signoff",
        url=plan.page_of(release),
        key=f"signoff:{signoff.pk}",
        product=release.product,
        version=release.version,
        audience=A(signoff.audience).label,
    )


def require_words(outcome: str, words: str) -> None:
    """ValidationError for a "not yet" without words: whoever built it must know what is missing."""
    if outcome == NO and not words.strip():
        raise ValidationError({"words": _("Say what is missing.")})


def require_seen(release: Release, digest: str) -> None:
    """NotAllowed if `digest`, what somebody looked at, is not what the release is about now; "" asks nothing."""
    if digest and (release.candidate is None or release.candidate.digest != digest):
        raise NotAllowed(_("The candidate is another one by now. Look at it again."))


def require_shown(release: Release, audience: str) -> None:
    """NotAllowed, with the reason, unless this audience can be shown the release now."""
    if release.status != Release.Status.FROZEN or release.candidate is None:
        raise NotAllowed(_("Release %(release)s is not frozen.") % {"release": release})
    if release.candidate.staged_at is None:
        raise NotAllowed(_("Release %(release)s is not on staging yet.") % {"release": release})
    if audience == A.CUSTOMERS and not has_yes(release, A.MANAGERS):
        raise NotAllowed(_("Show it to the managers first."))


def mark_demo(release: Release, *, by: User, at: datetime | None = None) -> None:
    """The release was shown: its ideas reach Demo, once."""
    progress.advance(release.changes.all(), Stop.DEMO, by=by, fact=release, at=at)


def standing(release: Release) -> dict[str, SignOff]:
    """Audience → its newest word on the digest that is frozen now; empty without a candidate."""
    if release.candidate is None or not release.candidate.digest:
        return {}
    said = release.signoffs.filter(digest=release.candidate.digest).select_related("by").order_by("id")
    return {signoff.audience: signoff for signoff in said}


def has_yes(release: Release, audience: str) -> bool:
    found = standing(release).get(audience)
    return found is not None and found.outcome == YES


def has_both(release: Release) -> bool:
    """Whether everybody who must see this digest said yes: managers, and customers where the product asks them."""
    needed = [A.MANAGERS] + ([A.CUSTOMERS] if release.product.customers_demo_required else [])
    return all(has_yes(release, audience) for audience in needed)
