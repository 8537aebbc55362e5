"""The parts of a delta: changes in users' words, migrations with what they mean, variables, and the way back."""

from dataclasses import dataclass

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from deployments import bridges, running
from deployments.models import Deployment, Rehearsal
from deployments.names import destination
from environments.models import Delta, Environment
from lifecycle.chips import Chip
from releases import changes, migration_flags
from releases.models import Candidate, Change

M = Change.Migrations
ONE_WAY = (M.CONTRACT, M.IRREVERSIBLE)
FLAGS = {
    M.EXPAND: Chip("ok", "plus", gettext_lazy("expand")),
    M.CONTRACT: Chip("warn", "minus", gettext_lazy("contract")),
    M.IRREVERSIBLE: Chip("bad", "lock", gettext_lazy("irreversible")),
}


@dataclass(frozen=True)
class Row:
    """One change: what customers get, how much it is, and what an undo of it meets."""

    change: Change
    url: str
    votes: int
    commits: int
    files: int
    flag: Chip | None
    brings_migrations: bool
    is_one_way: bool
    is_live: bool
    ties: list[str]


@dataclass(frozen=True)
class Migration:
    """One migration file, new or changed, the change that brings it and what that change says about it."""

    path: str
    key: str
    flag: Chip | None
    is_changed: bool


def rows(found: list[Change]) -> list[Row]:
    """The changes with their votes and ties, in two statements however many they are."""
    keys = [change.pk for change in found]
    with_facts = with_votes(Change.objects.filter(pk__in=keys))
    ordered = list(with_facts.select_related("revision", "requires", "product").order_by("number"))
    others = elsewhere(keys)
    return [row(change, ordered, others) for change in ordered]


def elsewhere(keys: list[int]) -> list[Change]:
    """What is live, came with another release and stands on one of these changes: an undo meets it too."""
    live = Change.objects.filter(requires__in=keys, status=Change.Status.LIVE).exclude(pk__in=keys)
    return list(live.select_related("release", "product").order_by("number"))


def with_votes(found: QuerySet[Change]) -> QuerySet[Change]:
    return found.annotate(asked=Sum("ideas__votes"))


def row(change: Change, others: list[Change], elsewhere: list[Change]) -> Row:
    revision = change.revision
    return Row(
        change=change,
        url=changes.page_of(change),
        votes=getattr(change, "asked", 0) or 0,
        commits=revision.commits if revision else 0,
        files=len(revision.files) if revision else 0,
        flag=FLAGS.get(M(change.migrations)),
        brings_migrations=bool(migration_flags.migrations_of(revision)),
        is_one_way=change.migrations in ONE_WAY,
        is_live=change.status == Change.Status.LIVE,
        ties=ties(change, others, elsewhere),
    )


def ties(change: Change, others: list[Change], elsewhere: list[Change]) -> list[str]:
    """Which changes go with it when it is taken out, also live ones of other releases, and on which one it stands."""
    above = [_("%(title)s is built on it") % {"title": one.title} for one in others if one.requires_id == change.pk]
    live = [built_elsewhere(one) for one in elsewhere if one.requires_id == change.pk]
    below = [_("built on %(title)s") % {"title": change.requires.title}] if change.requires else []
    return below + above + live


def built_elsewhere(change: Change) -> str:
    if change.release is None:
        return _("%(title)s is built on it") % {"title": change.title}
    return _("%(title)s, live with %(release)s, is built on it") % {"title": change.title, "release": change.release}


def migrations(found: Delta, coming: list[Change]) -> list[Migration]:
    """Each migration file with the change that brings it."""
    brought = {path: change for change in coming for path in migration_flags.migrations_of(change.revision)}
    changed = found.changed
    return [migration(path, brought.get(path), is_changed=path in changed) for path in found.migrations]


def migration(path: str, change: Change | None, *, is_changed: bool) -> Migration:
    flag = FLAGS.get(M(change.migrations)) if change else None
    return Migration(path, change.key if change else "", flag, is_changed)


def going_back(production: Environment, candidate: Candidate) -> str:
    """What one press would do if production ran `candidate`, and how long it took when it was rehearsed."""
    now = running.current(production)
    back_to = running.previous_verified(production) if now and now.candidate_id == candidate.pk else candidate_of(now)
    if back_to is None:
        return _("There is nothing to go back to: nothing was verified on %(place)s before.") % {"place": production}
    if what := bridges.ahead(candidate, back_to):
        return _(
            "%(changes)s changes the database so that the older code cannot run: there is no way back by one press."
        ) % {"changes": what}
    facts = {"place": production, "target": destination(back_to), "rehearsed": rehearsed(candidate)}
    return (
        _("One press returns %(place)s to %(target)s. Code and variables go back, data and schema stay.%(rehearsed)s")
        % facts
    )


def candidate_of(deployment: Deployment | None) -> Candidate | None:
    return deployment.candidate if deployment else None


def rehearsed(candidate: Candidate) -> str:
    done = Rehearsal.objects.filter(candidate=candidate, status=Rehearsal.Status.SUCCEEDED).order_by("-id").first()
    if done is None or done.back_seconds is None:
        return ""
    seconds = max(1, round(done.back_seconds))
    words = ngettext(
        " It took %(n)d second when it was rehearsed.", " It took %(n)d seconds when it was rehearsed.", seconds
    )
    return words % {"n": seconds}
