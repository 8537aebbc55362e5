"""What workers do in the product of a history: compose, check, bring to staging and to production."""

from collections import Counter
from collections.abc import Callable, Iterator

from django.utils import timezone

from deployments import (
    claims,
    effects,
    intake,
    rehearsals,
    services,
    snapshots,
)
from deployments.models import Deployment
from environments.models import Environment
from lifecycle import jobs
from lifecycle.events import Machine
from lifecycle.models import Product, Work
from lifecycle.transitions import NotAllowed, move
from releases.models import Candidate, Change, Check, Release
from tests.cast import Cast
from tests.deployments.release_model import Files, Model
from tests.deployments.release_oracle import closed_by_the_facts, verdict_that_should_hold

C, D, R = Change.Status, Deployment.Status, Release.Status
ROBOT = Machine("history")
OFFERED = (C.READY, C.STAGING, C.APPROVED)
DONE: Counter[str] = Counter()
"""How often each verb was not refused, in all histories of this process."""


def does(verb: Callable[..., object], *args: object, **facts: object) -> bool:
    """Whether it was done, which is counted; refused with a reason it was not."""
    try:
        verb(*args, **facts)
    except NotAllowed:
        return False
    DONE[verb.__name__] += 1
    return True


class Workers:
    """Of a World: what happens without anybody pressing a button, and how the model hears of it."""

    cast: Cast
    product: Product
    model: Model
    trees: dict[int, Files]
    composed: list[Candidate]
    claims: list[tuple[Deployment, list[str]]]
    verdicts: list[str]
    returned_and_taken: list[str]

    @property
    def staging(self) -> Environment:
        return self.product.environments.get(slug="staging")

    @property
    def production(self) -> Environment:
        return self.product.environments.get(slug="production")

    def releases(self, *statuses: str) -> list[Release]:
        rows = Release.objects.filter(product=self.product, status__in=statuses).order_by("pk")
        return list(rows.select_related("candidate", "product"))

    def changes(self, *statuses: str) -> list[Change]:
        rows = Change.objects.filter(product=self.product, status__in=statuses).order_by("number")
        return list(rows.select_related("release", "revision", "product", "requires"))

    def change(self, number: int) -> Change:
        rows = Change.objects.select_related("release", "revision", "product", "requires")
        return rows.get(product=self.product, number=number)

    def promote(self) -> None:
        does(services.promote, self.product, by=self.cast.lena)
        self.work()

    def work(self) -> None:
        """Compose what waits, say that its tests pass, bring it to staging, and rehearse the way back."""
        for _round in range(30):
            rehearsals.tick()
            intake.bring_frozen()
            composed, staged = list(self.compose()), self.carry_out(self.staging)
            if not self.check() and not composed and staged is None:
                return
        raise AssertionError("something waits for ever")

    def compose(self) -> Iterator[Candidate]:
        for work in Work.objects.filter(kind="compose", status=Work.Status.QUEUED, product=self.product):
            candidate = Candidate.objects.select_related("release").get(pk=work.subject_id)
            if candidate.purpose != Candidate.Purpose.DEV:
                self.compose_one(candidate, work)
                yield candidate

    def compose_one(self, candidate: Candidate, work: Work) -> None:
        """What it takes is what the model says it takes: all that is offered, or what its release was frozen with."""
        offered = {change.number for change in self.changes(*OFFERED)}
        takes = {number: self.model.texts[number] for number in offered}
        if candidate.release is not None:
            takes = self.model.frozen[candidate.release_id].takes if self.is_asked_for(candidate) else {}
        self.trees[candidate.pk] = self.model.files({**self.model.live, **takes})
        jobs.run(jobs.claim(work, Work.Status.CLAIMED, by=ROBOT))
        candidate.refresh_from_db()
        if candidate.status == Candidate.Status.READY:
            self.look_at(candidate)

    def look_at(self, candidate: Candidate) -> None:
        """Note what is wrong with what was just composed, and for whom its tree is to be compared."""
        if self.is_asked_for(candidate):
            self.verdicts += verdict_that_should_hold(candidate, self.trees, self.model)
        if candidate.release is None or self.is_asked_for(candidate):
            self.composed.append(candidate)
        if candidate.purpose == Candidate.Purpose.STAGING:
            back = candidate.rows.filter(change__number__in=self.model.returned)
            self.returned_and_taken += [f"{row.change} in {candidate.pk}" for row in back]

    def newly_composed(self) -> list[Candidate]:
        """What was composed since somebody asked last."""
        found, self.composed = self.composed, []
        return found

    def is_asked_for(self, candidate: Candidate) -> bool:
        """Whether a release that has staging waits for it."""
        return any(one.candidate_id == candidate.pk and not one.is_parked for one in self.releases(R.FROZEN))

    def check(self) -> int:
        queued = list(Check.objects.filter(product=self.product, status=Check.Status.QUEUED))
        for check in queued:
            move(check, Check.Status.RUNNING, by=ROBOT, silent=True)
            move(check, Check.Status.PASSED, by=ROBOT, silent=True)
        return len(queued)

    def deploy(self) -> None:
        """Production takes what is next in its line, if it may."""
        if deployment := self.carry_out(self.production):
            DONE[f"deployed {deployment.kind} of {deployment.release and deployment.release.kind}"] += 1
            if deployment.kind == Deployment.Kind.ROLLBACK:
                self.model.roll_back()
            elif deployment.release_id in self.model.frozen:
                self.model.ship(deployment.release_id)

    def carry_out(self, place: Environment) -> Deployment | None:
        """What a worker does with the next in line, without the target."""
        lease = claims.claim(place)
        if lease is None:
            return None
        deployment: Deployment = lease.row
        if place.is_production:
            self.claims.append((deployment, closed_by_the_facts(deployment)))
        for status in (D.RUNNING, D.VERIFYING):
            lease.move(status)
        lease.write(snapshot=snapshots.record(deployment))
        Environment.objects.filter(pk=place.pk).update(state=Environment.State.OK)
        lease.end(D.SUCCEEDED, verified_at=timezone.now())
        deployment.refresh_from_db()
        effects.succeeded(deployment)
        return deployment
