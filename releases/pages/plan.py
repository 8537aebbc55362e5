"""The plan's page for the team."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from environments.models import Branch
from lifecycle import events
from lifecycle.dates import day, weekday
from lifecycle.models import User
from lifecycle.roles import Actor, people_who_may
from releases import candidates, expansion, freezing, intake, migration_flags, overlaps, plan, signoffs, verdicts
from releases.forms import AssignForm, BranchForm, MoreIdeasForm, ReasonForm, RescheduleForm
from releases.models import Candidate, Change, Check, Notes, Release
from releases.pages import clash_table
from releases.pages.calendar import strip
from releases.pages.delivered import card as delivered_card
from releases.pages.releases import queue

S = Release.Status


@dataclass(frozen=True)
class Row:
    """A change on the plan: its state, its branch and the forms beside it."""

    change: Change
    commands: str
    assign_form: AssignForm | None = None
    branch_form: BranchForm | None = None


@dataclass(frozen=True)
class Clash:
    """Two changes that want the same lines, or migrations in the same place; else one is built on the other."""

    one: str
    other: str
    files: list[str] = field(default_factory=list)
    migrations: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Yes:
    """Somebody whose yes is needed, and what for."""

    person: User
    what: str


def page(release: Release, actor: Actor) -> dict[str, Any]:
    """Everything detail.html shows."""
    changes = list(
        release.changes.select_related("developer", "revision", "product__repository").order_by("-must", "number")
    )
    reasons = plan.reasons_not_to_freeze(release) if release.status == S.PLANNED else []
    may_plan = actor.may("plan_release") and release.is_open
    more = MoreIdeasForm(actor=actor) if may_plan else None
    return {
        "release": release,
        "headline": headline(release, changes, reasons),
        "strip": strip(release, for_team=True),
        "must": rows(release, [change for change in changes if change.must], actor),
        "if_ready": rows(release, [change for change in changes if not change.must], actor),
        "approved": approved_of(changes),
        "clashes": clashes(release, changes),
        "matrix": clash_table.table(changes),
        **standing(release),
        "reasons": reasons,
        "target": target(release),
        "delivered": delivered_card(release),
        "notes": Notes.objects.filter(release=release).first() if release.is_frozen or release.is_out else None,
        "yeses": yeses(release),
        "check": tests_of(release.candidate),
        "schema_check": expansion.latest(release.candidate) if release.candidate else None,
        "one_way": migration_flags.warning(changes) if not release.is_out else "",
        "ideas_form": more,
        "queue": queue(more) if more else [],
        "reschedule_form": RescheduleForm(release=release) if can_reschedule(release, actor) else None,
        "drop_form": ReasonForm(auto_id="drop_%s") if may_plan else None,
    }


def standing(release: Release) -> dict[str, Any]:
    """What a frozen release stands on and makes way for, and what an undo takes out."""
    live = candidates.live(release.product) if release.is_frozen else None
    candidate = release.candidate
    is_ready = candidate is not None and candidate.status != Candidate.Status.COMPOSING
    return {
        "undone": list(release.undoes.order_by("number")) if release.is_undo else [],
        "makes_way_for": freezing.frozen(release.product).filter(parked_at=None).first() if release.is_parked else None,
        "base_moved": bool(live and is_ready and not release.is_parked and candidate.base_id != live.pk),
        "live": live,
    }


def tests_of(candidate: Candidate | None) -> Check | None:
    """The newest tests of the whole; a proof about migrations is another question."""
    return candidate.checks.filter(kind=Check.Kind.TESTS).order_by("-id").first() if candidate else None


def can_reschedule(release: Release, actor: Actor) -> bool:
    return actor.may("plan_release") and (release.is_open or release.is_frozen)


def rows(release: Release, changes: list[Change], actor: Actor) -> list[Row]:
    """The changes with their forms, those only where this person may use them and the change is still open."""
    if not changes or not actor.may("assign_change"):
        return [Row(change, commands_for(change)) for change in changes]
    able, pushed = people_who_may("develop", release.product), intake.unlinked(release.product)
    return [row(change, able, pushed) for change in changes]


def row(change: Change, able: list[User], pushed: list[Branch]) -> Row:
    if change.status in (Change.Status.LIVE, Change.Status.DROPPED):
        return Row(change, commands_for(change))
    return Row(
        change,
        commands_for(change),
        AssignForm(change=change, able=able, auto_id=f"assign-{change.number}-%s"),
        BranchForm(change=change, pushed=pushed, auto_id=f"branch-{change.number}-%s"),
    )


def commands_for(change: Change) -> str:
    """What a developer types to begin, or to go on."""
    if not change.branch:
        return ""
    start = "" if change.revision else f" --no-track -c {change.branch} origin/{main_of(change)}"
    return f"git fetch && git switch{start or ' ' + change.branch}"


def main_of(change: Change) -> str:
    """The branch of the product's repository that everything starts from."""
    return change.product.repository.main_branch if hasattr(change.product, "repository") else "main"


