"""What stands between a release and production: the gates, the shut ones first, and whose move it is."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from deployments import gates, proofs, running, times
from deployments.gates import Gate
from deployments.models import Deployment, Rehearsal, Watch
from deployments.pages import backups, standing
from deployments.pages.rollback import how_long_here
from environments.models import Environment
from lifecycle import dates
from lifecycle.roles import Actor
from releases.models import Candidate, Change, Release

Fact = tuple[str, str, str]
"""Icon, tone, words."""
VERBS = {
    "candidate": "freeze_release",
    "changes_approved": "give_verdict",
    "managers_demo": "sign_off_managers",
    "customers_demo": "sign_off_customers",
    "expand_proved": "configure",
    "backup_declared": "configure",
    "rollback_rehearsed": "deploy",
    "base_current": "freeze_release",
    "no_freeze": "override_freeze",
    "approvals": "approve_release",
}
LOOKS = dict.fromkeys(("managers_demo", "customers_demo"), gettext_lazy("See the demo"))
AFTER = {"customers_demo": "managers_demo"}
BEFORE_IT = ("base_current", proofs.REHEARSED, proofs.EXPANDED, proofs.BACKED_UP)
SHIPPED = (Release.Status.LIVE, Release.Status.DONE)
ACTIONS = {
    "candidate": gettext_lazy("Open the plan"),
    "changes_approved": gettext_lazy("Test it"),
    "check_passed": gettext_lazy("See the tests"),
    "expand_proved": gettext_lazy("See the tests"),
    "managers_demo": gettext_lazy("Record their answer"),
    "customers_demo": gettext_lazy("Record their answer"),
    "base_current": gettext_lazy("Freeze it again"),
    "no_freeze": gettext_lazy("Look at the freeze"),
    "approvals": gettext_lazy("Answer now"),
}


@dataclass(frozen=True)
class Row:
    """One gate on the page; `is_mine`: this person can open it."""

    gate: Gate
    is_mine: bool
    action: str
    url: str
    since: str
    may_accept: bool = False


def cockpit(release: Release, actor: Actor) -> dict[str, Any]:
    """Everything on the page."""
    to_accept = proofs.acceptable(release) if actor.may("configure") else {}
    found = [row(release, gate, actor, to_accept) for gate in gates.gates(release) if matters(release, gate)]
    shut = [one for one in found if not one.gate.is_open]
    production = running.production(release.product)
    pending = on_its_way(release)
    return {
        "release": release,
        "headline": headline(release, len(shut), pending),
        "crumb": _("Release %(version)s, %(date)s") % {"version": release, "date": dates.weekday(release.target_date)},
        "gates": found,
        "shut": shut,
        "open": [one for one in found if one.gate.is_open],
        "shut_words": shut_words(len(shut)),
        "open_words": open_words(len(found) - len(shut)),
        "mine": my_move(shut),
        "production": running.current(production) if production else None,
        "why_not": why_not(release, shut, pending, actor),
        "pending": pending,
        "changes": changes_of(release.candidate),
        "risks": [*kept_away(release, production), *risks(release), *way_back(release, production)],
        "watch": Watch.objects.filter(release=release).order_by("-id").first(),
        "live_since": f"{dates.day(release.live_at)}, {dates.clock(release.live_at)}" if release.live_at else "",
        "goes_at": goes_at(release),
        "may_choose_time": actor.may("ship_release") and (release.is_open or release.is_frozen),
        "delta_url": delta_url(release, production),
        "backups_url": reverse("deployments:backups", args=[production.slug]) if production else "",
        "to_accept": {one.gate.key: to_accept[one.gate.key] for one in shut if one.may_accept},
        "may_rehearse": may_rehearse(release, shut, actor),
    }


def goes_at(release: Release) -> str:
    """The time chosen for it, while it is still to come."""
    chosen = times.chosen(release)
    return times.words(chosen.due_at) if chosen and times.is_later(chosen.due_at) else ""


def my_move(shut: list[Row]) -> str:
    """The first shut gate that this person can open now: customers see the demo after the managers."""
    keys = {one.gate.key for one in shut}
    ready = (one.gate.key for one in shut if one.is_mine and AFTER.get(one.gate.key) not in keys)
    return next(ready, "")


def matters(release: Release, gate: Gate) -> bool:
    """What it stood on and where it could go back to are questions of the time before it shipped."""
    return release.status not in SHIPPED or gate.key not in BEFORE_IT


def row(release: Release, gate: Gate, actor: Actor, to_accept: Collection[str] = ()) -> Row:
    verb, url = VERBS.get(gate.key), leads_to(release, gate, actor)
    has_page = gate.key in ACTIONS and url
    is_mine = bool(verb and actor.may(verb))
    action = ACTIONS if is_mine else {**ACTIONS, **LOOKS}
    return Row(
        gate=gate,
        is_mine=is_mine,
        action=str(action[gate.key]) if has_page else "",
        url=url,
        since=f"{dates.day(gate.since)}, {dates.clock(gate.since)}" if gate.since else "",
        may_accept=gate.key in to_accept and not gate.is_open,
    )


def leads_to(release: Release, gate: Gate, actor: Actor) -> str:
    """The page of a gate, as far as this person may open it; "" where there is none for them."""
    if gate.key == "approvals":
        return reverse("deployments:approve", args=[release.version]) if actor.may("approve_release") else ""
    is_freeze = gate.url == reverse("deployments:override_freeze", args=[release.version])
    if is_freeze and not actor.may("override_freeze"):
        return reverse("environments:freeze")
    return gate.url


def on_its_way(release: Release) -> Deployment | None:
    """The deployment of this release to production that has not ended."""
    pending = [*Deployment.ACTIVE, *Deployment.WAITING]
    rows = release.deployments.filter(environment__kind=Environment.Kind.PRODUCTION, status__in=pending)
    return rows.order_by("-id").first()


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


def changes_of(candidate: Candidate | None) -> list[Change]:
    if candidate is None:
        return []
    rows = Change.objects.filter(candidate_rows__candidate=candidate).select_related("developer")
    return list(rows.prefetch_related("ideas").order_by("number"))


def risks(release: Release) -> list[Fact]:
    """Migrations that stay, those after which nothing leads back, and a migration without a backup."""
    changes = changes_of(release.candidate)
    found = [risk for change in changes if (risk := migration(change))]
    if what := proofs.one_way(release) if release.status not in SHIPPED else "":
        text = _("After %(changes)s neither a click nor the watch takes it back: a fault has to be fixed forward.")
        found.append(("lock", "bad", text % {"changes": what}))
    if release.candidate and release.status not in SHIPPED and (why := proofs.not_backed_up(release.candidate)):
        found.append(("archive", "bad", why))
    return found


def kept_away(release: Release, production: Environment | None) -> Iterator[Fact]:
    """Who asks to leave production alone, or staging, which has to show the release first."""
    places = [production, proofs.staging_of(release.product)] if release.status not in SHIPPED else []
    for place in filter(None, places):
        for icon, tone, words in standing.keeping_away(place):
            yield icon, tone, f"{place}: {words}"


def migration(change: Change) -> Fact | None:
    """What the migration of a change means, in its developer's word."""
    hard = change.migrations in (Change.Migrations.CONTRACT, Change.Migrations.IRREVERSIBLE)
    if not hard and change.migrations != Change.Migrations.EXPAND:
        return None
    words = f"{change.title}: {change.get_migrations_display()}"
    return ("lock", "bad", words) if hard else ("database", "", words)


