"""What whoever asks is promised, and how it is kept: a decision in time, and how long ideas wait at each stop."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas.models import Decision, Idea, Rhythm, Stop
from lifecycle.models import Event, Product

WINDOW_DAYS = 90
ENOUGH = 5
"""Below so many cases a median says nothing: the number of cases is shown instead."""
DECIDED = ["idea.accepted", "idea.declined", "idea.answered"]
UNDECIDED = (Idea.Status.NEW, Idea.Status.TRIAGED)

# The first decision counts, from when people were told: what is opened again was answered in time all the same.
KEPT = """
WITH asked AS (
    SELECT i.created_at + make_interval(days => %(days)s) AS due, i.status, least(
        (SELECT min(e.at) FROM lifecycle_event e
         WHERE e.subject_kind = 'idea' AND e.subject_id = i.id AND e.verb = ANY(%(decided)s)),
        (SELECT min(s.closed_at) FROM ideas_decision d JOIN ideas_agendaitem a ON a.id = d.item_id
         JOIN ideas_reviewsession s ON s.id = a.session_id WHERE a.idea_id = i.id AND d.undone_at IS NULL)
    ) AS decided_at
    FROM ideas_idea i
    WHERE i.product_id = %(product)s AND i.canonical_id IS NULL
        AND (i.created_at >= %(since)s OR i.status = ANY(%(undecided)s))
)
SELECT count(*) FILTER (WHERE decided_at <= due), count(decided_at),
    count(*) FILTER (WHERE decided_at IS NULL AND status = ANY(%(undecided)s) AND due < %(now)s)
FROM asked
"""

# An idea waits at Idea from its first day, at each further stop until it reaches the next one or is taken back.
WAITS = """
WITH steps AS (
    SELECT e.subject_id AS idea, (e.data->>'stop')::int AS stop, e.at, e.id FROM lifecycle_event e
    WHERE e.product_id = %(product)s AND e.subject_kind = 'idea' AND e.verb = 'idea.reached'
    UNION ALL
    SELECT i.id, 1, i.created_at, 0 FROM ideas_idea i WHERE i.product_id = %(product)s AND i.canonical_id IS NULL
), stays AS (
    SELECT stop, at, lead(at) OVER (PARTITION BY idea ORDER BY id, at) AS left_at FROM steps
)
SELECT stop, count(*), extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY left_at - at))
FROM stays WHERE left_at >= %(since)s GROUP BY stop ORDER BY stop
"""


@dataclass(frozen=True)
class Kept:
    """How the promised decision was kept in the last WINDOW_DAYS; `days` is None where nothing is promised."""

    days: int | None
    in_time: int = 0
    decided: int = 0
    overdue: int = 0

    @property
    def words(self) -> str:
        """ "9 of 10 decided in time; 3 overdue"."""
        if self.days is None:
            return _("No decision is promised")
        if not self.decided and not self.overdue:
            return _("Nothing was decided yet")
        facts = {"in_time": self.in_time, "n": self.decided, "overdue": self.overdue}
        decided = (
            ngettext("%(in_time)s of %(n)s decided in time", "%(in_time)s of %(n)s decided in time", self.decided)
            % facts
        )
        overdue = ngettext("%(overdue)s overdue", "%(overdue)s overdue", self.overdue) % facts
        return "; ".join(part for part, count in ((decided, self.decided), (overdue, self.overdue)) if count)


@dataclass(frozen=True)
class Wait:
    """How long ideas stay at one stop: the median in days over `cases`, which is None below ENOUGH."""

    stop: Stop
    cases: int
    median_days: float | None

    @property
    def words(self) -> str:
        if self.median_days is None:
            return ngettext("%(n)s idea so far", "%(n)s ideas so far", self.cases) % {"n": self.cases}
        if self.median_days < 1:
            return _("half of them less than a day")
        days = round(self.median_days)
        return ngettext("half of them %(n)s day at most", "half of them %(n)s days at most", days) % {"n": days}


def kept(product: Product, days: int | None, *, at: datetime) -> Kept:
    """How often the first decision came within `days` of the question; one statement."""
    if days is None:
        return Kept(None)
    facts = {"product": product.pk, "days": days, "now": at, "since": at - timedelta(days=WINDOW_DAYS)}
    lists = {"decided": DECIDED, "undecided": list(UNDECIDED)}
    with connection.cursor() as cursor:
        cursor.execute(KEPT, facts | lists)
        return Kept(days, *cursor.fetchone())


def waits(product: Product, *, at: datetime) -> list[Wait]:
    """The stops that ideas left in the last WINDOW_DAYS, in their order; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(WAITS, {"product": product.pk, "since": at - timedelta(days=WINDOW_DAYS)})
        rows = cursor.fetchall()
    return [
        Wait(Stop(stop), cases, float(seconds) / 86400 if cases >= ENOUGH else None) for stop, cases, seconds in rows
    ]


def overdue(product: Product, days: int | None, *, at: datetime) -> QuerySet[Idea]:
    """Ideas that nobody decided about within the promised days, the oldest first; what sleeps is not late."""
    if days is None:
        return Idea.objects.none()
    ideas = Idea.objects.primary().filter(product=product, status__in=UNDECIDED)
    late = ideas.filter(created_at__lt=at - timedelta(days=days)).exclude(was_decided(OuterRef("pk")))
    return late.order_by("created_at", "id")


def was_decided(idea: Any) -> Q:
    """Whether people were told a decision about the idea of this key, as a condition for a query."""
    happened = Event.objects.filter(subject_kind="idea", subject_id=idea, verb__in=DECIDED)
    said = Decision.objects.filter(item__idea=idea, undone_at=None, item__session__closed_at__isnull=False)
    return Q(Exists(happened)) | Q(Exists(said))


def promised_for(idea: Idea, rhythm: Rhythm | None) -> datetime | None:
    """By when whoever asked gets a first decision; None while it sleeps, and where nothing is promised."""
    if rhythm is None or rhythm.decision_days is None or idea.status not in UNDECIDED:
        return None
    return idea.created_at + timedelta(days=rhythm.decision_days)
