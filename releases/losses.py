"""What is lost when changes leave what is live: who asked for them and is told, and which migrations stay."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, Sum

from ideas.models import Idea, Subscription
from lifecycle.models import Product
from releases import candidates
from releases.contents import contents
from releases.migration_flags import migrations_of
from releases.models import Change, Revision

QUIET = (Change.Migrations.UNKNOWN, Change.Migrations.NONE)


@dataclass(frozen=True)
class Staying:
    """A change whose migrations stay, by what it says or by its files; the files may be unknown."""

    change: Change
    files: list[str]


@dataclass(frozen=True, kw_only=True)
class Losses:
    """`told` counts people: everybody who follows an idea of a change that leaves, also through a duplicate;
    `voters` of them voted. Migrations are never reversed, so those of `staying` stay.
    """

    leaving: list[Change] = field(default_factory=list)
    staying: list[Staying] = field(default_factory=list)
    ideas: int = 0
    votes: int = 0
    told: int = 0
    voters: int = 0


def losses(leaving: Iterable[tuple[Change, Revision | None]]) -> Losses:
    """Each change with the push of it that leaves."""
    pairs = list(leaving)
    changes = [change for change, _revision in pairs]
    if not changes:
        return Losses()
    return Losses(leaving=changes, staying=staying(pairs), **asked_for(changes), **listeners(changes))


def of_undo(product: Product, chosen: list[Change]) -> Losses:
    """What taking these changes out of what is live would lose."""
    held = contents(candidates.live(product))
    return losses((one, held[one.pk].revision if one.pk in held else one.revision) for one in chosen)


def staying(leaving: list[tuple[Change, Revision | None]]) -> list[Staying]:
    found = [Staying(change, migrations_of(revision)) for change, revision in leaving]
    return [one for one in found if one.files or one.change.migrations not in QUIET]


def asked_for(leaving: list[Change]) -> dict[str, Any]:
    ideas = Idea.objects.filter(changes__in=leaving).distinct().values("pk")
    found = Idea.objects.filter(pk__in=ideas).aggregate(ideas=Count("pk"), votes=Sum("votes"))
    return {"ideas": found["ideas"], "votes": found["votes"] or 0}


def listeners(leaving: list[Change]) -> dict[str, Any]:
    ours = Subscription.objects.filter(Q(idea__changes__in=leaving) | Q(idea__canonical__changes__in=leaving))
    voted = Count("user", distinct=True, filter=Q(reason=Subscription.Reason.VOTE))
    return ours.aggregate(told=Count("user", distinct=True), voters=voted)
