"""One change: where it is, what was pushed, what the tests say, and everything said about it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lifecycle import events, history
from lifecycle.dates import ago
from lifecycle.models import Comment
from lifecycle.roles import Actor
from releases import changes, comments, hotfixes, migration_flags, overlaps, stacking, verdicts
from releases.forms import AssignForm, BranchForm, CommentForm, MigrationsForm
from releases.models import Change, Check, Revision, Verdict
from releases.pages import editing
from releases.pages.commands import commands_for

FILES_SHOWN = 40
S = Change.Status


@dataclass(frozen=True)
class Push:
    """A revision with its newest check."""

    revision: Revision
    check: Check | None
    when: str
    commits: str


@dataclass(frozen=True)
class Said:
    """A verdict or a comment, with its time in words."""

    thing: Verdict | Comment
    when: str


def page(change: Change, actor: Actor) -> dict[str, Any]:
    """Everything change.html shows."""
    pushes = pushes_of(change)
    files = change.revision.files if change.revision else []
    return {
        "change": change,
        "ideas": list(change.ideas.all()),
        "pushes": pushes,
        "check": pushes[0].check if pushes else None,
        "files": files[:FILES_SHOWN],
        "more_files": max(len(files) - FILES_SHOWN, 0),
        "migration_files": migration_flags.migrations_of(change.revision),
        "flag_missing": migration_flags.is_missing(change),
        "commands": commands_for(change),
        "can_be_hotfix": hotfixes.can_take(change),
        "is_tangled": stacking.is_tangled(change),
        "below": change.requires,
        "above": stacking.above(change),
        "overlaps": [overlaps.sentence(row) for row in overlaps.of(change)] if change.status in overlaps.OPEN else [],
        "reasons": changes.reasons_not_ready(change) if change.status == S.DEVELOPMENT else [],
        "verdicts": [Said(verdict, ago(verdict.at)) for verdict in verdicts_of(change)],
        "returns": returned(verdicts.returns_of([change]).get(change.pk, 0)),
        "comments": [Said(comment, ago(comment.created_at)) for comment in comments.of(change)],
        "history": [history.row(event, change) for event in events.about(change).reverse()[:30]],
        "comment_form": CommentForm(auto_id="comment_%s"),
        **forms_for(change, actor),
    }


def returned(count: int) -> str:
    """ "returned 2 times"; "" for what never came back."""
    return ngettext("returned %(n)d time", "returned %(n)d times", count) % {"n": count} if count else ""


def forms_for(change: Change, actor: Actor) -> dict[str, Any]:
    """The forms this person may use on a change that is still open."""
    is_open = change.status not in (S.LIVE, S.DROPPED)
    if not is_open or not actor.may("assign_change"):
        return {}
    found: dict[str, Any] = {
        "assign_form": AssignForm(change=change, auto_id="assign_%s"),
        "branch_form": BranchForm(change=change, auto_id="branch_%s"),
    }
    if actor.may("develop"):
        found["migrations_form"] = MigrationsForm(change=change, auto_id="migrations_%s")
    return found | editing.served(change, actor, None)


def pushes_of(change: Change) -> list[Push]:
    """All revisions, the newest first."""
    rows = change.revisions.prefetch_related("checks").order_by("-number")
    return [push(revision) for revision in rows]


def push(revision: Revision) -> Push:
    tests = [check for check in revision.checks.all() if check.kind == Check.Kind.TESTS]
    found = max(tests, key=lambda check: check.pk, default=None)
    count = ngettext("%(n)d commit", "%(n)d commits", revision.commits) % {"n": revision.commits}
    return Push(revision, found, ago(revision.seen_at), count)


def verdicts_of(change: Change) -> QuerySet[Verdict]:
    """What testers said, the newest first; a yes that was only carried over is not said twice."""
    rows = change.verdicts.filter(carried_from=None).select_related("by", "candidate", "revision")
    return rows.prefetch_related("defects__attachments").order_by("-id")


def what_next(change: Change) -> str:
    """One sentence for a change that is out of its developer's hands."""
    return {
        S.READY: _("Waits for the next promotion to staging"),
        S.STAGING: _("A tester is trying it"),
        S.APPROVED: _("Approved, waits for its release"),
        S.LIVE: _("Live"),
    }.get(S(change.status), "")
