"""A release in front of its gates, and what one gate says."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from deployments import approval_rules, proofs
from deployments.models import BreakGlass
from deployments.separation import Electorate, electorate
from environments import freezes
from environments.models import Environment, Freeze
from releases import candidates, signoffs, verdicts
from releases.models import Approval, Candidate, CandidateChange, Check, Release, SignOff, Verdict


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
    """A release with what its gates look at. What several of them need is read once, when the first one asks."""

    release: Release
    candidate: Candidate
    production: Environment
    at: datetime

    @cached_property
    def staging(self) -> Environment | None:
        return proofs.staging_of(self.release.product)

    @cached_property
    def live(self) -> Candidate | None:
        """What production should run."""
        return candidates.live(self.release.product)

    @cached_property
    def target(self) -> Candidate | None:
        """What a rollback would lead to after this release."""
        return proofs.running_in(self.production) or self.live

    @cached_property
    def rows(self) -> list[CandidateChange]:
        """What the candidate takes in and out."""
        return list(proofs.rows_of(self.candidate))

    @cached_property
    def verdicts(self) -> dict[int, Verdict]:
        return verdicts.standing(self.candidate)

    @cached_property
    def checks(self) -> list[Check]:
        """All checks of the candidate, the newest first."""
        return list(self.candidate.checks.order_by("-id"))

    def check(self, kind: str) -> Check | None:
        return next((check for check in self.checks if check.kind == kind), None)

    @cached_property
    def signoffs(self) -> dict[str, SignOff]:
        return signoffs.standing(self.release)

    @cached_property
    def windows(self) -> list[Freeze]:
        """The freezes in force then, the one that ends last at the end."""
        return list(freezes.in_force(self.release.product, at=self.at).order_by("ends_at", "-pk"))

    @cached_property
    def people(self) -> Electorate:
        """Who may speak for it."""
        return electorate(self.release, rows=self.rows, at=self.at)

    @cached_property
    def rule(self) -> dict[str, int]:
        return approval_rules.rule_of(self.release.product)

    @cached_property
    def given(self) -> list[Approval]:
        """Management's words on this digest and these variables, also those that do not count any more."""
        return approval_rules.given(self.release, self.candidate, self.production)

    @cached_property
    def words(self) -> list[Approval]:
        """Management's words that hold for this digest and these variables."""
        return approval_rules.holding(self.given, self.people)

    @cached_property
    def glass(self) -> BreakGlass | None:
        """The glass that was broken for this digest and these variables."""
        return approval_rules.glass(self.release, self.candidate, self.production)
