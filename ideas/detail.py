"""What one idea's page shows, in three statements: the idea with its wordings, its events, its comments."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Coalesce, JSONObject
from django.utils import timezone
from django.utils.safestring import SafeString

from ideas import history, promises
from ideas.chips import KINDS, SOURCES
from ideas.markdown import render
from ideas.models import Idea, Stop, Subscription, Vote
from lifecycle.chips import Chip
from lifecycle.dates import ago, day
from lifecycle.models import Comment, Event, User
from lifecycle.roles import Actor

MOST_COMMENTS = 200


class Said(NamedTuple):
    """A comment as the page shows it."""

    who: User
    html: SafeString
    at: str
    is_team_only: bool


@dataclass(frozen=True)
class Detail:
    """One idea as `actor` sees it; `primary` is the idea itself unless it was merged."""

    idea: Idea
    primary: Idea
    body: SafeString
    journey: list[history.StopOnTheWay]
    happenings: list[history.Happening]
    comments: list[Said]
    chip: Chip
    age: str
    promised_at: datetime | None

    @property
    def source_icon(self) -> str:
        return SOURCES[self.idea.source]

    @property
    def kind_icon(self) -> str:
        return KINDS[self.idea.kind]

    @property
    def wordings(self) -> list[dict[str, Any]]:
        return self.idea.wordings

    @property
    def decided_by(self) -> str:
        """The day by which a decision was promised; "" once there is one, and where nothing is promised."""
        due = self.promised_at
        return day(due) if due else ""

    @property
    def is_overdue(self) -> bool:
        return self.promised_at is not None and self.promised_at < timezone.now()

    @property
    def can_be_reopened(self) -> bool:
        return self.primary.status in (Idea.Status.DECLINED, Idea.Status.ANSWERED, Idea.Status.SNOOZED)

    @property
    def can_be_hotfix(self) -> bool:
        """Whether it is a bug that was not turned down and is in no plan yet."""
        gone = (Idea.Status.DECLINED, Idea.Status.ANSWERED)
        return self.primary.is_bug and self.primary.stop < Stop.PLANNED and self.primary.status not in gone

    @property
    def awaits_triage(self) -> bool:
        return self.primary.status == Idea.Status.NEW

    @property
    def declined_because(self) -> str:
        """The reason of the last "no", as long as it holds."""
        if self.primary.status != Idea.Status.DECLINED:
            return ""
        return next((line.words for line in self.happenings if line.tone == "bad"), "")


def queryset(actor: Actor) -> Any:
    """The ideas that `actor` may see with what a page needs: `voted`, `following`, `wordings`, `was_decided`."""
    root = Coalesce(OuterRef("canonical_id"), OuterRef("pk"))
    merged = Idea.objects.visible_to(actor).filter(canonical=OuterRef("pk")).order_by("number")
    words = JSONObject(number="number", title="title", language="language", author="author__name", via="merged_into")
    return (
        Idea.objects.visible_to(actor)
        .select_related("canonical__author", "area", "author", "product__rhythm")
        .annotate(
            voted=mine(Vote.objects.all(), root, actor),
            following=mine(Subscription.objects.all(), root, actor),
            wordings=ArraySubquery(merged.values(words=words)),
            was_decided=promises.was_decided(root),
        )
    )


def mine(rows: Any, root: Coalesce, actor: Actor) -> Any:
    """Whether one of `rows` (votes, subscriptions) in the group of `root` is the actor's."""
    if actor.user is None:
        return Value(False)
    return Exists(rows.filter(Q(idea=root) | Q(idea__canonical=root), user=actor.user))


def detail(idea: Idea, actor: Actor) -> Detail:
    """The page of an idea from `queryset`; a merged one mirrors the journey of its primary."""
    primary, rhythm = idea.canonical or idea, getattr(idea.product, "rhythm", None)
    events = list(
        Event.objects.filter(subject_kind="idea", subject_id=primary.pk).select_related("actor", "note").order_by("id")
    )
    return Detail(
        idea=idea,
        primary=primary,
        body=render(idea.body),
        journey=history.journey(primary, events),
        happenings=history.happenings(primary, events, actor),
        comments=comments(primary, actor),
        chip=primary.chip,
        age=ago(idea.created_at),
        promised_at=None if idea.was_decided else promises.promised_for(primary, rhythm),
    )


def comments(primary: Idea, actor: Actor) -> list[Said]:
    """What was said about any visible wording of the group, oldest first; team comments only to the team."""
    group = Idea.objects.visible_to(actor).group_of(primary.pk)
    rows = Comment.objects.filter(subject_kind="idea", subject_id__in=group.values("pk")).select_related("author")
    if not actor.is_team:
        rows = rows.filter(audience=Comment.Audience.PUBLIC)
    last = list(rows.order_by("-id")[:MOST_COMMENTS])
    return [
        Said(row.author, render(row.text), ago(row.created_at), row.audience == Comment.Audience.TEAM)
        for row in reversed(last)
    ]
