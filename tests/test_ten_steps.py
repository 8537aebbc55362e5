"""One idea travels the whole way: the ten points of the process, with the cast, on a real shop.

Real git, real Celery workers, a real keeper and a real shop on three environments; only the browser is missing
(tests/browser/test_ten_steps.py has that too).
"""

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from django.utils import timezone

from deployments import approvals, gates, running
from deployments import services as deployments
from deployments import watch as watching
from deployments.models import Deployment, Rehearsal, Watch
from environments import repositories
from environments.models import Branch, Environment
from ideas import boards
from ideas import services as ideas
from ideas.models import AgendaItem, Area, Idea, Stop
from lifecycle.events import about
from lifecycle.models import Notification
from lifecycle.transitions import NotAllowed
from releases import changes, feedback, plan, signoffs, verdicts
from releases.models import Candidate, Change, Check, Release, SignOff
from sample_shop import visitor
from tests.asking import shown
from tests.cast import Cast
from tests.checklist import go_through
from tests.git_clone import Clone
from tests.machinery import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
BRANCH = "idea/hello"
HELLO = "Hello from the whole team"


def environment(slug: str) -> Environment:
    return Environment.objects.get(slug=slug)


def fresh(thing):  # noqa: ANN001, ANN201
    return type(thing).objects.get(pk=thing.pk)


def env_log(slug: str, team: Cast) -> list[str]:
    """The subjects on the environment's branch, newest first."""
    git = repositories.git(team.product.repository)
    return [commit.subject for commit in git.log(None, git.resolve(f"env/{slug}"))]


def on_staging_digest(shipped: Deployment) -> str:
    """The digest that staging ran and the sign-offs saw."""
    return SignOff.objects.filter(release=shipped.release).values_list("digest", flat=True).first() or ""


def settle_if_needed(watch: Watch, team: Cast) -> None:
    """Thirty visits may be too few to tell; then a person says so."""
    if watch.status in {Watch.Status.INCONCLUSIVE, Watch.Status.BLIND}:
        watching.settle(watch, by=team.ops, outcome="well", reason="Thirty visits, no fault.")


