"""Who hears about an idea: the followers of its whole group who may see it."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.urls import reverse

from ideas.models import AgendaItem, Idea, ReviewSession
from lifecycle import notifications
from lifecycle.events import By, Machine
from lifecycle.models import User
from lifecycle.roles import TEAM

CLOCK = Machine("review")


def url_of(idea: Idea) -> str:
    return reverse("ideas:detail", args=[idea.number])


def url_of_review(session: ReviewSession) -> str:
    return reverse("ideas:session", args=[session.week.lower()])


def url_of_ballot(item: AgendaItem) -> str:
    return reverse("ideas:ballot", args=[item.session.week.lower(), item.pk])


def followers(idea: Idea) -> QuerySet[User]:
    """Active people who follow any wording of the group; of a team-only idea only its author and the team."""
    people = User.objects.filter(is_active=True, subscriptions__idea__in=Idea.objects.group_of(idea.pk))
    if idea.team_only:
        members = User.objects.filter(memberships__product=idea.product_id, memberships__roles__overlap=list(TEAM))
        people = people.filter(Q(pk=idea.author_id) | Q(pk__in=members))
    return people.distinct()


def tell_followers(idea: Idea, topic: str, *, by: By, key: str, **data: object) -> None:
    """Tell everybody who follows `idea`, except whoever did it."""
    people = followers(idea)
    if isinstance(by, User):
        people = people.exclude(pk=by.pk)
    notifications.tell(people, topic, url=url_of(idea), key=key, product=idea.product, title=idea.title, **data)


def tell_board(session: ReviewSession, people: Iterable[User], topic: str, *, key: str) -> None:
    """Tell `people` of the board something about the review as a whole."""
    url = url_of_review(session)
    notifications.tell(people, topic, url=url, key=key, product=session.product, week=session.week)
