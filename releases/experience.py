"""How ideas like this one really went: what was estimated, how long it took, and how often it came back.

Medians and ranges of the product's own shipped ideas; a mean would be one long case. Below MINIMUM cases nothing is
said but what is missing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import search
from ideas.models import Idea
from lifecycle.roles import Actor

MINIMUM = 5
MOST = 30

# From the first push of its first change to the day when all of them had been live once.
CASES = """
WITH began AS (
    SELECT e.subject_id AS change_id, min(e.at) FILTER (WHERE e.verb = 'change.development') AS at,
        min(e.at) FILTER (WHERE e.verb = 'change.live') AS live_at,
        count(*) FILTER (WHERE e.verb = 'change.development' AND e.from_status = 'live') AS taken_back
    FROM lifecycle_event e
    WHERE e.product_id = %(product)s AND e.subject_kind = 'change' AND e.verb IN ('change.development', 'change.live')
    GROUP BY e.subject_id
)
SELECT i.number, i.title, i.language, coalesce(sum(c.estimate), i.points),
    extract(epoch FROM max(b.live_at) - min(coalesce(b.at, c.created_at))) / 86400,
    coalesce(sum((SELECT count(*) FROM releases_verdict v
        WHERE v.change_id = c.id AND v.outcome = 'returned' AND v.carried_from_id IS NULL)), 0),
    coalesce(sum(b.taken_back), 0)
FROM ideas_idea i
JOIN releases_change_ideas ci ON ci.idea_id = i.id
JOIN releases_change c ON c.id = ci.change_id AND c.status <> 'dropped'
LEFT JOIN began b ON b.change_id = c.id
WHERE i.product_id = %(product)s AND i.canonical_id IS NULL AND i.id <> %(idea)s AND {condition}
GROUP BY i.id HAVING count(*) = count(b.live_at) ORDER BY max(b.live_at) DESC LIMIT %(most)s
"""
ALIKE = "i.area_id = %(area)s AND abs(i.complexity - %(complexity)s) <= 1"
NAMED = "i.id = ANY(%(ids)s)"


class Case(NamedTuple):
    """A shipped idea: `estimate` in the product's unit (None: nobody gave one), the days it took, how often it came
    back from a tester, and how often production gave it back."""

    number: int
    title: str
    language: str
    estimate: int | None
    days: float
    returns: int
    taken_back: int

    @property
    def took(self) -> str:
        return in_days(self.days)


@dataclass(frozen=True)
class Experience:
    """What is known about ideas like one; `where` names the area they share, "" when they only read alike."""

    cases: list[Case]
    where: str

    @property
    def is_enough(self) -> bool:
        return len(self.cases) >= MINIMUM

    @property
    def missing(self) -> str:
        """ "2 of 5 needed: 3 more shipped ideas in Checkout"."""
        facts = {"n": len(self.cases), "all": MINIMUM, "more": MINIMUM - len(self.cases), "where": self.where}
        if self.where:
            text = ngettext(
                "%(n)s of %(all)s needed: %(more)s more shipped idea in %(where)s",
                "%(n)s of %(all)s needed: %(more)s more shipped ideas in %(where)s",
                facts["more"],
            )
        else:
            text = ngettext(
                "%(n)s of %(all)s needed: %(more)s more shipped idea like it",
                "%(n)s of %(all)s needed: %(more)s more shipped ideas like it",
                facts["more"],
            )
        return text % facts

    @property
    def headline(self) -> str:
        """ "Half of them took 6 days at most, from 2 days to 14 days"."""
        days = [case.days for case in self.cases]
        facts = {"half": in_days(median(days)), "least": in_days(min(days)), "most": in_days(max(days))}
        return _("Half of them took %(half)s at most, from %(least)s to %(most)s") % facts

    @property
    def estimates(self) -> str:
        """ "Estimated at 3, from 1 to 8"; "" where too few have an estimate."""
        known = [case.estimate for case in self.cases if case.estimate is not None]
        if len(known) < MINIMUM:
            return ""
        facts = {"half": f"{median(known):g}", "least": min(known), "most": max(known)}
        return _("estimated at %(half)s, from %(least)s to %(most)s") % facts

    @property
    def came_back(self) -> str:
        """How many of them testers returned, and production gave back."""
        facts = {"returned": sum(case.returns > 0 for case in self.cases), "all": len(self.cases)}
        returned = _("%(returned)s of %(all)s came back from a tester") % facts
        lost = sum(case.taken_back > 0 for case in self.cases)
        if not lost:
            return returned
        words = ngettext("%(n)s was taken back from production", "%(n)s were taken back from production", lost)
        return f"{returned}, {words % {'n': lost}}"


def of(idea: Idea, actor: Actor) -> Experience:
    """The shipped ideas of its area and complexity, give or take one; too few of them: those that read like it."""
    near: list[Case] = []
    if idea.area_id and idea.complexity:
        near = cases(idea, ALIKE, area=idea.area_id, complexity=idea.complexity)
        if len(near) >= MINIMUM:
            return Experience(near, str(idea.area))
    alike = search.similar(actor, f"{idea.title} {idea.body}", but=idea, limit=MOST)
    named = cases(idea, NAMED, ids=keys(alike))
    if len(named) >= MINIMUM or not near:
        return Experience(named, str(idea.area) if idea.area_id and not named else "")
    return Experience(near, str(idea.area))


def keys(ideas: Iterable[Idea]) -> list[int]:
    return [idea.pk for idea in ideas]


def cases(idea: Idea, condition: str, **facts: object) -> list[Case]:
    """The newest shipped ideas that meet `condition`, one of ALIKE and NAMED; one statement."""
    facts |= {"product": idea.product_id, "idea": idea.pk, "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(CASES.format(condition=condition), facts)
        rows: Sequence[Any] = cursor.fetchall()
    return [
        Case(number, title, language, estimate, max(float(days), 0.0), int(returns), int(taken_back))
        for number, title, language, estimate, days, returns, taken_back in rows
    ]


def in_days(days: float) -> str:
    """Whole days; a day is the least that is said."""
    whole = max(1, round(days))
    return ngettext("%(n)s day", "%(n)s days", whole) % {"n": whole}
