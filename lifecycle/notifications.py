"""The outbox: who is told of what, over which channel. Rows are written with their cause and sent by a worker."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from lifecycle.events import Machine
from lifecycle.logs import logger
from lifecycle.models import Notification, Preference, Product, User
from lifecycle.models.messages import Channel
from lifecycle.topics import EMAIL, TOPICS
from lifecycle.transitions import move

MAX_ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 30
MAILER = Machine("mail")

Choice = tuple[str, str]


@dataclass(frozen=True)
class News:
    """One thing to tell: `data` fills the topic's sentence, `url` is a path of this site, `key` tells it apart."""

    url: str
    key: str
    data: Mapping[str, Any]


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
    """`tell_all` for one piece of news."""
    tell_all(people, topic, [News(url, key, data)], product=product, due_in_seconds=due_in_seconds)


def tell_all(
    people: Iterable[User],
    topic: str,
    news: Iterable[News],
    *,
    product: Product | None,
    due_in_seconds: float = 0,
) -> None:
    """Write the outbox rows for `people`, once per (person, channel, key); KeyError for an unknown topic.

    Lazy texts are kept in each person's language. Inactive people are left out. A thousand rows
    are one statement.
    """
    everybody = {person.pk: person for person in people if person.is_active}
    switched = {(p.user_id, p.channel): p.enabled for p in Preference.objects.filter(event=topic, user__in=everybody)}
    told = [
        (person, channel)
        for person in everybody.values()
        for channel in Channel
        if switched.get((person.pk, channel), channel in TOPICS[topic].channels)
    ]
    now = timezone.now()
    dates = {"created_at": now, "due_at": now + timedelta(seconds=due_in_seconds)}
    rows = [row for one in news for row in _rows(one, told, event=topic, product=product, **dates)]
    Notification.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)


def _rows(one: News, told: list[tuple[User, Channel]], *, product: Product | None, **facts: Any) -> list[Notification]:
    """One piece of news for everybody who is told, in their languages."""
    address = address_in(product, one.url)
    words = {language: in_language(language, one.data) for language in {person.language for person, _channel in told}}
    return [
        Notification(
            user=person,
            product=product,
            channel=channel,
            status=Notification.Status.QUEUED if channel == EMAIL else Notification.Status.SENT,
            url=address,
            data=words[person.language],
            key=one.key,
            **facts,
        )
        for person, channel in told
    ]


def address_in(product: Product | None, url: str) -> str:
    """`url` below its product's prefix: workers know none, and a mail is opened outside the product's pages."""
    if product is None or product.is_default or url.startswith("/p/"):
        return url
    return f"/p/{product.slug}{url}"


def in_language(language: str, data: Mapping[str, Any]) -> dict[str, str]:
    with translation.override(language):
        return {name: str(value) for name, value in data.items()}


def sentence(notification: Notification) -> str:
    """What the notification says, in the language that is active."""
    text: str = str(TOPICS[notification.event].sentence) % notification.data
    return text


def send_due(*, limit: int = 100) -> int:
    """Mail what is due; a failure is kept on its row and tried again later. Returns how many were sent."""
    due = Notification.objects.filter(status=Notification.Status.QUEUED, due_at__lte=timezone.now())
    return sum(send(row) for row in due.select_related("user").order_by("id")[:limit])


def send(row: Notification) -> bool:
    """Mail one row; False if another worker has it or it could not be sent.

    The attempt is counted and the next one dated before the mail leaves: two workers never send the same row, and
    a worker that dies in between is like a failure.
    """
    mine = Notification.objects.filter(pk=row.pk, status=Notification.Status.QUEUED, attempts=row.attempts)
    pause = timedelta(seconds=FIRST_PAUSE_SECONDS * 4**row.attempts)
    if not mine.update(attempts=F("attempts") + 1, due_at=timezone.now() + pause):
        return False
    row.attempts += 1
    try:
        mail(row)
    except Exception as error:  # whatever is wrong with one row, the others must still leave
        note_failure(row, error)
        return False
    move(row, Notification.Status.SENT, by=MAILER, silent=True, sent_at=timezone.now(), error="")
    return True


def mail(row: Notification) -> None:
    """Raises OSError when the server does not take it, ValueError for somebody who may not be told any more."""
    if not row.user.is_active:
        raise ValueError(_("This person was deactivated."))
    with translation.override(row.user.language):
        text = sentence(row)
        why = _("Choose what you are told: %(url)s") % {"url": f"{settings.PUBLIC_URL}/account/"}
        body = f"{text}\n\n{settings.PUBLIC_URL}{row.url}\n\n-- \n{row.product or 'Lifecycle'}\n{why}\n"
        send_mail(" ".join(text.split()), body, None, [row.user.email])


def note_failure(row: Notification, error: Exception) -> None:
    """Keep why it failed; after MAX_ATTEMPTS, or for a deactivated person, give up visibly."""
    logger.warning("mail %s, attempt %s: %s", row.pk, row.attempts, error)
    if row.attempts >= MAX_ATTEMPTS or not row.user.is_active:
        move(row, Notification.Status.FAILED, by=MAILER, silent=True, error=str(error))
    else:
        Notification.objects.filter(pk=row.pk).update(error=str(error))


def mark_read(rows: Iterable[Notification]) -> None:
    """Mark sent in-app rows as read, in one statement."""
    new = [row.pk for row in rows if row.status == Notification.Status.SENT]
    if new:
        Notification.objects.filter(pk__in=new, status=Notification.Status.SENT).update(status=Notification.Status.READ)


def choices_of(user: User, topics: Iterable[str]) -> dict[Choice, bool]:
    """Whether `user` hears of each topic over each channel: their own choice, else the topic's default."""
    chosen = {(p.event, p.channel): p.enabled for p in user.preferences.all()}
    return {(t, c): chosen.get((t, c), c in TOPICS[t].channels) for t in topics for c in Channel.values}


@transaction.atomic
def choose(user: User, choices: dict[Choice, bool]) -> None:
    """Keep a person's choices; what equals the default leaves no row, so that a later default reaches them."""
    user.preferences.filter(event__in={topic for topic, _channel in choices}).delete()
    Preference.objects.bulk_create(
        Preference(user=user, event=topic, channel=channel, enabled=enabled)
        for (topic, channel), enabled in choices.items()
        if enabled != (channel in TOPICS[topic].channels)
    )
