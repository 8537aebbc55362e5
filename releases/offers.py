"""Which ideas of the queue a plan may still take, and which are in a draft already."""

from django.db.models import QuerySet

from ideas.models import Idea
from lifecycle.models import Product
from lifecycle.roles import Actor
from releases.models import Change, Release

ENDED = (Change.Status.DROPPED, Change.Status.LIVE)
OPEN_PLANS = (Release.Status.DRAFT, Release.Status.PLANNED, Release.Status.FROZEN)


def planned(product: Product) -> QuerySet[Change]:
    """The changes of plans that are still open."""
    return Change.objects.filter(product=product, release__status__in=OPEN_PLANS).exclude(status__in=ENDED)


def offered(actor: Actor) -> QuerySet[Idea]:
    """The queue in its order, without what an open plan has already."""
    taken = planned(actor.product).filter(ideas__isnull=False).values("ideas")
    return Idea.objects.visible_to(actor).queue().exclude(pk__in=taken)


def drafted(actor: Actor) -> list[tuple[Idea, Release]]:
    """The ideas that stand in the queue and in a draft that nobody has published yet, in the queue's order."""
    rows = planned(actor.product).filter(release__status=Release.Status.DRAFT).select_related("release")
    release_of = {idea: change.release for change in rows.prefetch_related("ideas") for idea in change.ideas.all()}
    queued = Idea.objects.visible_to(actor).queue().filter(pk__in=[idea.pk for idea in release_of])
    return [(idea, release_of[idea]) for idea in queued]
