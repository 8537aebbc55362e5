"""The demo: what managers and customers said about one digest."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ideas.models import Stop
from lifecycle import events
from lifecycle.models import Product, User
from lifecycle.notifications import tell
from lifecycle.roles import Actor, actor_for, people_who_may, who_may
from lifecycle.transitions import NotAllowed
from releases import involvement, plan, progress
from releases.models import Demo, DemoAnswer, Release, SignOff

A, YES, NO = SignOff.Audience, SignOff.Outcome.YES, SignOff.Outcome.NO
FOR_CUSTOMERS, HOSTS = "sign_off_customers", "record_demo"


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

    It is kept with the session it follows and the tally of what the invited people answered. The first one makes the
    ideas reach Demo. NotAllowed unless the frozen candidate came to staging, when `digest` (what they saw) is another
    by now, for customers before managers said yes, for somebody who does not speak for the audience and, in strict
    products, for a yes of somebody who has a hand in it; ValidationError for a "not yet" without words.
    """
    require_voice(release, audience, by)
    require_seen(release, digest)
    require_shown(release, audience)
    require_words(outcome, words)
    if outcome == YES:
        require_outsider(release, audience, by)
    demo = session(release, audience)
    signoff = SignOff.objects.create(
        demo=demo,
        release=release,
        candidate=release.candidate,
        digest=release.candidate.digest,
        audience=audience,
        outcome=outcome,
        words=words,
        by=by,
        at=at or timezone.now(),
    )
    facts = {"outcome": outcome, "signoff": signoff.pk, "answers": counts(demo, release.candidate.digest)}
    events.record(f"signoff.{audience}", release, by=by, at=at, note=words, **facts)
    mark_demo(release, by=by, at=at)
    tell_planners(signoff)
    return signoff


def require_outsider(release: Release, audience: str, by: User) -> None:
    """In strict products NotAllowed for a yes of somebody with a hand in it, with who could say it for customers."""
    if release.product.preset != Product.Preset.STRICT:
        return
    involved = involvement.in_release(release)
    try:
        involvement.require_outsider(release.product, by, involved)
    except NotAllowed as reason:
        owners, hosts = (people_who_may(verb, release.product) for verb in (FOR_CUSTOMERS, HOSTS))
        other = way_out(owners, hosts, involved) if audience == A.CUSTOMERS else ""
        raise NotAllowed(f"{reason} {other}".strip()) from None


def way_out(owners: Iterable[User], hosts: Iterable[User], involved: involvement.Involved) -> str:
    """Who speaks for the customers where every product owner has a hand in the release; "" where one has none."""
    if any(person not in involved for person in owners):
        return ""
    free = [str(person) for person in hosts if person not in involved]
    if not free:
        return _("Everybody who could speak for the customers has a hand in it: make somebody else a product owner.")
    text = _("Every product owner has a hand in it: whoever hosts the customers' session says it. Free to: %(who)s.")
    return text % {"who": ", ".join(free)}


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


def may_speak(release: Release, audience: str, actor: Actor) -> bool:
    """Whether the actor's word counts for an audience: its role's, or the host's of the customers' session."""
    if actor.user is None:
        return False
    if actor.may(f"sign_off_{audience}"):
        return True
    held = release.demos.filter(audience=A.CUSTOMERS, host=actor.user).exclude(status=Demo.Status.CANCELLED)
    return audience == A.CUSTOMERS and actor.may("record_demo") and held.exists()


def require_voice(release: Release, audience: str, by: User) -> None:
    """NotAllowed for somebody who does not speak for the audience: customers answer, they do not sign."""
    if not may_speak(release, audience, actor_for(by, release.product)):
        raise NotAllowed(who_may(f"sign_off_{audience}"))


def session(release: Release, audience: str) -> Demo | None:
    """The newest session of this audience that was not cancelled."""
    return release.demos.filter(audience=audience).exclude(status=Demo.Status.CANCELLED).order_by("-id").first()


def counts(demo: Demo | None, digest: str) -> dict[str, int]:
    """How many answers of each kind the invited people of a session gave about a digest."""
    if demo is None:
        return {}
    given = DemoAnswer.objects.filter(invitation__demo=demo, digest=digest).values_list("outcome", flat=True)
    return dict(Counter(given))


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
    said = sorted(release.signoffs.all(), key=lambda signoff: signoff.pk)
    return {signoff.audience: signoff for signoff in said if signoff.digest == release.candidate.digest}


def has_yes(release: Release, audience: str) -> bool:
    found = standing(release).get(audience)
    return found is not None and found.outcome == YES


def has_both(release: Release) -> bool:
    """Whether everybody who must see this digest said yes: managers, and customers where the product asks them."""
    needed = [A.MANAGERS] + ([A.CUSTOMERS] if release.product.customers_demo_required else [])
    said = standing(release)
    return all(audience in said and said[audience].is_yes for audience in needed)
