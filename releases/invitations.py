"""Who is invited to a demo, and the signed link that lets them in without an account.

A link holds the invitation's id and nonce under a signature, nothing else: whether it still opens is asked of the rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from ideas.models import Idea
from lifecycle import events
from lifecycle.dates import clock, weekday, zone
from lifecycle.events import By
from lifecycle.models import Product, User
from lifecycle.notifications import tell
from lifecycle.roles import Actor, actor_for, people_who_may
from lifecycle.transitions import NotAllowed
from releases import demo_ideas
from releases.models import Demo, Invitation, Release
from releases.models.audiences import Audience

SALT = "demo-invitation"
Reason = Invitation.Reason
FORGED, OVER = 403, 410


@dataclass
class Shut(Exception):
    """A link that does not open: `status` is FORGED or OVER, `why` says nothing about the release or the person."""

    status: int
    why: str


@transaction.atomic
def invite(demo: Demo, *, by: By, at: datetime | None = None) -> list[Invitation]:
    """Invite everybody who should see it and is not invited yet, each by a mail with a link of their own.

    A second call invites those who came in since; whose link was taken back is not asked again. NotAllowed for a demo
    that is over.
    """
    if demo.is_over:
        raise NotAllowed(_("This session is over."))
    Demo.objects.select_for_update(no_key=True).get(pk=demo.pk)
    known = set(demo.invitations.values_list("user", flat=True))
    wanted = {user: reason for user, reason in people_for(demo).items() if user.pk not in known}
    now = at or timezone.now()
    made = [
        Invitation(demo=demo, user=user, reason=reason, nonce=get_random_string(24), sent_at=now)
        for user, reason in wanted.items()
    ]
    Invitation.objects.bulk_create(made)
    for invitation in made:
        send(invitation)
    if made:
        events.record("demo.invited", demo, by=by, at=at, invitations=[row.pk for row in made])
    return made


def people_for(demo: Demo) -> dict[User, str]:
    """Whom to invite and why: managers, or the authors and voters of what they may see of the release."""
    if demo.audience == Audience.MANAGERS:
        return dict.fromkeys(people_who_may("sign_off_managers", demo.release.product), Reason.STAFF)
    group = demo_ideas.groups(demo_ideas.changes_of(demo.release))
    voters = dict.fromkeys(voters_of(demo.release.product, group), Reason.VOTE)
    authors = User.objects.filter(is_active=True, ideas__in=group).distinct().order_by("pk")
    return voters | dict.fromkeys(authors, Reason.AUTHOR)


def voters_of(product: Product, group: Iterable[int]) -> list[User]:
    """The active voters of these ideas who may still see one that they voted for."""
    everybody_sees = Idea.objects.visible_to(Actor(None, product)).filter(pk__in=group)
    active = User.objects.filter(is_active=True).order_by("pk")
    found = list(active.filter(votes__idea__in=everybody_sees).distinct())
    others = active.filter(votes__idea__in=group).exclude(pk__in=[user.pk for user in found]).distinct()
    return found + [user for user in others if sees_what_they_chose(user, product, group)]


def sees_what_they_chose(user: User, product: Product, group: Iterable[int]) -> bool:
    visible = Idea.objects.visible_to(actor_for(user, product))
    return visible.filter(pk__in=group, vote_rows__user=user).exists()


def send(invitation: Invitation) -> None:
    """One mail with the person's own link, in their language and their time."""
    user, demo = invitation.user, invitation.demo
    with translation.override(user.language), timezone.override(zone(user.time_zone)):
        tell(
            [user],
            "demo.invited",
            url=link(invitation),
            key=key_of(invitation),
            product=demo.release.product,
            name=demo.release.product,
            when=when(demo),
        )


def key_of(invitation: Invitation) -> str:
    """The name of its mail in the outbox."""
    return f"demo:{invitation.demo_id}:invited"


def when(demo: Demo) -> str:
    """A sentence about the time, in the language and zone that are active."""
    if demo.is_open:
        return _("It is open now.")
    return _("It opens on %(day)s.") % {"day": moment(demo.starts_at)}


def moment(at: datetime) -> str:
    """ "Friday, 27 November, 15:00" in the reader's zone and language."""
    return f"{weekday(timezone.localtime(at))}, {clock(at)}"


def link(invitation: Invitation) -> str:
    """The path of the person's own page."""
    return reverse("releases:preview", args=[signer().sign_object([invitation.pk, invitation.nonce])])


def signer() -> signing.Signer:
    """Without a time in the signature: a link stays the same, and its end moves with the demo's."""
    return signing.Signer(salt=SALT)


def link_for(release: Release, user: User) -> str:
    """The person's own link to a demo of the release that is coming or open; "" without one."""
    coming = Q(demo__status__in=[Demo.Status.PLANNED, Demo.Status.OPEN], demo__release=release)
    found = Invitation.objects.filter(coming, user=user, revoked_at=None).order_by("-id").first()
    return link(found) if found else ""


def read(token: str, product: Product, *, at: datetime | None = None) -> Invitation:
    """The invitation behind a link; Shut, saying what to do, for one that does not open (any more) here."""
    invitation = find(token)
    if invitation is None or invitation.demo.release.product_id != product.pk:
        raise Shut(FORGED, _("The link is not complete. Open it again from the mail, or copy all of it."))
    if invitation.is_revoked or not invitation.user.is_active:
        raise Shut(OVER, _("This link was taken back. If you think that is a mistake, answer the mail."))
    if invitation.demo.is_cancelled or invitation.demo.release.status == Release.Status.DROPPED:
        raise Shut(OVER, _("This demo does not take place."))
    if (at or timezone.now()) > invitation.demo.links_end_at:
        raise Shut(OVER, _("This demo is over. What came of it is on the page “What's new”."))
    return invitation


def find(token: str) -> Invitation | None:
    """What the link was made for; None for one that nobody made."""
    rows = Invitation.objects.select_related("user", "demo__host", "demo__release__product", "demo__release__candidate")
    try:
        pk, nonce = signer().unsign_object(token)
        return rows.filter(pk=int(pk), nonce=str(nonce)).first()
    except (signing.BadSignature, ValueError, TypeError):
        return None


@transaction.atomic
def note_opened(invitation: Invitation, *, at: datetime | None = None) -> None:
    """The link was opened: the first time counts, and during the session it means that the person came."""
    mine, now = Invitation.objects.filter(pk=invitation.pk), at or timezone.now()
    if invitation.opened_at is None:
        mine.filter(opened_at=None).update(opened_at=now)
    if invitation.demo.is_open and invitation.attended is None:
        mine.filter(attended=None).update(attended=True)


@transaction.atomic
def revoke(invitation: Invitation, *, by: By, at: datetime | None = None) -> None:
    """The link opens no more; what was answered stays."""
    if Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=at or timezone.now()):
        events.record("demo.revoked", invitation.demo, by=by, at=at, invitation=invitation.pk)


@transaction.atomic
def note_attendance(demo: Demo, *, came: Iterable[int], by: By, at: datetime | None = None) -> None:
    """The host's list: those of these invitations came, the others did not."""
    listed = set(demo.invitations.values_list("pk", flat=True))
    here = listed & set(came)
    now_here = demo.invitations.filter(pk__in=here).exclude(attended=True).update(attended=True)
    not_here = demo.invitations.exclude(pk__in=here).exclude(attended=False).update(attended=False)
    if now_here or not_here:
        events.record("demo.attended", demo, by=by, at=at, came=sorted(here))
