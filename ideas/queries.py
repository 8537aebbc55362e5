"""The words of the ideas' queryset; every list, count, search, feed and API reads through `visible_to`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from lifecycle.roles import Actor


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
