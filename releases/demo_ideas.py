"""What of a release an invited person may be shown: its changes, each by the wishes they may see."""

from collections.abc import Iterable
from dataclasses import dataclass

from ideas.models import Idea
from lifecycle.roles import Actor
from releases.models import CandidateChange, Change, Release


@dataclass(frozen=True)
class Shown:
    """One change with the ideas behind it that somebody may see."""

    change: Change
    ideas: list[Idea]


def changes_of(release: Release) -> list[Change]:
    """What the frozen candidate takes in; before that, what is planned."""
    if release.candidate_id is None:
        rows = release.changes.exclude(status=Change.Status.DROPPED)
    else:
        taken_in = CandidateChange.objects.filter(candidate=release.candidate_id, action=CandidateChange.Action.APPLY)
        rows = Change.objects.filter(pk__in=taken_in.values("change"))
    return list(rows.select_related("revision", "product").prefetch_related("ideas").order_by("number"))


def shown_to(release: Release, actor: Actor) -> list[Shown]:
    """The changes with an idea that the actor may see; the team sees maintenance too."""
    found = changes_of(release)
    visible = {idea.pk: idea for idea in Idea.objects.visible_to(actor).filter(pk__in=groups(found))}
    shown = [Shown(change, pick(change, visible)) for change in found]
    return [one for one in shown if one.ideas or actor.is_team]


def pick(change: Change, visible: dict[int, Idea]) -> list[Idea]:
    """The change's ideas; instead of one that may not be seen, the wordings of its group that may."""
    chosen: dict[int, Idea] = {}
    for idea in change.ideas.all():
        primary = idea.canonical_id or idea.pk
        own = [found for found in visible.values() if primary in (found.pk, found.canonical_id)]
        leading = [found for found in own if found.pk == primary]
        chosen |= {found.pk: found for found in leading or own}
    return list(chosen.values())


def groups(changes: Iterable[Change]) -> list[int]:
    """The ideas behind the changes with everything merged into the same wish."""
    primaries = {idea.canonical_id or idea.pk for change in changes for idea in change.ideas.all()}
    return [*primaries, *Idea.objects.filter(canonical__in=primaries).values_list("pk", flat=True)]
