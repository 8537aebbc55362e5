"""A release in front of its gates, and what one gate says."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from deployments import approval_rules, proofs
from deployments.case_files import CaseFile
from deployments.freeze_overrides import OVERRIDE
from deployments.models import BreakGlass, Deployment, Rehearsal
from deployments.separation import Electorate, Voter
from environments.models import Environment, Freeze, Lock
from lifecycle import members
from lifecycle.models import Event
from releases import involvement
from releases.models import (
    Approval,
    Candidate,
    CandidateChange,
    Check,
    ChecklistAnswer,
    ChecklistItem,
    Release,
    SignOff,
    Verdict,
)


@dataclass(frozen=True)
class Gate:
    """One condition with its evidence: `who` can open it, at `url`; `since` when it stands as it does, if known."""

    key: str
    label: str
    is_open: bool
    evidence: str
    who: str
    url: str
    since: datetime | None = None


@dataclass(frozen=True)
class Case:
    """A release with what its gates look at, out of a file that was read at once."""

    release: Release
    candidate: Candidate
    production: Environment
    file: CaseFile

    @property
    def at(self) -> datetime:
        return self.file.at

    @property
    def staging(self) -> Environment | None:
        return self.file.place(Environment.Kind.STAGING)

    @property
    def live(self) -> Candidate | None:
        """What production should run."""
        return self.file.live

    @property
    def target(self) -> Candidate | None:
        """What a rollback would lead to after this release."""
        now = self.file.currents.get(self.production.pk)
        return now.candidate if now else self.live

    @cached_property
    def impossible(self) -> str:
        """Why the way back cannot be rehearsed; "" if it can. Two statements."""
        return proofs.impossible(self.candidate, self.target, self.staging)

    @property
    def rehearsal(self) -> Rehearsal | None:
        """The newest one that speaks for this digest and this way back."""
        target = self.target.pk if self.target else None
        return next((row for row in self.file.rehearsals if row.target_id == target), None)

    @property
    def rows(self) -> list[CandidateChange]:
        """What the candidate takes in and out."""
        return self.file.rows

    @cached_property
    def verdicts(self) -> dict[int, Verdict]:
        """Change → the newest word on this digest."""
        return {verdict.change_id: verdict for verdict in self.file.verdicts}

    @property
    def checks(self) -> list[Check]:
        """All checks of the candidate, the newest first."""
        return self.file.checks

    def check(self, kind: str) -> Check | None:
        return next((check for check in self.checks if check.kind == kind), None)

    @cached_property
    def points(self) -> list[ChecklistItem]:
        """What a tester goes through with everything together: points of the whole, and of what is in it."""
        inside = {None, *(row.change_id for row in self.rows)}
        return [point for point in self.file.points if point.change_id in inside]

    @cached_property
    def answers(self) -> dict[int, ChecklistAnswer]:
        """Point → the newest answer on this digest, of those whose word counts."""
        said = [answer for answer in self.file.answers if self.people.may_test(answer.by_id)]
        return {answer.item_id: answer for answer in said}

    @cached_property
    def signoffs(self) -> dict[str, SignOff]:
        return {word.audience: word for word in self.file.signoffs}

    @property
    def windows(self) -> list[Freeze]:
        """The freezes in force then, the one that ends last at the end."""
        return self.file.freezes

    @property
    def lock(self) -> Lock | None:
        """The hard lock of production."""
        own = [lock for lock in self.file.locks if lock.environment_id == self.production.pk]
        return next((lock for lock in own if lock.kind == Lock.Kind.HARD), None)

    def waived(self, gate: str) -> Event | None:
        """DevOps' word that this digest may ship although the gate with this key stays shut."""
        said = [event for event in self.file.said(proofs.WAIVER) if event.data.get("digest") == self.candidate.digest]
        return next((event for event in said if gate in event.data.get("gates", ())), None)

    def overridden(self, window: Freeze) -> Event | None:
        """The word that this build may pass this window."""
        facts = {"digest": self.candidate.digest, "freeze": window.pk}
        said = self.file.said(OVERRIDE)
        return next((event for event in said if facts.items() <= event.data.items()), None)

    @cached_property
    def people(self) -> Electorate:
        """Who may speak for it."""
        return people_of(self.file)

    @cached_property
    def rule(self) -> dict[str, int]:
        own = {row.role: row.minimum for row in self.file.rules}
        return own or dict(approval_rules.PRESETS[self.release.product.preset])

    @cached_property
    def given(self) -> list[Approval]:
        """Management's words on this digest and these variables, also those that do not count any more."""
        return [word for word in self.file.approvals if approval_rules.is_about(word, self.candidate, self.production)]

    @cached_property
    def words(self) -> list[Approval]:
        """Management's words that hold for this digest and these variables."""
        return approval_rules.holding(self.given, self.people)

    @cached_property
    def glass(self) -> BreakGlass | None:
        """The glass that was broken for this digest and these variables."""
        own = [row for row in self.file.glasses if approval_rules.is_about(row, self.candidate, self.production)]
        return next((row for row in own if approval_rules.is_broken(row, self.release.product)), None)

    @property
    def pending(self) -> Deployment | None:
        """The deployment of this release to production that has not ended."""
        own = [row for row in self.file.pending if row.release_id == self.release.pk]
        return next((row for row in own if row.environment_id == self.production.pk), None)

    def obstacle(self, staging: Environment) -> str:
        """Why staging cannot be taken for a rehearsal now; "" if it can."""
        return proofs.obstacle(staging, self.candidate, at=self.at)


def people_of(file: CaseFile) -> Electorate:
    """The electorate of a release, out of its file."""
    people = Electorate(file.release, file.at)
    roles = {row.user_id: frozenset(row.roles) for row in file.memberships}
    active = [user for user in file.users.values() if user.is_active and (user.pk in roles or user.is_admin)]
    froze = file.said(involvement.FROZEN)
    given = file.said(members.GIVEN, members.CREATED)
    frozen_at = froze[0].at if froze else file.release.frozen_at or file.release.created_at
    return people.knowing(
        voters={user.pk: Voter(user, roles.get(user.pk, frozenset())) for user in active},
        deputies=file.deputies,
        frozen_at=frozen_at,
        given=[event for event in given if event.at >= frozen_at],
        involved=involved_in(file),
    )


def involved_in(file: CaseFile) -> involvement.Involved:
    addresses = {row.email.lower(): row.user_id for row in file.addresses}
    addresses |= {user.email.lower(): user.pk for user in file.users.values()}
    said = file.said(involvement.FROZEN, involvement.ASKED, involvement.ASSIGNED)
    changes = [row.change for row in file.rows] or list(file.release.changes.all())
    return involvement.of(file.release, changes, said, file.parts, addresses)
