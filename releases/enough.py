"""What is enough to freeze a plan: its must-haves, so many approved changes, or a day; and saying so once it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lifecycle.dates import weekday
from lifecycle.models import User
from lifecycle.notifications import tell
from lifecycle.roles import people_who_may
from releases.models import Change, Release
from releases.replanning import today

Enough = Release.Enough
APPROVED = (Change.Status.APPROVED, Change.Status.LIVE)


@dataclass(frozen=True)
class Standing:
    """How far a plan is: `approved` of `total` changes, `missing` must-haves, and the same `words` everywhere."""

    approved: int
    total: int
    missing: list[Change]
    is_reached: bool
    words: str


def standing(release: Release, changes: Iterable[Change], *, at: datetime | None = None) -> Standing:
    """How far the release is with these changes, by what its owner said is enough. No statement of its own."""
    found = [change for change in changes if change.status != Change.Status.DROPPED]
    approved = sum(change.status in APPROVED for change in found)
    missing = [change for change in found if change.must and change.status not in APPROVED]
    counts = {"n": approved, "all": len(found)}
    if release.enough == Enough.COUNT:
        is_reached, rest = by_count(release, approved)
    elif release.enough == Enough.DATE and release.freeze_on:
        is_reached, rest = by_date(release, approved, len(found), at)
    else:
        is_reached, rest = bool(approved) and not missing, by_must(found, missing)
    words = _("%(n)d of %(all)d, %(rest)s") % {**counts, "rest": rest}
    return Standing(approved, len(found), missing, is_reached, words)


def by_must(found: list[Change], missing: list[Change]) -> str:
    if not any(change.must for change in found):
        return _("no must-haves")
    if not missing:
        return _("must-haves done")
    count = len(missing)
    return ngettext("%(n)d must-have missing", "%(n)d must-haves missing", count) % {"n": count}


def by_count(release: Release, approved: int) -> tuple[bool, str]:
    need = release.enough_count or 1
    if approved >= need:
        return True, ngettext("%(n)d was enough", "%(n)d were enough", need) % {"n": need}
    return False, ngettext("%(n)d is enough", "%(n)d are enough", need) % {"n": need}


def by_date(release: Release, approved: int, total: int, at: datetime | None) -> tuple[bool, str]:
    """On its day with anything at all, before it only with everything."""
    is_reached = bool(approved) and (today(release.product, at) >= release.freeze_on or approved == total)
    return is_reached, _("frozen on %(day)s") % {"day": weekday(release.freeze_on)}


def reason(release: Release, found: Standing) -> str:
    """Why it is not enough yet, for whoever wants to freeze; "" when it is."""
    if found.is_reached:
        return ""
    if release.enough == Enough.MUST and found.missing:
        keys = ", ".join(change.key for change in found.missing)
        return _("Not approved by a tester: %(changes)s.") % {"changes": keys}
    if not found.approved:
        return _("No change is approved yet.")
    if release.enough == Enough.COUNT:
        facts = {"n": found.approved, "need": release.enough_count}
        return _("%(n)d approved of the %(need)d changes that are enough.") % facts
    return _("It is frozen on %(day)s; before that only with every change approved.") % {
        "day": weekday(release.freeze_on)
    }


def propose(release: Release | None, *, at: datetime | None = None) -> bool:
    """Tell whoever answers for the release, once per version of its plan, that there is enough to freeze it."""
    if release is None or release.status != Release.Status.PLANNED or not release.is_planned:
        return False
    found = standing(release, release.changes.all(), at=at)
    if found.is_reached:
        tell(
            answer_for(release),
            "release.enough",
            url=reverse("releases:detail", args=[release.version]),
            key=f"release:{release.pk}:enough:{release.plan_version}",
            product=release.product,
            version=release.version,
            words=lazy(lambda: standing(release, release.changes.all(), at=at).words, str)(),
        )
    return found.is_reached


def answer_for(release: Release) -> list[User]:
    """The owner; whoever may freeze when there is none who works here."""
    if release.owner is not None and release.owner.is_active:
        return [release.owner]
    return people_who_may("freeze_release", release.product)


def tick(*, at: datetime | None = None) -> None:
    """Propose what a day has made enough; a verdict that was missed is caught here, too."""
    for release in Release.objects.filter(status=Release.Status.PLANNED).select_related("product", "owner"):
        propose(release, at=at)
