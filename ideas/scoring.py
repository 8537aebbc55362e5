"""The order of an agenda: one number per idea, whose parts the page shows.

importance × 10 + urgency × 6 − complexity × 3 (each 1 to 5 as triage or the last review left them; unknown counts as
3), + 8 for every doubling of the votes, + 1 for each week since it was shared (at most 8), + 15 for what comes back
from production or from a customer, + 10 for what the last review did not reach.
"""

import math
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from ideas.models import AgendaItem

IMPORTANCE, URGENCY, COMPLEXITY = 10, 6, -3
UNKNOWN = 3
PER_DOUBLING, MAX_WEEKS = 8, 8
CAME_BACK, CARRIED = 15, 10
BACK = (AgendaItem.Reason.FEEDBACK, AgendaItem.Reason.RETURNED)


class Part(NamedTuple):
    """A reason for the score, and by how much."""

    name: str
    by: int


def parts(item: AgendaItem, *, at: datetime) -> list[Part]:
    """What the score is made of; parts that count nothing are left out."""
    idea = item.idea
    weeks = min(MAX_WEEKS, max(0, (at - idea.created_at).days // 7))
    found = [
        Part(_("importance"), (idea.importance or UNKNOWN) * IMPORTANCE),
        Part(_("urgency"), (idea.urgency or UNKNOWN) * URGENCY),
        Part(_("complexity"), (idea.complexity or UNKNOWN) * COMPLEXITY),
        Part(_("votes"), round(PER_DOUBLING * math.log2(1 + idea.votes))),
        Part(_("weeks"), weeks),
        Part(_("came back"), CAME_BACK if item.reason in BACK else 0),
        Part(_("carried over"), CARRIED if item.carried_from_id else 0),
    ]
    return [part for part in found if part.by]


def score(item: AgendaItem, *, at: datetime) -> int:
    """The sum of its parts."""
    return sum(part.by for part in parts(item, at=at))
