"""What waits for a person in points 1 and 2: triage, a ballot, an opened review to decide."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import board_waiting, promises
from ideas.models import Idea, Rhythm
from lifecycle.inbox import Waiting
from lifecycle.roles import Actor


def waiting_for(actor: Actor) -> list[Waiting]:
    """Requests to triage, the idea whose ballot is missing, the review that can be opened or decided."""
    found = []
    if actor.may("triage"):
        found += [*to_triage(actor), *to_keep_promises(actor)]
    if actor.may("cast_ballot") or actor.may("run_review"):
        found += board_waiting.to_review(actor)
    return [*found, *to_answer(actor)]


def to_answer(actor: Actor) -> list[Waiting]:
    """The questions that the board has about one's own ideas."""
    asked = Idea.objects.primary().filter(product=actor.product, status=Idea.Status.ASKED, author=actor.user)
    return [
        Waiting(
            _("The team asks you about “%(idea)s”") % {"idea": idea.title},
            _("It goes on when you answer in a comment."),
            idea.moved_at,
            reverse("ideas:detail", args=[idea.number]),
            _("Read and answer"),
            "message-circle-question-mark",
        )
        for idea in asked.only("number", "title", "moved_at").order_by("moved_at")[:20]
    ]


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