class Walk:
    """The way of one idea; each method is a point of the process, done by the person whose job it is."""

    idea: Idea
    release: Release
    change: Change
    candidate: Candidate
    shipped: Deployment
    clone: Clone

    def __init__(self, team: Cast, upstream: Path, folder: Path) -> None:
        self.team, self.upstream, self.folder = team, upstream, folder
        self.production = environment("production")

    def collect(self) -> None:
        """1 intake: two customers ask for the same thing in their own words, triage merges them."""
        self.idea = ideas.submit(
            product=self.team.product, author=self.team.cleo, title="Greet people on the first page", body="Please"
        )
        same = ideas.submit(product=self.team.product, author=self.team.carl, title="Say hello when I open the shop")
        ideas.merge(same, into=self.idea, by=self.team.petra)
        assert fresh(self.idea).votes == 2
        area = Area.objects.create(product=self.team.product, name="Catalogue")
        ideas.triage(
            fresh(self.idea), by=self.team.petra, kind="feature", area=area, urgency=2, importance=4, complexity=1
        )

    def review(self) -> None:
        """2 review: team lead, product owner and devops vote, the decision has a reason."""
        session = boards.next_session(self.team.product, at=timezone.now())
        boards.open_session(session, by=self.team.petra)
        item = AgendaItem.objects.get(session=session, idea=self.idea)
        for voter in (self.team.lena, self.team.petra, self.team.ops):
            boards.cast(fresh(item), by=voter, choice="yes", urgency=2, importance=4, complexity=1)
        boards.reveal(fresh(item), by=self.team.petra)
        boards.decide(fresh(item), by=self.team.petra, outcome="queue", reason="Small and friendly.", points=1)
        assert fresh(self.idea).status == Idea.Status.TRIAGED, "nothing happens before the review is closed"
        boards.close_session(session, by=self.team.petra)
        assert fresh(self.idea).status == Idea.Status.ACCEPTED

    def plan_it(self) -> None:
        """3 release plan: who builds what, on which branch."""
        self.release = plan.create(
            product=self.team.product,
            version="26.12",
            goal="A friendlier shop",
            target_date=(timezone.now() + timedelta(days=7)).date(),
            ideas=[fresh(self.idea)],
            by=self.team.petra,
        )
        plan.publish(self.release, by=self.team.petra)
        assert fresh(self.idea).stop == Stop.PLANNED
        self.change = self.release.changes.get()
        changes.assign(self.change, developer=self.team.dev, by=self.team.lena)

    def develop(self) -> None:
        """4 dev: a push is seen, checked by a worker and deployed to dev only."""
        self.clone = Clone(self.upstream, self.folder / "clone")
        self.clone.replace("shop/templates/base.html", "</footer>", f"<p>{HELLO}</p></footer>")
        self.clone.push("base: Greet people.", BRANCH)
        eventually(lambda: Branch.objects.filter(name=BRANCH).exists(), "the push to be seen")
        changes.link_branch(fresh(self.change), branch=BRANCH, by=self.team.dev)
        eventually(lambda: HELLO in shown(environment("dev").url), "the push on dev")
        assert fresh(self.idea).stop == Stop.DEVELOPMENT
        assert HELLO not in shown(environment("staging").url)
        eventually(lambda: not changes.reasons_not_ready(fresh(self.change)), "the tests to pass")

    def return_it(self) -> None:
        """6 staging: promoted when ready, returned by the tester with a reason, back in development."""
        changes.mark_ready(fresh(self.change), by=self.team.dev)
        deployments.promote(self.team.product, by=self.team.lena)
        eventually(lambda: fresh(self.change).status == Change.Status.STAGING, "the change on staging")
        assert HELLO in shown(environment("staging").url)
        on_staging = running.current(environment("staging")).candidate
        verdicts.give_back(
            fresh(self.change), candidate=on_staging, by=self.team.tess, reason="The greeting needs a full stop."
        )
        assert fresh(self.change).status == Change.Status.DEVELOPMENT
        assert fresh(self.idea).stop == Stop.DEVELOPMENT

    def rework(self) -> None:
        """6 again: what came back is pushed anew, passes its tests and is approved."""
        self.clone.replace("shop/templates/base.html", HELLO, f"{HELLO}.")
        tip = self.clone.push("base: End the greeting.", BRANCH)
        eventually(lambda: fresh(self.change).revision.tip == tip, "the rework to be seen")
        eventually(lambda: not changes.reasons_not_ready(fresh(self.change)), "the tests to pass again")
        changes.mark_ready(fresh(self.change), by=self.team.dev)
        deployments.promote(self.team.product, by=self.team.lena)
        eventually(lambda: fresh(self.change).status == Change.Status.STAGING, "the rework on staging")
        on_staging = running.current(environment("staging")).candidate
        verdicts.approve(fresh(self.change), candidate=on_staging, by=self.team.tess)

    def demonstrate(self) -> None:
        """7 the frozen candidate: tested together, on staging, shown to managers and customers."""
        self.candidate = plan.freeze(fresh(self.release), by=self.team.petra)
        eventually(
            lambda: Check.objects.filter(candidate=self.candidate, status="passed").exists(), "the combined check"
        )
        eventually(
            lambda: running.current(environment("staging")).candidate_id == self.candidate.pk,
            "the candidate on staging",
        )
        with pytest.raises(NotAllowed):
            deployments.ship(fresh(self.release), by=self.team.max)
        shut = {gate.key for gate in gates.gates(fresh(self.release)) if not gate.is_open}
        assert {"checklist_done", "managers_demo", "customers_demo", "approvals"} <= shut
        go_through(fresh(self.release), self.team.tess)
        signoffs.sign_off(
            fresh(self.release), audience=SignOff.Audience.MANAGERS, outcome="yes", words="Good", by=self.team.max
        )
        signoffs.sign_off(
            fresh(self.release), audience=SignOff.Audience.CUSTOMERS, outcome="yes", words="Nice", by=self.team.petra
        )

    def approve(self) -> None:
        """8 staging has gone back and forward by itself; a manager's yes ships it, by a worker, with a log."""
        rehearsed = Rehearsal.objects.filter(candidate=self.candidate, status=Rehearsal.Status.SUCCEEDED)
        eventually(rehearsed.exists, "the rehearsal of a rollback")
        eventually(lambda: not before_the_last_yes(fresh(self.release)), "every gate but the last")
        approvals.approve(fresh(self.release), by=self.team.max, role="manager", words="Go")
        eventually(lambda: fresh(self.release).status == Release.Status.LIVE, "production")
        assert f"{HELLO}." in shown(self.production.url)
        self.shipped = running.current(self.production)
        assert self.shipped.candidate.digest == fresh(self.candidate).digest == on_staging_digest(self.shipped)
        assert fresh(self.idea).stop == Stop.PRODUCTION

    def watch(self) -> None:
        """9 the watch opens by itself, sees visitors and closes by itself."""
        watch = eventually(lambda: Watch.objects.filter(deployment=self.shipped).first(), "the watch")
        dice = Random(9)
        for _visit in range(30):
            visitor.visit(self.production.url, rng=dice, timeout_seconds=5)
        eventually(lambda: watch.samples.count() >= 2, "two samples")
        Watch.objects.filter(pk=watch.pk).update(closes_at=timezone.now())
        eventually(lambda: fresh(watch).status != Watch.Status.OPEN, "the watch to close")
        settle_if_needed(fresh(watch), self.team)
        assert fresh(self.release).status == Release.Status.DONE

    def ask(self) -> None:
        """10 feedback: a "no" is on the next review's agenda with its words."""
        assert Notification.objects.filter(user=self.team.cleo, event="survey.open").exists()
        feedback.answer(
            fresh(self.release).survey, fresh(self.idea), user=self.team.cleo, outcome="no", words="Greet me by name."
        )
        again = AgendaItem.objects.get(idea=self.idea, session__status="planned")
        assert "Greet me by name." in again.words

    def take_back(self) -> None:
        """Back: one call takes it off production again; the journey and the voters know."""
        deployments.roll_back(self.production, by=self.team.ops, reason="Too friendly")
        eventually(lambda: HELLO not in shown(self.production.url), "the rollback")
        eventually(lambda: fresh(self.release).status == Release.Status.ROLLED_BACK, "the release to be taken back")
        assert fresh(self.idea).stop < Stop.PRODUCTION
        assert any(event.data.get("taken_back") for event in about(self.idea))
        assert Notification.objects.filter(user=self.team.carl, event="idea.taken_back").exists()
        log = env_log("production", self.team)
        assert len(log) == 3, "every deployment and the rollback is one commit on the environment's branch"


def before_the_last_yes(release: Release) -> list[str]:
    return [gate.key for gate in gates.missing(release) if gate.key != "approvals"]


def test_one_idea_travels_the_whole_way(team: Cast, upstream: Path, tmp_path: Path) -> None:
    walk = Walk(team, upstream, tmp_path)
    walk.collect()
    walk.review()
    walk.plan_it()
    walk.develop()
    walk.return_it()
    walk.rework()
    walk.demonstrate()
    walk.approve()
    walk.watch()
    walk.ask()
    walk.take_back()
