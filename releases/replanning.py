"""Changing a plan that is made already: what it wants, who answers for it, its dates, and what could go wrong."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from lifecycle import dates, events
from lifecycle.events import By
from lifecycle.models import Product, User
from lifecycle.roles import people_who_may
from lifecycle.transitions import NotAllowed
from releases.models import Release

S = Release.Status
ENOUGH = ("enough", "enough_count", "freeze_on")
FIELDS = ("goal", "owner", *ENOUGH, "demo_on", "risk", "rollback_plan")
UNDER_WAY = (S.DRAFT, S.PLANNED, S.FROZEN)


@transaction.atomic
def edit(release: Release, *, by: User, at: datetime | None = None, **said: Any) -> None:
    """Say anew what `said` names of FIELDS; the rest stays. A frozen release keeps what is enough, it had that.

    NotAllowed once it has ended. ValidationError names each field that is wrong: an owner who is not of the team, a
    count or a day that is missing, a day that is past or after the target.
    """
    locked = require_under_way(release)
    changed = [name for name, value in said.items() if getattr(locked, name) != value]
    check(locked, {name: said[name] for name in changed}, at=at)
    if not changed:
        return
    for name in changed:
        setattr(locked, name, said[name])
        setattr(release, name, said[name])
    locked.save(update_fields=changed)
    replanned(release, *changed, by=by, at=at)


def require_under_way(release: Release) -> Release:
    """The release as it is now, held to the end of the transaction; NotAllowed once it has ended."""
    hold(release.pk)
    locked = Release.objects.select_related("product").get(pk=release.pk)
    if locked.status not in UNDER_WAY:
        raise NotAllowed(_("Release %(release)s has ended.") % {"release": release})
    return locked


def hold(pk: int | None) -> None:
    """Hold a release to the end of the transaction: always before its changes, so that nobody waits in a circle."""
    hold_all(Release.objects.filter(pk=pk))


def hold_all(rows: QuerySet[Release]) -> None:
    """Hold several releases, always in the same order (docs/engine.md "Who waits for whom")."""
    list(rows.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def check(release: Release, said: dict[str, Any], *, at: datetime | None) -> None:
    if unknown := set(said) - set(FIELDS):
        raise TypeError(f"not a field of the plan: {', '.join(sorted(unknown))}")
    if release.is_frozen and set(said) & set(ENOUGH):
        raise NotAllowed(_("Release %(release)s is frozen: that was enough.") % {"release": release})
    wanted = {name: said.get(name, getattr(release, name)) for name in FIELDS}
    errors = {**wrong_days(release, said, wanted, today(release.product, at)), **wrong_enough(wanted)}
    owner = said.get("owner")
    if owner is not None and owner not in people_who_may("see_team_pages", release.product):
        errors["owner"] = _("%(who)s is not of the team.") % {"who": owner}
    if errors:
        raise ValidationError(errors)


def wrong_enough(wanted: dict[str, Any]) -> dict[str, str]:
    """Field → what is missing for what is called enough."""
    if wanted["enough"] not in Release.Enough.values:
        return {"enough": _("Choose one of the kinds.")}
    if wanted["enough"] == Release.Enough.COUNT and not wanted["enough_count"]:
        return {"enough_count": _("Say how many changes are enough.")}
    if wanted["enough"] == Release.Enough.DATE and not wanted["freeze_on"]:
        return {"freeze_on": _("Say on which day it is frozen.")}
    return {}


def wrong_days(release: Release, said: dict[str, Any], wanted: dict[str, Any], now: date) -> dict[str, str]:
    """Field → what is wrong with a day that was just said."""
    errors = {}
    for name in ("freeze_on", "demo_on"):
        day = said.get(name)
        if day and day < now:
            errors[name] = _("This day is past.")
        elif day and day > release.target_date:
            errors[name] = _("This is after the target date.")
    freeze, demo = wanted["freeze_on"], wanted["demo_on"]
    if not errors and freeze and demo and freeze > demo and {"freeze_on", "demo_on"} & set(said):
        errors["demo_on"] = _("It is shown after it was frozen.")
    return errors


def today(product: Product, at: datetime | None = None) -> date:
    """The day it is where the product's team works."""
    return timezone.localdate(at or timezone.now(), dates.zone(product.time_zone))


@transaction.atomic
def reschedule(
    release: Release,
    *,
    target_date: date,
    reason: str = "",
    slip_words: str = "",
    by: User,
    at: datetime | None = None,
) -> None:
    """Move the target date; the first date stays visible, struck out. The team reads the reason, customers only
    `slip_words`. Not after it is live, and never to a day that is past.
    """
    locked = require_under_way(release)
    errors = {}
    if target_date < today(locked.product, at):
        errors["target_date"] = _("This day is past.")
    if locked.status != S.DRAFT and not reason.strip():
        errors["reason"] = _("Say why: the team reads this.")
    if errors:
        raise ValidationError(errors)
    before = locked.target_date
    first = before if locked.status != S.DRAFT and locked.first_target_date is None else locked.first_target_date
    facts = {"target_date": target_date, "first_target_date": first, "slip_words": slip_words.strip()}
    Release.objects.filter(pk=release.pk).update(**facts)
    for name, value in facts.items():
        setattr(release, name, value)
    days = {"before": before.isoformat(), "after": target_date.isoformat()}
    events.record("release.rescheduled", release, by=by, at=at, note=reason, **days)
    replanned(release, "target_date", by=by, at=at)


def replanned(release: Release, *fields: str, changes: Iterable[int] = (), by: By, at: datetime | None = None) -> None:
    """A published plan has a new version: whoever read it can see that it is another one. Drafts have none yet."""
    if release.published_at is None:
        return
    Release.objects.filter(pk=release.pk).update(plan_version=F("plan_version") + 1)
    release.refresh_from_db(fields=["plan_version"])
    facts = {"plan_version": release.plan_version, "fields": list(fields), "changes": list(changes)}
    events.record("release.replanned", release, by=by, at=at, **facts)
