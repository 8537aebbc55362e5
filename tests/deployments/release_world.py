"""A product whose releases are told to Lifecycle and to a model, verb by verb, to be compared after every step.

git, candidates, rows, gates and claims are the real ones; only what a deployment does at its target is left out, and
that the tests pass is said by nobody who ran them. A verb that is refused must have changed nothing: the model does not
hear of it.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from deployments import (
    approvals,
    break_glass,
    intake,
    rescoping,
    services,
    unfreezing,
)
from deployments import watch as watching
from deployments.models import Deployment, Watch
from environments import repositories
from environments.models import Environment
from environments.variables import set_variable
from ideas.models import Idea
from lifecycle.models import Membership, Product
from lifecycle.story.people import CAST
from releases import candidates, changes, checklists, hotfixes, plan, signoffs, verdicts
from releases.models import Candidate, Change, Release
from tests.cast import Cast
from tests.deployments.release_model import LINES_APART, Files, Model
from tests.deployments.release_workers import OFFERED, ROBOT, Workers, does
from tests.environments.repositories import Upstream

C, D, R = Change.Status, Deployment.Status, Release.Status


class World(Workers):
    """One product on a fresh upstream, with main adopted on staging and production."""

    def __init__(self, cast: Cast, folder: Path, name: str) -> None:
        self.cast, self.model = cast, Model()
        self.trees: dict[int, Files] = {}
        self.tips: dict[str, str] = {}
        self.claims: list[tuple[Deployment, list[str]]] = []
        self.verdicts: list[str] = []
        self.returned_and_taken: list[str] = []
        self.composed: list[Candidate] = []
        self.tags: dict[str, str] = {}
        self.upstream = Upstream(folder)
        for path, text in self.model.files({}).items():
            self.upstream.write(path, text)
        self.root = self.upstream.commit("base")
        self.product = Product.objects.create(name=name, slug=name)
        for key, (_name, roles, _language) in CAST.items():
            Membership.objects.create(user=getattr(cast, key), product=self.product, roles=roles)
        repositories.connect(self.product, f"file://{folder}", by=ROBOT)
        self.trees[candidates.adopt(self.product, sha=self.root, by=ROBOT).pk] = self.model.files({})
        for position, kind in enumerate(("staging", "production")):
            self.environment(kind, position)

    def environment(self, kind: str, position: int) -> None:
        facts: dict[str, Any] = {"slug": kind, "name": kind.title(), "kind": kind, "position": position}
        made = Environment.objects.create(product=self.product, driver="fake", url="http://127.0.0.1:1", **facts)
        services.request(made, candidates.live(self.product), by=self.cast.ops)
        self.carry_out(made)

    # who is there

    # what developers do

    def plan(self, shared: list[bool]) -> None:
        """A published plan of one change for each, `shared` ones in shop.py, too."""
        ideas = [self.idea() for _one in shared]
        day = timezone.localdate() + timedelta(days=4)
        version = plan.suggest_version(self.product)
        facts: dict[str, Any] = {"product": self.product, "version": version, "target_date": day, "ideas": ideas}
        release = plan.create(by=self.cast.petra, **facts)
        plan.publish(release, by=self.cast.petra)
        for change, is_shared in zip(release.changes.order_by("number"), shared, strict=True):
            changes.assign(change, developer=self.cast.dev, by=self.cast.lena)
            self.model.shared |= {change.number} if is_shared else set()

    def idea(self) -> Idea:
        number, now = self.product.next_number("idea"), timezone.now()
        facts: dict[str, Any] = {"title": f"Wish {number}", "stop": 2, "queue_rank": number, "created_at": now}
        accepted = Idea.Status.ACCEPTED
        return Idea.objects.create(
            product=self.product, number=number, author=self.cast.cleo, status=accepted, moved_at=now, **facts
        )

    def push(self, number: int) -> None:
        """Made anew from main, by a forced push, with a text that nobody has pushed before."""
        text = f"change {number}, push {len(self.tips)}"
        branch = self.change(number).branch
        self.upstream.git("checkout", "-q", "-B", branch, "main")
        if number in self.model.shared:
            lines = (self.upstream.path / "shop.py").read_text().splitlines()
            lines[number * LINES_APART] = text
            self.upstream.write("shop.py", "\n".join(lines) + "\n")
        self.upstream.write(f"change_{number}.txt", text)
        self.tips[self.upstream.commit(text)] = text
        self.upstream.git("checkout", "-q", "main")
        intake.poll_upstream()
        self.model.push(number, text)
        self.check()

    def offer(self, number: int) -> None:
        if does(changes.mark_ready, self.change(number), by=self.cast.dev):
            self.model.offer(number)

    # what testers, managers and DevOps say

    def test(self, number: int, *, is_good: bool) -> None:
        candidate = candidates.on_staging(self.product)
        if candidate is None:
            return
        facts = {"candidate": candidate, "by": self.cast.tess}
        if is_good:
            does(verdicts.approve, self.change(number), **facts)
        elif does(verdicts.give_back, self.change(number), reason="It fails", **facts):
            self.model.give_back(number)

    def go_through(self, release: Release, *, is_good: bool = True) -> None:
        candidate = Candidate.objects.get(pk=release.candidate_id)
        facts = {"candidate": candidate, "ok": is_good, "words": "So", "by": self.cast.tess}
        for point in checklists.points_of(release, candidate):
            does(checklists.answer, point, **facts)

    def show(self, release: Release, *, is_good: bool = True) -> None:
        outcome = "yes" if is_good else "no"
        for audience, who in (("managers", self.cast.max), ("customers", self.cast.petra)):
            does(signoffs.sign_off, release, audience=audience, outcome=outcome, words="So", by=who)

    def say(self, release: Release, *, is_good: bool = True) -> None:
        does(approvals.approve, release, by=self.cast.max, outcome="yes" if is_good else "no", words="So")

    def break_glass(self, release: Release) -> None:
        does(break_glass.break_glass, release, by=self.cast.ops, reason="Nobody is here")

    def set_variable(self, value: str) -> None:
        set_variable(self.production, name="TAX", value=value, is_secret=False, by=self.cast.ops)

    def prove(self) -> None:
        for watch in Watch.objects.filter(product=self.product, status=Watch.Status.OPEN):
            watching.end(watch, Watch.Status.WELL, by=ROBOT, note="", at=timezone.now())

    # what becomes of releases

    def freeze(self, release: Release) -> None:
        taken = (C.APPROVED,) if release.is_planned else OFFERED
        numbers = release.changes.filter(status__in=taken).values_list("number", flat=True)
        takes = {number: self.model.texts[number] for number in numbers}
        if does(plan.freeze, release, by=self.cast.petra):
            self.model.freeze(release.pk, takes, is_urgent=not release.is_planned)

    def hotfix(self, numbers: list[int]) -> None:
        chosen = [self.change(number) for number in numbers]
        facts: dict[str, Any] = {"changes": chosen, "by": self.cast.ops, "reason": "It burns"}
        if does(hotfixes.propose, self.product, **facts):
            release = self.releases(R.PLANNED, R.FROZEN)[-1]
            takes = {number: self.model.texts[number] for number in numbers} if release.is_frozen else {}
            if takes:
                self.model.freeze(release.pk, takes, is_urgent=True)

    def bug(self, *, is_shared: bool) -> None:
        """Somebody asks for a hotfix of what nobody has begun."""
        bug = self.idea()
        Idea.objects.filter(pk=bug.pk).update(kind=Idea.Kind.BUG)
        hotfix = hotfixes.propose(self.product, bugs=[bug], by=self.cast.ops, reason="It burns")
        self.model.shared |= {hotfix.changes.get().number} if is_shared else set()

    def unfreeze(self, release: Release) -> None:
        if does(unfreezing.unfreeze, release, by=self.cast.petra):
            self.model.leave(release.pk)

    def recompose(self, release: Release) -> None:
        before = release.candidate_id
        if does(unfreezing.recompose, release, by=self.cast.petra):
            release.refresh_from_db()
            if release.candidate_id != before:
                self.model.ask(release.pk)

    def take_out(self, release: Release, number: int) -> None:
        if does(rescoping.take_out, release, self.change(number), reason="Later", by=self.cast.petra):
            self.model.frozen[release.pk].takes.pop(number)
            self.model.frozen[release.pk].ejected.add(number)
            self.model.ask(release.pk)

    def take_in(self, release: Release, number: int) -> None:
        if does(rescoping.take_in, release, self.change(number), reason="Now", by=self.cast.petra):
            self._newest(release, number)

    def renew(self, release: Release, number: int) -> None:
        if does(rescoping.renew, release, self.change(number), reason="Fixed", by=self.cast.petra):
            self._newest(release, number)

    def _newest(self, release: Release, number: int) -> None:
        frozen = self.model.frozen[release.pk]
        frozen.takes[number] = self.model.texts[number]
        frozen.ejected.discard(number)
        self.model.ask(release.pk)

    def roll_back(self) -> None:
        does(services.roll_back, self.production, by=self.cast.ops, reason="It broke")
