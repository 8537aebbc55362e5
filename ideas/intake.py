"""Point 1: ideas come in, and people follow and comment on them."""

import re
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from ideas import telling, votes, waking
from ideas.models import Idea, Subscription
from lifecycle import events
from lifecycle.models import Comment, Product, User

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


@transaction.atomic
def submit(
    *,
    product: Product,
    author: User,
    title: str,
    body: str = "",
    kind: str = Idea.Kind.FEATURE,
    source: str = Idea.Source.CUSTOMER,
    team_only: bool = False,
    channel: str = "portal",
    at: datetime | None = None,
) -> Idea:
    """Take in an idea: it gets the product's next number, its author's vote and subscription.

    Raises ValidationError for an empty title, or for a kind or source that does not exist.
    """
    now = at or timezone.now()
    idea = Idea(product=product, author=author, title=title.strip(), body=body.strip(), kind=kind, source=source)
    idea.team_only, idea.channel, idea.language = team_only, channel, language_of(title + body)
    idea.created_at = idea.moved_at = now
    idea.clean_fields(exclude=["product", "author", "number"])
    idea.number = product.next_number("idea")
    idea.save(force_insert=True)
    votes.vote(idea, by=author, at=now, reason=Subscription.Reason.AUTHOR)
    events.record("idea.submitted", idea, by=author, at=now, source=str(source), channel=channel)
    return idea


def language_of(text: str) -> str:
    """The language an idea is written in, for the `lang` attribute: "ru" with any Cyrillic letter, else "en"."""
    return "ru" if CYRILLIC.search(text) else "en"


def follow(idea: Idea, *, by: User, at: datetime | None = None, reason: str = Subscription.Reason.FOLLOW) -> None:
    """Hear about the idea from now on; whoever already does keeps their first reason."""
    primary = idea.canonical or idea
    row = Subscription(idea=primary, user=by, reason=reason, created_at=at or timezone.now())
    Subscription.objects.bulk_create([row], ignore_conflicts=True)


def unfollow(idea: Idea, *, by: User) -> None:
    """Hear no more about the idea or any wording of its group."""
    Subscription.objects.filter(idea__in=Idea.objects.group_of(idea.canonical_id or idea.pk), user=by).delete()


@transaction.atomic
def comment(
    idea: Idea,
    *,
    by: User,
    text: str,
    audience: str = Comment.Audience.PUBLIC,
    at: datetime | None = None,
) -> Comment:
    """Say something about the idea; a public comment is told to everybody who follows it. ValidationError if empty."""
    if not text.strip():
        raise ValidationError({"text": _("Write something first.")})
    said = Comment(product=idea.product, subject_kind="idea", subject_id=idea.pk, author=by, audience=audience)
    said.text, said.created_at = text.strip(), at or timezone.now()
    said.save()
    if audience == Comment.Audience.PUBLIC:
        primary = idea.canonical or idea
        Idea.objects.filter(pk=primary.pk).update(comments=F("comments") + 1)
        telling.tell_followers(primary, "idea.comment", by=by, key=f"comment:{said.pk}", who=by)
        waking.answered(primary, by=by, text=said.text, at=at)
        follow(idea, by=by, at=at, reason=Subscription.Reason.COMMENT)
    return said
