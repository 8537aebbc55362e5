"""A release that is being shown: sessions that are open, and the links that people got by mail."""

from datetime import timedelta

from django.utils import timezone

from lifecycle.models import Notification, User
from releases import demos, invitations, signoffs
from releases.demo_answers import Opinion, answer
from releases.models import Demo, DemoAnswer, Invitation, Release
from tests.cast import Cast


def session(cast: Cast, release: Release, audience: str = "customers", *, minutes_ago: int = 0) -> Demo:
    """A planned session that Petra hosts; managers said yes before, if it is for customers."""
    if audience == "customers":
        signoffs.sign_off(release, audience="managers", outcome="yes", by=cast.max)
    begins = timezone.now() - timedelta(minutes=minutes_ago)
    return demos.plan(release, audience=audience, starts_at=begins, by=cast.petra)


def open_session(cast: Cast, release: Release, audience: str = "customers") -> Demo:
    """The same, open, with everybody invited."""
    demo = session(cast, release, audience)
    invitations.invite(demo, by=cast.petra)
    demos.begin(demo, by=cast.petra)
    return demo


def link_of(user: User) -> str:
    """The address in the newest mail to somebody."""
    return Notification.objects.filter(user=user, event="demo.invited", channel="email").latest("id").url


def invitation_of(demo: Demo, user: User) -> Invitation:
    return demo.invitations.select_related("demo__release__product", "demo__release__candidate", "user").get(user=user)


def says(demo: Demo, user: User, outcome: str, words: str = "") -> DemoAnswer:
    """What somebody answers about the first change."""
    change = demo.release.changes.order_by("number").first()
    opinions = [Opinion(change, outcome, words)]
    return answer(invitation_of(demo, user), opinions, digest=demo.release.candidate.digest)[0]
