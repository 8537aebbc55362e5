"""What waits for a person in points 1 and 2: triage, a ballot, an opened review to decide."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import promises, seats
from ideas.models import AgendaItem, Idea, ReviewSession, Rhythm
from lifecycle.inbox import Waiting
from lifecycle.roles import Actor


def waiting_for(actor: Actor) -> list[Waiting]:
    """Requests to triage, the idea whose ballot is missing, the review that can be opened or decided."""
    found = []
    if actor.may("triage"):
        found += [*to_triage(actor), *to_keep_promises(actor)]
    if actor.may("cast_ballot") or actor.may("run_review"):
        found += to_review(actor)
    return found


def to_triage(actor: Actor) -> list[Waiting]:
    """One entry for the whole heap: one clears it in one go."""
    waiting = Idea.objects.filter(product=actor.product).waiting(at=timezone.now())
    created = list(waiting.values_list("created_at", flat=True)[:100])
    if not created:
        return []
    title = ngettext("%(n)s request waits for triage", "%(n)s requests wait for triage", len(created))
    return [
        Waiting(
            title % {"n": len(created)},
            _("Nobody has looked at it yet; similar ones are beside each."),
            created[0],
            reverse("ideas:triage"),
            _("Start triage"),
            "list-checks",
        )
    ]


def to_keep_promises(actor: Actor) -> list[Waiting]:
    """One entry for all whose promised decision is late."""
    now = timezone.now()
    days = Rhythm.of(actor.product).decision_days
    asked = list(promises.overdue(actor.product, days, at=now).values_list("created_at", flat=True)[:100])
    if not asked:
        return []
    title = ngettext("%(n)s promised decision is overdue", "%(n)s promised decisions are overdue", len(asked))
    why = ngettext("A decision within %(n)s day was promised.", "A decision within %(n)s days was promised.", days)
    return [
        Waiting(
            title % {"n": len(asked)},
            why % {"n": days},
            asked[0] + timedelta(days=days),
            reverse("ideas:promises"),
            _("See which"),
            "alarm-clock",
        )
    ]


def to_review(actor: Actor) -> list[Waiting]:
    """The idea on stage: my ballot, or the decision; and a planned review whose time has come."""
    items = AgendaItem.objects.filter(session__product=actor.product, session__status=ReviewSession.Status.OPEN)
    on_stage = items.filter(status__in=[AgendaItem.Status.VOTING, AgendaItem.Status.REVEALED])
    item = on_stage.select_related("session__product", "idea").first()
    if item is None:
        return to_open(actor)
    if item.status == AgendaItem.Status.REVEALED:
        return [to_decide(item)] if actor.may("decide") else []
    return [*to_cast(item, actor), *to_reveal(item, actor)]


def to_cast(item: AgendaItem, actor: Actor) -> list[Waiting]:
    own_seats = [seat for seat in seats.table(item).seats if actor.user in seat.people]
    is_cast = any(seat.ballot and seat.ballot.voter_id == actor.user.pk for seat in own_seats)
    if is_cast or all(seat.ballot for seat in own_seats):
        return []
    return [
        Waiting(
            _("Your ballot on “%(idea)s” is missing") % {"idea": item.idea.title},
            _("The ballots of review %(week)s open together.") % {"week": item.session.week},
            item.added_at,
            reverse("ideas:ballot", args=[item.session.week.lower(), item.pk]),
            _("Cast your ballot"),
            "vote",
        )
    ]


def to_reveal(item: AgendaItem, actor: Actor) -> list[Waiting]:
    if not actor.may("run_review") or not seats.table(item).is_full:
        return []
    return [
        Waiting(
            _("All ballots on “%(idea)s” are in") % {"idea": item.idea.title},
            _("You run the review: open them together."),
            item.added_at,
            reverse("ideas:session", args=[item.session.week.lower()]),
            _("Open the ballots"),
            "eye",
        )
    ]


def to_decide(item: AgendaItem) -> Waiting:
    return Waiting(
        _("“%(idea)s” waits for the board's decision") % {"idea": item.idea.title},
        _("The ballots are open; the decision needs a reason."),
        item.added_at,
        reverse("ideas:session", args=[item.session.week.lower()]),
        _("Decide"),
        "scale",
    )


def to_open(actor: Actor) -> list[Waiting]:
    """A planned review with something on its agenda; before its time it says when that is."""
    if not actor.may("run_review"):
        return []
    planned = ReviewSession.objects.filter(product=actor.product, status=ReviewSession.Status.PLANNED)
    review = planned.filter(items__isnull=False).order_by("starts_at").first()
    if review is None:
        return []
    return [
        Waiting(
            _("The review of %(week)s can be opened") % {"week": review.week},
            _("Ideas are on its agenda; the board votes once it is open."),
            min(review.starts_at, timezone.now()),
            reverse("ideas:session", args=[review.week.lower()]),
            _("Open the review"),
            "scale",
        )
    ]
