"""What stands between a release and production: the gates, the shut ones first, and whose move it is."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import approval_rules, case_files, duty, gates, proofs, times
from deployments.case_files import CaseFile
from deployments.cases import Case, Gate
from deployments.models import BreakGlass, Deployment, Rehearsal
from deployments.pages import cockpit_facts as facts
from deployments.pages.cockpit_facts import SHIPPED
from deployments.pages.cockpit_rows import Row, row
from environments.models import Environment
from lifecycle import dates
from lifecycle.models import Product, User
from lifecycle.roles import Actor
from releases import expansion
from releases.models import Release

AFTER = {"customers_demo": "managers_demo"}
BEFORE_IT = ("base_current", "as_composed", proofs.REHEARSED, proofs.EXPANDED, proofs.BACKED_UP, "no_freeze")


def cockpit(release: Release, actor: Actor) -> dict[str, Any]:
    """Everything on the page."""
    file = case_files.read(release)
    case, production = gates.case_of(file), file.place(Environment.Kind.PRODUCTION)
    to_accept = acceptable(case) if actor.may("configure") else {}
    shown = [gate for gate in gates.of(file) if matters(release, gate)]
    found = [row(gate, case, release, actor, to_accept) for gate in shown]
    shut = [one for one in found if not one.gate.is_open]
    pending = on_its_way(file, production)
    return {
        "release": release,
        "crumb": _("Release %(version)s, %(date)s") % {"version": release, "date": dates.weekday(release.target_date)},
        "gates": found,
        "shut": shut,
        "open": [one for one in found if one.gate.is_open],
        "shut_words": shut_words(len(shut)),
        "open_words": open_words(len(found) - len(shut)),
        "mine": my_move(shut),
        "production": file.currents.get(production.pk) if production else None,
        "pending": pending,
        "headline": headline(release, len(shut), pending),
        "why_not": why_not(release, shut, pending, actor),
        "delta_url": delta_url(release, production),
        "backups_url": reverse("deployments:backups", args=[production.slug]) if production else "",
        "to_accept": {one.gate.key: to_accept[one.gate.key] for one in shut if one.may_accept},
        "may_rehearse": may_rehearse(file, case, shut, actor),
        **around(file, case, production, actor),
        **by_force(case, shut, actor),
    }


def around(file: CaseFile, case: Case | None, production: Environment | None, actor: Actor) -> dict[str, Any]:
    """What is beside the gates: contents, risk, when, and who can say yes."""
    release = file.release
    return {
        "changes": facts.brings(file),
        "migrations": facts.migrations(file, case),
        "risks": [*facts.kept_away(file), *facts.risks(case), *facts.way_back(case, production)],
        "watch": file.watches[0] if file.watches else None,
        "live_since": f"{dates.day(release.live_at)}, {dates.clock(release.live_at)}" if release.live_at else "",
        "goes_at": goes_at(file),
        "duty": on_duty(file),
        "may_choose_time": actor.may("ship_release") and (release.is_open or release.is_frozen),
        "able": able(case) if release.is_frozen else [],
        "why_nobody": why_nobody(case) if release.is_frozen else "",
    }


def goes_at(file: CaseFile) -> str:
    """The time chosen for it, while it is still to come."""
    chosen = file.times[0] if file.times else None
    return times.words(chosen.due_at) if chosen and times.is_later(chosen.due_at, at=file.at) else ""


def able(case: Case | None) -> list[User]:
    """Who can give an approval that is missing now."""
    needed = approval_rules.still_needed(case.rule, case.words) if case else {}
    return approval_rules.able(case.people, needed, case.words) if case and needed else []


def why_nobody(case: Case | None) -> str:
    """Why this rule can never be satisfied for this release; "" if it can."""
    if case is None:
        return ""
    shut_out = case.people.involved.people if case.people.is_strict else ()
    return approval_rules.unsatisfiable(case.rule, case.people.voters, shut_out)


def acceptable(case: Case | None) -> dict[str, str]:
    """What no worker can prove and DevOps may accept, by the gate that it opens."""
    if case is None:
        return {}
    expands = any(expansion.expands(one) for one in case.rows)
    found = {
        proofs.REHEARSED: case.impossible,
        proofs.EXPANDED: proofs.could_not_run(case.check("expand")) if expands else "",
        proofs.BACKED_UP: proofs.without_backup(case.candidate, proofs.migrating(case.rows)),
    }
    return {key: why for key, why in found.items() if why}


def by_force(case: Case | None, shut: list[Row], actor: Actor) -> dict[str, Any]:
    """Broken glass: the label, or the question whether to break it."""
    glass = case.glass if case else None
    asked = asked_for(case) if case and glass is None else None
    keys = {one.gate.key for one in shut}
    possible = bool(keys & gates.BY_PEOPLE) and keys <= gates.BY_PEOPLE | {"no_freeze"}
    may = case is not None and case.release.is_frozen and possible and actor.may("break_glass")
    return {
        "glass": glass,
        "glass_by": gates.broken_by(glass) if glass else "",
        "glass_asked": asked,
        "may_break": may and not (asked and asked.first_by == actor.user),
        "needs_two": case is not None and case.release.product.preset == Product.Preset.STRICT,
    }


def asked_for(case: Case) -> BreakGlass | None:
    """What a first person has asked for, and a second one has to confirm."""
    own = [one for one in case.file.glasses if approval_rules.is_about(one, case.candidate, case.production)]
    return own[0] if own else None


def on_duty(file: CaseFile) -> duty.Duty | None:
    """Who will have the watch; the question ends when it is open, where its own page answers it."""
    if not file.release.is_frozen:
        return None
    chosen = file.times[0] if file.times else None
    begins_at = chosen.due_at if chosen and times.is_later(chosen.due_at, at=file.at) else file.at
    return duty.after(file.release.product, begins_at)


def my_move(shut: list[Row]) -> str:
    """The first shut gate that this person can open now: customers see the demo after the managers."""
    keys = {one.gate.key for one in shut}
    ready = (one.gate.key for one in shut if one.is_mine and AFTER.get(one.gate.key) not in keys)
    return next(ready, "")


def matters(release: Release, gate: Gate) -> bool:
    """What it stood on, where it could go back to and a freeze are questions of the time before it shipped."""
    is_over = release.status in SHIPPED or release.status == Release.Status.ROLLED_BACK
    return gate.is_open or not is_over or gate.key not in BEFORE_IT


def on_its_way(file: CaseFile, production: Environment | None) -> Deployment | None:
    """The deployment of this release to production that has not ended."""
    own = [one for one in file.pending if one.release_id == file.release.pk]
    return next((one for one in own if production and one.environment_id == production.pk), None)


def headline(release: Release, shut: int, pending: Deployment | None) -> str:
    """The verdict."""
    if pending is not None:
        return _("%(version)s is on its way to production") % {"version": release}
    if release.status in SHIPPED:
        return _("%(version)s is live") % {"version": release}
    if release.status == Release.Status.ROLLED_BACK:
        return _("%(version)s was taken back") % {"version": release}
    if release.status != Release.Status.FROZEN:
        return _("%(version)s is not frozen") % {"version": release}
    if not shut:
        return _("%(version)s may go") % {"version": release}
    return ngettext("One gate short of production", "%(n)d gates short of production", shut) % {"n": shut}


def shut_words(count: int) -> str:
    return ngettext("%(n)d gate is shut", "%(n)d gates are shut", count) % {"n": count}


def open_words(count: int) -> str:
    return ngettext("%(n)d is open", "%(n)d are open", count) % {"n": count}


def why_not(release: Release, shut: list[Row], pending: Deployment | None, actor: Actor) -> str:
    """Why the big button is blocked; "" if it is not."""
    if pending is not None:
        return _("It is on its way.")
    if release.status != Release.Status.FROZEN:
        return _("The release is “%(status)s”.") % {"status": release.get_status_display()}
    if shut:
        return _("Opens with: %(gates)s. Nobody can press it earlier.") % {
            "gates": ", ".join(one.gate.label for one in shut)
        }
    return "" if actor.may("ship_release") else _("A manager or DevOps presses it.")


def may_rehearse(file: CaseFile, case: Case | None, shut: list[Row], actor: Actor) -> bool:
    """Whether the button "Rehearse now" does anything: a retry, or sooner than it would begin by itself."""
    is_shut = any(one.gate.key == proofs.REHEARSED for one in shut) and file.release.is_frozen
    if not is_shut or case is None or not actor.may("deploy"):
        return False
    going = [one for one in file.rehearsals if one.release_id == file.release.pk and one.status in Rehearsal.GOING]
    return not going and not case.impossible


def delta_url(release: Release, production: Environment | None) -> str:
    if production is None or release.candidate is None:
        return ""
    return reverse("deployments:delta", args=[production.slug, release.version])
