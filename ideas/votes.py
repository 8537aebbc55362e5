"""Votes: one per person and group, cast in a single statement."""

from datetime import datetime

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from ideas.models import Idea, Subscription
from lifecycle.models import User
from lifecycle.transitions import NotAllowed

# The primary's row lock comes first and the counter is added to under it. Whoever waited for that lock goes on with
# the new row but an old view of all others: if the group has changed since (`merged_count`), or the primary was merged
# away, there is no row, and the vote is cast again on what is true now.
CAST = """
WITH target AS (
    SELECT id FROM ideas_idea WHERE id = %(idea)s AND canonical_id IS NULL
    AND merged_count = (SELECT seen.merged_count FROM ideas_idea seen WHERE seen.id = %(idea)s) FOR UPDATE
), new_vote AS (
    INSERT INTO ideas_vote (idea_id, user_id, created_at)
    SELECT target.id, %(user)s, %(at)s FROM target
    WHERE NOT EXISTS (
        SELECT 1 FROM ideas_vote v JOIN ideas_idea m ON m.id = v.idea_id
        WHERE m.canonical_id = %(idea)s AND v.user_id = %(user)s
    )
    ON CONFLICT (idea_id, user_id) DO NOTHING
    RETURNING id
), subscribed AS (
    INSERT INTO ideas_subscription (idea_id, user_id, reason, created_at)
    SELECT target.id, %(user)s, %(reason)s, %(at)s FROM target
    ON CONFLICT (idea_id, user_id) DO NOTHING
)
UPDATE ideas_idea SET votes = votes + (SELECT count(*) FROM new_vote)
WHERE id = (SELECT id FROM target)
RETURNING votes
"""

# A vote may have been cast on any wording of the group, so it is taken back from all of them.
TAKE_BACK = """
WITH target AS (
    SELECT id FROM ideas_idea WHERE id = %(idea)s AND canonical_id IS NULL
    AND merged_count = (SELECT seen.merged_count FROM ideas_idea seen WHERE seen.id = %(idea)s) FOR UPDATE
), wordings AS (
    SELECT id FROM target UNION SELECT m.id FROM ideas_idea m JOIN target ON m.canonical_id = target.id
), gone AS (
    DELETE FROM ideas_vote WHERE user_id = %(user)s AND idea_id IN (SELECT id FROM wordings) RETURNING id
), unsubscribed AS (
    DELETE FROM ideas_subscription
    WHERE user_id = %(user)s AND reason = %(reason)s AND idea_id IN (SELECT id FROM wordings)
)
UPDATE ideas_idea SET votes = votes - least(1, (SELECT count(*) FROM gone))
WHERE id = (SELECT id FROM target)
RETURNING votes
"""


def vote(idea: Idea, *, by: User, at: datetime | None = None, reason: str = Subscription.Reason.VOTE) -> Idea:
    """Vote for `idea`, or for the primary it was merged into, and subscribe the voter; a second vote changes nothing.

    Returns the idea that has the vote, with its new count.
    """
    return change_votes(CAST, idea, by, at or timezone.now(), reason)


def unvote(idea: Idea, *, by: User) -> Idea:
    """Take a vote back, wherever in the group it was cast; the voter no longer hears of it unless they follow it."""
    return change_votes(TAKE_BACK, idea, by, timezone.now(), Subscription.Reason.VOTE)


def change_votes(statement: str, idea: Idea, by: User, at: datetime, reason: str) -> Idea:
    """Run one of the statements on the primary, following a merge that happens meanwhile."""
    primary = idea.canonical or idea
    for _attempt in range(3):
        with connection.cursor() as cursor:
            cursor.execute(statement, {"idea": primary.pk, "user": by.pk, "at": at, "reason": reason})
            row = cursor.fetchone()
        if row:
            primary.votes = row[0]
            return primary
        fresh = Idea.objects.select_related("canonical").get(pk=primary.pk)
        primary = fresh.canonical or fresh
    raise NotAllowed(_("This idea is being merged right now. Try again in a moment."))
