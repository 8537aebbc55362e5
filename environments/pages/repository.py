"""What repository.html shows, prepared in Python."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from environments import upstream_keys
from environments.branches import pushed_by_us
from environments.git import ssh_server
from environments.models import Branch, Environment, Repository, TrunkCommit, UpstreamKey
from environments.repository_forms import CredentialForm, ModeForm, RepositoryForm
from lifecycle import events
from lifecycle.dates import ago
from lifecycle.models import Event, Work

BRANCHES_SHOWN, COMMITS_SHOWN, NEWS_SHOWN = 50, 100, 6
NEWS = {
    "repository.main_rewritten": _("The main branch was rewritten."),
    "repository.main_advanced": _("The main branch was moved forward to what is live."),
    "repository.mirror_broken": _("Our own copy was damaged and put aside."),
    "repository.fetched_anew": _("Everything was fetched anew."),
    "repository.mode_set": _("%(who)s changed how you work."),
    "repository.left_out": _("%(who)s left a branch out."),
    "repository.key_confirmed": _("%(who)s confirmed the server's key."),
    "repository.credential_set": _("%(who)s changed what git signs in with."),
}


@dataclass(frozen=True)
class Key:
    """A server's key as a person compares it."""

    key: UpstreamKey
    seen: str
    is_new: bool
    is_other: bool


@dataclass(frozen=True)
class Step:
    """A commit on main that belongs to no change."""

    commit: TrunkCommit
    when: str
    is_left_out: bool


@dataclass(frozen=True)
class Nobodys:
    """A branch with commits that belong to no change."""

    branch: Branch
    when: str
    commits: str


def repository(found: Repository | None) -> dict[str, Any]:
    """The page; `found` is None before one is connected."""
    forms = {
        "form": RepositoryForm(initial=as_initial(found), auto_id="upstream_%s"),
        "mode_form": ModeForm(initial={"mode": found.mode} if found else None, auto_id="mode_%s"),
        "credential_form": CredentialForm(initial={"login": found.login} if found else None, auto_id="cred_%s"),
    }
    if found is None:
        return {**forms, "repository": None, "headline": gettext("No repository is connected yet"), "branches": []}
    return {
        **forms,
        "repository": found,
        "speaks_ssh": ssh_server(found.upstream) is not None,
        "headline": headline(found),
        "is_trunk": found.mode == Repository.Mode.TRUNK,
        "fetched": ago(found.fetched_at) if found.fetched_at else "",
        "collected": ago(found.collected_at) if found.collected_at else "",
        "branches": [(branch, ago(branch.moved_at)) for branch in branches(found)],
        "steps": steps(found),
        "nobodys": nobodys(found),
        "warnings": warnings(found),
        "keys": keys(found),
        "news": news(found),
    }


def headline(found: Repository) -> str:
    if found.fetch_error:
        return gettext("The repository cannot be read")
    waiting = found.trunk_commits.filter(status=TrunkCommit.Status.WAITING).exists()
    if waiting:
        return gettext("Commits on %(main)s wait for a word") % {"main": found.main_branch}
    return (
        gettext("The repository is read every two seconds") if found.fetched_at else gettext("A worker is fetching it")
    )


def branches(found: Repository) -> list[Branch]:
    """Those in trouble first, then the newest; what Lifecycle pushes itself only if something is wrong with it."""
    return list(
        found.branches.exclude(pushed_by_us(), trouble="").order_by("-trouble", "-moved_at", "name")[:BRANCHES_SHOWN]
    )


def steps(found: Repository) -> list[Step]:
    """What belongs to no change, the undecided ones first."""
    rows = found.trunk_commits.exclude(status=TrunkCommit.Status.TAKEN).order_by("-status", "id")[:COMMITS_SHOWN]
    return [Step(row, ago(row.at), row.status == TrunkCommit.Status.LEFT_OUT) for row in rows]


def nobodys(found: Repository) -> list[Nobodys]:
    """Branches that belong to no change, the undecided ones first; in trunk mode only main counts."""
    if found.mode != Repository.Mode.BRANCHES:
        return []
    rows = found.branches.filter(nobodys__gt=0).order_by("is_left_out", "-moved_at", "name")[:BRANCHES_SHOWN]
    return [Nobodys(row, ago(row.moved_at), commits(row.nobodys)) for row in rows]


def commits(count: int) -> str:
    return ngettext("%(n)d commit", "%(n)d commits", count) % {"n": count}


def warnings(found: Repository) -> list[str]:
    """What a person should know or do, each in a sentence."""
    said = [found.main_note, found.tag_note]
    for place in Environment.objects.filter(product=found.product_id):
        facts = {"branch": place.branch, "sha": place.foreign_sha[:8]}
        if place.foreign_sha:
            said.append(
                gettext("Somebody else committed to %(branch)s (%(sha)s): the next deployment goes on top of it.")
                % facts
            )
        if is_refused(place):
            said.append(gettext("The upstream does not take %(branch)s; the next deployment tries again.") % facts)
    return [sentence for sentence in said if sentence]


def is_refused(place: Environment) -> bool:
    """Whether the last push of its branch that has ended was refused."""
    pushes = Work.objects.filter(kind="push_upstream", subject_id=place.pk).order_by("-id")
    last = pushes.exclude(status__in=[Work.Status.QUEUED, Work.Status.CLAIMED]).first()
    return last is not None and last.status != Work.Status.SUCCEEDED


def keys(found: Repository) -> list[Key]:
    """The keys the server showed; one that differs from the confirmed one is marked."""
    rows = upstream_keys.of(found)
    confirmed = [row for row in rows if row.confirmed_at]
    return [
        Key(row, ago(row.seen_at), row.confirmed_at is None, bool(confirmed) and row.confirmed_at is None)
        for row in rows
    ]


def news(found: Repository) -> list[dict[str, str]]:
    """What happened to it lately, the newest first."""
    rows = events.about(found).filter(verb__in=NEWS).order_by("-id")[:NEWS_SHOWN]
    return [{"text": str(NEWS[row.verb]) % {"who": row.actor}, "gone": gone(row), "when": ago(row.at)} for row in rows]


def gone(row: Event) -> str:
    """The changes that a rewritten main holds no more."""
    return row.note.text if hasattr(row, "note") else ""


def as_initial(found: Repository | None) -> dict[str, str] | None:
    return {"upstream": found.upstream, "main_branch": found.main_branch} if found else None
