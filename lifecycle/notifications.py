"""The outbox: who is told of what, over which channel. Rows are written with their cause and sent by a worker."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lifecycle.events import Machine
from lifecycle.logs import logger
from lifecycle.models import Notification, Preference, Product, User
from lifecycle.models.messages import Channel
from lifecycle.transitions import NotAllowed, move

IN_APP, EMAIL = Channel.IN_APP, Channel.EMAIL
MAX_ATTEMPTS = 5


@dataclass(frozen=True)
class Topic:
    """One kind of news: its sentence (filled from `Notification.data`) and the channels it uses unless switched off."""

    sentence: str | Promise
    channels: tuple[Channel, ...] = (IN_APP, EMAIL)


TOPICS: dict[str, Topic] = {
    "idea.moved": Topic(_("“%(title)s” reached %(stop)s")),
    "idea.taken_back": Topic(_("“%(title)s” was taken back: %(reason)s")),
    "idea.merged": Topic(_("“%(title)s” was merged into “%(into)s”; your vote counts there")),
    "idea.declined": Topic(_("“%(title)s” will not be done: %(reason)s")),
    "idea.answered": Topic(_("“%(title)s” was answered")),
    "idea.comment": Topic(_("%(who)s commented on “%(title)s”")),
    "review.open": Topic(_("The review of %(week)s is open: your ballot is needed")),
    "change.assigned": Topic(_("You build “%(title)s”"), (IN_APP,)),
    "change.returned": Topic(_("“%(title)s” came back from testing: %(reason)s")),
    "change.checks_failed": Topic(_("The tests of “%(title)s” failed"), (IN_APP,)),
    "change.conflict": Topic(_("“%(title)s” conflicts with %(other)s in %(files)s")),
    "change.on_staging": Topic(_("“%(title)s” is on staging and waits for a tester"), (IN_APP,)),
    "release.published": Topic(_("The plan of release %(version)s is out")),
    "release.signoff": Topic(_("Release %(version)s was shown to %(audience)s"), (IN_APP,)),
    "release.approval_needed": Topic(_("Release %(version)s waits for your approval")),
    "release.live": Topic(_("Release %(version)s is live")),
    "release.rolled_back": Topic(_("Release %(version)s was taken back: %(reason)s")),
    "deployment.failed": Topic(_("Deployment %(id)s to %(environment)s failed: %(reason)s")),
    "watch.finding": Topic(_("Watch of %(version)s: %(finding)s")),
    "watch.closed": Topic(_("The watch of %(version)s has ended: %(verdict)s")),
    "survey.open": Topic(_("Did “%(title)s” help you? Tell us")),
}


def tell(
    people: Iterable[User],
    topic: str,
    *,
    url: str,
    key: str,
    product: Product | None,
    due_in_seconds: float = 0,
    **data: Any,
) -> None:
    """Write the outbox rows for `people`, once per (person, channel, key); KeyError for an unknown topic.

    `data` fills the topic's sentence; `url` is a path of this site. Inactive people are left out.
    """
    now = timezone.now()
    everybody = {person.pk: person for person in people if person.is_active}
    switched = {(p.user_id, p.channel): p.enabled for p in Preference.objects.filter(event=topic, user__in=everybody)}
    rows = [
        Notification(
            user=person,
            product=product,
            event=topic,
            channel=channel,
            status=Notification.Status.QUEUED if channel == EMAIL else Notification.Status.SENT,
            url=url,
            data={name: str(value) for name, value in data.items()},
            key=key,
            due_at=now + timedelta(seconds=due_in_seconds),
            created_at=now,
        )
        for person in everybody.values()
        for channel in Channel
        if switched.get((person.pk, channel), channel in TOPICS[topic].channels)
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)


def sentence(notification: Notification) -> str:
    """What the notification says, in the language that is active."""
    return str(TOPICS[notification.event].sentence) % notification.data


def send_due(*, limit: int = 100) -> int:
    """Send what is due by e-mail; a failure is kept on its row and tried again later. Returns how many were sent."""
    due = Notification.objects.filter(status=Notification.Status.QUEUED, due_at__lte=timezone.now())
    return sum(send(row) for row in due.select_related("user").order_by("id")[:limit])


def send(row: Notification) -> bool:
    """Mail one row. The status moves first, so that two workers never send it twice."""
    try:
        move(row, Notification.Status.SENT, by=Machine("mail"), silent=True, sent_at=timezone.now())
    except NotAllowed:
        return False
    try:
        with translation.override(row.user.language):
            text = sentence(row)
            send_mail(text, f"{text}\n\n{settings.PUBLIC_URL}{row.url}\n", None, [row.user.email])
    except OSError as error:
        postpone(row, error)
        return False
    return True


def postpone(row: Notification, error: Exception) -> None:
    """Put a row that could not be sent back into the outbox, later and later, then give up visibly."""
    logger.warning("mail %s: %s", row.pk, error)
    final = row.attempts + 1 >= MAX_ATTEMPTS
    status = Notification.Status.FAILED if final else Notification.Status.QUEUED
    Notification.objects.filter(pk=row.pk).update(
        status=status,
        attempts=row.attempts + 1,
        error=str(error),
        due_at=timezone.now() + timedelta(seconds=30 * 4**row.attempts),
    )


def mark_read(rows: Iterable[Notification]) -> None:
    """Mark sent in-app rows as read, in one statement."""
    new = [row.pk for row in rows if row.status == Notification.Status.SENT]
    if new:
        Notification.objects.filter(pk__in=new, status=Notification.Status.SENT).update(status=Notification.Status.READ)
