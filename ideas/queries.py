"""The words of the ideas' queryset; every list, count, search, feed and API reads through `visible_to`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q, Value
from django.db.models.expressions import RawSQL

from ideas.stops import Stop

if TYPE_CHECKING:
    from datetime import datetime

    from lifecycle.models import User
    from lifecycle.roles import Actor

SHOWN = {
    "open": Q(stop__lt=Stop.PLANNED) & ~Q(status__in=["declined", "answered"]),
    "planned": Q(stop=Stop.PLANNED),
    "progress": Q(stop__gt=Stop.PLANNED, stop__lt=Stop.PRODUCTION),
    "live": Q(stop__gte=Stop.PRODUCTION),
    "declined": Q(status="declined"),
}
ORDERS = {"votes": ("votes", "id"), "newest": ("id",), "moved": ("moved_at", "id")}


class IdeaQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> IdeaQuerySet:
        """The product's ideas that `actor` may see: all for the team, else public ones and one's own."""
        ideas = self.filter(product=actor.product)
        if actor.is_team:
            return ideas
        return ideas.filter(Q(team_only=False) | Q(author=actor.user)) if actor.user else ideas.filter(team_only=False)

    def primary(self) -> IdeaQuerySet:
        """Without the ideas that were merged into another one."""
        return self.filter(canonical=None)

    def group_of(self, primary_id: int) -> IdeaQuerySet:
        """A primary and every wording that was merged into it, also through another."""
        return self.filter(Q(pk=primary_id) | Q(canonical=primary_id))

    def shown(self, which: str) -> IdeaQuerySet:
        """One of SHOWN (open, planned, progress, live, declined); anything else shows all."""
        return self.filter(SHOWN[which]) if which in SHOWN else self

    def followed_by(self, user: User) -> IdeaQuerySet:
        """The primaries that `user` follows, for whatever reason."""
        followed = self.model._default_manager.filter(subscriptions__user=user)
        return self.filter(
            Q(pk__in=followed.values("pk")) | Q(pk__in=followed.exclude(canonical=None).values("canonical"))
        )

    def in_order(self, order: str) -> IdeaQuerySet:
        """Newest-like first by one of ORDERS; unknown orders are by votes."""
        return self.order_by(*(f"-{name}" for name in ORDERS.get(order, ORDERS["votes"])))

    def popular(self) -> IdeaQuerySet:
        return self.in_order("votes")

    def after(self, order: str, key: tuple[object, ...]) -> IdeaQuerySet:
        """The rows behind `key`, the values of ORDERS of the last row that was shown."""
        names = ORDERS.get(order, ORDERS["votes"])
        if len(names) == 1:
            return self.filter(**{f"{names[0]}__lt": key[0]})
        columns = ", ".join(f"ideas_idea.{name}" for name in names)
        marks = ", ".join(["%s"] * len(names))
        return self.filter(RawSQL(f"({columns}) < ({marks})", list(key), output_field=models.BooleanField()))

    def matching(self, words: str) -> IdeaQuerySet:
        """Ideas whose text has all the words (by their stems), or whose number is given ("128", "#128")."""
        number = words.strip().removeprefix("#")
        found = Q(pk__in=RawSQL(MATCHING, [folded(words)]))
        if number.isdecimal() and len(number) < 9:
            found |= Q(number=int(number))
        return self.filter(found)

    def with_mine(self, user: User | None) -> IdeaQuerySet:
        """Adds `voted`: whether `user` voted for any wording of the group."""
        if user is None:
            return self.annotate(voted=Value(False))
        return self.annotate(voted=RawSQL(MINE, [user.pk, user.pk], output_field=models.BooleanField()))

    def waiting(self, *, at: datetime) -> IdeaQuerySet:
        """What triage has to decide: new ones and those whose snooze has ended, oldest first.

        One that was triaged before wakes on the agenda instead.
        """
        due = Q(status="new") | Q(status="snoozed", snoozed_until__lte=at, urgency=None)
        return self.primary().filter(due).order_by("created_at", "id")

    def queue(self) -> IdeaQuerySet:
        """The development queue in its order: accepted, not planned yet."""
        return self.primary().filter(queue_rank__gt=0).order_by("queue_rank", "id")


# Written out, because the list's page and its API build it anew for every request.
MINE = """
EXISTS (SELECT 1 FROM ideas_vote v WHERE v.idea_id = ideas_idea.id AND v.user_id = %s)
OR ideas_idea.merged_count > 0 AND EXISTS (
    SELECT 1 FROM ideas_vote v JOIN ideas_idea m ON m.id = v.idea_id
    WHERE m.canonical_id = ideas_idea.id AND v.user_id = %s
)
"""
MATCHING = "SELECT id FROM ideas_idea WHERE words @@ websearch_to_tsquery('russian', %s)"


def folded(text: str) -> str:
    """ё and е are the same letter to a search, as in the generated column."""
    return text.replace("ё", "е").replace("Ё", "Е")


def next_rank() -> RawSQL:
    """The rank behind the whole queue of the row's own product, for an UPDATE."""
    return RawSQL(
        "(SELECT coalesce(max(q.queue_rank), 0) + 1 FROM ideas_idea q WHERE q.product_id = ideas_idea.product_id)", []
    )
