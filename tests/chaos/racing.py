"""One product on which a manager's yes races against whatever changes what the yes was about."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random

from django.db import connection
from django.utils import timezone

from deployments import approvals, running, unfreezing
from deployments.models import Deployment
from environments import repositories, variables
from environments.models import Branch
from lifecycle.models import Membership
from lifecycle.transitions import NotAllowed
from releases import changes, hotfixes, intake
from releases.models import Approval, Candidate, Change, Release, Revision
from tests.bench import big_shop
from tests.bench.paper_release import frozen_release, say_yes
from tests.chaos.product import PROBED, ChaosProduct, log_of
from tests.chaos.stack import Stack, eventually

SECONDS_APART = 5.0
D = Deployment.Status
TAKEN_BACK = (D.CANCELLED, D.ABORTED, D.SUPERSEDED)
"""By somebody's wish, which is on record."""


class Track:
    """`race(n)` freezes a release, lets Max approve it beside a rival, and says what came of it."""

    def __init__(self, stack: Stack, first: ChaosProduct, number: int, rounds: int) -> None:
        self.stack, self.rounds = stack, rounds
        self.words: list[str] = []
        self.product = ChaosProduct(stack, slug=f"race-{number}", cast=first.cast, manifest=PROBED)
        self.cast = replace(first.cast, product=self.product.product)
        for member in Membership.objects.filter(product=first.product):
            Membership.objects.create(user=member.user, product=self.product.product, roles=member.roles)
        self.product.retire_dev()
        self.staging = self.product.environment("staging", kind="staging")
        self.production = self.product.environment("production", kind="production", driver="command")
        variables.set_variable(self.production, name="COLOUR", value="first", is_secret=False, by=self.cast.ops)
        for place in (self.staging, self.production):
            self.product.deploy(place, len(self.product._candidates) - 1 if self.product._candidates else 9)
        self._push_branches()
        self.rivals: dict[str, Callable[[Release, int], None]] = {
            "push": self._push,
            "plan": self._open_the_plan,
            "variable": self._set_variable,
            "flag": self._set_migrations,
            "withdrawal": self._withdraw,
            "hotfix": self._ship_a_hotfix,
        }

    def _push_branches(self) -> None:
        """A branch for every release and for every hotfix, made and fetched at once."""
        names = [(kind, number) for number in range(self.rounds) for kind in ("race", "hot")]
        stream = "".join(
            big_shop.commit(f"{kind}-{number}", mark, f"{kind} {number}: Build it.", parent="refs/heads/main^0")
            + big_shop.file(f"{kind}/{number}.txt", "first\n")
            for mark, (kind, number) in enumerate(names)
        )
        self.product.upstream.git("fast-import", "--quiet", stdin=stream.encode())
        repositories.poll(self.product.repository)

    def change(self, kind: str, number: int) -> Change:
        branch = Branch.objects.get(repository=self.product.repository, name=f"{kind}-{number}")
        main = Branch.objects.get(repository=self.product.repository, name="main")
        now = timezone.now()
        change = Change.objects.create(
            product=self.cast.product,
            number=2 * number + (kind == "hot") + 1,
            title=f"{kind} {number}",
            branch=branch.name,
            developer=self.cast.dev,
            migrations="none",
            status=Change.Status.READY,
            created_at=now,
            waiting_since=now,
        )
        change.revision = Revision.objects.create(change=change, number=1, fork=main.sha, tip=branch.sha, seen_at=now)
        change.save(update_fields=["revision"])
        return change

    def race(self, number: int, rival: str, dice: Random) -> "Outcome":
        """Both start at once; one of them waits up to five seconds (by the campaign's clock)."""
        release = frozen_release(self.cast, self.change("race", number), f"50.{number}")
        last = Deployment.objects.order_by("pk").last()
        apart = dice.uniform(-SECONDS_APART, SECONDS_APART) / self.stack.tempo
        answers: dict[str, str] = {}
        act = self.rivals[rival]
        runners = [
            self._runner(answers, "yes", max(0.0, apart), lambda: self._approve(release)),
            self._runner(answers, rival, max(0.0, -apart), lambda: act(release, number)),
        ]
        for runner in runners:
            runner.start()
        for runner in runners:
            runner.join(60)
        self.settle()
        return Outcome(self, release, rival, answers, after=last.pk if last else 0)

    def _runner(self, answers: dict[str, str], name: str, wait: float, act: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                time.sleep(wait)
                act()
                answers[name] = "done"
            except NotAllowed as reason:
                answers[name] = f"409 {reason}"
            except Exception as error:
                answers[name] = f"broke: {error!r}"
            finally:
                connection.close()

        return threading.Thread(target=run, daemon=True)

    def _approve(self, release: Release) -> None:
        approvals.approve(release, by=self.cast.max, digest=release.candidate.digest)

    def _push(self, _release: Release, number: int) -> None:
        self.product.upstream.git("checkout", "-q", f"race-{number}")
        self.product.upstream.write(f"race/{number}.txt", "second\n")
        self.product.upstream.commit(f"race {number}: Build it anew.")
        for branch in repositories.poll(self.product.repository):
            intake.take(branch)

    def _open_the_plan(self, release: Release, _number: int) -> None:
        unfreezing.unfreeze(release, by=self.cast.petra, reason="One more change.")

    def _set_variable(self, _release: Release, number: int) -> None:
        place = self.production
        variables.set_variable(place, name="COLOUR", value=f"colour {number}", is_secret=False, by=self.cast.ops)

    def _set_migrations(self, release: Release, _number: int) -> None:
        changes.set_migrations(release.changes.get(), migrations=Change.Migrations.CONTRACT, by=self.cast.dev)

    def _withdraw(self, release: Release, _number: int) -> None:
        approvals.withdraw(release, by=self.cast.max)

    def _ship_a_hotfix(self, _release: Release, number: int) -> None:
        hot = self.change("hot", number)
        hotfix = hotfixes.propose(self.cast.product, changes=[hot], by=self.cast.ops, reason="Nobody can pay")
        eventually(lambda: self._is_composed(hotfix), "the hotfix", seconds=30)
        say_yes(self.cast, hotfix, hot)
        self._approve(hotfix)

    def _is_composed(self, release: Release) -> bool:
        release.refresh_from_db()
        candidate = Candidate.objects.get(pk=release.candidate_id)
        release.candidate = candidate
        return candidate.status == Candidate.Status.READY and candidate.staged_at is not None

    def settle(self) -> None:
        """Nothing of this product is on its way any more, and no plan is left for the next race to meet."""
        eventually(lambda: not self._going(), "an end of the race", seconds=60, pause=0.1)
        for left in Release.objects.filter(product=self.cast.product, status=Release.Status.FROZEN):
            with suppress(NotAllowed):
                unfreezing.unfreeze(left, by=self.cast.petra, reason="The race is over.")
        left = Change.objects.filter(product=self.cast.product).exclude(status=Change.Status.LIVE)
        left.update(status=Change.Status.DROPPED)
        eventually(lambda: not self._going(), "an end of everything", seconds=60, pause=0.1)

    def _going(self) -> bool:
        going = [*Deployment.ACTIVE, *Deployment.WAITING]
        composing = Candidate.objects.filter(product=self.cast.product, status=Candidate.Status.COMPOSING)
        waits = Deployment.objects.filter(product=self.cast.product, status__in=going)
        return waits.exists() or composing.filter(purpose=Candidate.Purpose.RELEASE).exists()


class Outcome:
    """What a race came to; `wrong` says what must not be."""

    def __init__(self, track: Track, release: Release, rival: str, answers: dict[str, str], *, after: int) -> None:
        self.track, self.release, self.rival, self.answers = track, release, rival, answers
        rows = Deployment.objects.filter(environment=track.production, kind=Deployment.Kind.DEPLOY, pk__gt=after)
        self.deployments = list(rows.select_related("candidate", "release").order_by("pk"))

    @property
    def word(self) -> str:
        """deployed, refused (with 409 or by the worker) or overtaken (nothing was wished that still holds)."""
        mine = [row for row in self.deployments if row.release_id == self.release.pk]
        if any(row.status == D.SUCCEEDED for row in mine):
            return "deployed"
        return "refused" if mine or self.answers.get("yes", "").startswith("409") else "overtaken"

    def wrong(self) -> list[str]:
        name = f"{self.release.version} beside {self.rival}"
        found = [f"{name}: {who} {said}" for who, said in self.answers.items() if said.startswith("broke")]
        found += [f"{name}: {who} never came back" for who in ("yes", self.rival) if who not in self.answers]
        if self.word == "overtaken" and self.rival not in ("plan", "withdrawal", "hotfix", "flag"):
            found.append(f"{name}: approved, and nothing was deployed or refused")
        for row in self.deployments:
            if row.status == D.SUCCEEDED:
                found += [f"{name}: {text}" for text in self._unlike(row)]
            elif not row.error and row.status not in TAKEN_BACK:
                found.append(f"{name}: deployment {row.pk} is {row.status} without a reason")
        return found

    def _unlike(self, row: Deployment) -> list[str]:
        """How what runs differs from what was approved: another build, other variables, or nobody's word."""
        given = Approval.objects.filter(release=row.release_id, digest=row.digest, outcome=Approval.Outcome.YES)
        words = [word for word in given if word.withdrawn_at is None or word.withdrawn_at >= row.started_at]
        found = [] if words else [f"nobody approved what deployment {row.pk} brought"]
        if not any(word.config_version == row.config_version for word in words):
            found.append(f"nobody approved configuration {row.config_version} of deployment {row.pk}")
        colour = variables.opened_at(self.track.production, row.config_version).get("COLOUR")
        switches = [one for one in self.track.product.effects(self.track.production) if one.what == "switch"]
        ended = [one for one in switches if (one.phase, one.fence) == ("end", row.fence)]
        release = running.release_id(row.candidate)
        if [(one.release, one.colour) for one in ended] != [(release, colour)]:
            found.append(f"{release} with {colour} was approved, {ended} came there\n{log_of(row)}")
        return found


def frozen_on(track: Track, number: int) -> Release:
    """A release that waits for its last yes, and Max's name under nothing."""
    return frozen_release(track.cast, track.change("race", number), f"51.{number}")
