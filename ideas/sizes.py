"""How big an idea is, as far as the board knows."""

from ideas.models import AgendaItem
from ideas.triage import POINTS
from lifecycle.models import Role


def suggested_size(item: AgendaItem) -> int:
    """The size of an idea in points (or days): its own, else what the team lead's complexity suggests."""
    return item.idea.points or POINTS[lead_complexity(item) or item.idea.complexity or 3]


def lead_complexity(item: AgendaItem) -> int | None:
    """How complex the team lead says it is, in the present round; None if that is unknown."""
    lead = (ballot.complexity for ballot in item.current if Role.TEAM_LEAD in ballot.roles)
    return next(lead, None)
