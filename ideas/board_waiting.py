"""What waits for the board in point 2: ballots, opened ideas to decide, a review to open."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import agenda
from ideas import session as pages
from ideas.models import AgendaItem, ReviewSession
from lifecycle.inbox import Waiting
from lifecycle.roles import Actor


def to_review(actor: Actor) -> list[Waiting]:
    """My missing ballots, the idea on stage, or the review whose time has come."""
    review = agenda.current_session(actor.product)
    if review is None:
        return []
    if not review.takes_ballots:
        return to_open(review, actor)
    review.product = actor.product
    view = pages.session(review, actor.user)
    found = to_cast(view)
    if view.is_frozen:
        return [*found, *to_open(review, actor)]
    if view.is_revealed:
        return [*found, *to_decide(view, actor)]
    return [*found, *to_reveal(view, actor)]


def to_cast(view: pages.Session) -> list[Waiting]:
    """The idea on stage; before the meeting all of which one's ballot is missing."""
    review, item = view.review, view.item
    if view.is_open:
        return [ballot_on(item, review)] if item in view.missing else []
    if not view.missing:
        return []
    count = len(view.missing)
    title = ngettext("%(n)s ballot of yours is missing", "%(n)s ballots of yours are missing", count) % {"n": count}
    first = view.missing[0]
    return [
        Waiting(
            title,
            _("The ballots of review %(week)s open together.") % {"week": review.week},
            review.frozen_at or first.added_at,
            url_of_ballot(first, review),
            _("Cast your ballots"),
            "vote",
        )
    ]


def ballot_on(item: AgendaItem, review: ReviewSession) -> Waiting:
    return Waiting(
        _("Your ballot on “%(idea)s” is missing") % {"idea": item.idea.title},
        _("The ballots of review %(week)s open together.") % {"week": review.week},
        item.added_at,
        url_of_ballot(item, review),
        _("Cast your ballot"),
        "vote",
    )


def url_of_ballot(item: AgendaItem, review: ReviewSession) -> str:
    return reverse("ideas:ballot", args=[review.week.lower(), item.pk])


def to_reveal(view: pages.Session, actor: Actor) -> list[Waiting]:
    if not actor.may("run_review") or not view.table or not view.table.is_full:
        return []
    return [
        Waiting(
            _("All ballots on “%(idea)s” are in") % {"idea": view.item.idea.title},
            _("You run the review: open them together."),
            view.item.added_at,
            url_of(view.review),
            _("Open the ballots"),
            "eye",
        )
    ]


def to_decide(view: pages.Session, actor: Actor) -> list[Waiting]:
    if not actor.may("decide"):
        return []
    return [
        Waiting(
            _("“%(idea)s” waits for the board's decision") % {"idea": view.item.idea.title},
            _("The ballots are open; the decision needs a reason."),
            view.item.added_at,
            url_of(view.review),
            _("Decide"),
            "scale",
        )
    ]


def url_of(review: ReviewSession) -> str:
    return reverse("ideas:session", args=[review.week.lower()])


def to_open(review: ReviewSession, actor: Actor) -> list[Waiting]:
    """A coming review with something on its agenda; before its time it says when that is."""
    if not actor.may("run_review") or not review.items.exists():
        return []
    return [
        Waiting(
            _("The review of %(week)s can be opened") % {"week": review.week},
            _("Ideas are on its agenda; the board votes once it is open."),
            min(review.starts_at, timezone.now()),
            url_of(review),
            _("Open the review"),
            "scale",
        )
    ]