def approved_of(changes: list[Change]) -> str:
    musts = [change for change in changes if change.must]
    return _("%(n)d of %(all)d approved") % {"n": count_approved(musts), "all": len(musts)}


def count_approved(changes: list[Change]) -> int:
    return sum(change.status in (Change.Status.APPROVED, Change.Status.LIVE) for change in changes)


def headline(release: Release, changes: list[Change], reasons: list[str]) -> str:
    """The verdict on the plan in one line."""
    if release.status == S.DRAFT:
        return ngettext("A draft with %(n)d change", "A draft with %(n)d changes", len(changes)) % {"n": len(changes)}
    if release.status == S.PLANNED:
        musts = [change for change in changes if change.must]
        facts = {"n": count_approved(musts), "all": len(musts)}
        if reasons:
            return _("%(n)d of %(all)d must-haves approved") % facts
        return _("%(n)d of %(all)d must-haves approved: enough to freeze") % facts
    if release.status == S.FROZEN:
        return frozen_headline(release)
    return ended_headline(release)


def frozen_headline(release: Release) -> str:
    """Where the frozen candidate is."""
    version, candidate = {"version": release.version}, release.candidate
    if candidate is None or candidate.status == Candidate.Status.COMPOSING:
        return _("%(version)s is being put together") % version
    if candidate.status == Candidate.Status.FAILED:
        return _("%(version)s could not be put together") % version
    if candidate.staged_at is None:
        return _("%(version)s is on its way to staging") % version
    if not verdicts.all_approved(candidate):
        return _("%(version)s is tested as a whole") % version
    if not release.is_planned:
        return _("%(version)s was tested: it may be approved") % version
    if not signoffs.has_both(release):
        return _("%(version)s is tested and waits for its demo") % version
    return _("%(version)s was tested and shown: it may be approved") % version


def ended_headline(release: Release) -> str:
    version = {"version": release.version}
    if release.status == S.LIVE:
        return _("%(version)s is live and watched") % version
    if release.status == S.DONE:
        return _("%(version)s is live and proven") % version
    if release.status == S.ROLLED_BACK:
        return _("%(version)s was taken back") % version
    return _("%(version)s was given up") % version


def clashes(release: Release, changes: list[Change]) -> list[Clash]:
    """Conflicts of the plan's changes: with each other, with what is live, and in a candidate that failed by them."""
    pairs = [
        Clash(row.one.change.key, row.other.change.key, row.files, row.migrations) for row in overlaps.between(changes)
    ]
    said = {frozenset((pair.one, pair.other)) for pair in pairs}
    found = [change.conflict | {"key": change.key} for change in changes if change.conflict]
    if not found and not pairs and release.candidate:
        found = release.candidate.conflicts
    rest = [one for one in found if frozenset((one["key"], one["with"])) not in said]
    return [*pairs, *(Clash(one["key"], one["with"] or _("what is live"), one["files"]) for one in rest)]


def target(release: Release) -> dict[str, str]:
    """The date in words; after a slip also the first one and why."""
    words = {"date": weekday(release.target_date), "live": day(release.live_at) if release.live_at else ""}
    if release.first_target_date and release.first_target_date != release.target_date:
        last = events.about(release).filter(verb="release.rescheduled").last()
        words["first"] = weekday(release.first_target_date)
        words["reason"] = last.note.text if last and hasattr(last, "note") else ""
    return words


def yeses(release: Release) -> list[Yes]:
    """Who must say yes before it ships."""
    approves = _("Sees the demo, then approves") if release.is_planned else _("Approves")
    needed = [("give_verdict", _("Tests every change")), ("sign_off_managers", approves)]
    people = [(people_who_may(verb, release.product), what) for verb, what in needed]
    return [Yes(person, what) for found, what in people for person in found[:2]]