def way_back(release: Release, production: Environment | None) -> list[Fact]:
    """How long going back takes, as rehearsed, and whether a backup was ever restored."""
    if production is None:
        return []
    target = proofs.would_return_to(release.product)
    found = proofs.latest(release.candidate, target) if release.candidate else None
    if found and found.status == Rehearsal.Status.SUCCEEDED and release.status not in SHIPPED:
        took = [("undo-2", "good", _("Rehearsed: %(words)s") % {"words": proofs.words(found)})]
    else:
        took = (
            []
            if proofs.one_way(release)
            else [("undo-2", "good", words) for _icon, _tone, words in how_long_here(production)]
        )
    return [*took, backups.fact(production)]


def may_rehearse(release: Release, shut: list[Row], actor: Actor) -> bool:
    """Whether the button "Rehearse now" does anything: a retry, or sooner than it would begin by itself."""
    is_shut = any(one.gate.key == proofs.REHEARSED for one in shut) and release.status == Release.Status.FROZEN
    if not is_shut or release.candidate is None or not actor.may("deploy"):
        return False
    target, staging = proofs.would_return_to(release.product), proofs.staging_of(release.product)
    going = release.rehearsals.filter(status__in=Rehearsal.GOING).exists()
    return not going and not proofs.impossible(release.candidate, target, staging)


def delta_url(release: Release, production: Environment | None) -> str:
    if production is None or release.candidate is None:
        return ""
    return reverse("deployments:delta", args=[production.slug, release.version])
