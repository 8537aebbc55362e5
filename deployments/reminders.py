"""Whose word a release waits for: they are asked once, reminded, and then their deputies are asked."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import approval_rules, approvals, chat, gates, running, times
from deployments.cases import Gate
from deployments.models import ApprovalRequest
from deployments.separation import Electorate, electorate
from environments.models import Environment
from lifecycle import events
from lifecycle.events import Machine
from lifecycle.models import User
from lifecycle.notifications import tell
from lifecycle.transitions import NotAllowed
from releases.models import Candidate, Release

ASKER = Machine("approvals")
AGAIN = timedelta(hours=1)


def tick(*, at: datetime | None = None) -> None:
    """Ask and remind for every frozen release that waits for nothing but management's word; two at once ask once."""
    for release in waiting():
        place = running.production(release.product)
        if place is not None and is_wanted(release, at=at):
            follow_up(release, place, at=at or timezone.now())


def waiting() -> Iterable[Release]:
    rows = Release.objects.filter(
        status=Release.Status.FROZEN, parked_at=None, candidate__status=Candidate.Status.READY
    )
    return rows.select_related("candidate", "product")


def is_wanted(release: Release, *, at: datetime | None = None) -> bool:
    """Whether every gate before management's word is open, and that one is not."""
    shut = {gate.key for gate in gates.missing(release, at=times.moment(release, at=at))}
    return "approvals" in shut and shut <= set(approvals.LATER)


@transaction.atomic
def follow_up(release: Release, place: Environment, *, at: datetime) -> None:
    """Ask whoever was not asked about this build yet, and remind the others when it is time."""
    Release.objects.select_for_update(of=("self",), no_key=True).get(pk=release.pk)
    people, asked = electorate(release, at=at), requests_of(release, place)
    able = [person for person in approvals.who_can_approve(release) if has_own_say(people, person)]
    new = [person for person in able if person.pk not in asked]
    if new:
        ask(release, place, new, at=at)
    for person in able:
        if person.pk in asked:
            remind_if_late(asked[person.pk], people, person, at=at)


def requests_of(release: Release, place: Environment) -> dict[int, ApprovalRequest]:
    """Person → when they were asked about what the release is now."""
    digest = release.candidate.digest if release.candidate else ""
    rows = release.approval_requests.filter(digest=digest, config_version=place.config_version)
    return {row.person_id: row for row in rows}


def has_own_say(people: Electorate, person: User) -> bool:
    """Whether they speak for themselves; deputies are asked later."""
    rule = approval_rules.rule_of(people.release.product)
    return any(not people.why_not(person.pk, role) for role in rule)


def ask(release: Release, place: Environment, new: list[User], *, at: datetime) -> None:
    """Once per person and build, by mail and in the app, and in the product's chat."""
    facts = {"digest": release.candidate.digest, "config_version": place.config_version, "asked_at": at}
    rows = [ApprovalRequest(release=release, person=person, **facts) for person in new]
    ApprovalRequest.objects.bulk_create(rows, ignore_conflicts=True)
    events.record("release.approval_asked", release, by=ASKER, at=at, people=[person.pk for person in new])
    say(release, new, "release.approval_needed", key=key_of(release, place))
    chat.later(release, place)


def remind_if_late(request: ApprovalRequest, people: Electorate, person: User, *, at: datetime) -> None:
    pause = timedelta(hours=people.release.product.remind_after_hours)
    key = f"approval-request:{request.pk}"
    if request.reminded_at is None:
        if request.asked_at + pause <= at:
            ApprovalRequest.objects.filter(pk=request.pk).update(reminded_at=at)
            say(people.release, [person], "release.approval_reminder", key=f"{key}:reminder")
    elif request.deputy_asked_at is None and request.reminded_at + pause <= at:
        deputies = [
            one for role in approval_rules.rule_of(people.release.product) for one in people.stand_ins(person.pk, role)
        ]
        if deputies:
            ApprovalRequest.objects.filter(pk=request.pk).update(deputy_asked_at=at)
            say(people.release, deputies, "release.deputy_asked", key=f"{key}:deputy", who=str(person))


def key_of(release: Release, place: Environment) -> str:
    return f"approval:{release.pk}:{release.candidate.digest[:16]}:{place.config_version}"


def say(release: Release, people: list[User], topic: str, *, key: str, **words: str) -> None:
    url = reverse("deployments:approve", args=[release.version])
    tell(people, topic, url=url, key=key, product=release.product, version=release.version, **words)


@transaction.atomic
def remind(release: Release, people: list[User], gate: Gate, *, by: User, at: datetime | None = None) -> list[User]:
    """Somebody presses "Remind": those who can open this gate hear of it, each at most once an hour.

    NotAllowed when it is open, or nobody else could open it.
    """
    others = [person for person in people if person != by]
    if gate.is_open or not others:
        raise NotAllowed(_("Nobody else is missing there."))
    now = at or timezone.now()
    hour = int(now.timestamp() // AGAIN.total_seconds())
    topic = "release.approval_reminder" if gate.key == "approvals" else "release.gate_reminder"
    page = "deployments:approve" if gate.key == "approvals" else "deployments:cockpit"
    tell(
        others,
        topic,
        url=reverse(page, args=[release.version]),
        key=f"remind:{release.pk}:{gate.key}:{hour}",
        product=release.product,
        version=release.version,
        gate=gate.label,
        who=str(by),
    )
    names = [person.pk for person in others]
    events.record("release.approver_reminded", release, by=by, at=at, gate=gate.key, people=names)
    return others


def mark_seen(release: Release, user: User, *, at: datetime | None = None) -> None:
    """Somebody who was asked has opened the sheet."""
    release.approval_requests.filter(person=user, seen_at=None).update(seen_at=at or timezone.now())
