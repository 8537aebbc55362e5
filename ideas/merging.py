"""Point 1: duplicates become one idea by a pointer, so that un-merging is exact.

Nothing is moved or copied: votes, followers and comments stay where they were given, and a primary counts the
DISTINCT union over its group. `merged_into` is a tree (a group can be merged into a group); `canonical` is its root.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from ideas import telling
from ideas.models import Idea, Stop, Vote
from lifecycle import events, notifications
from lifecycle.models import User
from lifecycle.transitions import NotAllowed

RECOUNT = """
UPDATE ideas_idea p SET
    votes = (SELECT count(DISTINCT v.user_id) FROM ideas_vote v JOIN ideas_idea m ON m.id = v.idea_id
             WHERE m.id = p.id OR m.canonical_id = p.id),
    comments = (SELECT count(*) FROM lifecycle_comment c JOIN ideas_idea m ON m.id = c.subject_id
                WHERE c.subject_kind = 'idea' AND c.audience = 'public' AND (m.id = p.id OR m.canonical_id = p.id)),
    merged_count = (SELECT count(*) FROM ideas_idea m WHERE m.canonical_id = p.id)
WHERE p.id = ANY(%s)
"""
BRANCH = """
WITH RECURSIVE branch AS (
    SELECT id FROM ideas_idea WHERE merged_into_id = %s
    UNION SELECT child.id FROM ideas_idea child JOIN branch ON child.merged_into_id = branch.id
)
SELECT id FROM branch
"""
ONE_MERGE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('ideas.merge'), %s)"


@dataclass(frozen=True)
class Preview:
    """What a merge would bring together; people are counted once."""

    only_here: int
    both: int
    only_there: int
    comments: int

    @property
    def total(self) -> int:
        return self.only_here + self.both + self.only_there

    @property
    def shows_here(self) -> bool:
        """Whether the bar's part is wide enough for words (a fifth)."""
        return 5 * self.only_here >= self.total

    @property
    def shows_there(self) -> bool:
        return 5 * self.only_there >= self.total


def preview(idea: Idea, *, into: Idea) -> Preview:
    """How many people voted only for `idea`, only for `into`, and for both. Raises NotAllowed where a merge would."""
    check(idea, into)
    here, there = voters(idea), voters(into)
    return Preview(len(here - there), len(here & there), len(there - here), idea.comments)


def people_to_tell(idea: Idea, into: Idea, *, by: User) -> list[User]:
    """Who follows `idea` but not `into` yet: nothing changes for the others."""
    return list(telling.followers(idea).exclude(pk__in=telling.followers(into).values("pk")).exclude(pk=by.pk))


def voters(idea: Idea) -> set[int]:
    return set(Vote.objects.filter(idea__in=Idea.objects.group_of(idea.pk)).values_list("user_id", flat=True))


@transaction.atomic
def merge(idea: Idea, *, into: Idea, by: User, at: datetime | None = None) -> None:
    """Make `idea` (with everything that was merged into it) a wording of `into`; the people who asked are told.

    Raises NotAllowed if either was merged already, the products differ, a public idea would disappear into a team-only
    one, or `idea` is already being built.
    """
    lock_groups(idea, into)
    check(idea, into)
    to_tell = people_to_tell(idea, into, by=by)
    Idea.objects.filter(canonical=idea).update(canonical=into)
    Idea.objects.filter(pk=idea.pk).update(canonical=into, merged_into=into)
    idea.canonical = idea.merged_into = into
    recount(idea, into)
    event = events.record("idea.merged", idea, by=by, at=at, into=into.pk)
    url, key = telling.url_of(into), f"event:{event.pk}"
    notifications.tell(
        to_tell, "idea.merged", url=url, key=key, product=idea.product, title=idea.title, into=into.title
    )


@transaction.atomic
def unmerge(idea: Idea, *, by: User, at: datetime | None = None) -> None:
    """Take the idea, with what was merged into it, out of its group again: every vote is back where it was cast."""
    lock_groups(idea, idea)
    if not idea.is_merged:
        raise NotAllowed(_("Idea %(number)s is not merged.") % {"number": idea.number})
    primary = Idea.objects.get(pk=idea.canonical_id)
    with connection.cursor() as cursor:
        cursor.execute(BRANCH, [idea.pk])
        branch = [row[0] for row in cursor.fetchall()]
    Idea.objects.filter(pk=idea.pk).update(canonical=None, merged_into=None)
    Idea.objects.filter(pk__in=branch).update(canonical=idea)
    idea.canonical = idea.merged_into = None
    recount(idea, primary)
    events.record("idea.unmerged", idea, by=by, at=at, out_of=primary.pk)


def lock_groups(*ideas: Idea) -> None:
    """Hold every row of the ideas' groups, in order of their keys, and reload the ideas under the lock.

    Merges of one product run one at a time, so the groups cannot grow while they are being locked; the row locks keep
    votes and journeys out.
    """
    with connection.cursor() as cursor:
        cursor.execute(ONE_MERGE_AT_A_TIME, [ideas[0].product_id])
    for idea in ideas:
        idea.refresh_from_db(fields=["canonical", "merged_into"])
    roots = {idea.canonical_id or idea.pk for idea in ideas}
    rows = Idea.objects.filter(pk__in=roots) | Idea.objects.filter(canonical__in=roots)
    list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    for idea in ideas:
        idea.refresh_from_db()


def check(idea: Idea, into: Idea) -> None:
    """Raise NotAllowed with what to do instead, unless `idea` can be merged into `into`."""
    if idea.pk == into.pk:
        raise NotAllowed(_("An idea cannot be merged into itself."))
    if idea.product_id != into.product_id:
        raise NotAllowed(_("The two ideas belong to different products."))
    for one in (idea, into):
        if one.is_merged:
            raise NotAllowed(
                _("Idea %(number)s was merged into %(into)s; merge there.")
                % {"number": one.number, "into": one.canonical.number}
            )
    if into.team_only and not idea.team_only:
        raise NotAllowed(
            _("Only the team sees idea %(into)s: merge it into %(number)s, the other way round.")
            % {"number": idea.number, "into": into.number}
        )
    if idea.stop >= Stop.PLANNED:
        raise NotAllowed(
            _("Idea %(number)s is planned already: merge %(into)s into it, the other way round.")
            % {"number": idea.number, "into": into.number}
        )


def recount(*ideas: Idea) -> None:
    """Count the groups of these ideas anew; the caller holds their locks."""
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT, [[idea.pk for idea in ideas]])
    for idea in ideas:
        idea.refresh_from_db(fields=["votes", "comments", "merged_count"])
