"""The plan's page for the team."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from lifecycle import events
from lifecycle.dates import day, weekday
from lifecycle.models import Event, Membership, User
from lifecycle.roles import VERBS, Actor
from releases import enough, migration_flags, overlaps, plan
from releases.forms import ReasonForm
from releases.models import Candidate, Change, Check, Release
from releases.pages import clash_table
from releases.pages.calendar import strip
from releases.pages.clashes import clashes
from releases.pages.delivered import card as delivered_card
from releases.pages.headlines import headline, stands_on
from releases.pages.plan_rows import changes_of, rows
from releases.plan_forms import RescheduleForm

S = Release.Status
GLASS = "release.glass_broken"
SAID = ("release.rescheduled", "release.scope_changed", GLASS)


@dataclass(frozen=True)
class Yes:
    """Somebody whose yes is needed, and what for."""

    person: User
    what: str


@dataclass(frozen=True)
class Glass:
    """That people's gates were opened by force: by whom and why."""

    who: str
    reason: str


@dataclass(frozen=True)
class Scope:
    """What was changed last after the freeze: who, when, why, and which digest nobody's words hold for any more."""

    what: str
    who: str
    when: str
    reason: str
    digest: str


def page(release: Release, actor: Actor) -> dict[str, Any]:
    """Everything detail.html shows; at most nine statements, however many changes."""
    changes = changes_of(release)
    if release.is_frozen or release.is_out:
        prefetch_related_objects([release], "signoffs")
    standing, known = enough.standing(release, changes), list(overlaps.between(changes))
    reasons = plan.reasons_not_to_freeze(release, changes, known) if release.status == S.PLANNED else []
    said = last_said(release)
    may_plan = actor.may("plan_release") and release.is_open
    return {
        "release": release,
        "headline": headline(release, changes, standing, reasons),
        "strip": strip(release, for_team=True),
        "standing": standing,
        "must": rows(release, [change for change in changes if change.must], actor),
        "if_ready": rows(release, [change for change in changes if not change.must], actor),
        "clashes": clashes(release, changes, known),
        "matrix": clash_table.table(changes, known),
        **stands_on(release),
        "reasons": reasons,
        "dates": {name: weekday(on) for name, on in planned_days(release) if on},
        "target": target(release, said.get("release.rescheduled")),
        "scope": scope(said.get("release.scope_changed"), changes) if release.is_frozen else None,
        "glass": glass(said.get(GLASS), release),
        "delivered": delivered_card(release) if release.is_out else None,
        "notes": getattr(release, "notes", None) if release.is_frozen or release.is_out else None,
        "yeses": yeses(release),
        **checks_of(release.candidate),
        "one_way": migration_flags.warning(changes) if not release.is_out else "",
        "may_plan": may_plan,
        "may_edit": actor.may("plan_release") and release.status in (S.DRAFT, S.PLANNED, S.FROZEN),
        "reschedule_form": RescheduleForm(release=release) if can_reschedule(release, actor) else None,
        "drop_form": ReasonForm(auto_id="drop_%s") if may_plan else None,
    }


def planned_days(release: Release) -> tuple[tuple[str, date | None], ...]:
    """The days that are still to come: the freeze until it is frozen, the demo until it is out."""
    freeze = release.freeze_on if release.is_open else None
    return ("freeze", freeze), ("demo", None if release.is_out else release.demo_on)


def checks_of(candidate: Candidate | None) -> dict[str, Check | None]:
    """The newest tests of the whole, and the newest proof about its migrations: another question."""
    rows = candidate.checks.order_by("id") if candidate else ()
    newest = {check.kind: check for check in rows}
    return {"check": newest.get(Check.Kind.TESTS), "schema_check": newest.get(Check.Kind.EXPAND)}


def can_reschedule(release: Release, actor: Actor) -> bool:
    return actor.may("plan_release") and (release.is_open or release.is_frozen)


def last_said(release: Release) -> dict[str, Event]:
    """The newest event of each kind that the page tells of; none where neither can have happened."""
    if not (release.is_frozen or release.is_out or release.first_target_date):
        return {}
    rows = events.about(release).filter(verb__in=SAID).select_related("actor", "note").order_by("verb", "-id")
    return {event.verb: event for event in rows.distinct("verb")}


def target(release: Release, moved: Event | None = None) -> dict[str, str]:
    """The date in words; after a slip also the first one, and why for the team."""
    words = {"date": weekday(release.target_date), "live": day(release.live_at) if release.live_at else ""}
    if release.first_target_date and release.first_target_date != release.target_date:
        words["first"] = weekday(release.first_target_date)
        words["reason"] = events.words_of(moved)
    return words


def scope(event: Event | None, changes: list[Change]) -> Scope | None:
    """The last change of what is frozen."""
    if event is None:
        return None
    words = {"taken_in": _("Taken in"), "taken_out": _("Taken out"), "renewed": _("Renewed")}
    here = {change.pk: change.key for change in changes}
    keys = ", ".join(event.data.get("keys") or [here[pk] for pk in event.data["changes"] if pk in here])
    what = f"{words[event.data['how']]}: {keys}"
    return Scope(
        what, str(event.actor or event.machine), day(event.at), events.words_of(event), event.data["digest"][:12]
    )


def glass(event: Event | None, release: Release) -> Glass | None:
    """The label that stays; while it is frozen only if it was opened for what is frozen now."""
    digest = release.candidate.digest if release.candidate else ""
    if event is None or event.data["digest"] != digest:
        return None
    people = User.objects.filter(pk__in=event.data["people"]).order_by("pk")
    return Glass(", ".join(str(person) for person in people), events.words_of(event))


def yeses(release: Release) -> list[Yes]:
    """Who must say yes before it ships; nobody any more once it is out."""
    if release.is_out:
        return []
    approves = _("Sees the demo, then approves") if release.is_planned else _("Approves")
    needed = [(VERBS["give_verdict"], _("Tests every change")), (VERBS["sign_off_managers"], approves)]
    asked = sorted(needed[0][0] | needed[1][0])
    members = Membership.objects.filter(product=release.product_id, user__is_active=True, roles__overlap=asked)
    people = list(members.select_related("user").order_by("user__name", "user_id"))
    able = [([one.user for one in people if roles & set(one.roles)], what) for roles, what in needed]
    return [Yes(person, what) for found, what in able for person in found[:2]]
