"""Line 1 of every view: the thing asked for, if this person's product has it and they may see it."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from ideas.models import Idea
from lifecycle.roles import Actor
from releases.models import Change, Check, Demo, Release

MANY = 50


def releases_for(actor: Actor) -> QuerySet[Release]:
    """All releases for the team; customers see what was published and not given up."""
    rows = Release.objects.filter(product=actor.product)
    rows = rows.select_related("candidate", "author", "owner", "notes", "product__repository", "product__plan_rules")
    if actor.is_team:
        return rows
    return rows.exclude(published_at=None).exclude(status__in=[Release.Status.DRAFT, Release.Status.DROPPED])


def get_release_for(actor: Actor, version: str) -> Release:
    """Http404 unless the actor's product has it and they may see it."""
    return get_object_or_404(releases_for(actor), version=version)


def get_demo_for(actor: Actor, version: str, pk: int) -> Demo:
    """Http404 unless the release has this session; demos are the team's."""
    rows = Demo.objects.select_related("host", "release__product", "release__candidate")
    return get_object_or_404(rows, release=get_release_for(actor, version), pk=pk)


def get_change_for(actor: Actor, number: int) -> Change:
    """Http404 unless the actor's product has it; changes are the team's."""
    rows = Change.objects.select_related("product", "release", "developer", "revision", "requires")
    return get_object_or_404(rows, product=actor.product, number=number)


def with_others(actor: Actor, change: Change, numbers: list[str]) -> list[Change]:
    """The change and further ones by their numbers, each once; Http404 for a number that nobody has."""
    others = {int(number) for number in numbers if number.isdecimal() and len(number) < 10} - {change.number}
    return [change, *(get_change_for(actor, number) for number in sorted(others)[:MANY])]


def get_check_for(actor: Actor, pk: int) -> Check:
    """Http404 unless the actor's product has it."""
    rows = Check.objects.select_related("revision__change", "candidate__release", "product")
    return get_object_or_404(rows, product=actor.product, pk=pk)


def get_idea_for(actor: Actor, number: int) -> Idea:
    """Http404 unless the actor may see the idea."""
    return get_object_or_404(Idea.objects.visible_to(actor), number=number)
