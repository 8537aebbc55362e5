"""Everything that the gates of a release look at, read in one statement and put together by key.

The cockpit, the manager's sheet and the claim of a worker read it the same way, each anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.utils import timezone

from deployments import proofs
from deployments.freeze_overrides import OVERRIDE
from deployments.models import (
    ApprovalRequest,
    ApprovalRule,
    BreakGlass,
    Deployment,
    Deputy,
    Rehearsal,
    ShippingTime,
    Watch,
)
from environments.models import Environment, Freeze, Lock
from lifecycle import members
from lifecycle.models import Event, Membership, User
from lifecycle.roles import TEAM
from lifecycle.together import together
from releases import involvement
from releases.models import (
    Approval,
    Candidate,
    CandidateChange,
    Change,
    Check,
    ChecklistAnswer,
    ChecklistItem,
    Release,
    Revision,
    RevisionPerson,
    SignOff,
    Verdict,
)

D = Deployment.Status


@dataclass
class CaseFile:
    """The lists, each in the order in which its readers want it; relations are there."""

    release: Release
    at: datetime
    environments: list[Environment]
    rows: list[CandidateChange]
    parts: list[RevisionPerson]
    addresses: list[EmailAddress]
    verdicts: list[Verdict]
    checks: list[Check]
    points: list[ChecklistItem]
    answers: list[ChecklistAnswer]
    signoffs: list[SignOff]
    approvals: list[Approval]
    glasses: list[BreakGlass]
    requests: list[ApprovalRequest]
    rules: list[ApprovalRule]
    deputies: list[Deputy]
    memberships: list[Membership]
    users: dict[int, User]
    events: list[Event]
    freezes: list[Freeze]
    locks: list[Lock]
    rehearsals: list[Rehearsal]
    currents: dict[int, Deployment]
    pending: list[Deployment]
    live: Candidate | None
    times: list[ShippingTime]
    watches: list[Watch]

    def place(self, kind: str) -> Environment | None:
        """The first environment of this kind that can be deployed to."""
        return next((place for place in self.environments if place.kind == kind and place.is_ready), None)

    def said(self, *verbs: str) -> list[Event]:
        return [event for event in self.events if event.verb in verbs]


def read(release: Release, *, at: datetime | None = None) -> CaseFile:
    """The file as it is now; one statement, and a second one where people outside the team have a part in it."""
    now = at or timezone.now()
    found = together(**_of_candidate(release), **_of_product(release, now), **_of_release(release))
    users = {user.pk: user for user in found.pop("users")}
    candidates = {one.pk: one for one in found.pop("candidates")}
    lives, adopted = found.pop("lives"), found.pop("adopted")
    _join_rows(found, release)
    _join_candidates(found["currents"] + found["pending"], candidates, release)
    _join_places(found, release)
    _join_people(found, users)
    live = lives[0].candidate_id if lives else (adopted[0].pk if adopted else None)
    currents = {row.environment_id: row for row in found.pop("currents")}
    newest = {row.pk: row for row in adopted} | candidates
    return CaseFile(release=release, at=now, users=users, currents=currents, live=newest.get(live or 0), **found)


def _of_candidate(release: Release) -> dict[str, QuerySet[Any]]:
    candidate = release.candidate
    digest = candidate.digest if candidate else ""
    rows = CandidateChange.objects.filter(candidate=release.candidate_id or 0)
    parts = RevisionPerson.objects.filter(revision__in=rows.values("revision"))
    said = Verdict.objects.filter(digest=digest, change__in=rows.values("change")) if digest else Verdict.objects.none()
    of_digest = SignOff.objects.filter(release=release, digest=digest) if digest else SignOff.objects.none()
    return {
        "rows": rows.order_by("position", "id"),
        "changes": Change.objects.filter(pk__in=rows.values("change")),
        "revisions": Revision.objects.filter(pk__in=rows.values("revision")),
        "parts": parts,
        "addresses": EmailAddress.objects.filter(verified=True, email__in=parts.values("email")),
        "users": _users(release, parts),
        "verdicts": said.order_by("change", "-id").distinct("change"),
        "checks": Check.objects.filter(candidate=release.candidate_id or 0).order_by("-id"),
        "points": ChecklistItem.objects.filter(release=release, is_left_out=False).order_by("position", "pk"),
        "answers": ChecklistAnswer.objects.filter(item__release=release, digest=digest or "-").order_by("pk"),
        "signoffs": of_digest.order_by("id"),
        "rehearsals": _rehearsals(release, digest),
        "events": _events(release, rows),
    }


def _users(release: Release, parts: QuerySet[RevisionPerson]) -> QuerySet[User]:
    """The team, administrators, and whoever signs in with an address that is in the commits."""
    team = Membership.objects.filter(product=release.product_id, roles__overlap=list(TEAM)).values("user")
    return User.objects.filter(Q(pk__in=team) | Q(is_admin=True) | Q(email__in=parts.values("email"))).order_by(
        "name", "id"
    )


def _rehearsals(release: Release, digest: str) -> QuerySet[Rehearsal]:
    rows = Rehearsal.objects.filter(product=release.product_id, digest=digest)
    return rows.exclude(status=Rehearsal.Status.SUPERSEDED).order_by("-id")


def _events(release: Release, rows: QuerySet[CandidateChange]) -> QuerySet[Event]:
    verbs = [proofs.WAIVER, OVERRIDE, involvement.FROZEN]
    own = Q(subject_kind="release", subject_id=release.pk, verb__in=verbs)
    asked = Q(subject_kind="candidate", subject_id__in=release.candidates.values("pk"), verb=involvement.ASKED)
    given = Q(subject_kind="change", subject_id__in=rows.values("change"), verb=involvement.ASSIGNED)
    roles = Q(product=release.product_id, verb__in=[members.GIVEN, members.CREATED])
    return Event.objects.filter(own | asked | given | roles).order_by("id")


def _of_product(release: Release, now: datetime) -> dict[str, QuerySet[Any]]:
    product = release.product_id
    places = Environment.objects.filter(product=product).in_use()
    here = Deployment.objects.filter(environment__in=places.values("pk"))
    done = here.filter(status=D.SUCCEEDED).order_by("environment_id", "-verified_at", "-id").distinct("environment_id")
    pending = here.filter(status__in=[*Deployment.ACTIVE, *Deployment.WAITING])
    out = [Release.Status.LIVE, Release.Status.DONE]
    lives = Release.objects.filter(product=product, status__in=out).exclude(candidate=None).order_by("-live_at")[:1]
    adopted = Candidate.objects.filter(product=product, purpose=Candidate.Purpose.ADOPTED, status="ready")
    known = Q(pk__in=done.values("candidate")) | Q(pk__in=lives.values("candidate"))
    return {
        "environments": places.order_by("position", "pk"),
        "currents": done,
        "pending": pending.order_by("-id"),
        "lives": lives,
        "adopted": adopted.order_by("-id")[:1],
        "candidates": Candidate.objects.filter(known | Q(pk__in=pending.values("candidate"))),
        "freezes": Freeze.objects.filter(product=product, starts_at__lte=now, ends_at__gt=now).order_by(
            "ends_at", "-pk"
        ),
        "locks": Lock.objects.filter(environment__in=places.values("pk"), expires_at__gt=now).order_by("expires_at"),
        "rules": ApprovalRule.objects.filter(product=product).order_by("id"),
        "deputies": Deputy.objects.filter(product=product).order_by("id"),
        "memberships": Membership.objects.filter(product=product, roles__overlap=list(TEAM)),
    }


def _of_release(release: Release) -> dict[str, QuerySet[Any]]:
    return {
        "approvals": release.approvals.filter(withdrawn_at=None).order_by("at", "id"),
        "glasses": release.break_glasses.order_by("id"),
        "requests": release.approval_requests.order_by("id"),
        "times": ShippingTime.objects.filter(release=release),
        "watches": Watch.objects.filter(release=release).order_by("-id")[:1],
    }


def _join(rows: Iterable[Any], name: str, by: dict[int, Any]) -> None:
    """Give each row its relation, where it is known; what is not is asked for when somebody wants it."""
    for row in rows:
        if (known := by.get(getattr(row, f"{name}_id"))) is not None:
            setattr(row, name, known)


def _join_rows(found: dict[str, list[Any]], release: Release) -> None:
    changes = {one.pk: one for one in found.pop("changes")}
    revisions = {one.pk: one for one in found.pop("revisions")}
    for change in changes.values():
        change.product = release.product
        if change.release_id == release.pk:
            change.release = release
    _join(changes.values(), "revision", revisions)
    _join(found["rows"], "change", changes)
    _join(found["rows"], "revision", revisions)
    for row in found["rows"]:
        row.candidate = release.candidate


def _join_candidates(rows: list[Deployment], candidates: dict[int, Candidate], release: Release) -> None:
    if release.candidate is not None:
        candidates.setdefault(release.candidate.pk, release.candidate)
    for candidate in candidates.values():
        candidate.product = release.product
    _join(rows, "candidate", candidates)
    _join(rows, "release", {release.pk: release})
    if release.candidate is not None:
        _join([release.candidate], "base", candidates)


def _join_places(found: dict[str, list[Any]], release: Release) -> None:
    places = {place.pk: place for place in found["environments"]}
    for place in places.values():
        place.product = release.product
    for name in ("currents", "pending", "locks", "rehearsals", "glasses"):
        _join(found[name], "environment", places)


PEOPLE = {
    "verdicts": ("by",),
    "signoffs": ("by",),
    "answers": ("by",),
    "approvals": ("by", "for_person"),
    "glasses": ("first_by", "second_by"),
    "requests": ("person",),
    "events": ("actor",),
    "locks": ("owner",),
    "deputies": ("person", "deputy"),
    "environments": ("held_by",),
}


def _join_people(found: dict[str, list[Any]], users: dict[int, User]) -> None:
    changes = [row.change for row in found["rows"]]
    pairs = [(found[name], field) for name, fields in PEOPLE.items() for field in fields] + [(changes, "developer")]
    wanted = {getattr(row, f"{field}_id") for rows, field in pairs for row in rows} - {None}
    known = users | (User.objects.in_bulk(wanted - users.keys()) if wanted - users.keys() else {})
    for rows, field in pairs:
        _join(rows, field, known)
